import { readFileSync } from "node:fs";

/** An entry of MariaDB's slow query log. */
export interface SlowEntry {
  /** The second in which it began, since the epoch: the log has no parts of them. */
  second: number;
  micros: number;
  threadId: number;
  database: string;
  rowsSent: number;
  rowsExamined: number;
  statement: string;
}

/**
 * The lines before a statement (MariaDB 10.11 and 11.8, log_slow_verbosity empty or query_plan). `# Time` is there only where it
 * differs from the one before, and goes back after a long statement: the start is `SET timestamp`.
 */
const HEADER =
  /^(?:# Time: .*\n)?# User@Host: .*\n# Thread_id: (\d+) {2}Schema: (.*?) {2}QC_hit: \w+\n# Query_time: (\d+)\.(\d{6}) {2}Lock_time: \S+ {2}Rows_sent: (\d+) {2}Rows_examined: (\d+)\n# Rows_affected: .*\n(?:# (?:Tmp|Max_tmp|Full_scan|Filesort).*\n)*(?:use `.*`;\n)?SET timestamp=(\d+);\n/gm;
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
    const [whole, threadId, database = "", seconds, micros, rowsSent, rowsExamined, second] = header;
    const body = text.slice(header.index + whole.length, headers[i + 1]?.index ?? text.length);
    // Still being written.
    if (!body.endsWith(";\n")) return [];
    return [
      {
        second: Number(second),
        micros: Number(seconds) * 1e6 + Number(micros),
        threadId: Number(threadId),
        database,
        rowsSent: Number(rowsSent),
        rowsExamined: Number(rowsExamined),
        statement: body.slice(0, -2),
      },
    ];
  });
}
