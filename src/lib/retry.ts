/*
 * Pauses between attempts, half of each at random so that those who failed together do not come back together ("equal jitter",
 * AWS Architecture Blog, "Exponential Backoff And Jitter").
 */

/** How long to wait between attempts, in milliseconds: after the first that failed, and at most. */
export interface Pauses {
  first: number;
  longest: number;
}

/** From a second to a minute. */
export const SECONDS_TO_A_MINUTE: Pauses = { first: 1000, longest: 60_000 };

/** A pause from half of `ceiling` to all of it; `random` is a number from 0 to 1. */
export const equalJitter = (ceiling: number, random: number): number => ceiling / 2 + (ceiling / 2) * random;

/**
 * How long to wait before the next attempt, in milliseconds: twice as long each time.
 * @param attempt how many attempts have failed, from 1
 * @param random a number from 0 to 1
 */
export function retryDelay(
  attempt: number,
  random: number,
  { first, longest }: Pauses = SECONDS_TO_A_MINUTE,
): number {
  const ceiling = Math.min(longest, first * 2 ** (attempt - 1));
  return Math.max(1, Math.round(equalJitter(ceiling, random)));
}
