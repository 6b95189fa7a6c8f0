import { gzipSync } from "node:zlib";
import * as z from "zod";
import type { AwsResult } from "../../aws/client.ts";
import { lazy } from "../../lib/lazy.ts";
import { beginAt, beginAtEnd } from "../../logs/beginning.ts";
import {
  type FilePosition,
  filePositionSchema,
  LIVE_LOG,
  type Loss,
  locate,
  MAX_SILENCE_MS,
} from "../../logs/files.ts";
import { holdsSql } from "../../logs/general/commands.ts";
import { LogParser } from "../../logs/general/parser.ts";
import { parserSchema } from "../../logs/general/parser-state.ts";
import { Sessions, sessionsSchema } from "../../logs/general/sessions.ts";
import { type LogSource, readNew } from "../../logs/reader.ts";
import type { LeftOut, LogRecord } from "../../logs/record.ts";
import { type Identity, Threads, threadsSchema } from "../../logs/threads.ts";
import { redactLiterals, redactSecrets } from "../../sql-text/redact/redact.ts";
import type { Digests } from "../digest.ts";
import { toNdjson } from "../stored/fragment-line.ts";
import type { FragmentStore } from "../stored/fragments.ts";
import { LineBuffer } from "../stored/line-buffer.ts";
import { emptyManifest, type Gap, type Manifest, manifestSchema } from "../stored/manifest.ts";

/*
 * Follows an instance's general log: reads what is new, leaves out what is not the capture's, and stores the rest as
 * fragments. One step reads a bounded amount and gives the state from which the next goes on; who calls keeps that state,
 * after the fragment is stored and before the next step. A step that is cut off before that is done again from the same
 * state: it stores the same fragment under the same number, so that nothing is lost or stored twice.
 */

/** Which records are the capture's. Milliseconds since the epoch. */
export interface CaptureWindow {
  start: number;
  /** Excluded; null while the capture has none. */
  end: number | null;
}

const openGapSchema = lazy(() =>
  z.object({
    from: z.number(),
    cause: z.string(),
    /** Whether what follows may have been read before it, and has to be later to be new. */
    mayRepeat: z.literal(true).optional(),
    /** How many records were left out because nobody knows their time. */
    undatedRecords: z.number().optional(),
  }),
);

/** A gap whose end is not known yet. */
type OpenGap = z.output<ReturnType<typeof openGapSchema>>;

/** A follower's state as it is stored (collector-state.ts). */
export const followerSchema = lazy(() =>
  z.object({
    position: filePositionSchema(),
    /** How many lines to ask for at once, from how long the last ones were; absent for as many as RDS gives. */
    linesAtOnce: z.number().optional(),
    parser: parserSchema(),
    threads: threadsSchema(),
    /** What is known of how sessions' statements are to be read; absent in what was stored before it was. */
    sessions: sessionsSchema().optional(),
    /** The threads that are Amazon's although nobody saw them connect, those that were seen last at the end. */
    amazons: z.array(z.number()),
    manifest: manifestSchema(),
    /** The last fragment is added to until it is large enough: how many of its bytes count, and what it holds. */
    tail: z
      .object({ bytes: z.number(), firstMicros: z.number(), lastMicros: z.number(), records: z.number() })
      .nullable(),
    /** The latest time that the log was seen to have come to. */
    reachedMicros: z.number().nullable(),
    /** A gap that has begun, until the first record after it says where it ends. */
    openGap: openGapSchema().nullable(),
  }),
);

/** All that a follower has to know to go on. */
export type FollowerState = z.output<ReturnType<typeof followerSchema>>;

/** What a step came to. */
export interface Step {
  state: FollowerState;
  /** Whether all that there was has been read. */
  caughtUp: boolean;
}

