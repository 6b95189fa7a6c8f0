import { readFileSync } from "node:fs";
import type { ServerRecord, SlowEntry } from "./database.ts";

/** `2026-11-27T18:00:05.187063Z<TAB>    8 Query<TAB>SELECT 1`: the time is UTC, and there is a tab after each command. */
const RECORD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\t *(\d+) (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Shutdown)\t(.*)$/s;

/**
 * Reads a general log of MySQL 9.7. Deliberately simple, and nothing of the service's own parser: the proof compares the two.
 */
export function readGeneralLog(file: string): ServerRecord[] {
  const lines = readFileSync(file, "utf8").split("\n");
  // What follows the last newline: nothing, or a record that is being written.
  lines.pop();
  const records: ServerRecord[] = [];
  for (const line of lines) {
    const header = RECORD.exec(line);
    const open = records.at(-1);
    if (header === null) {
      // Before the first record there is the server's banner.
      if (open !== undefined) open.statement += `\n${line}`;
      continue;
    }
    const [, time = "", threadId, command = "", statement = ""] = header;
    records.push({ timeMicros: microsOf(time), threadId: Number(threadId), command, statement });
  }
  return records;
}

/** The lines before a statement (MySQL 9.7), with what log_slow_extra appends. `# Time` is when it ended. */
const HEADER =
  /^# Time: (\S+)\n# User@Host: .* {2}Id: +(\d+)\n# Query_time: (\d+)\.(\d{6}) {2}Lock_time: \S+ Rows_sent: (\d+) {2}Rows_examined: (\d+).*\n(?:use .*;\n)?SET timestamp=\d+;\n/gm;
/** What stands before the name of a command that is no statement. */
const ADMINISTRATOR = /^# administrator command: /;

/**
 * Reads a slow query log of MySQL. Deliberately simple, and nothing of the service's own parser: the proof compares the two.
 * A statement that holds such lines itself would mislead it, and so would a banner after the first entry.
 */
export function readSlowLog(file: string): SlowEntry[] {
  const text = readFileSync(file, "utf8");
  const headers = [...text.matchAll(HEADER)];
  return headers.flatMap((header, i): SlowEntry[] => {
    const [whole, time = "", threadId, seconds, micros, rowsSent, rowsExamined] = header;
    const body = text.slice(header.index + whole.length, headers[i + 1]?.index ?? text.length);
    // Still being written.
    if (!body.endsWith(";\n")) return [];
    return [
      {
        endMicros: microsOf(time),
        micros: Number(seconds) * 1e6 + Number(micros),
        threadId: Number(threadId),
        rowsSent: Number(rowsSent),
        rowsExamined: Number(rowsExamined),
        statement: body.slice(0, -2).replace(ADMINISTRATOR, ""),
      },
    ];
  });
}

/** Microseconds since the epoch of `2026-11-27T18:00:05.187063Z`. */
function microsOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}
