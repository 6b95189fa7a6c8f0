import { isoTime } from "../lib/values.ts";
import type { DigestsState } from "./digest.ts";
import type { KnownManifests } from "./live-or-stored.ts";
import type { ShownProblem, Workload, WorkloadDigest } from "./replies.ts";
import { formatTime } from "./stored/time.ts";
import type { Problem } from "./workload-state.ts";

/* How a workload is shown: from what is stored or kept of it to the API's replies. */

/** Shows the manifest of a capture of one log. */
export function toWorkload({ manifests: [manifest], live }: KnownManifests, now: number): Workload {
  const {
    captureId: _captureId,
    log: _log,
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
