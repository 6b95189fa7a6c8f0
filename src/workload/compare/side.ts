import type { Status } from "../../db/states.ts";
import { type LogName, logsOf } from "../../logs/names.ts";
import { type DigestEntry, timesOf } from "../digest-entry.ts";
import { boundsOf, type DigestsState } from "../digests-state.ts";
import {
  findManifests,
  type KnownManifests,
  type ReadCapture,
  readDigests,
  readLogSeries,
} from "../live-or-stored.ts";
import type { Manifest } from "../stored/manifest.ts";
import { Figures } from "../timing/figures.ts";
import { WHOLE } from "../timing/series.ts";
import type { LogSeries } from "../workload-state.ts";
import { recordedMs, type Stretch } from "./recorded.ts";

/* What is compared of one capture: its totals, its statements, and for how long they were recorded. */

/** A capture that is compared, once its caller is known to be allowed to read it. Times in milliseconds since the epoch. */
export interface ComparedCapture extends ReadCapture {
  name: string;
  envId: number;
  status: Status;
  start: number | null;
  end: number | null;
}

/** All that is known of the workload of a capture. */
export interface Recording {
  capture: ComparedCapture;
  /** Null before there is anything. */
  known: KnownManifests | null;
  /** By log, as far as the capture has it. */
  digests: Partial<Record<LogName, DigestsState>>;
  series: LogSeries;
}

/**
 * Reads what a capture recorded, from where it is.
 * @throws ApiError 503 when its runner can't be asked
 */
export async function readRecording(capture: ComparedCapture): Promise<Recording> {
  const [known, digests, series] = await Promise.all([
    findManifests(capture),
    readDigests(capture),
    readLogSeries(capture, WHOLE),
  ]);
  const byLog = logsOf(capture.log).map((log, at) => [log, digests[at]]);
  return { capture, known, digests: Object.fromEntries(byLog), series };
}

/** Of which logs two captures are compared. */
export interface Basis {
  /** Which log of each says how often statements ran. */
  calls: readonly [base: LogName, other: LogName];
  /** Whether the slow log of both says how long they took. */
  isTimed: boolean;
}

/** What two captures both have; of a general log and a slow one, that both count statements. */
export function basisOf(base: Pick<ReadCapture, "log">, other: Pick<ReadCapture, "log">): Basis {
  const ofOther = logsOf(other.log);
  const common = logsOf(base.log).filter((log) => ofOther.includes(log));
  const [first] = common;
  if (first !== undefined) return { calls: [first, first], isTimed: common.includes("slow") };
  return { calls: [logsOf(base.log)[0] as LogName, ofOther[0] as LogName], isTimed: false };
}

/** A statement as one capture has it. */
export interface Ran {
  fingerprint: string;
  digest: string;
  /** How often it ran, or up to `overcalls` more. */
  calls: number;
  overcalls: number;
  /**
   * How long its calls in the slow log took, of which there may be none; null where that is not compared, or not known. It may have
   * taken `overMicros` more.
   */
  figures: Figures | null;
  overMicros: number;
}

/** Whether all calls of a statement are known to have taken at least so long. */
export const tookAtLeast = ({ figures }: Ran, micros: number): boolean =>
  figures !== null && figures.minMicros >= micros;

/** One of the two captures of a comparison. */
export interface Side {
  capture: ComparedCapture;
  /** Which log says how often statements ran. */
  log: LogName;
  /** For how long calls were recorded, in milliseconds; 0 when nothing was. */
  callsMs: number;
  /** The same of times. */
  timesMs: number;
  statements: ReadonlyMap<string, Ran>;
  /** How often, and how long, a statement may have run that is missing: 0 unless a table was full. */
  missing: { calls: number; micros: number };
  /** Statements that took less, in microseconds, were not counted, and not timed. */
  callsThreshold: number;
  timesThreshold: number;
  /** How many statements ran. */
  total: number;
  /** How long they took; null where that is not compared. */
  totalMicros: number | null;
  /** All of the slow log's figures; null where they are not compared, or not kept. */
  whole: Figures | null;
  /** Null when nothing was recorded. */
  rules: Pick<Manifest, "digestVersion" | "redact"> | null;
  /** Whether it still records. */
  isLive: boolean;
  /** Whether there are more gaps than are known one by one. */
  hasMoreGaps: boolean;
  /** Sessions that connected before were not in the slow log with all; null where none are missing. */
  completeSince: number | null;
}

