import type { Status } from "../db/states.ts";
import { refuse } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import type { StoredFormat } from "../lib/stored.ts";
import type { CapturedLog } from "../logs/names.ts";
import { type DigestsState, digestsFormat } from "./digest.ts";
import { digestKey, manifestKey } from "./stored/keys.ts";
import { emptyManifest, type Manifest, manifestFormat } from "./stored/manifest.ts";
import { isGrowing, type WorkloadState } from "./workload-state.ts";

/*
 * Where the manifest and the digests of a capture are: with its runner while it records, in R2 once it has ended.
 */

/** A capture whose workload is read, once its caller is known to be allowed to. */
export interface ReadCapture {
  id: number;
  status: Status;
  redact: Manifest["redact"];
  log: CapturedLog;
  /** Of the slow log it has only statements that took at least so long; in microseconds. */
  minDurationMicros: number;
  /** Asks its runner, which is called only while the capture adds to its workload; null when that has nothing. */
  askRunner: () => Promise<WorkloadState | null>;
}

/** A capture's manifest as it is known now. */
export interface KnownManifest {
  manifest: Manifest;
  /** Null once nothing is added to it any more. */
  live: Pick<WorkloadState, "caughtUpAt" | "problem"> | null;
}

/**
 * What the runner of a capture has of its workload; null when it has nothing, or the capture does not grow.
 * @throws ApiError 503 when the runner can't be asked
 */
async function askRunner({ id, status, askRunner }: ReadCapture): Promise<WorkloadState | null> {
  if (!isGrowing(status)) return null;
  try {
    return await askRunner();
  } catch (error) {
    log.warn("capture.workload.away", { captureId: id, ...describeError(error) });
    throw refuse.workloadAway();
  }
}

/** @throws Unreadable when there is something else */
async function readStored<T>(bucket: R2Bucket, key: string, format: StoredFormat<T>): Promise<T | null> {
  const object = await bucket.get(key);
  return object === null ? null : format.parse(await object.text());
}

/**
 * The manifest of a capture: its runner's while it grows, else the stored one; null before there is one. A runner that has nothing
 * may have ended the capture just now: then the stored one is looked for too.
 * @throws ApiError 503 when the runner can't be asked
 */
export async function findManifest(bucket: R2Bucket, capture: ReadCapture): Promise<KnownManifest | null> {
  const state = await askRunner(capture);
  if (state !== null) {
    const { manifest, caughtUpAt, problem } = state;
    return { manifest, live: { caughtUpAt, problem } };
  }
  const stored = await readStored(bucket, manifestKey(capture.id), manifestFormat);
  return stored === null ? null : { manifest: stored, live: null };
}

/** As `findManifest`, with an empty one before there is one. */
export async function readManifest(bucket: R2Bucket, capture: ReadCapture): Promise<KnownManifest> {
  const empty = {
    manifest: emptyManifest(capture.id, capture.redact),
    live: isGrowing(capture.status) ? { caughtUpAt: null, problem: null } : null,
  };
  return (await findManifest(bucket, capture)) ?? empty;
}

/** The digests of a capture, from where its manifest is. */
export async function readDigests(bucket: R2Bucket, capture: ReadCapture): Promise<DigestsState> {
  const state = await askRunner(capture);
  if (state !== null) return state.digests;
  const stored = await readStored(bucket, digestKey(capture.id), digestsFormat);
  return stored ?? { capacity: 0, total: 0, entries: [] };
}
