/** How the engines write their slow query log. Nothing here imports Node: the tests run in workerd. */
import type { LogForm } from "./log-format.ts";
import { mariaDbTime } from "./log-format.ts";
import type { SlowSettings } from "./slow-settings.ts";
import type { GeneratedEntry } from "./slow-workload.ts";
import type { Written } from "./text-source.ts";

/**
 * Entries as a server logs them.
 * @param before what was written before: a database is stated only when it is another than that of the entry before, and
 *   MariaDB states a time only when it differs
 */
export function formatEntries(
  form: LogForm,
  entries: readonly GeneratedEntry[],
  settings: SlowSettings,
  before: Written,
): { text: string; written: Written } {
  let [text, { second, database }] = ["", before];
  for (const entry of entries) {
    const began = Math.floor(entry.startMicros / 1e6);
    if (form === "mysql") text += headOfMySql(entry, settings);
    else {
      // That of its start: so it goes back after a long statement.
      if (began !== second) text += `# Time: ${mariaDbTime(began)}\n`;
      text += headOfMariaDb(entry, settings);
      second = began;
    }
    if (entry.database !== null && entry.database !== database) {
      database = entry.database;
      text += form === "mysql" ? `use ${database};\n` : `use \`${database.replaceAll("`", "``")}\`;\n`;
    }
    text += `SET timestamp=${began};\n${textOf(entry)};\n`;
  }
  return { text, written: { second, database } };
}

function textOf({ command, statement }: GeneratedEntry): string {
  if (command === "Administrator command") return `# administrator command: ${statement}`;
  return statement.replace(/^\s+/, "").replace(/[\s;]+$/, "");
}

function headOfMySql(entry: GeneratedEntry, { hasExtra }: SlowSettings): string {
  const id = String(entry.threadId).padStart(5);
  const locks = entry.rowLockMicros + (entry.tableLockMicros % 10);
  return (
    `# Time: ${mySqlTime(entry.endMicros)}\n` +
    `# User@Host: ${who(entry)}  Id: ${id}\n` +
    `# Query_time: ${seconds(entry.durationMicros)}  Lock_time: ${seconds(Math.min(locks, entry.durationMicros))} ` +
    `Rows_sent: ${entry.rowsSent}  Rows_examined: ${entry.rowsExamined}${hasExtra ? extra(entry) : ""}\n`
  );
}

function extra(entry: GeneratedEntry): string {
  const { threadId, errno, rowsSent, rowsExamined, fullScan, filesort, tmpTables, tmpDiskTables } = entry;
  const figures = {
    Thread_id: threadId,
    Errno: errno,
    Killed: 0,
    Bytes_received: bytesReceived(entry),
    Bytes_sent: bytesSent(entry),
    Read_first: fullScan ? 1 : 0,
    Read_last: 0,
    Read_key: fullScan ? 1 : rowsExamined,
    Read_next: 0,
    Read_prev: 0,
    Read_rnd: 0,
    Read_rnd_next: fullScan ? rowsExamined + 1 : 0,
    Sort_merge_passes: 0,
    Sort_range_count: 0,
    Sort_rows: filesort ? rowsSent : 0,
    Sort_scan_count: filesort ? 1 : 0,
    Created_tmp_disk_tables: tmpDiskTables,
    Created_tmp_tables: tmpTables,
    Count_hit_tmp_table_size: 0,
  };
  const text = Object.entries(figures)
    .map(([name, value]) => ` ${name}: ${value}`)
    .join("");
  return `${text}  Start: ${mySqlTime(entry.startMicros)} End: ${mySqlTime(entry.endMicros)}`;
}

function headOfMariaDb(entry: GeneratedEntry, { verbosity }: SlowSettings): string {
  let text =
    `# User@Host: ${who(entry)}\n` +
    `# Thread_id: ${entry.threadId}  Schema: ${entry.database ?? ""}  QC_hit: No\n` +
    `# Query_time: ${seconds(entry.durationMicros)}  Lock_time: ${seconds(entry.tableLockMicros)}  ` +
    `Rows_sent: ${entry.rowsSent}  Rows_examined: ${entry.rowsExamined}\n` +
    `# Rows_affected: ${entry.rowsAffected}  Bytes_sent: ${bytesSent(entry)}\n`;
  if (verbosity.includes("innodb") && entry.rowsExamined > 0) {
    text +=
      `# Pages_accessed: ${1 + Math.floor(entry.rowsExamined / 100)}  Pages_read: 0  Pages_prefetched: 0  ` +
      `Pages_updated: ${entry.rowsAffected}  Old_rows_read: 0\n# Pages_read_time: 0.0000  Engine_time: 0.0314\n`;
  }
  if (verbosity.includes("query_plan")) text += plan(entry);
  if (verbosity.includes("explain")) text += explain(entry);
  return text;
}

function plan({ fullScan, filesort, tmpTables, tmpDiskTables }: GeneratedEntry): string {
  const used =
    tmpTables > 0
      ? `# Tmp_tables: ${tmpTables}  Tmp_disk_tables: ${tmpDiskTables}  Tmp_table_sizes: ${tmpTables * 24_576}\n`
      : "";
  if (!fullScan && !filesort && tmpTables === 0) return used;
  return (
    `${used}# Full_scan: ${yes(fullScan)}  Full_join: No  Tmp_table: ${yes(tmpTables > 0)}  ` +
    `Tmp_table_on_disk: ${yes(tmpDiskTables > 0)}\n` +
    `# Filesort: ${yes(filesort)}  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No\n`
  );
}

const EXPLAINED =
  "id select_type table type possible_keys key key_len ref rows r_rows filtered r_filtered Extra";

function explain({ statement, fullScan, rowsExamined }: GeneratedEntry): string {
  if (!/^SELECT/.test(statement)) return "";
  const how = fullScan ? ["ALL", ...Array(4).fill("NULL")] : ["const", "PRIMARY", "PRIMARY", "4", "const"];
  const row = ["1", "SIMPLE", "t", ...how, String(rowsExamined), "NULL", "100.00", "NULL", ""];
  return `#\n# explain: ${EXPLAINED.replaceAll(" ", "\t")}\n# explain: ${row.join("\t")}\n#\n`;
}

/** Named twice: the account whose rights are used, and the name that was given at log-in. */
function who({ user, host }: GeneratedEntry): string {
  const from = host === "localhost" ? "localhost []" : ` [${host}]`;
  return `${user}[${user}] @ ${from}`;
}

/** How many bytes a statement has with the command's own. */
export function bytesReceived({ statement, command }: GeneratedEntry): number {
  return command === "Query" ? 1 + new TextEncoder().encode(statement).length : 1;
}

/** How many bytes the reply has. */
export function bytesSent({ rowsSent, errno }: GeneratedEntry): number {
  return errno === 0 ? 11 + rowsSent * 62 : 52;
}

const yes = (is: boolean) => (is ? "Yes" : "No");

/** `1.200504` */
function seconds(micros: number): string {
  return `${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, "0")}`;
}

/** `2026-11-27T18:00:05.187063Z` */
function mySqlTime(micros: number): string {
  const second = Math.floor(micros / 1e6);
  const stated = new Date(second * 1_000).toISOString().slice(0, 19);
  return `${stated}.${String(micros - second * 1e6).padStart(6, "0")}Z`;
}
