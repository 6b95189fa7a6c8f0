import type { WorkloadRecord } from "../../client/index.ts";
import type { Colors } from "./colors.ts";
import { formatExactTime, formatMicros } from "./format.ts";
import { clean, cut, widthOf } from "./text.ts";

/* Records as lines: in a terminal to be read, elsewhere with a tab between the columns. */

/** The names of the columns of `recordCells`. */
export const RECORD_TITLES = [
  "TIME",
  "THREAD",
  "USER",
  "HOST",
  "DB",
  "COMMAND",
  "TOOK",
  "ERROR",
  "STATEMENT",
] as const;

/** What a line has of a record, as text; `-` for what the log does not say. */
export function recordCells(record: WorkloadRecord): string[] {
  const { time, threadId, user, host, db, command, durationMicros, errno, statement, truncated } = record;
  return [
    formatExactTime(time),
    String(threadId),
    // A user may be anonymous.
    user === "" ? "''" : (user ?? "-"),
    host ?? "-",
    db ?? "-",
    command,
    durationMicros === undefined ? "-" : formatMicros(durationMicros),
    errno === undefined || errno === 0 ? "-" : String(errno),
    truncated ? `${statement}…` : statement,
  ].map(clean);
}

/** A record on a line for other programs. */
export const tabbedRecord = (record: WorkloadRecord): string => recordCells(record).join("\t");

/** How much room a line gives what comes before the statement; more is not cut, but moves the rest. */
const WIDTHS = { thread: 6, who: 20, command: 7, took: 8 };

/** What has no room in its column, in a terminal. */
const SHORT: Readonly<Record<string, string>> = { "Administrator command": "Admin" };

const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));

/**
 * A record on a line of a terminal.
 * @param columns of the terminal; null for a line of any length
 */
export function recordLine(record: WorkloadRecord, colors: Colors, columns: number | null): string {
  const [time, thread, user, host, , command, took, error, statement] = recordCells(record) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const failure = error === "-" ? "" : `error ${error}  `;
  const who = user === "-" && host === "-" ? "-" : `${user}@${host}`;
  const head = [
    time,
    thread.padStart(WIDTHS.thread),
    padEnd(who, WIDTHS.who),
    padEnd(SHORT[command] ?? command, WIDTHS.command),
    ...(record.durationMicros === undefined ? [] : [took.padStart(WIDTHS.took)]),
  ].join("  ");
  const room = columns === null ? null : columns - widthOf(head) - 2 - failure.length;
  const text = room === null ? statement : cut(statement, Math.max(LEAST_STATEMENT, room));
  return `${colors.dim(head)}  ${failure === "" ? "" : colors.red(failure)}${text}`;
}

/** What is shown of a statement although there is no room. */
const LEAST_STATEMENT = 20;
