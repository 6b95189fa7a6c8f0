import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { holdsSql, runsStatement } from "../../logs/general/commands.ts";
import { Sessions, sessionsSchema } from "../../logs/general/sessions.ts";
import { type Identity, Threads, threadsSchema } from "../../logs/general/threads.ts";
import type { LogRecord } from "../../logs/record.ts";
import type { Dialect } from "../../sql-text/dialect.ts";
import { redactLiterals, redactSecrets } from "../../sql-text/redact/redact.ts";
import { type SessionSettings, UNKNOWN_SETTINGS } from "../../sql-text/session-settings.ts";
import { AmazonStatements } from "../amazon-statements.ts";
import { NOBODY } from "../groups/sources.ts";
import { writeLine } from "../stored/fragment-line.ts";
import type { LineBuffer } from "../stored/line-buffer.ts";
import type { Manifest } from "../stored/manifest.ts";
import type { Counted } from "../timing/series.ts";
import { AmazonSessions } from "./amazon-sessions.ts";
import type { FragmentContents } from "./fragment-contents.ts";
import { RecordBytes } from "./record-bytes.ts";
import type { Counts, Records } from "./records.ts";
import { type CaptureWindow, isInWindow } from "./window.ts";

/**
 * How many threads are remembered, since they are written after every step; and how many of Amazon's that nobody saw connect.
 */
export const MAX_THREADS_KEPT = 4096;

/** What is known of the sessions of a general log, as it is stored. */
export const generalRecordsSchema = lazy(() =>
  z.object({
    threads: threadsSchema(),
    /** What is known of how sessions' statements are to be read; absent in what was stored before it was. */
    sessions: sessionsSchema().optional(),
    /** The threads that are Amazon's although nobody saw them connect, those that were seen last at the end. */
    amazons: z.array(z.number()),
  }),
);

/** What is known of the sessions of a general log. */
export type GeneralRecordsState = z.output<ReturnType<typeof generalRecordsSchema>>;

/** The records of the general log, of which only the first of a session says whose it is. */
export class GeneralRecords implements Records<LogRecord> {
  readonly bytes = new RecordBytes();
  readonly amazon: AmazonStatements | null;
  readonly #threads: Threads;
  readonly #sessions: Sessions;
  readonly #amazons: AmazonSessions;
  /** Whose the record is that was seen last, and what was known of its session before it. */
  #identity: Identity | null = null;
  #session: SessionSettings = UNKNOWN_SETTINGS;
  /** The digest of the record that was counted last; null when it ran no statement. */
  #counted: Counted | null = null;

  constructor(
    { amazon }: Pick<Manifest, "amazon">,
    { threads, sessions, amazons }: GeneralRecordsState = { threads: [], amazons: [] },
  ) {
    this.amazon = amazon === undefined ? null : new AmazonStatements(amazon);
    this.#threads = new Threads(MAX_THREADS_KEPT, threads);
    this.#sessions = new Sessions(sessions);
    this.#amazons = new AmazonSessions(MAX_THREADS_KEPT, amazons);
  }

  seeAgain(record: LogRecord): void {
    this.#threads.see(record);
  }

  see(record: LogRecord, window: CaptureWindow): boolean {
    this.bytes.lookAt(record);
    const mayChange = this.bytes.statement?.mayChangeSession !== false;
    const identity = this.#threads.see(record, mayChange);
    this.#identity = identity;
    this.#session = this.#sessions.see(record, identity?.db, this.#threads.hasLostDb, mayChange);
    const amazonUser = this.#amazons.userOf(record, identity, this.bytes.statement);
    const isOfWindow = isInWindow(record, window);
    if (amazonUser === null) return isOfWindow;
    if (isOfWindow && runsStatement(record.command))
      this.amazon?.add(amazonUser, record.statement, record.timeMicros);
    return false;
  }

  redact(record: LogRecord, redact: Manifest["redact"]): void {
    const { bytes } = this;
    const session = this.#session;
    if (bytes.statement?.mayHoldSecret !== false) {
      const { statement } = record;
      record.statement = redactSecrets(statement, session);
      if (record.statement !== statement) bytes.forget();
    }
    if (redact === "literals" && holdsSql(record)) {
      bytes.forget();
      record.statement = redactLiterals(record.statement, session);
    }
  }

  count(
    record: LogRecord,
    { digests, series }: Counts,
    contents: FragmentContents,
    server: Dialect | null,
  ): boolean {
    const whose = this.#identity ?? NOBODY;
    contents.addSession(record.threadId, whose);
    const ran = digests.add(record, server, this.bytes.statement, whose);
    const counted = ran ? digests.counted : null;
    this.#counted = counted;
    if (counted === null) {
      contents.addUncounted(record.statement);
      return ran;
    }
    series?.add(record, counted);
    contents.addStatement(counted, digests.countedTags, digests.countedTables);
    return true;
  }

  writeLine(record: LogRecord, lines: LineBuffer): void {
    writeLine(lines, record, this.#identity, this.bytes.statement, this.#counted);
  }

  toJSON(): GeneralRecordsState {
    return {
      threads: this.#threads.toJSON(),
      sessions: this.#sessions.toJSON(),
      amazons: this.#amazons.toJSON(),
    };
  }
}
