import type { Figures } from "../timing/figures.ts";
import type { Change } from "./names.ts";
import { type Ran, type Side, tookAtLeast } from "./side.ts";
import { aboveBy, COMPARED_PARTS, type IsAbove, isIntervalAbove, isSlower } from "./slower.ts";
import {
  meanDifference,
  type Observed,
  type ObservedCalls,
  type ObservedTime,
  percentileInterval,
  rateDifference,
  type ShortCalls,
  SURE,
  timeDifference,
} from "./statistics.ts";

/*
 * What has changed of a statement that two captures have. Something has if it differs by the threshold and by more than chance, also
 * when what may be too much of a figure is taken away.
 */

/** A statement as a capture has it, and the capture. */
type Of = readonly [ran: Ran, side: Side];

/** Fewer calls than so many say nothing of the rows that a call examines. */
const MIN_CALLS_OF_ROWS = 10;

/**
 * What has changed of a statement.
 * @param minChange see Thresholds
 */
export function changesOf(base: Of, other: Of, minChange: number): Change[] {
  const isAbove = aboveBy(minChange);
  const changes: Change[] = [];
  const note = (up: Change, down: Change, hasRisen: (from: Of, to: Of) => boolean) => {
    if (hasRisen(base, other)) changes.push(up);
    if (hasRisen(other, base)) changes.push(down);
  };
  if (areTimesComparable(base, other)) {
    note("slower", "faster", (from, to) => COMPARED_PARTS.some((part) => hasSlowed(from, to, part, isAbove)));
  }
  if (areCallsComparable(base, other))
    note("more-calls", "fewer-calls", (from, to) => runsMore(from, to, isAbove));
  if (areTimesComparable(base, other)) {
    note("more-time", "less-time", (from, to) => takesMore(from, to, isAbove));
    note("more-rows", "fewer-rows", (from, to) => examinesMore(from, to, isAbove));
  }
  return changes;
}

const rateOf = ({ events, exposure }: Observed): number => (exposure > 0 ? events / exposure : 0);

function runsMore([ran, side]: Of, [after, afterSide]: Of, isAbove: IsAbove): boolean {
  const before = { events: ran.calls, exposure: side.callsMs };
  const later = { events: after.calls - after.overcalls, exposure: afterSide.callsMs };
  return isAbove(rateOf(later), rateOf(before)) && rateDifference(later, before) >= SURE;
}

function takesMore(base: Of, other: Of, isAbove: IsAbove): boolean {
  const [before, later] = [timeOf(base, true), timeOf(other, false)];
  if (before === null || later === null) return false;
  return isAbove(rateOf(later), rateOf(before)) && timeDifference(later, before) >= SURE;
}

/** The time that a statement took in all: the most that it may be, or the least. */
function timeOf([{ figures, overMicros }, { timesMs }]: Of, isMost: boolean): ObservedTime | null {
  if (figures === null) return null;
  const events = figures.totalMicros + (isMost ? overMicros : 0);
  return { events, exposure: timesMs, squares: figures.squares() };
}

function hasSlowed(base: Of, other: Of, part: number, isAbove: IsAbove): boolean {
  const [before, after] = [base[0].figures, other[0].figures];
  if (before === null || after === null) return false;
  return isSlower(after, before, part, isAbove) ?? hasSlowedOfAll(base, other, part, isAbove);
}

/**
 * The same of a statement that has too few calls in the slow log of one capture, when a general log has the short ones too: by the
 * percentiles of all calls, each at the bound that makes the smaller change.
 */
function hasSlowedOfAll(base: Of, other: Of, part: number, isAbove: IsAbove): boolean {
  const [[before], [after]] = [base, other];
  // Some long calls may be missing.
  if (before.figures === null || after.figures === null || before.overMicros > 0) return false;
  const from = percentileInterval(before.figures, part, shortOf(base, before.overcalls));
  const to = percentileInterval(after.figures, part, shortOf(other, 0));
  return from !== null && to !== null && isIntervalAbove(to, from) && isAbove(to.low, from.high);
}

/** The calls that were too short for the slow log, by the general log's calls less so many, in the time that the slow log was recorded. */
function shortOf([{ calls, figures }, side]: Of, overcalls: number): ShortCalls {
  const { log, callsMs, timesMs, timesThreshold } = side;
  // A slow log of all calls does not have those that it was not given: how long these took is not known.
  if (log === "slow" || callsMs <= 0 || timesThreshold === 0) return { calls: 0, belowMicros: 0 };
  const all = Math.round(((calls - overcalls) * timesMs) / callsMs);
  return { calls: Math.max(0, all - (figures?.calls ?? 0)), belowMicros: timesThreshold };
}

function examinesMore([{ figures: before }]: Of, [{ figures: after }]: Of, isAbove: IsAbove): boolean {
  if (before === null || after === null) return false;
  if (before.calls < MIN_CALLS_OF_ROWS || after.calls < MIN_CALLS_OF_ROWS) return false;
  const isMore = isAbove(after.rowsExamined / after.calls, before.rowsExamined / before.calls);
  return isMore && meanDifference(rowsOf(after), rowsOf(before)) >= SURE;
}

/**
 * The rows that calls examined. By how much these vary is not kept: they are taken to vary as the times do, and at least as much as an
 * exponential distribution.
 */
function rowsOf(figures: Figures): ObservedCalls {
  const { calls, totalMicros, rowsExamined } = figures;
  const ofTimes = totalMicros === 0 ? 0 : (figures.squares() * calls) / totalMicros ** 2 - 1;
  return { sum: rowsExamined, calls, spread: Math.max(1, ofTimes) };
}

/** Whether the calls that both counted are the same ones: where one left short ones out, all of both have to be longer. */
const areCallsComparable = (base: Of, other: Of): boolean =>
  base[1].callsThreshold === other[1].callsThreshold || areAllLong(base, other);

const areTimesComparable = (base: Of, other: Of): boolean =>
  base[1].timesThreshold === other[1].timesThreshold || areAllLong(base, other);

function areAllLong(base: Of, other: Of): boolean {
  const threshold = Math.max(
    ...[base, other].map(([, side]) => Math.max(side.callsThreshold, side.timesThreshold)),
  );
  return [base, other].every(([ran]) => tookAtLeast(ran, threshold));
}

/** Whether a statement that one capture has would hardly be missing in the other by chance, if it ran there as often. */
export function isAbsenceSure(ran: Ran, there: Side, away: Side): boolean {
  const seen = { events: ran.calls - ran.overcalls, exposure: there.callsMs };
  return rateDifference(seen, { events: 0, exposure: away.callsMs }) >= SURE;
}
