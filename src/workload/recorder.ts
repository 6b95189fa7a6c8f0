import { type AwsFailure, type AwsResult, awsTarget } from "../aws/client.ts";
import { downloadLogPortion, listLogFiles } from "../aws/rds.ts";
import { retryDelay } from "../captures/lifecycle.ts";
import { type Env, positiveNumber } from "../env.ts";
import { askAs } from "../environments/credentials.ts";
import { explain } from "../environments/instance.ts";
import { log } from "../log.ts";
import { Unreadable } from "../stored.ts";
import {
  digestKey,
  type FragmentMetadata,
  fragmentKey,
  type Manifest,
  manifestFormat,
  manifestKey,
  type WorkloadState,
} from "./archive.ts";
import { Digests, digestsFormat } from "./digest.ts";
import {
  beginFollowing,
  endFollowing,
  type FollowerState,
  type FragmentStore,
  follow,
  giveUp,
} from "./follower.ts";
import type { LogSource } from "./log-reading.ts";
import { keepRecording, loadRecording } from "./recording-store.ts";
import { salvage } from "./salvage.ts";

/** As much of a capture as its recording needs. Times in milliseconds since the epoch. */
export interface RecordedCapture {
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
/** How long the rest of the log is tried to be read once a capture has ended. */
const DRAIN_FOR_MS = 10 * 60_000;
const DRAIN_PAUSE_MS = 1000;

const GENERAL_LOGS = "general/";

/** What a recorder goes on from. */
interface Kept {
  follower: FollowerState;
  digests: Digests;
}

/**
 * Records one capture's workload: follows the log step by step, and keeps in the Durable Object's storage where it is. After
 * each step everything is written in one go, so that a crash goes back to the step before, never into its middle.
 */
export class Recorder {
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
  async begin(capture: RecordedCapture, now: number): Promise<AwsResult<void>> {
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
    return { ok: true, value: undefined };
  }

