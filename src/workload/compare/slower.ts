import type { Figures } from "../timing/figures.ts";
import { RELATIVE_ERROR } from "../timing/histogram.ts";
import { type Interval, percentileInterval } from "./statistics.ts";

/*
 * Whether a statement takes longer than it did, by a threshold and by more than chance: in a comparison of captures, and of replays.
 */

/** The parts of the percentiles that are compared. */
export const COMPARED_PARTS = [0.5, 0.95];

/** Whether one amount is above another by the threshold. */
export type IsAbove = (high: number, low: number) => boolean;

/** @param minChange the threshold: 0.2 stands for 1.2 times as much */
export const aboveBy =
  (minChange: number): IsAbove =>
  (high, low) =>
    high > low && high >= low * (1 + minChange);

/** By how much one of two equal percentiles may be read higher than the other. */
const MAX_ERROR = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);

/** Whether the interval of a percentile is above another one, also where both are misread as far as they can be. */
export const isIntervalAbove = (high: Interval, low: Interval): boolean => high.low > low.high * MAX_ERROR;

/**
 * Whether a percentile has risen.
 * @param part from 0 to 1
 * @returns null where there are too few calls to say, or they have no times
 */
export function isSlower(after: Figures, before: Figures, part: number, isAbove: IsAbove): boolean | null {
  const [to, from] = [percentileInterval(after, part), percentileInterval(before, part)];
  if (to === null || from === null) return null;
  if (!isIntervalAbove(to, from)) return false;
  return isAbove(after.quantiles([part])?.[0] ?? 0, before.quantiles([part])?.[0] ?? 0);
}