/** A fragment is added to until it has so many bytes: small enough to be read back, large enough to be few. */
const FRAGMENT_BYTES = 1024 * 1024;
/** Of gzip's levels, the last before zlib searches in earnest: a third of the time of 6, for about a tenth more bytes. */
const COMPRESSION = 3;
/** The longest statement that is kept whole, in UTF-16 units: the one that is open is written after every step. */
const MAX_STATEMENT = 256 * 1024;
/** How many threads are remembered, for the same reason; and how many of Amazon's that nobody saw connect. */
export const MAX_THREADS_KEPT = 4096;
const MAX_GAPS = 1000;
/** Amazon's own user, whose statements are nobody's workload. */
const AMAZON = "rdsadmin";
/** What Amazon's user does all the time, in a session that may be older than the oldest log. */
const HEARTBEAT = "rds_heartbeat2";

const REOPENED =
  "The server opened its general log again: until then it had been switched off, or the server had been down";
const SILENT =
  "The general log was not written for more than six minutes: it was off, or the server was down";

const NO_LOG_OF_THAT_TIME = "The instance has no log of that time any more, or wrote none";
const UNKNOWN_FORM = "A part of the log is not of a form that can be read, or its beginning was not read";
const UNDATED = "The time of records is that of the one before them, which was not read";

/** The state of a follower that has read nothing yet, at the beginning of the live file. */
export function stateAt(manifest: Manifest, known: FilePosition["known"] = {}): FollowerState {
  return {
    position: { file: LIVE_LOG, marker: "0", bytesRead: 0, known, next: [] },
    parser: new LogParser({ maxStatement: MAX_STATEMENT }).snapshot(),
    threads: [],
    amazons: [],
    manifest,
    tail: null,
    reachedMicros: null,
    openGap: null,
  };
}

/**
 * Where to begin: at the end of the live file, or for a back-dated capture at the oldest file that may have its start. What
 * is read before the window only tells who the threads are.
 */
export async function beginFollowing(
  source: LogSource,
  captureId: number,
  window: CaptureWindow,
  redact: Manifest["redact"],
  isBackDated: boolean,
): Promise<AwsResult<FollowerState>> {
  const options = { maxStatement: MAX_STATEMENT };
  const begun = await (isBackDated ? beginAt(window.start, source, options) : beginAtEnd(source, options));
  if (!begun.ok) return begun;
  const { position, parser, before } = begun.value;
  const threads = new Threads(MAX_THREADS_KEPT);
  const sessions = new Sessions();
  for (const record of before) sessions.see(record, threads.see(record)?.db);
  const state: FollowerState = {
    ...stateAt(emptyManifest(captureId, redact)),
    position,
    // That the log was opened before the capture began is none of its losses.
    parser: { ...parser.snapshot(), isReopened: false },
    threads: threads.toJSON(),
    sessions: sessions.toJSON(),
  };
  if (isBackDated) {
    const lastMicros = before.at(-1)?.timeMicros ?? Number.NEGATIVE_INFINITY;
    // A file that ends shortly before the start shows that the log was on.
    if (window.start * 1000 - lastMicros <= MAX_SILENCE_MS * 1000) state.reachedMicros = lastMicros;
    else state.openGap = { from: window.start, cause: NO_LOG_OF_THAT_TIME };
  }
  return { ok: true, value: state };
}

/**
 * Reads what is new, as much as one step may, and stores the records of the window.
 * @param digests counts the statements; to be kept together with the state, or restored with it
 * @param window asked once the log has been read: who stops the capture meanwhile says which of it is no longer the capture's
 */
export async function follow(
  before: FollowerState,
  digests: Digests,
  source: LogSource,
  fragments: FragmentStore,
  window: () => Promise<CaptureWindow>,
): Promise<AwsResult<Step>> {
  const listed = await source.list();
  if (!listed.ok) return listed;
  const { position, lost, isThere } = locate(before.position, listed.value);
  const read = isThere ? await readNew(position, listed.value, source, before.linesAtOnce) : null;
  if (read?.ok === false) return read;
  const work = new Work(before, position, digests, await window());
  if (lost !== null) work.lose(lost);
  if (read === null) return { ok: true, value: { state: await work.store(fragments), caughtUp: true } };
  for (const { data, isCut, lost: before, beginsFile } of read.value.portions) {
    if (before) work.lose(before);
    if (beginsFile) work.beginFile();
    work.take(data, isCut);
  }
  work.position = read.value.position;
  work.linesAtOnce = read.value.linesAtOnce;
  return { ok: true, value: { state: await work.store(fragments), caughtUp: read.value.caughtUp } };
}