  /**
   * Reads what is new.
   * @param end asked once that is read: when the capture ended or is to end; null while nobody knows
   * @returns when to come back, in milliseconds from now, and how much has been recorded so far
   */
  async collect(
    capture: RecordedCapture,
    end: () => Promise<number | null>,
  ): Promise<{ pause: number; bytes: number }> {
    const before = this.#load()?.follower.manifest.records;
    const stepped = await this.#step(capture, end);
    const { records = 0, bytes = 0 } = this.#load()?.follower.manifest ?? {};
    if (!stepped.ok) return { pause: this.#afterFailure(capture, stepped.failure), bytes };
    if (!stepped.value) return { pause: NO_PAUSE_MS, bytes };
    this.#pause = records === before ? Math.min(LONGEST_PAUSE_MS, this.#pause * 2) : SHORTEST_PAUSE_MS;
    return { pause: this.#pause, bytes };
  }

  /**
   * Reads the rest of the log of a capture that has ended, and stores what the fragments hold.
   * @returns when to come back, in milliseconds from now; null when all is stored
   */
  async finish(capture: RecordedCapture & { end: number }, now: number): Promise<number | null> {
    const stepped = await this.#step(capture, async () => capture.end);
    const kept = this.#load();
    if (kept === null) return stepped.ok ? null : this.#afterFailure(capture, stepped.failure);
    if (!stepped.ok) {
      if (now < capture.end + DRAIN_FOR_MS) return this.#afterFailure(capture, stepped.failure);
      const { instance, region } = capture;
      this.#keep(
        giveUp(kept.follower, capture.end, explain(stepped.failure, instance, region)),
        kept.digests,
        null,
      );
    } else if (!hasPassed(kept.follower, capture.end)) {
      if (!stepped.value) return NO_PAUSE_MS;
      // An idle database writes nothing that says its log has passed the end.
      const settled = capture.end + positiveNumber(this.#env, "LOG_SETTLE_MS");
      if (now < settled) return Math.min(DRAIN_PAUSE_MS, settled - now);
    }
    await this.#end(capture);
    await this.publish(capture.id);
    return null;
  }

  /** Stores the record that is still open: nothing comes after it. */
  async #end({ id, start, end }: RecordedCapture): Promise<void> {
    const kept = this.#load();
    if (kept === null || start === null) return;
    this.#kept = null;
    const fragments = fragmentStore(this.#env.BUCKET, id);
    this.#keep(
      await endFollowing(kept.follower, kept.digests, fragments, { start, end }),
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
  async salvage({ id, start, redact }: RecordedCapture, end: number): Promise<void> {
    if (start === null) return;
    this.#keep(await salvage(this.#env.BUCKET, { id, start, redact }, end), new Digests(), null);
  }

  /**
   * What has been recorded so far; null before the beginning.
   * @throws Unreadable
   */
  state(): WorkloadState | null {
    const kept = this.#load();
    if (kept === null) return null;
    const caughtUpAt = this.#storage.kv.get<number>("caughtUpAt") ?? null;
    return { manifest: kept.follower.manifest, digests: kept.digests.toJSON(), caughtUpAt };
  }

  /** One step; ok with whether all that there was has been read. */
  async #step(capture: RecordedCapture, end: () => Promise<number | null>): Promise<AwsResult<boolean>> {
    const { start } = capture;
    if (start === null) return { ok: true, value: true };
    if (this.#load() === null) {
      const begun = await this.begin(capture, start);
      if (!begun.ok) return begun;
    }
    const kept = this.#load() as Kept;
    // The digests change as they count: what a step that fails has counted must not stay.
    this.#kept = null;
    const fragments = fragmentStore(this.#env.BUCKET, capture.id);
    const window = async () => ({ start, end: await end() });
    const stepped = await follow(kept.follower, kept.digests, this.#source(capture), fragments, window);
    if (!stepped.ok) return stepped;
    this.#failures = 0;
    const { state, caughtUp } = stepped.value;
    this.#keep(state, kept.digests, caughtUp ? Date.now() : null);
    return { ok: true, value: caughtUp };
  }

  #afterFailure({ id, instance, region }: RecordedCapture, failure: AwsFailure): number {
    this.#failures++;
    log.warn("workload.step.failed", {
      captureId: id,
      attempt: this.#failures,
      reason: explain(failure, instance, region),
    });
    return retryDelay(this.#failures, Math.random());
  }

  #source({ envId, region, instance, credentials }: RecordedCapture): LogSource {
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
    const recording = loadRecording(this.#storage.kv);
    if (recording === null) return null;
    this.#kept = { follower: recording.follower, digests: new Digests(recording.digests) };
    return this.#kept;
  }

  /** Writes everything in one go: Durable Object storage makes one transaction of what is written without awaiting. */
  #keep(follower: FollowerState, digests: Digests, caughtUpAt: number | null): void {
    const { kv } = this.#storage;
    keepRecording(kv, { follower, digests: digests.toJSON() });
    if (caughtUpAt !== null) kv.put("caughtUpAt", caughtUpAt);
    this.#kept = { follower, digests };
  }

  /** Stores what the fragments hold, for readers to find; safe to repeat. */
  async publish(captureId: number): Promise<void> {
    const kept = this.#load();
    if (kept === null) return;
    const json = { httpMetadata: { contentType: "application/json" } };
    await this.#env.BUCKET.put(digestKey(captureId), digestsFormat.stringify(kept.digests.toJSON()), json);
    // Last: who finds the manifest finds the rest.
    await this.#env.BUCKET.put(
      manifestKey(captureId),
      manifestFormat.stringify(kept.follower.manifest),
      json,
    );
  }
}

function hasPassed({ reachedMicros }: FollowerState, end: number): boolean {
  return reachedMicros !== null && reachedMicros >= end * 1000;
}

function fragmentStore(bucket: R2Bucket, captureId: number): FragmentStore {
  return {
    read: async (sequence, bytes) => {
      const key = fragmentKey(captureId, sequence);
      const object = await bucket.get(key, { range: { offset: 0, length: bytes } });
      if (object === null) throw new Error(`The fragment ${key} is gone`);
      return new Uint8Array(await object.arrayBuffer());
    },
    write: async (sequence, bytes, firstMicros, lastMicros, records) => {
      const customMetadata: FragmentMetadata = {
        firstMicros: String(firstMicros),
        lastMicros: String(lastMicros),
        records: String(records),
      };
      await bucket.put(fragmentKey(captureId, sequence), bytes, { customMetadata });
    },
  };
}
