import { ByteWords } from "../../lib/byte-words.ts";
import type { SlowCommand, SlowRecord } from "../../logs/slow/record.ts";
import type { StatementBytes } from "../../sql-text/statement-bytes.ts";
import { type LineBuffer, lineOf } from "./line-buffer.ts";
import { type LineDigest, statementPart } from "./statement-part.ts";
import { writeTime } from "./time.ts";

/*
 * One line of a fragment of the slow log: a record in JSON, with the members of the general log's lines first and in their order, so
 * that RecordLine reads both.
 */

/** What a line adds to the general log's where the server says it: in this order, after what each line has. */
export const OPTIONAL = [
  "innerMicros",
  "rowsAffected",
  "bytesSent",
  "bytesReceived",
  "errno",
  "killed",
  "fullScan",
  "fullJoin",
  "tmpTables",
  "tmpDiskTables",
  "filesort",
  "queryCacheHit",
  "repeats",
] as const satisfies readonly (keyof SlowRecord)[];

/** A record of the slow log as it is stored. What the server does not say is absent. */
export interface StoredSlowRecord
  extends Pick<
    SlowRecord,
    | "threadId"
    | "user"
    | "host"
    | "precisionMicros"
    | "server"
    | "db"
    | "durationMicros"
    | "lockMicros"
    | "rowsSent"
    | "rowsExamined"
    | "routine"
    | (typeof OPTIONAL)[number]
  > {
  /** When the statement ended, in UTC with microseconds. */
  time: string;
  command: SlowCommand;
  /** Of the statement's digest; absent where the record ran none, and in version 1. */
  fingerprint?: string;
  statement: string;
  /** Only where the statement has lost its end. */
  truncated?: true;
  log: "slow";
  timeIs: "end";
}

const THREAD_ID = new ByteWords('Z","threadId":');
const TRUNCATED = new ByteWords(',"truncated":true');
const LOCK = new ByteWords(',"lockMicros":');
const SENT = new ByteWords(',"rowsSent":');
const EXAMINED = new ByteWords(',"rowsExamined":');
const ROUTINE = new ByteWords(',"routine":');
const NAMES = OPTIONAL.map((name) => new ByteWords(`,"${name}":`));
const TRUE = new ByteWords("true");
const FALSE = new ByteWords("false");

/** How many parts are kept for the records that have the same in them. */
const MAX_KEPT = 1024;

/** Parts of lines by two values of a record: sessions take turns, and each has its own. */
class KeptParts<A, B> {
  readonly #make: (first: A, second: B) => string;
  #parts = new Map<A, Map<B, ByteWords>>();
  #count = 0;
  #lastFirst: A | undefined;
  #lastSecond: B | undefined;
  #last: ByteWords | null = null;

  constructor(make: (first: A, second: B) => string) {
    this.#make = make;
  }

  get(first: A, second: B): ByteWords {
    if (this.#last !== null && first === this.#lastFirst && second === this.#lastSecond) return this.#last;
    const part = this.#parts.get(first)?.get(second) ?? this.#keep(first, second);
    this.#lastFirst = first;
    this.#lastSecond = second;
    this.#last = part;
    return part;
  }

  #keep(first: A, second: B): ByteWords {
    if (this.#count++ >= MAX_KEPT) {
      this.#parts = new Map();
      this.#count = 1;
    }
    const part = new ByteWords(this.#make(first, second));
    const others = this.#parts.get(first) ?? new Map<B, ByteWords>();
    this.#parts.set(first, others.set(second, part));
    return part;
  }
}

/** What stands between the connection's id and the fingerprint, by the command. */
const whose = {
  Query: whoseWith("Query"),
  "Administrator command": whoseWith("Administrator command"),
};

function whoseWith(command: SlowCommand) {
  return new KeptParts(
    (user: string | null, host: string | null) =>
      `,"user":${JSON.stringify(user)},"host":${JSON.stringify(host)},"command":"${command}`,
  );
}

/** What stands between the statement and its duration. */
const sources = new KeptParts(
  (db: string | null, form: string) =>
    `,"log":"slow","timeIs":"end",${form},"db":${JSON.stringify(db)},"durationMicros":`,
);

/** How exact times are, and whose: by the server, and of MySQL's by whether they are those of 5.6. */
function formOf({ server, precisionMicros }: SlowRecord): string {
  if (server === "mysql") {
    return precisionMicros === 1
      ? '"precisionMicros":1,"server":"mysql"'
      : '"precisionMicros":1000000,"server":"mysql"';
  }
  return precisionMicros === 1
    ? '"precisionMicros":1,"server":"mariadb"'
    : '"precisionMicros":1000000,"server":"mariadb"';
}

/** The members of OPTIONAL, each read by its name: to go through their names takes longer than all else of a line. */
function writeOptional(lines: LineBuffer, record: SlowRecord): void {
  writeMember(lines, 0, record.innerMicros);
  writeMember(lines, 1, record.rowsAffected);
  writeMember(lines, 2, record.bytesSent);
  writeMember(lines, 3, record.bytesReceived);
  writeMember(lines, 4, record.errno);
  writeMember(lines, 5, record.killed);
  writeMember(lines, 6, record.fullScan);
  writeMember(lines, 7, record.fullJoin);
  writeMember(lines, 8, record.tmpTables);
  writeMember(lines, 9, record.tmpDiskTables);
  writeMember(lines, 10, record.filesort);
  writeMember(lines, 11, record.queryCacheHit);
  writeMember(lines, 12, record.repeats);
}

function writeMember(lines: LineBuffer, name: number, value: number | boolean | undefined): void {
  if (value === undefined) return;
  lines.part(NAMES[name] as ByteWords);
  if (typeof value === "number") lines.number(value);
  else lines.part(value ? TRUE : FALSE);
}

/**
 * Writes a record of the slow log as one line of NDJSON.
 * @param bytes its statement as it stands in the log, if that is known
 * @param digest of the statement that it ran; null when it ran none
 */
export function writeSlowLine(
  lines: LineBuffer,
  record: SlowRecord,
  bytes: StatementBytes | null,
  digest: LineDigest | null,
): void {
  writeTime(lines, record.timeMicros);
  lines.part(THREAD_ID);
  lines.number(record.threadId);
  const { command } = record;
  // To look it up by a name that differs from record to record takes as long as to write all of it.
  const ofCommand = command === "Query" ? whose.Query : whose["Administrator command"];
  lines.part(ofCommand.get(record.user, record.host));
  lines.part(statementPart(digest));
  lines.string(record.statement, bytes);
  if (record.truncated) lines.part(TRUNCATED);
  lines.part(sources.get(record.db, formOf(record)));
  lines.number(record.durationMicros);
  lines.part(LOCK);
  lines.number(record.lockMicros);
  lines.part(SENT);
  lines.number(record.rowsSent);
  lines.part(EXAMINED);
  lines.number(record.rowsExamined);
  writeOptional(lines, record);
  if (record.routine !== undefined) {
    lines.part(ROUTINE);
    lines.string(record.routine);
  }
  lines.end();
}

/** A record of the slow log as one line of NDJSON. */
export function toSlowNdjson(record: SlowRecord, digest: LineDigest | null = null): string {
  return lineOf((lines) => writeSlowLine(lines, record, null, digest));
}
