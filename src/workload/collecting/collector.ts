import { type AwsResult, awsTarget } from "../../aws/client.ts";
import { downloadLogPortion, listLogFiles } from "../../aws/rds.ts";
import { type Env, positiveNumber } from "../../env.ts";
import { askAs } from "../../environments/credentials.ts";
import { explain } from "../../environments/instance.ts";
import { log } from "../../lib/log.ts";
import { retryDelay } from "../../lib/retry.ts";
import { Unreadable } from "../../lib/stored.ts";
import { GENERAL_LOGS } from "../../logs/files.ts";
import type { LogSource } from "../../logs/reader.ts";
import { Digests, digestsFormat } from "../digest.ts";
import { fragmentStore } from "../stored/fragments.ts";
import { digestKey, manifestKey } from "../stored/keys.ts";
import { emptyManifest, type Manifest, manifestFormat } from "../stored/manifest.ts";
import { askStorage, StorageFailure } from "../stored/storage-failure.ts";
import type { Problem, WorkloadState } from "../workload-state.ts";
import { keepCollectorState, loadCollectorState } from "./collector-state.ts";
import {
  beginFollowing,
  endFollowing,
  type FollowerState,
  follow,
  interruptFollowing,
  stateAt,
} from "./follower.ts";
import { salvage } from "./salvage.ts";

/** As much of a capture as its recording needs. Times in milliseconds since the epoch. */
export interface CollectedCapture {
  id: number;
  envId: number;
  region: string;
  instance: string;
  credentials: string | null;
  start: number | null;
  end: number | null;
  redact: Manifest["redact"];
}

/** How often the log is read: as often as there is something to read, within bounds. */
const SHORTEST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
/** When there is more to read than one step reads. */
const NO_PAUSE_MS = 0;
/** How long the rest of the log is tried to be read, from the first try once a capture has ended. */
const DRAIN_FOR_MS = 10 * 60_000;
const DRAIN_PAUSE_MS = 1000;

/** What a collector goes on from. */
interface Kept {
  follower: FollowerState;
  digests: Digests;
}

/** What came of a step: whether all that there was has been read, or why it could not be. */
type Stepped = { ok: true; caughtUp: boolean } | { ok: false; reason: string; isStorage: boolean };

/** What came of a reading of the log. */
export interface Collected {
  /** When to come back, in milliseconds from now. */
  pause: number;
  /** How much has been recorded so far. */
  bytes: number;
  /** Whether the log has been read to its end. */
  caughtUp: boolean;
}

/**
 * Records one capture's workload: follows the log step by step, and keeps in the Durable Object's storage where it is. After
 * each step everything is written in one go, so that a crash goes back to the step before, never into its middle.
 */
export class Collector {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  /** What storage has, so that it need not be read for each step. Null once a step has failed, half-way perhaps. */
  #kept: Kept | null = null;
  #pause = SHORTEST_PAUSE_MS;
  #failures = 0;

  constructor(storage: DurableObjectStorage, env: Env) {
    this.#storage = storage;
    this.#env = env;
  }

  /** Finds where to begin: now, or for a capture that has a start already, wherever the log has that. */
  async begin(capture: CollectedCapture, now: number): Promise<AwsResult<void>> {
    const window = { start: capture.start ?? now, end: null };
    const isBackDated = capture.start !== null;
    const begun = await beginFollowing(
      this.#source(capture),
      capture.id,
      window,
      capture.redact,
      isBackDated,
    );
    if (!begun.ok) return begun;
    this.#keep(begun.value, new Digests(), null);
    this.#storage.kv.delete("problem");
    return { ok: true, value: undefined };
  }

