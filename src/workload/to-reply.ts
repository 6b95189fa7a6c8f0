import { withoutPrincipals } from "../aws/principals.ts";
import { isoTime } from "../lib/values.ts";
import type { DigestsState } from "./digests-state.ts";
import type { KnownManifests, ReadCapture } from "./live-or-stored.ts";
import { stepTooFine } from "./refusals.ts";
import type {
  LoggedGap,
  ShownProblem,
  Workload,
  WorkloadAmazon,
  WorkloadDigest,
  WorkloadLog,
  WorkloadSeries,
  WorkloadSpan,
} from "./replies.ts";
import type { Manifest } from "./stored/manifest.ts";
import { formatTime } from "./stored/time.ts";
import type { DigestOrder } from "./timing/order.ts";
import {
  pairDigests,
  type RankedDigest,
  rankDigests,
  type Selection,
  type TimedDigest,
} from "./timing/ranking.ts";
import { pairPoints, pairStep } from "./timing/series-state.ts";
import type { ShownSpan } from "./timing/span.ts";
import type { LogSeries, Problem } from "./workload-state.ts";

/* How a workload is shown: from what is stored or kept of it to the API's replies. */

/** Shows what a capture has recorded of its logs. */
export function toWorkload(
  { log, minDurationMicros }: Pick<ReadCapture, "log" | "minDurationMicros">,
  { manifests, live }: KnownManifests,
  now: number,
): Workload {
  const [{ redact, digestVersion }] = manifests;
  const [firstMicros, lastMicros] = timesOf(manifests);
  return {
    log,
    minDuration: log === "general" ? null : minDurationMicros / 1000,
    ...toCounts(manifests),
    commands: commandsOf(manifests),
    strayBytes: sum(manifests, ({ strayBytes }) => strayBytes ?? 0),
    storedBytes: sum(manifests, ({ storedBytes }) => storedBytes),
    fragments: sum(manifests, ({ fragments }) => fragments),
    firstRecord: timeOf(firstMicros),
    lastRecord: timeOf(lastMicros),
    gaps: gapsOf(manifests),
    logs: manifests.map(toLog),
    timing: toTiming(manifests),
    leftOut: toLeftOut(manifests),
    redact,
    digestVersion,
    live: live && { behindBy: secondsSince(live.caughtUpAt, now), problem: toProblem(live.problem) },
  };
}

/** Shows how much of Amazon's own was left out; null where it was not counted. */
function toLeftOut([{ amazon }]: KnownManifests["manifests"]): Workload["leftOut"] {
  if (amazon === undefined) return null;
  const users = [...amazon.users].sort((a, b) => b.statements - a.statements);
  return { total: users.reduce((total, { statements }) => total + statements, 0), users };
}

/** Shows what of Amazon's own was left out; null where it was not counted. */
export function toAmazon({ manifests }: KnownManifests): WorkloadAmazon | null {
  const leftOut = toLeftOut(manifests);
  const [{ amazon }] = manifests;
  if (leftOut === null || amazon === undefined) return null;
  const statements = [...amazon.statements].sort((a, b) => b.count - a.count);
  return {
    ...leftOut,
    statements: statements.map(({ firstMicros, lastMicros, ...statement }) => ({
      ...statement,
      firstSeen: formatTime(firstMicros),
      lastSeen: formatTime(lastMicros),
    })),
    others: amazon.others,
  };
}

/** The numbers of what was recorded that change while a capture runs, of all its logs. */
export function toCounts(
  manifests: KnownManifests["manifests"],
): Pick<Workload, "records" | "statements" | "bytes" | "gapCount"> {
  return {
    records: sum(manifests, ({ records }) => records),
    // The slow log has the same statements once more.
    statements: manifests[0].statements,
    bytes: sum(manifests, ({ bytes }) => bytes),
    gapCount: sum(manifests, ({ gapCount }) => gapCount),
  };
}

const sum = (manifests: readonly Manifest[], of: (manifest: Manifest) => number): number =>
  manifests.reduce((total, manifest) => total + of(manifest), 0);

const timeOf = (micros: number | null): string | null => (micros === null ? null : formatTime(micros));

/** When the first and the last record of all is. */
function timesOf(manifests: readonly Manifest[]): [first: number | null, last: number | null] {
  const first = manifests.flatMap(({ firstMicros }) => firstMicros ?? []);
  const last = manifests.flatMap(({ lastMicros }) => lastMicros ?? []);
  return [first.length === 0 ? null : Math.min(...first), last.length === 0 ? null : Math.max(...last)];
}

function commandsOf(manifests: readonly Manifest[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { commands } of manifests) {
    for (const [command, records] of Object.entries(commands)) all[command] = (all[command] ?? 0) + records;
  }
  return all;
}

/** The gaps of all logs, in the order of time. Stored causes may be from before names of users and roles were left out. */
function gapsOf(manifests: readonly Manifest[]): LoggedGap[] {
  const gaps = manifests.flatMap(({ log, gaps }) => gaps.map((gap) => ({ ...gap, log })));
  // A manifest's own are in order.
  if (manifests.length > 1) gaps.sort((a, b) => a.from - b.from || a.to - b.to);
  return gaps.map(({ from, to, cause, log }) => ({
    from: isoTime(from),
    to: isoTime(to),
    cause: withoutPrincipals(cause),
    log,
  }));
}

