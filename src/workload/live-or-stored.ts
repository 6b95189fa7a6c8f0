import type { CaptureRow } from "../captures/schema.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import type { StoredFormat } from "../lib/stored.ts";
import { isoTime } from "../lib/values.ts";
import { type DigestsState, digestsFormat } from "./digest.ts";
import type { ShownProblem, Workload, WorkloadDigest } from "./replies.ts";
import { formatTime } from "./stored/fragment-line.ts";
import {
  digestKey,
  emptyManifest,
  isGrowing,
  type Manifest,
  manifestFormat,
  manifestKey,
  type Problem,
  type WorkloadState,
} from "./stored/manifest.ts";

/** The workload of a capture as it is known now. */
export interface Known {
  manifest: Manifest;
  /** While the capture adds to it. */
  live: Pick<WorkloadState, "caughtUpAt" | "problem"> | null;
}

/** What the runner of a capture has of its workload; null when it has nothing, or the capture does not grow. */
async function askRunner(env: Env, capture: CaptureRow): Promise<WorkloadState | null> {
  if (!isGrowing(capture.status)) return null;
  try {
    return await env.CAPTURE_RUNNER.getByName(String(capture.id)).workload();
  } catch (error) {
    log.warn("capture.workload.away", { captureId: capture.id, ...describeError(error) });
    throw new ApiError(503, "The workload of the running capture can't be read just now: try again", {
      "Retry-After": "5",
    });
  }
}

/** @throws Unreadable when there is something else */
async function readStored<T>(env: Env, key: string, format: StoredFormat<T>): Promise<T | null> {
  const object = await env.BUCKET.get(key);
  return object === null ? null : format.parse(await object.text());
}

/**
 * The manifest of a capture: its runner's while it grows, else the stored one; null before there is one. A runner that has nothing
 * may have ended the capture just now, so that what is stored is looked for then too.
 * @throws ApiError 503 when the runner can't be asked
 */
export async function findManifest(env: Env, capture: CaptureRow): Promise<Known | null> {
  const state = await askRunner(env, capture);
  if (state !== null) {
    const { manifest, caughtUpAt, problem } = state;
    return { manifest, live: { caughtUpAt, problem } };
  }
  const stored = await readStored(env, manifestKey(capture.id), manifestFormat);
  return stored === null ? null : { manifest: stored, live: null };
}

/** As `findManifest`, with an empty one before there is one. */
export async function readManifest(env: Env, capture: CaptureRow): Promise<Known> {
  const empty = {
    manifest: emptyManifest(capture.id, capture.redact),
    live: isGrowing(capture.status) ? { caughtUpAt: null, problem: null } : null,
  };
  return (await findManifest(env, capture)) ?? empty;
}

/** The digests of a capture, from where its manifest is. */
export async function readDigests(env: Env, capture: CaptureRow): Promise<DigestsState> {
  const state = await askRunner(env, capture);
  if (state !== null) return state.digests;
  const stored = await readStored(env, digestKey(capture.id), digestsFormat);
  return stored ?? { capacity: 0, total: 0, entries: [] };
}

/** Shows a manifest. */
export function toWorkload({ manifest, live }: Known, now: number): Workload {
  const {
    captureId: _,
    firstMicros,
    lastMicros,
    gaps,
    gapCount,
    redact,
    digestVersion,
    strayBytes,
    ...counts
  } = manifest;
  return {
    ...counts,
    strayBytes: strayBytes ?? 0,
    firstRecord: firstMicros === null ? null : formatTime(firstMicros),
    lastRecord: lastMicros === null ? null : formatTime(lastMicros),
    gaps: gaps.map(({ from, to, cause }) => ({ from: isoTime(from), to: isoTime(to), cause })),
    gapCount,
    redact,
    digestVersion,
    live: live && { behindBy: secondsSince(live.caughtUpAt, now), problem: toProblem(live.problem) },
  };
}

/** Shows why a log can't be read; null where it can. */
export function toProblem(problem: Problem | null): ShownProblem | null {
  return problem && { since: isoTime(problem.since), reason: problem.reason };
}

const secondsSince = (time: number | null, now: number): number | null =>
  time === null ? null : Math.max(0, Math.round((now - time) / 1000));

/** Shows the digests that ran most, the most frequent first. */
export function toDigests({ total, entries }: DigestsState, limit: number): WorkloadDigest[] {
  return entries
    .slice(0, limit)
    .map(({ fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example }) => ({
      fingerprint,
      digest,
      count,
      overcount,
      share: Math.min(1, count / total),
      firstSeen: formatTime(firstSeenMicros),
      lastSeen: formatTime(lastSeenMicros),
      example,
    }));
}
