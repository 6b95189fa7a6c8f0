import { Figures } from "./figures.ts";
import { startOf, WHOLE } from "./series.ts";
import { figuresOf, type SeriesState, type StepFigures } from "./series-state.ts";

/*
 * What ran in a span of time: of the whole workload, and of each statement that has a series. Steps count whole if a part of them is
 * in the span. Times are in seconds since the epoch.
 */

/** From the first moment to that after the last; infinite where it has no bound. */
export interface Span {
  from: number;
  to: number;
}

/** What the series of one log have of a span. */
export interface LogSpan {
  /** How long steps are, in seconds. */
  step: number;
  /** When the first and the last step of the whole workload begin. */
  first: number;
  last: number;
  /** Of each series, the whole workload first: since when it is kept, and its figures as they are stored. */
  series: { fingerprint: string; since: number; figures: number[] }[];
}

/** The spans of a capture's logs; null or absent where a log has no series. */
export type LogSpans = { general?: LogSpan | null; slow?: LogSpan | null };

/** Whether a step is in a span, at least in part. */
export const isIn = (start: number, step: number, { from, to }: Span): boolean =>
  start < to && start + step > from;

/** What a series has of a span. */
export function spanFigures({ step, starts, figures }: SeriesState, span: Span): Figures {
  const sum = new Figures();
  for (const [at, start] of starts.entries()) {
    if (isIn(startOf(start, step), step, span)) sum.mergeStored(figures[at] as number[]);
  }
  return sum;
}

/** What ran in a span, as it is shown. */
export interface ShownSpan {
  step: number;
  /** When the first of its steps begins and the last one ends; null when there is none. */
  from: number | null;
  to: number | null;
  whole: StepFigures;
  /** Those with most time first, and of those whose time is not known with most calls. */
  statements: (StepFigures & { fingerprint: string; since: number })[];
}

/**
 * What ran in a span by a capture's logs: of both, how many from the general log, how long from the slow one.
 * @returns null where neither has a series
 */
export function pairSpans({ general = null, slow = null }: LogSpans, span: Span): ShownSpan | null {
  const first = general ?? slow;
  if (first === null) return null;
  const step = Math.max(first.step, slow?.step ?? 0);
  const timed =
    slow === null ? null : new Map(slow.series.map(({ fingerprint, figures }) => [fingerprint, figures]));
  const counted = first.series.map(({ fingerprint, since, figures }) => {
    const time = timed?.get(fingerprint);
    timed?.delete(fingerprint);
    return { fingerprint, since, ...shown(figures, timed === null ? null : time) };
  });
  // What the general log has no series of.
  for (const { fingerprint, since } of slow?.series ?? []) {
    const time = timed?.get(fingerprint);
    if (time !== undefined) counted.push({ fingerprint, since, ...shown(time, time) });
  }
  const all = counted.find(({ fingerprint }) => fingerprint === WHOLE);
  const { fingerprint: _, since: __, ...whole } = all ?? { fingerprint: WHOLE, since: 0, ...figuresOf() };
  const from = Math.max(startOf(span.from, step) || Number.NEGATIVE_INFINITY, startOf(first.first, step));
  const to = Math.min(Math.ceil(span.to / step) * step, startOf(first.last, step) + step);
  return {
    step,
    from: from < to ? from : null,
    to: from < to ? to : null,
    whole,
    statements: counted
      .filter(({ fingerprint, statements }) => fingerprint !== WHOLE && statements > 0)
      .sort((a, b) => (b.totalMicros ?? 0) - (a.totalMicros ?? 0) || b.statements - a.statements),
  };
}

/** @param time null where times are not known, undefined where nothing was timed */
const shown = (counted: number[], time: number[] | null | undefined): StepFigures =>
  figuresOf(new Figures(counted), time ? new Figures(time) : time);
