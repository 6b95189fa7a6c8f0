import type { StatementTables } from "../../sql-text/tables.ts";
import { type Details, detailsOf } from "../digest-details.ts";
import { type DigestEntry, tablesOfDigest, timesOf } from "../digest-entry.ts";
import { type DigestFilter, DigestMatcher, type Match } from "../digest-filter.ts";
import type { DigestsState } from "../digests-state.ts";
import { refuseWorkload } from "../refusals.ts";
import type { Figures, Percentiles } from "./figures.ts";
import { type DigestOrder, inOrder, type Ordered } from "./order.ts";

/*
 * The statements of a workload in an order, with how long they took: from stored digests of one log, or of both.
 */

/** How long a statement took. Times in microseconds. */
export interface TimedDigest extends Percentiles {
  /** How often it is in the slow log, or up to `overcalls` more. */
  calls: number;
  overcalls: number;
  /** How long it ran in all, or up to `overTotalMicros` more. All that follows is of the calls since it got its place. */
  totalMicros: number;
  overTotalMicros: number;
  meanMicros: number;
  minMicros: number;
  maxMicros: number;
  /** Of all statements' time, from 0 to 1. */
  timeShare: number;
  lockMicros: number;
  rowsExamined: number;
  rowsSent: number;
  /** How many ended with an error; null where the log does not say. */
  errors: number | null;
}

/** A statement of a workload. */
export interface RankedDigest
  extends Pick<
    DigestEntry,
    "fingerprint" | "digest" | "count" | "overcount" | "firstSeenMicros" | "lastSeenMicros" | "example"
  > {
  tables: StatementTables;
  /** Of all statements, from 0 to 1. */
  share: number;
  /** Null where no call of it was timed. */
  timed: TimedDigest | null;
  /**
   * What part of its calls was timed, from 0 to 1; null for the general log alone, and with both for a statement of which the
   * general log has no count.
   */
  timedShare: number | null;
  details: Details;
  /** Whether it is asked for is not known: see Match. */
  mayMatch: boolean;
}

/** A statement that can be ordered, with what is shown of it. */
interface Candidate extends Ordered {
  entry: DigestEntry;
  state: DigestsState;
  /** In the slow log, where its entry is the general log's. */
  timedEntry: { entry: DigestEntry; state: DigestsState } | undefined;
  timedShare: number | null;
  /** What of the slow log it is; its entry may be the general log's. */
  overcalls: number;
  overMicros: number;
}

/** Which of the statements in an order are shown. */
export interface Selection {
  /** Only those behind the one with this fingerprint. */
  after?: string | undefined;
  filter?: DigestFilter | undefined;
}

/**
 * The statements of one log with the most, in an order.
 * @throws ApiError 400 when the one is not there behind which they are to be
 */
export function rankDigests(
  state: DigestsState,
  order: DigestOrder,
  limit: number,
  selection: Selection = {},
): RankedDigest[] {
  const candidates = state.entries.map((entry) =>
    candidateOf(entry, state, entry, entry.timed === undefined ? null : 1),
  );
  return ranked(candidates, order, limit, selection, state.total, state.totalMicros ?? 0);
}

/**
 * The statements of both logs with the most, in an order: how often from the general log, how long from the slow log, matched by
 * their fingerprints. What the general log does not have, such as a GRANT that the slow log words in another way, has the slow
 * log's count.
 * @throws ApiError as rankDigests
 */
export function pairDigests(
  general: DigestsState,
  slow: DigestsState,
  order: DigestOrder,
  limit: number,
  selection: Selection = {},
): RankedDigest[] {
  const timed = new Map(slow.entries.map((entry) => [entry.fingerprint, entry]));
  const candidates = general.entries.map((entry) => {
    const other = timed.get(entry.fingerprint);
    timed.delete(entry.fingerprint);
    const share = Math.min(1, callsOf(other) / Math.max(1, entry.count));
    return candidateOf(entry, general, other, share, other && { entry: other, state: slow });
  });
  for (const entry of timed.values()) candidates.push(candidateOf(entry, slow, entry, null));
  return ranked(candidates, order, limit, selection, general.total, slow.totalMicros ?? 0);
}

