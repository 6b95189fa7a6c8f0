import { readFileSync } from "node:fs";
import type { ServerRecord, SlowEntry } from "./database.ts";
import { entriesOf, recordsOf } from "./log-reader.ts";
import { microsOf } from "./micros.ts";

/** `2026-11-27T18:00:05.187063Z<TAB>    8 Query<TAB>SELECT 1`: the time is UTC, and there is a tab after each command. */
const RECORD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\t *(\d+) (Connect|Query|Quit|Init DB|Prepare|Execute|Close stmt|Shutdown)\t(.*)$/s;

/** Reads a general log of MySQL 9.7. */
export function readGeneralLog(file: string): ServerRecord[] {
  return recordsOf(file, (line) => {
    const header = RECORD.exec(line);
    if (header === null) return null;
    const [, time = "", threadId, command = "", statement = ""] = header;
    return { timeMicros: microsOf(time), threadId: Number(threadId), command, statement };
  });
}

/** The lines before a statement (MySQL 9.7), with what log_slow_extra appends. `# Time` is when it ended. */
const HEADER =
  /^# Time: (?<end>\S+)\n# User@Host: .* {2}Id: +(?<threadId>\d+)\n# Query_time: (?<seconds>\d+)\.(?<micros>\d{6}) {2}Lock_time: \S+ Rows_sent: (?<rowsSent>\d+) {2}Rows_examined: (?<rowsExamined>\d+).*\n(?:use .*;\n)?SET timestamp=\d+;\n/gm;
/** What stands before the name of a command that is no statement. */
const ADMINISTRATOR = /^# administrator command: /;

/** Reads a slow query log of MySQL. A banner after the first entry would mislead this. */
export function readSlowLog(file: string): SlowEntry[] {
  const entries = entriesOf(readFileSync(file, "utf8"), HEADER, ({ end = "" }) => microsOf(end));
  return entries.map((entry) => ({ ...entry, statement: entry.statement.replace(ADMINISTRATOR, "") }));
}