/**
 * Begins a gap where the log has come to, which the next record ends. To be kept as after a step.
 */
export async function interruptFollowing(
  before: FollowerState,
  digests: Digests,
  fragments: FragmentStore,
  window: CaptureWindow,
  cause: string,
): Promise<FollowerState> {
  const work = new Work(before, before.position, digests, window);
  work.lose({ cause });
  return work.store(fragments);
}

/**
 * Ends the following of a log: the record that was open, since only the next one says that a record is complete, is complete,
 * and a gap that is open goes on to the window's end. To be kept as after a step.
 * @param cause why the rest of the log could not be read; null when it was, or has nothing more for the window
 * @returns the state, and why the end is missing; null when it is not
 */
export async function endFollowing(
  before: FollowerState,
  digests: Digests,
  fragments: FragmentStore,
  window: CaptureWindow & { end: number },
  cause: string | null,
): Promise<{ state: FollowerState; missing: string | null }> {
  const work = new Work(before, before.position, digests, window);
  const missing = work.close(window.end, cause);
  return { state: await work.store(fragments), missing };
}

/** Why there is a gap, with the number of records in it that are known of. */
function causeOf({ cause, undatedRecords = 0 }: OpenGap): string {
  if (undatedRecords === 0) return cause;
  return `${cause} (${undatedRecords} ${undatedRecords === 1 ? "record" : "records"} without a time)`;
}

/** One step's reading: turns text into the records of the window, counted and written down. */
class Work {
  position: FilePosition;
  linesAtOnce: number | undefined;
  readonly #before: FollowerState;
  readonly #window: CaptureWindow;
  readonly #digests: Digests;
  readonly #threads: Threads;
  readonly #sessions: Sessions;
  readonly #amazons: Set<number>;
  readonly #lines = new LineBuffer();
  readonly #members: Uint8Array[] = [];
  #memberBytes = 0;
  readonly #manifest: Manifest;
  #parser: LogParser;
  #reachedMicros: number | null;
  #openGap: FollowerState["openGap"];
  #firstMicros = Number.POSITIVE_INFINITY;
  #lastMicros = Number.NEGATIVE_INFINITY;
  #records = 0;

  constructor(before: FollowerState, position: FilePosition, digests: Digests, window: CaptureWindow) {
    const { manifest } = before;
    this.position = position;
    this.linesAtOnce = before.linesAtOnce;
    this.#before = before;
    this.#window = window;
    this.#digests = digests;
    this.#parser = new LogParser({ maxStatement: MAX_STATEMENT, from: before.parser });
    this.#threads = new Threads(MAX_THREADS_KEPT, before.threads);
    this.#sessions = new Sessions(before.sessions);
    this.#amazons = new Set(before.amazons);
    this.#manifest = { ...manifest, commands: { ...manifest.commands }, gaps: [...manifest.gaps] };
    this.#reachedMicros = before.reachedMicros;
    this.#openGap = before.openGap;
    // Of a state from when nobody asked for it, and its reading may have begun in the middle of a record.
    this.#parser.takeLeftOut();
  }

