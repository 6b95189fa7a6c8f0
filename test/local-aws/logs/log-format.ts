/** How the engines write their general log. Nothing here imports Node: the tests run in workerd. */

/** MySQL 5.7 and newer, or MariaDB. */
export type LogForm = "mysql" | "mariadb";

/** One record of a general log. */
export interface LogRecord {
  /** Microseconds since the epoch; MariaDB logs whole seconds. */
  timeMicros: number;
  threadId: number;
  /** The log's own word, such as `Query` or `Close stmt`. */
  command: string;
  /** What follows it, newlines and all; nothing for `Quit`. */
  statement: string;
}

/** The form that an engine of RDS logs in, or undefined for an engine that has no general log. */
export function logForm(engine: string): LogForm | undefined {
  if (engine === "mariadb") return "mariadb";
  return engine === "mysql" || engine === "aurora-mysql" ? "mysql" : undefined;
}

/** The three lines that a server writes whenever it opens the log. */
export function logBanner(form: LogForm, engineVersion: string): string {
  const isAurora = engineVersion.includes("mysql_aurora");
  const version =
    form === "mariadb"
      ? `${engineVersion}-MariaDB-log`
      : isAurora
        ? auroraMySql(engineVersion)
        : engineVersion;
  const build = form === "mariadb" ? "managed by https://aws.amazon.com/rds/" : "Source distribution";
  const columns =
    form === "mariadb" ? "Time\t\t    Id Command\tArgument" : "Time                 Id Command    Argument";
  return (
    `/rdsdbbin/${isAurora ? "oscar" : form}/bin/mysqld, Version: ${version} (${build}). started with:\n` +
    `Tcp port: 3306  Unix socket: /tmp/mysql.sock\n${columns}\n`
  );
}

/**
 * The version of MySQL that Aurora's servers say they are (`/rdsdbbin/oscar/bin/mysqld, Version: 8.0.28`): that of their newest
 * versions here, since which one belongs to which is a table in Aurora's release notes.
 */
function auroraMySql(engineVersion: string): string {
  return engineVersion.startsWith("5.7.") ? "5.7.44" : "8.0.42";
}

/**
 * Records as a server logs them.
 * @param previousSecond the second of the record before, in seconds since the epoch: MariaDB states a time only when it
 *   differs, also in a new file, which may so begin with a record whose time only the file before it says
 */
export function formatRecords(form: LogForm, records: readonly LogRecord[], previousSecond = NaN): string {
  return form === "mysql" ? formatMySql(records) : formatMariaDb(records, previousSecond);
}

function formatMySql(records: readonly LogRecord[]): string {
  let [previous, time, text] = [NaN, "", ""];
  for (const { timeMicros, threadId, command, statement } of records) {
    const second = Math.floor(timeMicros / 1e6);
    if (second !== previous) time = new Date(second * 1_000).toISOString().slice(0, 19);
    const micros = String(timeMicros - second * 1e6).padStart(6, "0");
    text += `${time}.${micros}Z\t${String(threadId).padStart(5)} ${command}\t${statement}\n`;
    previous = second;
  }
  return text;
}

function formatMariaDb(records: readonly LogRecord[], previousSecond: number): string {
  let [previous, text] = [previousSecond, ""];
  for (const { timeMicros, threadId, command, statement } of records) {
    const second = Math.floor(timeMicros / 1e6);
    text += second === previous ? "\t" : mariaDbTime(second);
    text += `\t${String(threadId).padStart(6)} ${command}\t${statement}\n`;
    previous = second;
  }
  return text;
}

/** `261123  5:36:15`: local time, and an RDS instance's is UTC unless someone sets `time_zone`. */
export function mariaDbTime(second: number): string {
  const date = new Date(second * 1_000);
  const [day = "", time = ""] = date.toISOString().slice(2, 19).split("T");
  return `${day.replaceAll("-", "")} ${time.replace(/^0/, " ")}`;
}
