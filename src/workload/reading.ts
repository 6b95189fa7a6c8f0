import * as z from "zod";
import type { CaptureRow } from "../captures/schema.ts";
import { limitSchema, timeSchema } from "../captures/schema.ts";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { isoTime, once } from "../http.ts";
import { describeError, log } from "../log.ts";
import {
  digestKey,
  emptyManifest,
  isGrowing,
  type Manifest,
  manifestKey,
  type WorkloadState,
} from "./archive.ts";
import type { DigestsState } from "./digest.ts";
import { formatTime } from "./format.ts";

/** The manifest of a capture's workload as the API shows it. */
export interface Workload {
  records: number;
  /** How many of the records ran a statement. */
  statements: number;
  /** Records by command, such as `Query`. */
  commands: Record<string, number>;
  /** As NDJSON, before compression. */
  bytes: number;
  /** As stored, compressed. */
  storedBytes: number;
  fragments: number;
  /** The times of the earliest and the latest record, with microseconds. */
  firstRecord: string | null;
  lastRecord: string | null;
  /** What of the log could not be read: the first thousand of `gapCount`. */
  gaps: { from: string; to: string; cause: string }[];
  gapCount: number;
  redact: Manifest["redact"];
  /** While the capture runs: by how many seconds the log may be ahead (null until it was read once). Null once it has ended. */
  live: { behindBy: number | null } | null;
}

/** One normalised statement as the API shows it. */
export interface WorkloadDigest {
  fingerprint: string;
  digest: string;
  count: number;
  /** By how much `count` may be too high. */
  overcount: number;
  /** Of all statements, from 0 to 1. */
  share: number;
  firstSeen: string;
  lastSeen: string;
  example: string;
}

/** The query of GET /api/captures/{id}/workload/digest. */
export const digestQuerySchema = z.strictObject({ limit: once(limitSchema) });

/** How a workload can be downloaded. */
export const FORMATS = ["ndjson", "log"] as const;

/** The query of GET /api/captures/{id}/workload/download: `from` is included, `to` is not. */
export const downloadQuerySchema = z
  .strictObject({
    format: once(
      z
        .string()
        .transform((text) => FORMATS.find((known) => known === text))
        .refine((known) => known !== undefined, `must be one of ${FORMATS.join(", ")}`)
        .transform((known) => known as (typeof FORMATS)[number]),
    ),
    from: once(timeSchema),
    to: once(timeSchema),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["from"],
    message: "must not be after to",
  });

/** The workload of a capture as it is known now. */
interface Known {
  manifest: Manifest;
  /** While the capture adds to it. */
  live: { caughtUpAt: number | null } | null;
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

async function readStored<T>(env: Env, key: string): Promise<T | null> {
  const object = await env.BUCKET.get(key);
  return object === null ? null : object.json<T>();
}

/**
 * The manifest of a capture: its runner's while it grows, else the stored one. A runner that has nothing may have ended the
 * capture just now, so that what is stored is looked for then too.
 */
export async function readManifest(env: Env, capture: CaptureRow): Promise<Known> {
  const state = await askRunner(env, capture);
  if (state !== null) return { manifest: state.manifest, live: { caughtUpAt: state.caughtUpAt } };
  const stored = await readStored<Manifest>(env, manifestKey(capture.id));
  if (stored !== null) return { manifest: stored, live: null };
  return {
    manifest: emptyManifest(capture.id, capture.redact),
    live: isGrowing(capture.status) ? { caughtUpAt: null } : null,
  };
}

/** The digests of a capture, from where its manifest is. */
export async function readDigests(env: Env, capture: CaptureRow): Promise<DigestsState> {
  const state = await askRunner(env, capture);
  if (state !== null) return state.digests;
  const stored = await readStored<DigestsState>(env, digestKey(capture.id));
  return stored ?? { capacity: 0, total: 0, entries: [] };
}

/** Shows a manifest. */
export function toWorkload({ manifest, live }: Known, now: number): Workload {
  const { captureId: _, firstMicros, lastMicros, gaps, gapCount, redact, ...counts } = manifest;
  return {
    ...counts,
    firstRecord: firstMicros === null ? null : formatTime(firstMicros),
    lastRecord: lastMicros === null ? null : formatTime(lastMicros),
    gaps: gaps.map(({ from, to, cause }) => ({ from: isoTime(from), to: isoTime(to), cause })),
    gapCount,
    redact,
    live: live && { behindBy: secondsSince(live.caughtUpAt, now) },
  };
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
