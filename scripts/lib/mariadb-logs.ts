import { readFileSync } from "node:fs";
import type { ServerRecord, SlowEntry } from "./database.ts";

/** `261123  5:36:15<TAB>     3 Query<TAB>SELECT 1`, and two tabs in the place of a time that is that of the record before. */
const RECORD =
  /^(?:(\d\d)(\d\d)(\d\d) ([ \d]\d):(\d\d):(\d\d)|\t)\t +(\d+) (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Shutdown)(?:\t(.*))?$/s;

/**
 * Reads a general log of MariaDB. Deliberately simple, and nothing of the service's own parser: the proof compares the two.
 */
export function readGeneralLog(file: string): ServerRecord[] {
  const lines = readFileSync(file, "utf8").split("\n");
  // What follows the last newline: nothing, or a record that is being written.
  lines.pop();
  const records: ServerRecord[] = [];
  let timeMicros = Number.NaN;
  for (const line of lines) {
    const header = RECORD.exec(line);
    const open = records.at(-1);
    if (header === null) {
      // Before the first record there is the server's banner.
      if (open !== undefined) open.statement += `\n${line}`;
      continue;
    }
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
    records.push({ timeMicros, threadId: Number(threadId), command, statement });
  }
  return records;
}

/**
 * The lines before a statement (MariaDB 10.11 and 11.8, log_slow_verbosity empty or query_plan). `# Time` is there only where it
 * differs from the one before, and goes back after a long statement: the start is `SET timestamp`.
 */
const HEADER =
  /^(?:# Time: .*\n)?# User@Host: .*\n# Thread_id: (\d+) {2}Schema: .*? {2}QC_hit: \w+\n# Query_time: (\d+)\.(\d{6}) {2}Lock_time: \S+ {2}Rows_sent: (\d+) {2}Rows_examined: (\d+)\n# Rows_affected: .*\n(?:# (?:Tmp|Max_tmp|Full_scan|Filesort).*\n)*(?:use `.*`;\n)?SET timestamp=(\d+);\n/gm;
/** The banner that a server writes when it opens the log. */
const BANNER = /^\S+, Version: .*\nTcp port: .*\nTime.*\n/gm;

/**
 * Reads a slow query log of MariaDB. Deliberately simple, and nothing of the service's own parser: the proof compares the two.
 * A statement that holds such lines itself would mislead it.
 */
export function readSlowLog(file: string): SlowEntry[] {
  const text = readFileSync(file, "utf8").replace(BANNER, "");
  const headers = [...text.matchAll(HEADER)];
  return headers.flatMap((header, i): SlowEntry[] => {
    const [whole, threadId, seconds, micros, rowsSent, rowsExamined, second] = header;
    const body = text.slice(header.index + whole.length, headers[i + 1]?.index ?? text.length);
    // Still being written.
    if (!body.endsWith(";\n")) return [];
    const duration = Number(seconds) * 1e6 + Number(micros);
    return [
      {
        endMicros: Number(second) * 1e6 + duration,
        micros: duration,
        threadId: Number(threadId),
        rowsSent: Number(rowsSent),
        rowsExamined: Number(rowsExamined),
        statement: body.slice(0, -2),
      },
    ];
  });
}
