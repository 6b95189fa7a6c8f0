import type { StatementTables } from "../../sql-text/tables.ts";
import type { DigestsState } from "../digest.ts";
import { type DigestEntry, tablesOfDigest, timesOf } from "../digest-entry.ts";
import type { Percentiles } from "./figures.ts";
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
}

/** A statement that can be ordered, with what is shown of it. */
interface Candidate extends Ordered {
  entry: DigestEntry;
  timedShare: number | null;
  /** What of the slow log it is; its entry may be the general log's. */
  overcalls: number;
  overMicros: number;
}

/** The statements of one log with the most, in an order. */
export function rankDigests(state: DigestsState, order: DigestOrder, limit: number): RankedDigest[] {
  const candidates = state.entries.map((entry) =>
    candidateOf(entry, entry, entry.timed === undefined ? null : 1),
  );
  return ranked(candidates, order, limit, state.total, state.totalMicros ?? 0);
}

/**
 * The statements of both logs with the most, in an order: how often from the general log, how long from the slow log, matched by
 * their fingerprints. What the general log does not have, such as a GRANT that the slow log words in another way, has the slow
 * log's count.
 */
export function pairDigests(
  general: DigestsState,
  slow: DigestsState,
  order: DigestOrder,
  limit: number,
): RankedDigest[] {
  const timed = new Map(slow.entries.map((entry) => [entry.fingerprint, entry]));
  const candidates = general.entries.map((entry) => {
    const other = timed.get(entry.fingerprint);
    timed.delete(entry.fingerprint);
    return candidateOf(entry, other, Math.min(1, callsOf(other) / Math.max(1, entry.count)));
  });
  for (const entry of timed.values()) candidates.push(candidateOf(entry, entry, null));
  return ranked(candidates, order, limit, general.total, slow.totalMicros ?? 0);
}

/** How many calls of a statement were certainly timed. */
const callsOf = (entry: DigestEntry | undefined): number => entry?.timed?.figures[0] ?? 0;

function candidateOf(
  entry: DigestEntry,
  slow: DigestEntry | undefined,
  timedShare: number | null,
): Candidate {
  const { fingerprint, count } = entry;
  const overcalls = slow?.overcount ?? 0;
  return { fingerprint, count, ...timesOf(slow ?? {}), entry, timedShare, overcalls };
}

function ranked(
  candidates: Candidate[],
  order: DigestOrder,
  limit: number,
  total: number,
  totalMicros: number,
): RankedDigest[] {
  return inOrder(candidates, order)
    .slice(0, limit)
    .map((candidate) => {
      const { entry } = candidate;
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
        timedShare: candidate.timedShare,
      };
    });
}

function timedOf(
  { figures, totalMicros, overcalls, overMicros }: Candidate,
  ofMicros: number,
): TimedDigest | null {
  const percentiles = figures?.percentiles() ?? null;
  if (figures === null || percentiles === null) return null;
  const { calls, minMicros, maxMicros, lockMicros, rowsExamined, rowsSent, errors, outcomes } = figures;
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

const part = (of: number, all: number): number => (all === 0 ? 0 : Math.min(1, of / all));
