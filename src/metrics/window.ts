import { isoTime } from "../lib/values.ts";
import { type PointSource, periodTooFine, tooManyPoints } from "./refusals.ts";
import { finestAt, KEPT_AT_MOST_MS, RETENTION } from "./retention.ts";

/*
 * Which time and period CloudWatch is asked for. Times in milliseconds since the epoch, periods in seconds.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The time that metrics are wanted of: `start` is null before it begins, `end` while it goes on. */
export interface Span {
  start: number | null;
  end: number | null;
}

/** What CloudWatch is to be asked: whole periods from `start`, inclusive, to `end`, exclusive. */
export interface MetricsWindow {
  start: number;
  end: number;
  period: number;
}

/** The most points that a metric has unless another period is asked for: a day of minutes. */
const MAX_POINTS = 1440;
/** The most points of all metrics of one reply: what one page of GetMetricData can hold. */
export const MAX_REPLY_POINTS = 100_800;

/**
 * The window and period to ask CloudWatch for: the capture's, widened to whole periods, so that a short capture still has
 * points; no further back than CloudWatch keeps anything.
 * @returns null when there can't be any points: before the start, or when CloudWatch has forgotten all of it
 * @throws ApiError 400 for a period that CloudWatch does not have any more, or that makes too many points
 */
export function metricsWindow(
  span: Span,
  period: number | undefined,
  metrics: number,
  now: number,
): MetricsWindow | null {
  const kept = keptPart(span, now);
  return kept && chooseWindow(kept, period, metrics, finestAt(now), "cloudwatch");
}

/** The capture's window as CloudWatch still has it, in the smallest period that it has for all of it; null when it has none. */
export function keptWindow(span: Span, now: number): MetricsWindow | null {
  const kept = keptPart(span, now);
  if (kept === null) return null;
  // Smallest period first.
  const windows = RETENTION.map(({ period }) => align(kept, period));
  return windows.find((window) => isMadeOfPoints(window, finestAt(now))) ?? windows.at(-1) ?? null;
}

/**
 * The window in which a capture's metrics are asked for to answer whatever is asked of them, in the smallest period that
 * CloudWatch has: periods of up to a day are whole in it, those through which the capture's start and end run among them. Of
 * longer ones it has no more than a day before and after the capture; nothing from before CloudWatch's points of its period.
 * @returns null when CloudWatch has none
 */
export function baseWindow(span: Span, now: number): MetricsWindow | null {
  const kept = keptPart(span, now);
  if (kept === null) return null;
  const period = finestAt(now)(floor(kept.start, MINUTE_MS));
  const first = floor(kept.start, period * 1000);
  const dayBefore = floor(kept.start - DAY_MS, period * 1000);
  const start = Math.min(first, Math.max(dayBefore, oldestPoint(period, now)));
  return align({ start, end: Math.min(kept.end + DAY_MS, now) }, period);
}

/** The beginning of the oldest point of a period that CloudWatch has, and still will have when it is asked. */
function oldestPoint(period: number, now: number): number {
  const keptMs = RETENTION.find((kind) => kind.period === period)?.keptMs ?? KEPT_AT_MOST_MS;
  // As in `finestAt`, and a period more, since it is asked for later than now.
  return floor(now + MINUTE_MS - keptMs, period * 1000) + 2 * period * 1000;
}

/** As much of a span as CloudWatch still has points of; null when it has none. */
function keptPart(span: Span, now: number): { start: number; end: number } | null {
  const end = span.end ?? now;
  if (span.start === null || end <= now - KEPT_AT_MOST_MS) return null;
  // One period less, or the oldest would be gone by the time it is asked for.
  return { start: Math.max(span.start, now - KEPT_AT_MOST_MS + 3_600_000), end };
}

/**
 * The window to show: in the period that was asked for, or else the smallest that makes no more than 1,440 points of a metric.
 * @param finestPeriod the period (seconds) of the finest points that there are of a time
 * @param source who has them, for the message of a refusal
 * @throws ApiError 400 for a period that is no multiple of the finest, or that makes too many points
 */
export function chooseWindow(
  span: { start: number; end: number },
  period: number | undefined,
  metrics: number,
  finestPeriod: (time: number) => number,
  source: PointSource,
): MetricsWindow {
  if (period === undefined) return smallestWindow(span, finestPeriod);
  const window = align(span, period);
  requirePoints(window, finestPeriod, source);
  requireFewPoints(window, metrics);
  return window;
}

/** The window in the smallest period that there are points for, and that makes no more than 1,440 of them. */
function smallestWindow(
  span: { start: number; end: number },
  finestPeriod: (time: number) => number,
): MetricsWindow {
  const step = finestPeriod(floor(span.start, MINUTE_MS));
  let window = align(span, step);
  while (points(window) > MAX_POINTS || !isMadeOfPoints(window, finestPeriod)) {
    window = align(span, window.period + step);
  }
  return window;
}

/**
 * Whether a window's periods can be made of the points that there are. Whole periods begin before the capture does, where
 * there may be coarser points only.
 */
const isMadeOfPoints = (window: MetricsWindow, finestPeriod: (time: number) => number): boolean =>
  window.period % finestPeriod(window.start) === 0;

function requirePoints(
  window: MetricsWindow,
  finestPeriod: (time: number) => number,
  source: PointSource,
): void {
  if (isMadeOfPoints(window, finestPeriod)) return;
  throw periodTooFine(source, finestPeriod(window.start));
}

function requireFewPoints(window: MetricsWindow, metrics: number): void {
  if (points(window) * metrics <= MAX_REPLY_POINTS) return;
  throw tooManyPoints(MAX_REPLY_POINTS);
}

/**
 * A window in parts that are asked for one at a time, oldest first: retention deletes the oldest first.
 * @param most how many points of a metric a part has
 */
export function* slicesOf({ start, end, period }: MetricsWindow, most: number): Generator<MetricsWindow> {
  const step = most * period * 1000;
  for (let from = start; from < end; from += step) {
    yield { start: from, end: Math.min(from + step, end), period };
  }
}

/** Widens a span to whole periods, one at least. */
function align({ start, end }: { start: number; end: number }, period: number): MetricsWindow {
  const periodMs = period * 1000;
  const first = floor(start, periodMs);
  const last = Math.ceil(end / periodMs) * periodMs;
  return { start: first, end: Math.max(last, first + periodMs), period };
}

const floor = (time: number, step: number): number => Math.floor(time / step) * step;

/** How many points of a metric a window has room for. */
export const points = ({ start, end, period }: MetricsWindow): number => (end - start) / (period * 1000);

/** Says that CloudWatch has forgotten the beginning of a window, if it has; null when the window is whole. */
export function forgotten(span: Pick<Span, "start">, window: MetricsWindow | null): string | null {
  if (span.start === null) return null;
  if (window === null) return "CloudWatch has forgotten all of it";
  return window.start <= span.start ? null : `CloudWatch has forgotten all before ${isoTime(window.start)}`;
}
