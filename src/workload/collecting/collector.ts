import type { AwsResult } from "../../aws/client.ts";
import type { Env } from "../../env.ts";
import type { Unreadable } from "../../lib/stored.ts";
import { LOG_NAMES, type LogName, logsOf } from "../../logs/names.ts";
import type { Timing } from "../stored/manifest.ts";
import type { LogSpans, Span } from "../timing/span.ts";
import type { LogDigests, LogSeries, Problem, WorkloadState } from "../workload-state.ts";
import { type Collected, type CollectedCapture, type EndedCapture, LogCollector } from "./log-collector.ts";

/** What came of the reading of the rest of a log: when to come back, or what is missing. */
type Finished = { pause: number } | { missing: string | null };

/**
 * Collects one capture's workload, in the capture's Durable Object, from one log or from two, each for itself. The capture is only
 * as far as the log that is furthest behind.
 */
export class Collector {
  readonly #logs: Record<LogName, LogCollector>;

  constructor(storage: DurableObjectStorage, env: Env) {
    this.#logs = {
      general: new LogCollector(storage, env, "general"),
      slow: new LogCollector(storage, env, "slow"),
    };
  }

  /**
   * Finds where to begin: now, or for a capture that has a start already, wherever its logs have that.
   * @param timing how the slow log was switched on, of a capture that is made of it
   */
  async begin(capture: CollectedCapture, now: number, timing?: Timing): Promise<AwsResult<void>> {
    for (const name of logsOf(capture.log)) {
      const begun = await this.#logs[name].begin(capture, now, name === "slow" ? timing : undefined);
      if (!begun.ok) return begun;
    }
    for (const name of LOG_NAMES) this.#logs[name].forgetProblem();
    return { ok: true, value: undefined };
  }

  /**
   * Reads what is new.
   * @param end asked once that is read: when the capture ended or is to end; null while nobody knows
   */
  async collect(capture: CollectedCapture, end: () => Promise<number | null>): Promise<Collected> {
    const all: Collected = { pause: Number.POSITIVE_INFINITY, bytes: 0, caughtUp: true };
    for (const log of this.#of(capture)) {
      const { pause, bytes, caughtUp } = await log.collect(capture, end);
      all.pause = Math.min(all.pause, pause);
      all.bytes += bytes;
      all.caughtUp &&= caughtUp;
    }
    return all;
  }

  /**
   * Reads the rest of the logs of a capture that has ended, and stores what the fragments hold. Retried while R2 is away: the
   * log files are mostly still there then, and what is not is a gap.
   * @returns when to come back, in milliseconds from now; or, once all is stored, why the end is missing, null when it is not
   */
  async finish(capture: EndedCapture, now: number): Promise<Finished> {
    let pause: number | undefined;
    const missing: [LogName, string][] = [];
    for (const name of logsOf(capture.log)) {
      const finished = await this.#logs[name].finish(capture, now);
      if ("pause" in finished) pause = Math.min(pause ?? finished.pause, finished.pause);
      else if (finished.missing !== null) missing.push([name, finished.missing]);
    }
    return pause === undefined ? { missing: describeMissing(capture, missing) } : { pause };
  }

  /**
   * Stores what was collected of a capture that has failed, with a gap from there to its end; safe to repeat.
   * @throws StorageFailure when R2 is away: to be retried
   */
  async abandon(capture: EndedCapture, cause: string): Promise<void> {
    for (const log of this.#of(capture)) await log.abandon(capture, cause);
  }

  /**
   * Notes that a log was interrupted after what was read of it: a gap until the next record.
   * @throws StorageFailure when R2 is away: nothing is noted then
   */
  async interrupt(capture: CollectedCapture, log: LogName, cause: string): Promise<void> {
    await this.#logs[log].interrupt(capture, cause);
  }

  /** Why what is kept can't be read; null when it can, or when there is nothing. */
  damage(): Unreadable | null {
    return this.#logs.general.damage() ?? this.#logs.slow.damage();
  }

  /** The time of the latest record that was read of a log, complete or not, in milliseconds since the epoch; null before the first. */
  lastRecordAt(log: LogName): number | null {
    return this.#logs[log].lastRecordAt();
  }

  /**
   * What has been collected so far; null before the beginning.
   * @throws Unreadable
   */
  state(): WorkloadState | null {
    const begun = this.#begun();
    const manifests = begun.map((log) => log.manifest()).filter((manifest) => manifest !== null);
    if (manifests.length === 0) return null;
    const times = begun.map(({ caughtUpAt }) => caughtUpAt).filter((time) => time !== null);
    const caughtUpAt = times.length < begun.length ? null : Math.min(...times);
    return { manifests, caughtUpAt, problem: this.problem() };
  }

  /**
   * The statements that were counted so far, by each log that the capture has begun to read; null before the beginning. Not a part
   * of `state`: to write thousands of statements as JSON takes long.
   * @throws Unreadable
   */
  digests(): LogDigests | null {
    return this.#byLog((log) => log.digests());
  }

  /**
   * How much ran in each step of time so far, of all or of one statement, by each log that the capture has begun to read; null
   * before the beginning. A log is null where it has no series of the statement.
   */
  series(fingerprint: string): LogSeries | null {
    return this.#byLog((log) => log.series(fingerprint));
  }

  /** What the series of each log have of a span of time so far; null before the beginning. */
  span(span: Span): LogSpans | null {
    return this.#byLog((log) => log.span(span));
  }

  /** Why a log can't be read now, the one that can't for longest: reading fails, or there is nothing to read. Null while all can. */
  problem(): Problem | null {
    const problems = LOG_NAMES.map((name) => this.#logs[name].problem()).filter((one) => one !== null);
    return problems.sort((a, b) => a.since - b.since)[0] ?? null;
  }

  /** Forgets what it knows of storage that is being deleted. */
  forget(): void {
    for (const name of LOG_NAMES) this.#logs[name].forget();
  }

  /** Notes why the logs could not be read this time. */
  noteProblem(reason: string): void {
    const begun = this.#begun();
    for (const log of begun.length === 0 ? [this.#logs.general] : begun) log.noteProblem(reason);
  }

  /** The logs of a capture. */
  #of(capture: CollectedCapture): LogCollector[] {
    return logsOf(capture.log).map((name) => this.#logs[name]);
  }

  /** What each log has whose reading has begun; null before any has. */
  #byLog<T>(of: (log: LogCollector) => T): Partial<Record<LogName, T>> | null {
    const begun = LOG_NAMES.filter((name) => this.#logs[name].exists);
    if (begun.length === 0) return null;
    return Object.fromEntries(begun.map((name) => [name, of(this.#logs[name])]));
  }

  /** The logs whose reading has begun. */
  #begun(): LogCollector[] {
    return LOG_NAMES.map((name) => this.#logs[name]).filter(({ exists }) => exists);
  }
}

/** Why the end of a capture is missing; null when it is not. Of two logs it says of which. */
function describeMissing({ log }: CollectedCapture, missing: readonly [LogName, string][]): string | null {
  if (missing.length === 0) return null;
  const named = log === "both" ? missing.map(([name, cause]) => `Of the ${name} log: ${cause}`) : null;
  return (named ?? missing.map(([, cause]) => cause)).join(". ");
}