  /** Nothing comes after what was read. */
  end(): void {
    for (const record of this.#parser.end()) this.#record(record);
    this.#leaveOut(this.#parser.takeLeftOut());
    this.#parser = new LogParser({ maxStatement: MAX_STATEMENT });
  }

  /** Nothing comes after what was read, and what is missing until the end is a gap. Returns its cause; null when nothing is. */
  close(end: number, cause: string | null): string | null {
    this.end();
    const open = this.#openGap;
    this.#openGap = null;
    const from = open?.from ?? this.#knownUntil();
    const isMissing = open !== null || cause !== null || end - from > MAX_SILENCE_MS;
    if (from >= end || !isMissing) return null;
    // Whether there was a log at the start is not known where nothing could be read.
    const isOpenKnown = open !== null && (cause === null || open.cause !== NO_LOG_OF_THAT_TIME);
    const causes = [isOpenKnown ? causeOf(open) : null, cause].filter((one) => one !== null);
    const missing = causes.length > 0 ? causes.join(". ") : SILENT;
    this.#gap({ from, to: end, cause: missing });
    return missing;
  }

  /** What comes next does not follow from what came before. */
  lose({ cause, mayRepeat }: Loss): void {
    this.end();
    this.#openGap ??= { from: this.#knownUntil(), cause };
    if (mayRepeat) this.#openGap = { ...this.#openGap, mayRepeat };
  }

  /** What is taken next is the beginning of a file. */
  beginFile(): void {
    this.#parser.beginFile();
  }

  /** Reads a portion. */
  take(data: Uint8Array, isCut: boolean): void {
    for (const record of this.#parser.push(data)) this.#record(record);
    this.#leaveOut(this.#parser.takeLeftOut());
    if (isCut)
      this.#gap({
        from: this.#knownUntil(),
        to: this.#knownUntil(),
        cause: "RDS cut a statement of more than 1 MB",
      });
    this.#compress();
  }

