import type { Figures } from "../timing/figures.ts";

/*
 * Whether two measurements of a statement differ by more than chance. Thousands of statements are compared at once, so each test is
 * made for one error in a thousand. Statements come in bursts, which makes counts vary more than these tests assume: what they find
 * is no proof, and what they do not find is most likely nothing.
 */

/** How far from 0 a standard normal value has to be: by chance it is so once in a thousand times. */
export const SURE = 3.29;

/** How many of something there were in how much, such as calls in minutes. */
export interface Observed {
  events: number;
  exposure: number;
}

/**
 * How much the rate of one Poisson count is above that of another, as a standard normal value: 0 where there is no difference, or
 * nothing was observed. By the variance-stabilising square root, which holds for small counts too (Huffman, "An Improved Approximate
 * Two-Sample Poisson Test", 1984; W5 of Gu, Ng, Tang, Schucany, "Testing the Ratio of Two Poisson Rates", 2008).
 */
export function rateDifference(one: Observed, other: Observed): number {
  if (one.exposure <= 0 || other.exposure <= 0) return 0;
  const ratio = one.exposure / other.exposure;
  const difference = Math.sqrt(one.events + 3 / 8) - Math.sqrt(ratio * (other.events + 3 / 8));
  return (2 * difference) / Math.sqrt(1 + ratio);
}

/** A sum of times with the sum of their squares, in how much. */
export interface ObservedTime extends Observed {
  squares: number;
}

/**
 * How much more time one takes than another, as `rateDifference`: of a compound Poisson process, calls at random of times that vary,
 * the variance of the sum is the sum of the squares.
 */
export function timeDifference(one: ObservedTime, other: ObservedTime): number {
  if (one.exposure <= 0 || other.exposure <= 0) return 0;
  const variance = one.squares / one.exposure ** 2 + other.squares / other.exposure ** 2;
  if (variance === 0) return 0;
  return (one.events / one.exposure - other.events / other.exposure) / Math.sqrt(variance);
}

/** A sum of something over some calls, and by how much calls vary: the variance of one, as a part of its mean squared. */
export interface ObservedCalls {
  sum: number;
  calls: number;
  spread: number;
}

/**
 * How much more a call has of something than another, as `rateDifference`: the logarithm of the ratio of the means, by its error. With
 * half of one more in each, so that none at all has a logarithm.
 */
export function meanDifference(one: ObservedCalls, other: ObservedCalls): number {
  if (one.calls === 0 || other.calls === 0) return 0;
  const ratio = ((one.sum + 0.5) * other.calls) / ((other.sum + 0.5) * one.calls);
  return Math.log(ratio) / Math.sqrt(one.spread / one.calls + other.spread / other.calls);
}

/** How wide the intervals of percentiles are: where two equally wide ones do not meet, the difference is above SURE. */
const INTERVAL = SURE / Math.SQRT2;

/** The least and the most that a percentile can be taken for. Microseconds. */
export interface Interval {
  low: number;
  high: number;
}

/** Calls of which only a bound of their times is known. */
export interface ShortCalls {
  calls: number;
  /** Each took less. Microseconds. */
  belowMicros: number;
}

const NO_CALLS: ShortCalls = { calls: 0, belowMicros: 0 };

/**
 * The interval of a percentile: the durations at the ranks around it, whatever their distribution is (David and Nagaraja, "Order
 * Statistics", 2003, section 7.1).
 * @param part from 0 to 1
 * @param short calls besides those of the figures, all shorter than those
 * @returns null where there are too few durations to say: for the median fewer than 9, for the 95th percentile fewer than 103
 */
export function percentileInterval(figures: Figures, part: number, short = NO_CALLS): Interval | null {
  const calls = figures.calls + short.calls;
  const middle = calls * part;
  const around = INTERVAL * Math.sqrt(middle * (1 - part));
  const [lowest, highest] = [Math.floor(middle - around), Math.ceil(middle + around)];
  if (lowest < 1 || highest > calls) return null;
  if (highest <= short.calls) return { low: 0, high: short.belowMicros };
  // Half a rank less, so that rounding does not lead to the next.
  const partAt = (rank: number) => Math.max(0, rank - 0.5 - short.calls) / figures.calls;
  const found = figures.quantiles([partAt(lowest), partAt(highest)]);
  return found && { low: lowest <= short.calls ? 0 : (found[0] as number), high: found[1] as number };
}
