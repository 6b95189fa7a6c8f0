import { COMMANDS } from "../general/commands.ts";
import type { Units } from "../units.ts";
import type { PlanFigures } from "./extra-figures.ts";
import type { Header } from "./header.ts";
import type { OpenEntry } from "./parser-state.ts";
import type { SlowRecord } from "./record.ts";

/*
 * Makes an entry's record: at first of its header, and at its end of its text.
 */

/** How many characters the server adds to a statement: `;` and a newline. */
export const END_OF_TEXT = 2;

const HASH = 35;
const ADMINISTRATOR = "# administrator command: ";
const ADMINISTRATOR_COMMANDS: ReadonlySet<string> = new Set(COMMANDS);
/** `throttle:          6 'index not used' warning(s) suppressed.`, in an entry of nobody's. */
const THROTTLE = /^throttle: +(\d+) '[^']*' warning\(s\) suppressed\.$/;

/** A record with what the header says of it. Its time is right for MySQL only, and its database is that of its `use` line there. */
export function beginRecord(header: Header, start: number): SlowRecord {
  const { endMicros, server, rowsAffected, bytesSent, queryCacheHit, figures } = header;
  const record: SlowRecord = {
    timeMicros: endMicros ?? header.startSecond * 1_000_000 + header.durationMicros,
    precisionMicros: endMicros === null ? 1_000_000 : 1,
    threadId: header.threadId,
    user: header.account.user,
    host: header.account.host,
    db: header.db,
    command: "Query",
    statement: "",
    truncated: false,
    durationMicros: header.durationMicros,
    lockMicros: header.lockMicros,
    rowsSent: header.rowsSent,
    rowsExamined: header.rowsExamined,
    server,
    start,
    end: start,
  };
  if (rowsAffected !== undefined) record.rowsAffected = rowsAffected;
  if (bytesSent !== undefined) record.bytesSent = bytesSent;
  if (queryCacheHit !== undefined) record.queryCacheHit = queryCacheHit;
  if (figures !== null) addFigures(record, figures);
  return record;
}

/** Each by its name: Object.assign takes four times as long. */
function addFigures(record: SlowRecord, figures: PlanFigures): void {
  if (figures.bytesSent !== undefined) record.bytesSent = figures.bytesSent;
  if (figures.bytesReceived !== undefined) record.bytesReceived = figures.bytesReceived;
  if (figures.errno !== undefined) record.errno = figures.errno;
  if (figures.killed !== undefined) record.killed = figures.killed;
  if (figures.tmpTables !== undefined) record.tmpTables = figures.tmpTables;
  if (figures.tmpDiskTables !== undefined) record.tmpDiskTables = figures.tmpDiskTables;
  if (figures.fullScan !== undefined) record.fullScan = figures.fullScan;
  if (figures.fullJoin !== undefined) record.fullJoin = figures.fullJoin;
  if (figures.filesort !== undefined) record.filesort = figures.filesort;
  if (figures.routine !== undefined) record.routine = figures.routine;
}

/**
 * The record with its statement and its end.
 * @param isWhole whether the text ends as the server ends it
 */
export function endRecord(open: OpenEntry, isWhole: boolean, maxStatement: number, end: number): SlowRecord {
  const { record, text } = open;
  const length = isWhole ? open.length - END_OF_TEXT : open.length;
  record.truncated = !isWhole || length > maxStatement;
  let cut = Math.min(length, maxStatement);
  if (record.truncated) {
    if (cut < length && isHighSurrogate(text.charCodeAt(cut - 1))) cut--;
  } else {
    // Within a packet of several statements, white space before the `;` is kept.
    while (cut > 0 && isSpace(text.charCodeAt(cut - 1))) cut--;
  }
  record.statement = cut === text.length ? text : text.slice(0, cut);
  record.end = end;
  if (record.statement.charCodeAt(0) === HASH && record.server === "mysql") readAdministratorCommand(record);
  return record;
}

/** The same of an entry whose text is there, from one place to another, whole and no longer than what is kept. */
export function endWholeRecord(
  record: SlowRecord,
  { text, bytes }: Units,
  from: number,
  to: number,
  end: number,
): SlowRecord {
  let last = to - END_OF_TEXT;
  while (last > from && isSpace(bytes[last - 1] as number)) last--;
  record.statement = text.slice(from, last);
  record.end = end;
  if (last > from && bytes[from] === HASH && record.server === "mysql") readAdministratorCommand(record);
  return record;
}

/** How many statements the server says here that it left out; 0 where the record is an entry like others. */
export function suppressedBy({ user, host, statement, server }: SlowRecord): number {
  if (user !== "" || host !== null || server !== "mysql") return 0;
  return Number(THROTTLE.exec(statement)?.[1] ?? 0);
}

function readAdministratorCommand(record: SlowRecord): void {
  if (!record.statement.startsWith(ADMINISTRATOR)) return;
  const name = record.statement.slice(ADMINISTRATOR.length);
  if (!ADMINISTRATOR_COMMANDS.has(name)) return;
  record.command = "Administrator command";
  record.statement = name;
}

function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13);
}

function isHighSurrogate(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}
