import type { AwsResult } from "../../aws/client.ts";
import { explain } from "../../aws/explain.ts";
import { type Env, positiveNumber } from "../../env.ts";
import type { SealedCapture } from "../../environments/seal-keys.ts";
import { log } from "../../lib/log.ts";
import { retryDelay } from "../../lib/retry.ts";
import { Unreadable } from "../../lib/stored.ts";
import type { CapturedLog, LogName } from "../../logs/names.ts";
import type { DigestsState } from "../digests-state.ts";
import { type FragmentStore, fragmentStore } from "../stored/fragments.ts";
import { emptyManifest, type Manifest, type Timing } from "../stored/manifest.ts";
import { type ObjectStore, storeOf } from "../stored/object-store.ts";
import { isPublished, publishWorkload } from "../stored/publish.ts";
import { StorageFailure } from "../stored/storage-failure.ts";
import type { SeriesState } from "../timing/series-state.ts";
import type { LogSpan, Span } from "../timing/span.ts";
import type { Problem } from "../workload-state.ts";
import { awsLogSource, type LoggingInstance } from "./aws-log-source.ts";
import { type CollectedLog, collectedLog, initialState } from "./collected-log.ts";
import { CollectorStorage, type Taken } from "./collector-storage.ts";
import { beginFollowing, endFollowing, type Followed, follow, interruptFollowing } from "./follower.ts";
import { salvage } from "./salvage.ts";
import { Turns } from "./turns.ts";

/** As much of a capture as its collector needs. Times in milliseconds since the epoch. */
export interface CollectedCapture
  extends LoggingInstance,
    Partial<Pick<SealedCapture, "sealed" | "sealKeys">> {
  id: number;
  start: number | null;
  end: number | null;
  redact: Manifest["redact"];
  /** Which logs are collected. */
  log: CapturedLog;
  /** Of the slow log only statements that took at least so long; in microseconds. */
  minDurationMicros: number;
}

/** A collected capture that has ended, or is to end at a time that is known. */
export type EndedCapture = CollectedCapture & { end: number };

/** How often the log is read: as often as there is something to read, within bounds. */
const SHORTEST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
/** When there is more to read than one step reads. */
const NO_PAUSE_MS = 0;
/** How long reading the rest of the log is retried, from the first try once a capture has ended. */
const DRAIN_FOR_MS = 10 * 60_000;
const DRAIN_PAUSE_MS = 1000;

/** What came of a step: whether all that there was has been read, or why it could not be. */
type Stepped = { ok: true; caughtUp: boolean } | { ok: false; reason: string; isStorage: boolean };

/** What came of a reading of a log, or of the logs of a capture. */
export interface Collected {
  /** When to come back, in milliseconds from now. */
  pause: number;
  /** How many bytes have been collected so far, as NDJSON before compression. */
  bytes: number;
  /** Whether it has been read to its end. */
  caughtUp: boolean;
}

/**
 * Collects the workload that one log of a capture has, in the capture's Durable Object: follows the log step by step, keeps after
 * each step where it is, and stores the manifest, the digests and the series at the end.
 */
export class LogCollector {
  readonly #name: LogName;
  readonly #storage: CollectorStorage;
  readonly #env: Env;
  readonly #sourceOf: typeof awsLogSource;
  /** An alarm may run twice at once. Two steps from the same state would overwrite each other's fragment. */
  readonly #turns = new Turns();
  #pause = SHORTEST_PAUSE_MS;
  /** How many steps have failed since the last that did not. */
  #failures = 0;

  /** @param sourceOf gives the log as it is read */
  constructor(storage: DurableObjectStorage, env: Env, log: LogName, sourceOf = awsLogSource) {
    this.#name = log;
    this.#storage = new CollectorStorage(storage, log);
    this.#env = env;
    this.#sourceOf = sourceOf;
  }

  get #log(): CollectedLog {
    return collectedLog(this.#name);
  }

  /** Whether the capture has anything of this log, also what can't be read. */
  get exists(): boolean {
    return this.#storage.exists;
  }

