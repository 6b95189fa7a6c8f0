/*
 * Faults of the platform that pass by themselves: D1, R2 and Durable Objects answer so while they move, are updated or have too
 * much to do. What failed may have been done or not; the same asked again may well be answered.
 *
 * D1 and R2 have no codes for them but the words of the message: D1's list is in its documentation under "Debug D1" (List of
 * D1_ERRORs), R2's codes, which stand at the end of a message, under "Error codes": 10001 InternalError, 10043
 * ServiceUnavailable, 10054 ClientDisconnect, 10058 TooManyRequests. Durable Objects mark theirs by properties ("Error
 * handling").
 */

import { describeError, log } from "./log.ts";
import { equalJitter } from "./retry.ts";

const WORDS = [
  /network connection lost/i,
  /because its code was updated/i,
  /code has been updated/i,
  /caused object to be reset/i,
  /exceeded timeout/i,
  /\boverloaded\b/i,
  /too many requests queued/i,
  /transient issue/i,
  /internal error/i,
  /^\w+: .*\((?:0|10001|10043|10054|10058)\)$/s,
];

/** Whether an error, or what it came from, is a fault of D1, R2 or a Durable Object that passes by itself. */
export function isTransientFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { retryable, overloaded, durableObjectReset } = error as Marked;
  if (retryable === true || overloaded === true || durableObjectReset === true) return true;
  return WORDS.some((words) => words.test(error.message)) || isTransientFault(error.cause);
}

/** What the platform sets on errors of Durable Objects. */
interface Marked extends Error {
  retryable?: unknown;
  overloaded?: unknown;
  durableObjectReset?: unknown;
}

/** The longest pause before the second try, in milliseconds. */
const PAUSE_MS = 100;

/** Asks for what can be asked for again, such as a read: once more after a fault that passes. */
export async function askTwice<T>(event: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isTransientFault(error)) throw error;
    log.warn(event, { error: describeError(error).error });
  }
  await scheduler.wait(equalJitter(PAUSE_MS, Math.random()));
  return ask();
}