  /**
   * Reads what is new.
   * @param end asked once that is read: when the capture ended or is to end; null while nobody knows
   */
  async collect(capture: CollectedCapture, end: () => Promise<number | null>): Promise<Collected> {
    const before = this.#load()?.follower.manifest.records;
    const stepped = await this.#step(capture, end);
    const { records = 0, bytes = 0 } = this.#load()?.follower.manifest ?? {};
    if (!stepped.ok) return { pause: this.#afterFailure(capture, stepped.reason), bytes, caughtUp: false };
    if (!stepped.caughtUp) return { pause: NO_PAUSE_MS, bytes, caughtUp: false };
    this.#pause = records === before ? Math.min(LONGEST_PAUSE_MS, this.#pause * 2) : SHORTEST_PAUSE_MS;
    return { pause: this.#pause, bytes, caughtUp: true };
  }

  /**
   * Reads the rest of the log of a capture that has ended, and stores what the fragments hold. While that can't be stored, it
   * is tried on: the log has it for longer than that lasts, or the gap says what it had not.
   * @returns when to come back, in milliseconds from now; or, once all is stored, why the end is missing, null when it is not
   */
  async finish(
    capture: CollectedCapture & { end: number },
    now: number,
  ): Promise<{ pause: number } | { missing: string | null }> {
    try {
      if (this.#closed() === undefined) {
        const stepped = await this.#step(capture, async () => capture.end);
        if (!stepped.ok) {
          if (stepped.isStorage || now < this.#finishingSince(now) + DRAIN_FOR_MS) {
            return { pause: this.#afterFailure(capture, stepped.reason) };
          }
          await this.#close(capture, stepped.reason);
        } else {
          const pause = this.#untilSettled(stepped.caughtUp, capture.end, now);
          if (pause !== null) return { pause };
          await this.#close(capture, null);
        }
      }
      await this.#publish(capture.id);
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      return { pause: this.#afterFailure(capture, error.message) };
    }
    return { missing: this.#closed()?.missing ?? null };
  }

  /** When the rest was first tried to be read: long after the end for a back-dated capture, and for one whose alarm was lost. */
  #finishingSince(now: number): number {
    const { kv } = this.#storage;
    const since = kv.get<number>("finishingSince") ?? now;
    kv.put("finishingSince", since);
    return since;
  }

  /**
   * Stores what was recorded of a capture that was given up, with a gap from there to its end; safe to repeat.
   * @throws StorageFailure when R2 is away: to be tried again
   */
  async abandon(capture: CollectedCapture & { end: number }, cause: string): Promise<void> {
    if (this.#closed() === undefined) {
      if (this.damage() === null) await this.#close(capture, cause);
      else await this.#salvage(capture);
    }
    await this.#publish(capture.id);
  }

  /** How long the log is still waited for, in milliseconds; null when it has all that is the capture's. */
  #untilSettled(caughtUp: boolean, end: number, now: number): number | null {
    const kept = this.#load();
    if (kept !== null && hasPassed(kept.follower, end)) return null;
    if (!caughtUp) return NO_PAUSE_MS;
    // An idle database writes nothing that says its log has passed the end.
    const settled = end + positiveNumber(this.#env, "LOG_SETTLE_MS");
    return now < settled ? Math.min(DRAIN_PAUSE_MS, settled - now) : null;
  }

  /** Stores the record that is still open, and says what is missing until the end: nothing comes after it. */
  async #close(capture: CollectedCapture & { end: number }, cause: string | null): Promise<void> {
    const { id, start, end, redact } = capture;
    if (start === null) return;
    // Of one that has lost its storage, or never could read its log, nothing was recorded.
    const kept = this.#load() ?? { follower: stateAt(emptyManifest(id, redact)), digests: new Digests() };
    this.#kept = null;
    const fragments = fragmentStore(this.#env.BUCKET, id);
    const ended = await endFollowing(kept.follower, kept.digests, fragments, { start, end }, cause);
    // An alarm may come twice: nor is it closed again.
    if (this.#closed() !== undefined) return;
    this.#keep(ended.state, kept.digests, null);
    this.#storage.kv.put<Closed>("closed", { missing: ended.missing });
  }

  #closed(): Closed | undefined {
    return this.#storage.kv.get<Closed>("closed");
  }

  /**
   * Notes that the log was interrupted after what was read of it: a gap until the next record.
   * @throws StorageFailure when R2 is away: nothing is noted then
   */
  async interrupt(capture: CollectedCapture, cause: string): Promise<void> {
    const kept = this.#load();
    const { id, start } = capture;
    if (kept === null || start === null || kept.follower.openGap !== null) return;
    this.#kept = null;
    const fragments = fragmentStore(this.#env.BUCKET, id);
    const window = { start, end: null };
    this.#keep(
      await interruptFollowing(kept.follower, kept.digests, fragments, window, cause),
      kept.digests,
      null,
    );
  }

  /** Why what is kept of the recording can't be read; null when it can, or when there is nothing. */
  damage(): Unreadable | null {
    try {
      this.#load();
      return null;
    } catch (error) {
      if (error instanceof Unreadable) return error;
      throw error;
    }
  }

  /** Puts what the fragments say of themselves in the place of a recording that can't be read, and a gap until the end. */
  async #salvage({ id, start, end, redact }: CollectedCapture & { end: number }): Promise<void> {
    if (start === null) return;
    this.#keep(await salvage(this.#env.BUCKET, { id, start, redact }, end), new Digests(), null);
    this.#storage.kv.put<Closed>("closed", { missing: null });
  }

  /** The time of the latest record that was read, complete or not, in milliseconds since the epoch; null before the first. */
  lastRecordAt(): number | null {
    const { reachedMicros, parser } = this.#load()?.follower ?? {};
    const latest = Math.max(reachedMicros ?? 0, parser?.open?.timeMicros ?? 0);
    return latest === 0 ? null : Math.floor(latest / 1000);
  }

  /**
   * What has been recorded so far; null before the beginning.
   * @throws Unreadable
   */
  state(): WorkloadState | null {
    const kept = this.#load();
    if (kept === null) return null;
    const caughtUpAt = this.#storage.kv.get<number>("caughtUpAt") ?? null;
    const { manifest } = kept.follower;
    return { manifest, digests: kept.digests.toJSON(), caughtUpAt, problem: this.problem() };
  }

  /** Why the log can't be read now: reading fails, or there is nothing to read. Null while it can. */
  problem(): Problem | null {
    const { kv } = this.#storage;
    const failing = kv.get<Problem>("problem");
    if (failing !== undefined) return failing;
    const openGap = this.#load()?.follower.openGap ?? null;
    // Before the log was read once, a gap is a back-dated capture's whose beginning is still looked for.
    if (openGap === null || kv.get("caughtUpAt") === undefined) return null;
    return { since: openGap.from, reason: openGap.cause };
  }

  /** Notes why the log could not be read this time. */
  suffer(reason: string): void {
    const since = this.#storage.kv.get<Problem>("problem")?.since ?? Date.now();
    this.#storage.kv.put<Problem>("problem", { since, reason });
  }

  /** One step; ok with whether all that there was has been read. */
  async #step(capture: CollectedCapture, end: () => Promise<number | null>): Promise<Stepped> {
    const { id, start, instance, region } = capture;
    if (start === null) return { ok: true, caughtUp: true };
    if (this.#load() === null) {
      const begun = await this.begin(capture, start);
      if (!begun.ok) return { ok: false, reason: explain(begun.failure, instance, region), isStorage: false };
    }
    const kept = this.#load() as Kept;
    // The digests change as they count: what a step that fails has counted must not stay.
    this.#kept = null;
    const fragments = fragmentStore(this.#env.BUCKET, id);
    const window = async () => ({ start, end: await end() });
    try {
      const stepped = await follow(kept.follower, kept.digests, this.#source(capture), fragments, window);
      if (!stepped.ok) {
        return { ok: false, reason: explain(stepped.failure, instance, region), isStorage: false };
      }
      this.#failures = 0;
      // An alarm may come twice: what the other has closed meanwhile is not gone back from.
      if (this.#closed() !== undefined) return { ok: true, caughtUp: true };
      const { state, caughtUp } = stepped.value;
      this.#keep(state, kept.digests, caughtUp ? Date.now() : null);
      this.#storage.kv.delete("problem");
      return { ok: true, caughtUp };
    } catch (error) {
      if (!(error instanceof StorageFailure)) throw error;
      return { ok: false, reason: error.message, isStorage: true };
    }
  }

  #afterFailure({ id }: CollectedCapture, reason: string): number {
    this.#failures++;
    this.suffer(reason);
    log.warn("workload.step.failed", { captureId: id, attempt: this.#failures, reason });
    return retryDelay(this.#failures, Math.random());
  }

  #source({ envId, region, instance, credentials }: CollectedCapture): LogSource {
    const access = { envId, region, credentials };
    const target = awsTarget(this.#env, region);
    const ask = <T>(question: Parameters<typeof askAs<T>>[3]) =>
      askAs(this.#env, access, Date.now(), question);
    return {
      list: () => ask((keys) => listLogFiles(target, keys, instance, GENERAL_LOGS)),
      portion: (file, marker, lines) =>
        ask((keys) =>
          downloadLogPortion(target, keys, instance, file, {
            marker,
            ...(lines === undefined ? {} : { lines }),
          }),
        ),
    };
  }

  /** @throws Unreadable */
  #load(): Kept | null {
    if (this.#kept !== null) return this.#kept;
    const state = loadCollectorState(this.#storage.kv);
    if (state === null) return null;
    this.#kept = { follower: state.follower, digests: new Digests(state.digests) };
    return this.#kept;
  }

  /** Writes everything in one go: Durable Object storage makes one transaction of what is written without awaiting. */
  #keep(follower: FollowerState, digests: Digests, caughtUpAt: number | null): void {
    const { kv } = this.#storage;
    keepCollectorState(kv, { follower, digests: digests.toJSON() });
    if (caughtUpAt !== null) kv.put("caughtUpAt", caughtUpAt);
    this.#kept = { follower, digests };
  }

  /** Stores what the fragments hold, for readers to find; safe to repeat. */
  async #publish(captureId: number): Promise<void> {
    const kept = this.#load();
    if (kept === null) return;
    const { BUCKET } = this.#env;
    const json = { httpMetadata: { contentType: "application/json" } };
    const digests = digestsFormat.stringify(kept.digests.toJSON());
    await askStorage(() => BUCKET.put(digestKey(captureId), digests, json));
    // Last: who finds the manifest finds the rest.
    const manifest = manifestFormat.stringify(kept.follower.manifest);
    await askStorage(() => BUCKET.put(manifestKey(captureId), manifest, json));
  }
}

/** What is known once the end has been dealt with: why it is missing. */
interface Closed {
  missing: string | null;
}

function hasPassed({ reachedMicros }: FollowerState, end: number): boolean {
  return reachedMicros !== null && reachedMicros >= end * 1000;
}