function toLog(manifest: Manifest): WorkloadLog {
  const { log, records, statements, bytes, strayBytes, storedBytes, fragments, gapCount } = manifest;
  return {
    log,
    records,
    statements,
    bytes,
    strayBytes: strayBytes ?? 0,
    storedBytes,
    fragments,
    firstRecord: timeOf(manifest.firstMicros),
    lastRecord: timeOf(manifest.lastMicros),
    gapCount,
  };
}

const ALL_SESSIONS = "The log had all that the capture needs before it began: no session is missing.";
const DEAF_SESSIONS =
  "Sessions that were connected before completeSince keep what they began with: their statements may be missing until they reconnect.";

/** Shows how the slow log was switched on; null where there is none, or it is not known yet. */
function toTiming(manifests: readonly Manifest[]): Workload["timing"] {
  const timing = manifests.find(({ log }) => log === "slow")?.timing;
  if (timing === undefined) return null;
  const { completeSince, before } = timing;
  return {
    completeSince: isoTime(completeSince),
    before,
    sessions: completeSince === null ? ALL_SESSIONS : DEAF_SESSIONS,
  };
}

/** Shows why a log can't be read; null where it can. */
export function toProblem(problem: Problem | null): ShownProblem | null {
  return problem && { since: isoTime(problem.since), reason: withoutPrincipals(problem.reason) };
}

const secondsSince = (time: number | null, now: number): number | null =>
  time === null ? null : Math.max(0, Math.round((now - time) / 1000));

/**
 * Shows the digests with the most, in an order: of one log, or of both, how often from the general log and how long from the slow
 * one.
 * @throws ApiError 400 when the one is not there behind which they are to be
 */
export function toDigests(
  [first, second]: readonly [DigestsState, ...DigestsState[]],
  order: DigestOrder,
  limit: number,
  selection: Selection = {},
): WorkloadDigest[] {
  const ranked =
    second === undefined
      ? rankDigests(first, order, limit, selection)
      : pairDigests(first, second, order, limit, selection);
  return ranked.map(toWorkloadDigest);
}

/** Shows the digest with a fingerprint; null where there is none. */
export function toDigest(
  [first, second]: readonly [DigestsState, ...DigestsState[]],
  fingerprint: string,
): WorkloadDigest | null {
  const alone = (state: DigestsState): DigestsState => ({
    ...state,
    entries: state.entries.filter((entry) => entry.fingerprint === fingerprint),
  });
  const states = second === undefined ? ([alone(first)] as const) : ([alone(first), alone(second)] as const);
  return toDigests(states, "calls", 1)[0] ?? null;
}

function toWorkloadDigest({
  firstSeenMicros,
  lastSeenMicros,
  timed,
  timedShare,
  details,
  mayMatch,
  ...digest
}: RankedDigest): WorkloadDigest {
  const { examples, ...rest } = details;
  return {
    ...digest,
    firstSeen: formatTime(firstSeenMicros),
    lastSeen: formatTime(lastSeenMicros),
    ...rest,
    examples: examples.map(({ timeMicros, durationMicros, ...example }) => ({
      time: formatTime(timeMicros),
      durationMicros,
      ...example,
    })),
    ...(timed !== null && toTimed(timed)),
    ...(timedShare !== null && { timedShare }),
    ...(mayMatch && { mayMatch }),
  };
}

/** A digest as a viewer is shown it: without the statements that it stands for, which have values in them. */
export const withoutExamples = (digest: WorkloadDigest): WorkloadDigest => ({
  ...digest,
  example: null,
  examples: [],
});

/** Shows how long statements took. */
export function toTimed({ errors, meanMicros, ...rest }: TimedDigest): Partial<WorkloadDigest> {
  // The logs say microseconds: of their mean, more than a thousandth of one is noise.
  const timed = { ...rest, meanMicros: Math.round(meanMicros * 1000) / 1000 };
  return errors === null ? timed : { ...timed, errors };
}

/**
 * Shows the series of a capture's logs: of one, or of both, how many statements from the general log and how long they took from
 * the slow one.
 * @param asked how long steps are to be, in seconds; as short as possible if undefined
 * @throws ApiError 400 when the steps that there are do not make such steps
 */
export function toSeries({ general = null, slow = null }: LogSeries, asked?: number): WorkloadSeries {
  const shortest = pairStep(general, slow);
  const step = asked ?? shortest;
  if (step % shortest !== 0) throw stepTooFine(shortest);
  const points = pairPoints(general, slow, step).map((point) => ({ ...point, time: isoTime(point.time) }));
  return { step, points };
}

/** Shows what ran in a part of the time. */
export function toSpan({ from, to, statements, ...span }: ShownSpan): WorkloadSpan {
  return {
    ...span,
    from: isoTime(from && from * 1000),
    to: isoTime(to && to * 1000),
    statements: statements.map(({ since, ...figures }) => ({ ...figures, since: isoTime(since * 1000) })),
  };
}