  /**
   * Finds where to begin: now, or for a capture that has a start already, wherever the log has that.
   * @param timing of the slow log: how it was switched on
   */
  async begin(capture: CollectedCapture, now: number, timing?: Timing): Promise<AwsResult<void>> {
    const { start } = capture;
    const window = { start: start ?? now, end: null };
    const source = this.#sourceOf(this.#env, this.#log.kind, capture);
    const manifest = { ...this.#emptyManifest(capture), ...(timing !== undefined && { timing }) };
    const begun = await beginFollowing(source, manifest, window, start !== null);
    if (!begun.ok) return begun;
    this.#storage.begin(begun.value);
    this.#storage.problem = undefined;
    return { ok: true, value: undefined };
  }

  /**
   * Reads what is new.
   * @param end asked once that is read: when the capture ended or is to end; null while nobody knows
   */
  async collect(capture: CollectedCapture, end: () => Promise<number | null>): Promise<Collected> {
    const before = this.#storage.load()?.follower.manifest.records;
    const stepped = await this.#turns.take(() => this.#step(capture, end));
    const { records = 0, bytes = 0 } = this.#storage.load()?.follower.manifest ?? {};
    if (!stepped.ok) return { pause: this.#afterFailure(capture, stepped.reason), bytes, caughtUp: false };
    if (!stepped.caughtUp) return { pause: NO_PAUSE_MS, bytes, caughtUp: false };
    this.#pause = records === before ? Math.min(LONGEST_PAUSE_MS, this.#pause * 2) : SHORTEST_PAUSE_MS;
    return { pause: this.#pause, bytes, caughtUp: true };
  }

  /**
   * Reads the rest of the log of a capture that has ended, and stores what the fragments hold. Retried while R2 is away: the log
   * files are mostly still there then, and what is not is a gap.
   * @returns when to come back, in milliseconds from now; or, once all is stored, why the end is missing, null when it is not
   */
  async finish(capture: EndedCapture, now: number): Promise<{ pause: number } | { missing: string | null }> {
    try {
      const pause = this.#storage.closed === undefined ? await this.#drain(capture, now) : null;
      if (pause !== null) return { pause };
      // Another log of the capture may be retried for long.
      if (!this.#storage.isPublished) {
        await this.#publish(capture);
        this.#storage.notePublished();
      }
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      return { pause: this.#afterFailure(capture, error.message) };
    }
    return { missing: this.#storage.closed?.missing ?? null };
  }

  /**
   * Stores what was collected of a capture that has failed, with a gap from there to its end; safe to repeat, also once the runner
   * keeps nothing any more: what is stored then stays.
   * @throws StorageFailure when R2 is away: to be retried
   */
  async abandon(capture: EndedCapture, cause: string): Promise<void> {
    if (!this.exists && (await isPublished(this.#storeOf(capture), capture.id, this.#name))) return;
    if (this.#storage.closed === undefined) {
      if (this.damage() === null) await this.#close(capture, cause);
      else await this.#salvage(capture);
    }
    await this.#publish(capture);
  }

  /**
   * Notes that the log was interrupted after what was read of it: a gap until the next record.
   * @throws StorageFailure when R2 is away: nothing is noted then
   */
  interrupt(capture: CollectedCapture, cause: string): Promise<void> {
    return this.#turns.take(() => this.#interruptNow(capture, cause));
  }

  /** Why what is kept can't be read; null when it can, or when there is nothing. */
  damage(): Unreadable | null {
    try {
      this.#storage.load();
      return null;
    } catch (error) {
      if (error instanceof Unreadable) return error;
      throw error;
    }
  }

  /** The time of the latest record that was read, complete or not, in milliseconds since the epoch; null before the first. */
  lastRecordAt(): number | null {
    const follower = this.#storage.load()?.follower;
    if (follower === undefined) return null;
    const latest = Math.max(follower.reachedMicros ?? 0, this.#log.openMicros(follower) ?? 0);
    return latest === 0 ? null : Math.floor(latest / 1000);
  }

  /**
   * What has been collected so far; null before the beginning.
   * @throws Unreadable
   */
  manifest(): Manifest | null {
    return this.#storage.load()?.follower.manifest ?? null;
  }

  /**
   * The statements that were counted so far; null before the beginning.
   * @throws Unreadable
   */
  digests(): DigestsState | null {
    return this.#storage.load()?.digests.toJSON() ?? null;
  }

  /** How much ran in each step of time, of all or of one statement; null where there is no such series. */
  series(fingerprint: string): SeriesState | null {
    return this.#storage.exists ? this.#storage.series().read(fingerprint) : null;
  }

  /** What its series have of a span of time so far; null when there are none. */
  span(span: Span): LogSpan | null {
    return this.#storage.exists ? this.#storage.series().span(span) : null;
  }

  /** When the log was last read to its end, in milliseconds since the epoch; null before the first time. */
  get caughtUpAt(): number | null {
    return this.#storage.caughtUpAt;
  }

  /** Why the log can't be read now: reading fails, or there is nothing to read. Null while it can. */
  problem(): Problem | null {
    const { problem, caughtUpAt } = this.#storage;
    if (problem !== undefined) return problem;
    const openGap = this.#storage.load()?.follower.openGap ?? null;
    // Before the log was read to its end once, an open gap is that of a back-dated capture before its first record.
    if (openGap === null || caughtUpAt === null) return null;
    return { since: openGap.from, reason: openGap.cause };
  }

  /** Forgets what it knows of storage that is being deleted. */
  forget(): void {
    this.#storage.forget();
  }

  /** Notes why the log could not be read this time. */
  noteProblem(reason: string): void {
    this.#storage.problem = { since: this.#storage.problem?.since ?? Date.now(), reason };
  }

  /** Forgets why the log could not be read. */
  forgetProblem(): void {
    this.#storage.problem = undefined;
  }

  async #interruptNow(capture: CollectedCapture, cause: string): Promise<void> {
    const { start } = capture;
    if (start === null || this.#storage.load()?.follower.openGap !== null) return;
    const taken = this.#storage.take() as Taken;
    const fragments = this.#fragments(capture);
    const window = { start, end: null };
    const { follower, counts } = taken;
    this.#storage.keep(taken, await interruptFollowing(follower, counts, fragments, window, cause));
  }

  /** One step; ok with whether all that there was has been read. */
  async #step(capture: CollectedCapture, end: () => Promise<number | null>): Promise<Stepped> {
    const { start, instance, region } = capture;
    // Closed while this waited for its turn: the fragments stay as they are.
    if (start === null || this.#storage.closed !== undefined) return { ok: true, caughtUp: true };
    if (this.#storage.load() === null) {
      const begun = await this.begin(capture, start);
      if (!begun.ok) return { ok: false, reason: explain(begun.failure, instance, region), isStorage: false };
    }
    // The digests change while they count: what a step has counted that fails must be dropped.
    const taken = this.#storage.take() as Taken;
    const { follower, counts } = taken;
    const source = this.#sourceOf(this.#env, this.#log.kind, capture);
    const fragments = this.#fragments(capture);
    const window = async () => ({ start, end: await end() });
    try {
      const followed = await follow(follower, counts, source, fragments, window);
      if (!followed.ok) {
        return { ok: false, reason: explain(followed.failure, instance, region), isStorage: false };
      }
      return { ok: true, caughtUp: this.#keepStep(taken, followed.value) };
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      return { ok: false, reason: error.message, isStorage: true };
    }
  }

  /** Keeps what a step came to. @returns whether all that there was has been read */
  #keepStep(taken: Taken, { state, caughtUp }: Followed): boolean {
    this.#failures = 0;
    // An alarm may run twice at once: what the other one has closed meanwhile is not overwritten.
    if (this.#storage.closed !== undefined) return true;
    if (!this.#storage.keep(taken, state)) return caughtUp;
    if (caughtUp) this.#storage.caughtUpAt = Date.now();
    this.#storage.problem = undefined;
    return caughtUp;
  }

  #afterFailure({ id }: CollectedCapture, reason: string): number {
    this.#failures++;
    this.noteProblem(reason);
    log.warn("workload.step.failed", { captureId: id, log: this.#name, attempt: this.#failures, reason });
    return retryDelay(this.#failures, Math.random());
  }

  /** Reads on in the rest of the log. @returns when to come back; null once it is closed */
  async #drain(capture: EndedCapture, now: number): Promise<number | null> {
    const stepped = await this.#turns.take(() => this.#step(capture, async () => capture.end));
    if (stepped.ok) {
      const pause = this.#untilSettled(stepped.caughtUp, capture.end, now);
      if (pause === null) await this.#close(capture, null);
      return pause;
    }
    if (stepped.isStorage || now < this.#storage.finishingSince(now) + DRAIN_FOR_MS) {
      return this.#afterFailure(capture, stepped.reason);
    }
    await this.#close(capture, stepped.reason);
    return null;
  }

  /** How long the log is still waited for, in milliseconds; null when it has all that is the capture's. */
  #untilSettled(caughtUp: boolean, end: number, now: number): number | null {
    const { hasSessionClocks, outOfOrderMicros } = this.#log;
    // One record with a session's own clock may be later than all the rest.
    if (!caughtUp && hasSessionClocks) return NO_PAUSE_MS;
    const reachedMicros = this.#storage.load()?.follower.reachedMicros ?? null;
    if (reachedMicros !== null && reachedMicros >= end * 1000 + outOfOrderMicros) return null;
    if (!caughtUp) return NO_PAUSE_MS;
    // An idle database writes nothing that would show that its log has passed the end.
    const settled = end + positiveNumber(this.#env, "LOG_SETTLE_MS");
    return now < settled ? Math.min(DRAIN_PAUSE_MS, settled - now) : null;
  }

  /** Stores the record that is still open, and notes what is missing until the end. Nothing is added after it. */
  #close(capture: EndedCapture, cause: string | null): Promise<void> {
    return this.#turns.take(() => this.#closeNow(capture, cause));
  }

  async #closeNow(capture: EndedCapture, cause: string | null): Promise<void> {
    const { start, end } = capture;
    if (start === null) return;
    const fragments = this.#fragments(capture);
    // An alarm may run twice at once: what the other one has closed meanwhile stays closed.
    while (this.#storage.closed === undefined) {
      // A capture that has lost its storage, or whose log could never be read, has nothing.
      if (this.#storage.load() === null) this.#storage.begin(initialState(this.#emptyManifest(capture)));
      const taken = this.#storage.take() as Taken;
      const { follower, counts } = taken;
      const ended = await endFollowing(follower, counts, fragments, { start, end }, cause);
      if (this.#storage.closed !== undefined || !this.#storage.keep(taken, ended.state)) continue;
      this.#storage.closed = { missing: ended.missing };
    }
  }

  /** Replaces a state that can't be read by what the fragments' metadata says, with a gap until the end. */
  async #salvage(capture: EndedCapture): Promise<void> {
    const { start, end } = capture;
    if (start === null) return;
    const state = await salvage(this.#emptyManifest(capture), this.#storeOf(capture), start, end);
    this.#storage.keepUncounted(state);
    this.#storage.closed = { missing: null };
  }

  #emptyManifest({ id, redact, minDurationMicros }: CollectedCapture): Manifest {
    return emptyManifest(id, redact, this.#name, this.#name === "slow" ? minDurationMicros : 0);
  }

  /** Where the objects of a capture are. One of before sealing was is not sealed. */
  #storeOf({ envId, sealed = 0, sealKeys = null }: CollectedCapture): ObjectStore {
    return storeOf(this.#env, { envId, sealed, sealKeys });
  }

  #fragments(capture: CollectedCapture): FragmentStore {
    return fragmentStore(this.#storeOf(capture), capture.id, this.#name, capture.sealed === 1);
  }

  /** Stores what the fragments hold, for readers to find; safe to repeat. */
  async #publish(capture: CollectedCapture): Promise<void> {
    const kept = this.#storage.load();
    if (kept === null) return;
    await publishWorkload(
      this.#storeOf(capture),
      kept.follower.manifest,
      kept.digests.toJSON(),
      this.#storage.series(),
    );
  }
}