/** How many calls of a statement were certainly timed. */
const callsOf = (entry: DigestEntry | undefined): number => entry?.timed?.figures[0] ?? 0;

function candidateOf(
  entry: DigestEntry,
  state: DigestsState,
  slow: DigestEntry | undefined,
  timedShare: number | null,
  timedEntry?: Candidate["timedEntry"],
): Candidate {
  const { fingerprint, count } = entry;
  const overcalls = slow?.overcount ?? 0;
  return {
    fingerprint,
    count,
    ...timesOf(slow ?? {}),
    entry,
    state,
    timedEntry,
    timedShare,
    overcalls,
  };
}

function ranked(
  candidates: Candidate[],
  order: DigestOrder,
  limit: number,
  { after, filter }: Selection,
  total: number,
  totalMicros: number,
): RankedDigest[] {
  const ordered = inOrder(candidates, order);
  const place = after === undefined ? -1 : ordered.findIndex(({ fingerprint }) => fingerprint === after);
  if (after !== undefined && place < 0) throw refuseWorkload.cursorNotThere();
  const shown: RankedDigest[] = [];
  const matchOf = matcherOf(filter);
  for (let at = place + 1; at < ordered.length && shown.length < limit; at++) {
    const candidate = ordered[at] as Candidate;
    const match = matchOf(candidate);
    if (match !== "no") shown.push(rankedOf(candidate, total, totalMicros, match === "maybe"));
  }
  return shown;
}

/** Whether a candidate is asked for, by what either log has of it. */
function matcherOf(filter: DigestFilter | undefined): (candidate: Candidate) => Match {
  if (filter === undefined) return () => "yes";
  const matchers = new Map<DigestsState, DigestMatcher>();
  const matchIn = (entry: DigestEntry, state: DigestsState): Match => {
    let matcher = matchers.get(state);
    if (matcher === undefined) {
      matcher = new DigestMatcher(filter, state);
      matchers.set(state, matcher);
    }
    return matcher.match(entry);
  };
  return ({ entry, state, timedEntry }) => {
    const match = matchIn(entry, state);
    if (match === "yes" || timedEntry === undefined) return match;
    const timed = matchIn(timedEntry.entry, timedEntry.state);
    return timed === "yes" || match === "no" ? timed : match;
  };
}

function rankedOf(candidate: Candidate, total: number, totalMicros: number, mayMatch: boolean): RankedDigest {
  const { entry, state, timedEntry, timedShare } = candidate;
  const { fingerprint, digest, count, overcount, firstSeenMicros, lastSeenMicros, example } = entry;
  return {
    fingerprint,
    digest,
    count,
    overcount,
    firstSeenMicros,
    lastSeenMicros,
    example,
    tables: tablesOfDigest(entry),
    share: part(count, total),
    timed: timedOf(candidate, totalMicros),
    timedShare,
    details: detailsOf(entry, state, timedEntry),
    mayMatch,
  };
}

function timedOf({ figures, overcalls, overMicros }: Candidate, ofMicros: number): TimedDigest | null {
  return figures === null ? null : timesShown(figures, { overcalls, overMicros, ofMicros });
}

/**
 * How long statements took, as it is shown; null where that is not known.
 * @param ofMicros how long all statements took
 */
export function timesShown(
  figures: Figures,
  { overcalls, overMicros, ofMicros }: { overcalls: number; overMicros: number; ofMicros: number },
): TimedDigest | null {
  const percentiles = figures.percentiles();
  if (percentiles === null) return null;
  const { calls, minMicros, maxMicros, lockMicros, rowsExamined, rowsSent, errors, outcomes } = figures;
  const totalMicros = overMicros + figures.totalMicros;
  return {
    calls: calls + overcalls,
    overcalls,
    totalMicros,
    overTotalMicros: overMicros,
    meanMicros: figures.totalMicros / calls,
    minMicros,
    maxMicros,
    ...percentiles,
    timeShare: part(totalMicros, ofMicros),
    lockMicros,
    rowsExamined,
    rowsSent,
    errors: outcomes === 0 ? null : errors,
  };
}

/** What part of all something is, from 0 to 1. */
export const part = (of: number, all: number): number => (all === 0 ? 0 : Math.min(1, of / all));
