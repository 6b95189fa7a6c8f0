import type { TimedRecord } from "../record.ts";

/** The commands of the slow log's entries. The name of an administrator command is its record's statement: `Ping`. */
export type SlowCommand = "Query" | "Administrator command";

/** One entry of the slow log. What the server does not say is absent. */
export interface SlowRecord extends TimedRecord {
  /**
   * When the statement ended, in microseconds since the epoch. MySQL writes it as `# Time`. MariaDB writes the second in which the
   * statement began; Query_time is added to that.
   */
  timeMicros: number;
  /** How fine timeMicros is, in microseconds. The true time is less than this later. */
  precisionMicros: 1 | 1_000_000;
  /** The name that was given at log-in; empty for none. */
  user: string | null;
  /** Its host's name, or else its address. */
  host: string | null;
  /** The default database; null when there is none, or when it is not known. */
  db: string | null;
  command: SlowCommand;
  /** The statement without the `;` that the server adds. Empty for an empty query, and for MySQL's COM_FIELD_LIST. */
  statement: string;
  /**
   * How long it ran, in microseconds. The time of statements that have records of their own is not in it: MariaDB's times inside
   * routines and events, of a CALL and of an EXECUTE IMMEDIATE are logged with it, and made differences. So durations add up.
   */
  durationMicros: number;
  /** How much of the time that was logged for it is in other records' durations, in microseconds. Absent where none is. */
  innerMicros?: number;
  /**
   * MySQL: the waits for row locks and table locks of the engine. MariaDB: the waits for table and metadata locks, with parsing and
   * opening the tables; not those for row locks.
   */
  lockMicros: number;
  /** An administrator command's rows are those of the statement before it: they are not to be summed. */
  rowsSent: number;
  /** As rowsSent. */
  rowsExamined: number;
  /** MariaDB. */
  rowsAffected?: number;
  /** MySQL with log_slow_extra; MariaDB, where prepared statements have 0: they are logged before they are sent. */
  bytesSent?: number;
  /** MySQL with log_slow_extra, as are errno and killed. */
  bytesReceived?: number;
  /** The number of the error that the statement ended with; 0 for none. */
  errno?: number;
  killed?: number;
  /** MariaDB with the query plan, as is fullJoin. */
  fullScan?: boolean;
  fullJoin?: boolean;
  /** MySQL with log_slow_extra; MariaDB with the query plan, where it used any. So are tmpDiskTables and filesort. */
  tmpTables?: number;
  tmpDiskTables?: number;
  filesort?: boolean;
  /** MariaDB. */
  queryCacheHit?: boolean;
  /** The procedure or event that it ran in. MariaDB. */
  routine?: string;
  /** An EXECUTE IMMEDIATE whose statement is in the record before: that is the one that ran. MariaDB logs both. */
  repeats?: true;
  server: "mysql" | "mariadb";
}

/**
 * Whether a record says that its statement was run. Administrator commands do not: a Prepare is one of them, and the statement is
 * logged when it is executed. Nor does an empty query, or a record that says again what the one before it said.
 */
export function runsStatement({ command, statement, repeats }: SlowRecord): boolean {
  return command === "Query" && statement !== "" && repeats !== true;
}
