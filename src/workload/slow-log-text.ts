import type { StoredSlowRecord } from "./stored/slow-line.ts";
import { formatTime } from "./stored/time.ts";

/*
 * Slow-log text in the form of MySQL 8.0 and 9, of MariaDB's records too, so that pt-query-digest reads it without what it misreads in
 * the servers' own logs (seen with 3.2.1 and 3.7.1): each record has its `# Time` and its `use`, and a statement is changed by one space
 * where its text would be taken for something else. The log has no escaping; NDJSON has the exact text.
 */

/** What is taken for a part of the header if a statement begins with it, case and all. */
const LIKE_HEADER = /^(?:#|use |SET\s+(?:last_insert_id|insert_id|timestamp))/;
/** What is taken for the end of a statement. */
const LIKE_END = /;\n#/g;

/** A record as slow-log text. */
export function toSlowLogText(
  record: Pick<
    StoredSlowRecord,
    | "threadId"
    | "user"
    | "host"
    | "db"
    | "command"
    | "statement"
    | "durationMicros"
    | "lockMicros"
    | "rowsSent"
    | "rowsExamined"
  > & { timeMicros: number },
): string {
  const { timeMicros, threadId, user, host, db, durationMicros, lockMicros, rowsSent, rowsExamined } = record;
  const name = oneLine(user ?? "");
  const began = Math.floor((timeMicros - durationMicros) / 1_000_000);
  return `# Time: ${formatTime(timeMicros)}
# User@Host: ${name}[${name}] @ ${hostText(host)}  Id: ${String(threadId).padStart(5)}
# Query_time: ${seconds(durationMicros)}  Lock_time: ${seconds(lockMicros)} Rows_sent: ${rowsSent}  Rows_examined: ${rowsExamined}
${db === null ? "" : `use ${oneLine(db)};\n`}SET timestamp=${began};
${statementText(record)};
`;
}

function statementText({ command, statement }: Pick<StoredSlowRecord, "command" | "statement">): string {
  if (command === "Administrator command") return `# administrator command: ${statement}`;
  const text = statement.includes(";\n#") ? statement.replaceAll(LIKE_END, ";\n #") : statement;
  return LIKE_HEADER.test(text) ? ` ${text}` : text;
}

const hostText = (host: string | null): string => {
  if (host === null) return " []";
  return /^[\d.]+$|:/.test(host) ? ` [${host}]` : `${host} []`;
};

const oneLine = (name: string): string => name.replaceAll("\n", " ");

function seconds(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  return `${whole}.${String(micros - whole * 1_000_000).padStart(6, "0")}`;
}