  /** Counts what belongs to no record, and begins a gap there. */
  #leaveOut(leftOut: LeftOut | null | undefined): void {
    if (!leftOut) return;
    const { strayBytes, undatedRecords } = leftOut;
    this.#manifest.strayBytes = (this.#manifest.strayBytes ?? 0) + strayBytes;
    const cause = strayBytes > 0 ? UNKNOWN_FORM : UNDATED;
    const gap = this.#openGap ?? { from: this.#knownUntil(), cause };
    this.#openGap = { ...gap, undatedRecords: (gap.undatedRecords ?? 0) + undatedRecords };
  }

  #knownUntil(): number {
    return Math.max(this.#window.start, Math.floor((this.#reachedMicros ?? 0) / 1000));
  }

  #gap(gap: Gap): void {
    const { start, end } = this.#window;
    if (gap.to < start || (end !== null && gap.from >= end)) return;
    this.#manifest.gapCount++;
    if (this.#manifest.gaps.length >= MAX_GAPS) return;
    const { from, to, cause } = gap;
    this.#manifest.gaps.push({
      from: Math.max(from, start),
      to: end === null ? to : Math.min(to, end),
      cause,
    });
  }

  #record(record: LogRecord): void {
    const { timeMicros } = record;
    this.#leaveOut(record.leftOut);
    if (this.#openGap !== null) {
      const { from, mayRepeat } = this.#openGap;
      if (mayRepeat && timeMicros <= Math.max(this.#reachedMicros ?? 0, from * 1000)) {
        this.#threads.see(record);
        return;
      }
      const to = Math.floor(timeMicros / 1000);
      // A log that begins before the capture lacks nothing of it; after that, whatever is lost is, however short it was.
      if (to > from || this.#reachedMicros !== null)
        this.#gap({ from, to: Math.max(from, to), cause: causeOf(this.#openGap) });
      this.#openGap = null;
    } else if (timeMicros - (this.#reachedMicros ?? this.#window.start * 1000) > MAX_SILENCE_MS * 1000) {
      this.#gap({ from: this.#knownUntil(), to: Math.floor(timeMicros / 1000), cause: SILENT });
    } else if (record.isAfterOpening === true) {
      this.#gap({ from: this.#knownUntil(), to: Math.floor(timeMicros / 1000), cause: REOPENED });
    }
    if (this.#reachedMicros === null || timeMicros > this.#reachedMicros) this.#reachedMicros = timeMicros;
    const identity = this.#threads.see(record);
    const session = this.#sessions.see(record, identity?.db);
    if (this.#isAmazons(record, identity) || !this.#isInWindow(record)) return;
    const { redact } = this.#manifest;
    record.statement = redactSecrets(record.statement, session);
    if (redact === "literals" && holdsSql(record)) {
      record.statement = redactLiterals(record.statement, session);
    }
    const ran = this.#digests.add(record, this.#parser.dialect);
    this.#lines.add(toNdjson(record, identity));
    this.#count(record, ran);
  }

  /** Whether a record is Amazon's own. A session older than the log gives itself away by what it does all the time. */
  #isAmazons({ threadId, statement }: LogRecord, identity: Identity | null): boolean {
    if (identity !== null) {
      this.#amazons.delete(threadId);
      return identity.user === AMAZON;
    }
    if (statement.includes(HEARTBEAT)) this.#noteAmazons(threadId);
    return this.#amazons.has(threadId);
  }

  /** Of too many, the one that was seen longest ago is forgotten: should it be there yet, it says so again. */
  #noteAmazons(threadId: number): void {
    this.#amazons.delete(threadId);
    this.#amazons.add(threadId);
    if (this.#amazons.size <= MAX_THREADS_KEPT) return;
    const [oldest] = this.#amazons;
    this.#amazons.delete(oldest as number);
  }

  #isInWindow({ timeMicros }: LogRecord): boolean {
    const { start, end } = this.#window;
    // MariaDB's times are whole seconds: of the second in which the capture started, nobody knows the rest.
    const from = timeMicros % 1_000_000 === 0 ? Math.floor(start / 1000) * 1000 : start;
    return timeMicros >= from * 1000 && (end === null || timeMicros < end * 1000);
  }

  #count({ timeMicros, command }: LogRecord, ran: boolean): void {
    const manifest = this.#manifest;
    manifest.records++;
    if (ran) manifest.statements++;
    manifest.commands[command] = (manifest.commands[command] ?? 0) + 1;
    manifest.firstMicros = Math.min(manifest.firstMicros ?? timeMicros, timeMicros);
    manifest.lastMicros = Math.max(manifest.lastMicros ?? timeMicros, timeMicros);
    this.#records++;
    this.#firstMicros = Math.min(this.#firstMicros, timeMicros);
    this.#lastMicros = Math.max(this.#lastMicros, timeMicros);
  }

  /** Compresses the lines that there are: a portion at a time, so that no more than one is kept in clear. */
  #compress(): void {
    const { length } = this.#lines;
    if (length === 0) return;
    this.#manifest.bytes += length;
    const member = gzipSync(this.#lines.take(), { level: COMPRESSION });
    this.#members.push(member);
    this.#memberBytes += member.length;
  }

  /** Stores the records and gives the state to go on from. */
  async store(fragments: FragmentStore): Promise<FollowerState> {
    this.#compress();
    const manifest = this.#manifest;
    let { tail } = this.#before;
    if (this.#records > 0) {
      const isNew = tail === null || tail.bytes >= FRAGMENT_BYTES;
      const sequence = isNew ? manifest.fragments : manifest.fragments - 1;
      // Gzip members that stand one after the other are one gzip file (RFC 1952, section 2.2).
      const earlier = isNew || tail === null ? new Uint8Array(0) : await fragments.read(sequence, tail.bytes);
      const bytes = new Uint8Array(earlier.length + this.#memberBytes);
      let end = 0;
      for (const part of [earlier, ...this.#members]) {
        bytes.set(part, end);
        end += part.length;
      }
      tail = {
        bytes: bytes.length,
        firstMicros: Math.min(
          isNew || tail === null ? this.#firstMicros : tail.firstMicros,
          this.#firstMicros,
        ),
        lastMicros: Math.max(isNew || tail === null ? this.#lastMicros : tail.lastMicros, this.#lastMicros),
        records: (isNew || tail === null ? 0 : tail.records) + this.#records,
      };
      await fragments.write(sequence, bytes, tail);
      manifest.fragments = sequence + 1;
      manifest.storedBytes += this.#memberBytes;
    }
    return {
      position: this.position,
      linesAtOnce: this.linesAtOnce,
      parser: this.#parser.snapshot(),
      threads: this.#threads.toJSON(),
      sessions: this.#sessions.toJSON(),
      amazons: [...this.#amazons],
      manifest,
      tail,
      reachedMicros: this.#reachedMicros,
      openGap: this.#openGap,
    };
  }
}
