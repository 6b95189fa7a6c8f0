import { ByteWords } from "../../lib/byte-words.ts";
import { lazy } from "../../lib/lazy.ts";
import { COMMANDS, type Command } from "../../logs/general/commands.ts";
import type { Identity } from "../../logs/general/threads.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { StatementBytes } from "../../sql-text/statement-bytes.ts";
import { type LineBuffer, lineOf } from "./line-buffer.ts";
import type { StoredSlowRecord } from "./slow-line.ts";
import { type LineDigest, statementPart } from "./statement-part.ts";
import { parseTime, writeTime } from "./time.ts";

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

const THREAD_ID = new ByteWords('Z","threadId":');
const TRUNCATED = new ByteWords(',"truncated":true');

/** The part of a line that says who, cached by the object that Threads gives for it. */
const identityParts = new WeakMap<Identity, ByteWords>();
const nobody = lazy(() => identityPartOf(null));
let lastIdentity: Identity | null = null;
let lastPart: ByteWords | null = null;

function identityPartOf(identity: Identity | null): ByteWords {
  const { user, host, db } = identity ?? { user: null, host: null, db: null };
  const where = db === null ? "" : `,"db":${JSON.stringify(db)}`;
  return new ByteWords(`,"user":${JSON.stringify(user)},"host":${JSON.stringify(host)}${where},"command":"`);
}

function identityPart(identity: Identity | null): ByteWords {
  if (lastPart !== null && identity === lastIdentity) return lastPart;
  let part = identity === null ? nobody() : identityParts.get(identity);
  if (part === undefined) {
    part = identityPartOf(identity);
    identityParts.set(identity as Identity, part);
  }
  lastIdentity = identity;
  lastPart = part;
  return part;
}

const commandParts = lazy(() => new Map(COMMANDS.map((command) => [command, new ByteWords(command)])));

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
  writeTime(lines, record.timeMicros);
  lines.part(THREAD_ID);
  lines.number(record.threadId);
  lines.part(identityPart(identity));
  lines.part(commandParts().get(record.command) as ByteWords);
  lines.part(statementPart(digest));
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

  /** All of it, of a fragment of the general log. */
  read(): StoredRecord {
    return JSON.parse(this.json) as StoredRecord;
  }

  /** All of it, of a fragment of the slow log. */
  readSlow(): StoredSlowRecord {
    return JSON.parse(this.json) as StoredSlowRecord;
  }
}
