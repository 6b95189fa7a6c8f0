import { readFileSync } from "node:fs";
import type { ServerRecord, SlowEntry } from "./database.ts";
import { entriesOf, recordsOf } from "./log-reader.ts";

/** `261123  5:36:15<TAB>     3 Query<TAB>SELECT 1`, and two tabs in the place of a time that is that of the record before. */
const RECORD =
  /^(?:(\d\d)(\d\d)(\d\d) ([ \d]\d):(\d\d):(\d\d)|\t)\t +(\d+) (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Shutdown)(?:\t(.*))?$/s;

/** Reads a general log of MariaDB. */
export function readGeneralLog(file: string): ServerRecord[] {
  let timeMicros = Number.NaN;
  return recordsOf(file, (line) => {
    const header = RECORD.exec(line);
    if (header === null) return null;
    const [, year, month, day, hour, minute, seconds, threadId, command = "", statement = ""] = header;
    if (year !== undefined) {
      timeMicros =
        Date.UTC(
          2000 + Number(year),
          Number(month) - 1,
          Number(day),
          Number(hour),
          Number(minute),
          Number(seconds),
        ) * 1000;
    }
    return { timeMicros, threadId: Number(threadId), command, statement };
  });
}

/**
 * The lines before a statement (MariaDB 10.11 and 11.8, log_slow_verbosity empty or query_plan). `# Time` is there only where it
 * differs from the one before, and goes back after a long statement: the start is `SET timestamp`.
 */
const HEADER =
  /^(?:# Time: .*\n)?# User@Host: .*\n# Thread_id: (?<threadId>\d+) {2}Schema: .*? {2}QC_hit: \w+\n# Query_time: (?<seconds>\d+)\.(?<micros>\d{6}) {2}Lock_time: \S+ {2}Rows_sent: (?<rowsSent>\d+) {2}Rows_examined: (?<rowsExamined>\d+)\n# Rows_affected: .*\n(?:# (?:Tmp|Max_tmp|Full_scan|Filesort).*\n)*(?:use `.*`;\n)?SET timestamp=(?<start>\d+);\n/gm;
/** The banner that a server writes when it opens the log. */
const BANNER = /^\S+, Version: .*\nTcp port: .*\nTime.*\n/gm;

/** Reads a slow query log of MariaDB. */
export function readSlowLog(file: string): SlowEntry[] {
  const text = readFileSync(file, "utf8").replace(BANNER, "");
  return entriesOf(text, HEADER, ({ start }, durationMicros) => Number(start) * 1e6 + durationMicros);
}
