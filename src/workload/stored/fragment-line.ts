import { ByteWords } from "../../lib/byte-words.ts";
import { lazy } from "../../lib/lazy.ts";
import { COMMANDS, type Command } from "../../logs/general/commands.ts";
import type { Identity } from "../../logs/general/threads.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { StatementBytes } from "../../sql-text/statement-bytes.ts";
import { type LineBuffer, lineOf } from "./line-buffer.ts";
import type { StoredSlowRecord } from "./slow-line.ts";
import { type LineDigest, statementPart } from "./statement-part.ts";
import { lineStartOf, microsOfLine, parseTime, writeTime } from "./time.ts";

/*
 * One line of a fragment: a record in JSON. What is read of it without parsing the JSON relies on the order of the members: the time
 * comes first. Version 1 of the stored format has neither fingerprints nor, of the general log, databases.
 */

/** A record of the general log as it is stored. */
export interface StoredRecord {
  /** UTC, with microseconds: `2026-11-23T05:36:15.123456Z`. */
  time: string;
  threadId: number;
  /** Null when the thread's Connect record was not seen. */
  user: string | null;
  host: string | null;
  /** The session's default database; absent where it has none, or where that is not known. */
  db?: string;
  command: Command;
  /** Of the statement's digest; absent where the record ran none. */
  fingerprint?: string;
  statement: string;
  /** Only where the statement has lost its end. */
  truncated?: true;
}

const TRUNCATED = new ByteWords(',"truncated":true');

/** What a line has between its time and its command: the same in all lines of a session. */
interface SessionPart {
  readonly threadId: number;
  readonly identity: Identity | null;
  readonly part: ByteWords;
}

/** How many are cached, by their threads' ids. A power of two; threads share places. */
const CACHED = 512;
const sessionParts: (SessionPart | undefined)[] = new Array(CACHED);

function sessionPart(threadId: number, identity: Identity | null): ByteWords {
  const at = threadId & (CACHED - 1);
  const cached = sessionParts[at];
  if (cached !== undefined && cached.threadId === threadId && cached.identity === identity)
    return cached.part;
  const { user, host, db } = identity ?? { user: null, host: null, db: null };
  const where = db === null ? "" : `,"db":${JSON.stringify(db)}`;
  const who = `"user":${JSON.stringify(user)},"host":${JSON.stringify(host)}${where}`;
  const part = new ByteWords(`Z","threadId":${threadId},${who},"command":"`);
  sessionParts[at] = { threadId, identity, part };
  return part;
}

const commandParts = lazy(() => new Map(COMMANDS.map((command) => [command, new ByteWords(command)])));
const QUERY = new ByteWords("Query");

const commandPart = (command: Command): ByteWords =>
  command === "Query" ? QUERY : (commandParts().get(command) as ByteWords);

/**
 * Writes a record of the general log as one line of NDJSON.
 * @param bytes its statement as it stands in the log, if that is known
 * @param digest of the statement that it ran; null when it ran none
 */
export function writeLine(
  lines: LineBuffer,
  record: LogRecord,
  identity: Identity | null,
  bytes: StatementBytes | null,
  digest: LineDigest | null,
): void {
  const { timeMicros, command } = record;
  const session = sessionPart(record.threadId, identity);
  const digestPart = statementPart(digest);
  if (bytes !== null && !record.truncated) {
    const start = lineStartOf(timeMicros);
    lines.statementLine(start, microsOfLine(timeMicros), session, commandPart(command), digestPart, bytes);
    return;
  }
  writeTime(lines, timeMicros);
  lines.part(session);
  lines.part(commandPart(command));
  lines.part(digestPart);
  lines.string(record.statement, bytes);
  if (record.truncated) lines.part(TRUNCATED);
  lines.end();
}

/** A record of the general log as one line of NDJSON. */
export function toNdjson(
  record: LogRecord,
  identity: Identity | null,
  digest: LineDigest | null = null,
): string {
  return lineOf((lines) => writeLine(lines, record, identity, null, digest));
}

/** Where a line has the connection's id. */
const THREAD_AT = '{"time":"2026-11-23T05:36:15.123456Z","threadId":'.length;

/** One record of a fragment, of whichever log: its line, of which no more is parsed than somebody asks for. */
export class RecordLine {
  /** The record in JSON, without the newline. */
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }

  /** When it was, in microseconds since the epoch. */
  get timeMicros(): number {
    return parseTime(this.json.slice(9, 36));
  }

  /** The connection's id: what follows the time. */
  get threadId(): number {
    return Number.parseInt(this.json.slice(THREAD_AT, THREAD_AT + 20), 10);
  }

  /** All of it, of a fragment of the general log. */
  read(): StoredRecord {
    return JSON.parse(this.json) as StoredRecord;
  }

  /** All of it, of a fragment of the slow log. */
  readSlow(): StoredSlowRecord {
    return JSON.parse(this.json) as StoredSlowRecord;
  }
}