const NOTHING: DigestsState = { capacity: 0, total: 0, entries: [] };

/** One of the two captures, as far as the basis has it. */
export function sideOf({ capture, known, digests, series }: Recording, log: LogName, isTimed: boolean): Side {
  const counted = digests[log] ?? NOTHING;
  const timed = isTimed ? (digests.slow ?? NOTHING) : null;
  const manifestOf = (name: LogName) => known?.manifests.find((one) => one.log === name) ?? null;
  const manifest = manifestOf(log);
  const slow = isTimed || log === "slow" ? manifestOf("slow") : null;
  const recorded = (of: Manifest | null) => recordedMs(windowOf(capture, of, known), of?.gaps ?? []);
  const used = [manifest, slow].filter((one) => one !== null);
  const timesMs = isTimed ? recorded(slow) : 0;
  return {
    capture,
    log,
    callsMs: recorded(manifest),
    timesMs,
    statements: statementsOf(counted, timed, log, timesMs > 0 && capture.minDurationMicros > 0),
    missing: { calls: boundsOf(counted).count, micros: timed === null ? 0 : boundsOf(timed).micros },
    callsThreshold: log === "slow" ? capture.minDurationMicros : 0,
    timesThreshold: isTimed ? capture.minDurationMicros : 0,
    total: counted.total,
    totalMicros: timed === null ? null : (timed.totalMicros ?? 0),
    whole: isTimed ? wholeOf(series) : null,
    rules: manifest,
    isLive: known?.live != null,
    hasMoreGaps: used.some(({ gaps, gapCount }) => gapCount > gaps.length),
    completeSince: slow?.timing?.completeSince ?? null,
  };
}

/** The time that a log was read of; null when it was not. */
function windowOf(
  { start, end }: ComparedCapture,
  manifest: Manifest | null,
  known: KnownManifests | null,
): Stretch | null {
  if (start === null || manifest === null) return null;
  const last = manifest.lastMicros === null ? start : manifest.lastMicros / 1000;
  const live = known?.live ?? null;
  if (live === null) return { from: start, to: end ?? last };
  return {
    from: start,
    to: Math.min(end ?? Number.POSITIVE_INFINITY, Math.max(last, live.caughtUpAt ?? start)),
  };
}

/**
 * The statements of a log; with times, those of the slow log beside them.
 * @param leavesShortOut whether the slow log was recorded, and short calls were left out of it
 */
function statementsOf(
  counted: DigestsState,
  timed: DigestsState | null,
  log: LogName,
  leavesShortOut: boolean,
): Map<string, Ran> {
  // What a slow log of long calls has not, in a table with room, had no long call. A slow log of all calls that has none of them was
  // not given them, such as those of ALTER: their times are not known.
  const hasRoom = timed !== null && timed.capacity > 0 && boundsOf(timed).count === 0;
  const ofAbsent = hasRoom && leavesShortOut ? new Figures() : null;
  const slow = new Map((timed?.entries ?? []).map((entry) => [entry.fingerprint, entry]));
  const statements = new Map(
    counted.entries.map((entry) => [
      entry.fingerprint,
      ranOf(entry, log === "slow" ? timed && entry : slow.get(entry.fingerprint), ofAbsent),
    ]),
  );
  // What only the slow log has, such as a GRANT that it words in another way, has the slow log's count. If the general log's table
  // was full, that table may have dropped the statement, whose count is then at most the table's bound.
  const { count: missing } = boundsOf(counted);
  for (const [fingerprint, entry] of slow) {
    if (statements.has(fingerprint)) continue;
    const count = Math.max(entry.count, missing);
    const overcount = entry.overcount + count - entry.count;
    statements.set(fingerprint, ranOf({ ...entry, count, overcount }, entry));
  }
  return statements;
}

function ranOf(
  { fingerprint, digest, count, overcount }: DigestEntry,
  timed: DigestEntry | null | undefined,
  ofAbsent: Figures | null = null,
): Ran {
  const { figures, overMicros } = timed == null ? { figures: ofAbsent, overMicros: 0 } : timesOf(timed);
  return { fingerprint, digest, calls: count, overcalls: overcount, figures, overMicros };
}

function wholeOf({ slow }: LogSeries): Figures | null {
  if (slow == null) return null;
  const whole = new Figures();
  for (const stored of slow.figures) whole.merge(new Figures(stored));
  return whole;
}
