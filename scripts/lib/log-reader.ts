import { readFileSync } from "node:fs";
import type { ServerRecord, SlowEntry } from "./database.ts";

/*
 * How the proofs read a server's own logs, of MariaDB and of MySQL. Deliberately simple, and nothing of the service's own parser:
 * the proofs compare the two.
 */

/**
 * The records of a general log.
 * @param begun the record that a line begins; null for a further line of the record before
 */
export function recordsOf(file: string, begun: (line: string) => ServerRecord | null): ServerRecord[] {
  const lines = readFileSync(file, "utf8").split("\n");
  // What follows the last newline: nothing, or a record that is being written.
  lines.pop();
  const records: ServerRecord[] = [];
  for (const line of lines) {
    const record = begun(line);
    const open = records.at(-1);
    if (record !== null) records.push(record);
    // Before the first record there is the server's banner.
    else if (open !== undefined) open.statement += `\n${line}`;
  }
  return records;
}

/** The groups of a header that has matched. */
type Groups = Record<string, string | undefined>;

/**
 * The entries of a slow query log. A statement that holds the lines of a header itself would mislead this.
 * @param header the lines before a statement, with the groups threadId, seconds and micros (of the duration), rowsSent and rowsExamined
 * @param endOf when an entry ended, in microseconds since the epoch, by its header and its duration
 */
export function entriesOf(
  text: string,
  header: RegExp,
  endOf: (groups: Groups, durationMicros: number) => number,
): SlowEntry[] {
  const headers = [...text.matchAll(header)];
  return headers.flatMap(({ 0: whole, index, groups = {} }, i): SlowEntry[] => {
    const body = text.slice(index + whole.length, headers[i + 1]?.index ?? text.length);
    // Still being written.
    if (!body.endsWith(";\n")) return [];
    const micros = Number(groups.seconds) * 1e6 + Number(groups.micros);
    return [
      {
        endMicros: endOf(groups, micros),
        micros,
        threadId: Number(groups.threadId),
        rowsSent: Number(groups.rowsSent),
        rowsExamined: Number(groups.rowsExamined),
        statement: body.slice(0, -2),
      },
    ];
  });
}
