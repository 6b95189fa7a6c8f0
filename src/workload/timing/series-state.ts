import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { Figures, figuresSchema } from "./figures.ts";
import { startOf, stepFor } from "./series.ts";

/*
 * A series as it is stored and read, of the whole workload or of one statement, and as it is shown. Times are in seconds since the
 * epoch.
 */

/** A series as it is stored. */
export const seriesSchema = lazy(() =>
  z.object({
    /** How long its steps are, in seconds. */
    step: z.number().positive(),
    /** Since when it is kept: a statement's may begin after the workload's, when it became one of those that lead. */
    from: z.number(),
    /** The last step of the whole workload. */
    to: z.number(),
    /** When steps begin in which something ran, in ascending order, and the figures of each. */
    starts: z.array(z.number()),
    figures: z.array(figuresSchema()),
  }),
);

/** A series as it is stored. */
export type SeriesState = z.output<ReturnType<typeof seriesSchema>>;

/** What ran in a step of time, or in several. */
export interface StepFigures {
  statements: number;
  /** How many of the statements were timed. Like all that follows, null where times are not known. */
  timed: number | null;
  totalMicros: number | null;
  /** Also null where nothing ran. */
  p50Micros: number | null;
  p95Micros: number | null;
  p99Micros: number | null;
  rowsExamined: number | null;
  /** Also null where the log does not say whether statements ended with an error. */
  errors: number | null;
}

/** What ran in one step of time. */
export interface SeriesPoint extends StepFigures {
  /** When the step begins, in milliseconds since the epoch. */
  time: number;
}

/**
 * The points of a series, from the first to the last step of it without a hole.
 * @param step how long the points' steps are, in seconds: a multiple of the series'
 */
export function seriesPoints(state: SeriesState, step: number = state.step): SeriesPoint[] {
  const merged = mergedTo(step, state);
  return startsOf([state], step).map((start) => {
    const figures = merged.at.get(start);
    return pointOf(start, figures, merged.isTimed ? figures : null);
  });
}

/**
 * The points of a capture of both logs: how many statements from the general log, how long they took from the slow log.
 * @param step as for `seriesPoints`, a multiple of both; as long as both need when it is not given
 */
export function pairPoints(
  general: SeriesState | null,
  slow: SeriesState | null,
  step: number = pairStep(general, slow),
): SeriesPoint[] {
  if (general === null) return slow === null ? [] : seriesPoints(slow, step);
  const counted = mergedTo(step, general);
  const timed = slow === null ? null : mergedTo(step, slow);
  const states = slow === null ? [general] : [general, slow];
  return startsOf(states, step).map((start) =>
    pointOf(start, counted.at.get(start), timed === null ? null : timed.at.get(start)),
  );
}

/** How long the steps are, in seconds, of the points of a capture of both logs. */
export function pairStep(general: SeriesState | null, slow: SeriesState | null): number {
  const states = [general, slow].filter((state) => state !== null);
  if (states.length === 0) return 0;
  const { first, last } = rangeOf(states);
  return stepFor(first, last, Math.max(...states.map(({ step }) => step)));
}

const rangeOf = (states: readonly SeriesState[]) => ({
  first: Math.min(...states.map(({ from }) => from)),
  last: Math.max(...states.map(({ to }) => to)),
});

/** When the steps of some series begin, without a hole. */
function startsOf(states: readonly SeriesState[], step: number): number[] {
  const { first, last } = rangeOf(states);
  const starts: number[] = [];
  for (let start = startOf(first, step); start <= last; start += step) starts.push(start);
  return starts;
}

/** The figures of a series by when longer steps begin. */
function mergedTo(step: number, state: SeriesState): { at: Map<number, Figures>; isTimed: boolean } {
  if (step % state.step !== 0) throw new RangeError(`Steps of ${state.step} s make none of ${step} s`);
  const at = new Map<number, Figures>();
  let isTimed = false;
  for (const [index, stored] of state.figures.entries()) {
    const start = startOf(state.starts[index] as number, step);
    const figures = new Figures(stored);
    isTimed ||= figures.isTimed;
    const before = at.get(start);
    if (before === undefined) at.set(start, figures);
    else before.merge(figures);
  }
  return { at, isTimed };
}

function pointOf(
  start: number,
  counted: Figures | undefined,
  timed: Figures | undefined | null,
): SeriesPoint {
  return { time: start * 1000, ...figuresOf(counted, timed) };
}

/**
 * Figures as they are shown.
 * @param counted what ran; undefined where nothing did
 * @param timed what was timed; undefined where nothing was, null where times are not known
 */
export function figuresOf(counted?: Figures, timed?: Figures | null): StepFigures {
  const statements = counted?.calls ?? 0;
  const unknown = { p50Micros: null, p95Micros: null, p99Micros: null };
  if (timed === null) {
    return { statements, timed: null, totalMicros: null, ...unknown, rowsExamined: null, errors: null };
  }
  return {
    statements,
    timed: timed?.calls ?? 0,
    totalMicros: timed?.totalMicros ?? 0,
    ...(timed?.percentiles() ?? unknown),
    rowsExamined: timed?.rowsExamined ?? 0,
    errors: timed === undefined || timed.outcomes === 0 ? null : timed.errors,
  };
}
