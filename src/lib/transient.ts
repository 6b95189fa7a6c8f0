/*
 * Transient faults of the platform: D1, R2 and Durable Objects fail so while they are moved, updated or overloaded. The
 * operation may have been done or not; a retry may succeed.
 *
 * D1 and R2 name them in the message only: D1's list is in its documentation under "Debug D1" (List of D1_ERRORs), R2's codes,
 * which stand at the end of a message, under "Error codes": 10001 InternalError, 10043 ServiceUnavailable, 10054
 * ClientDisconnect, 10058 TooManyRequests. Durable Objects mark theirs by properties ("Error handling").
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

/** Whether an error, or what it came from, is a transient fault of D1, R2 or a Durable Object. */
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

/** Retries what is safe to repeat, such as a read, once after a transient fault. */
export async function retryOnce<T>(event: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    return tryAgain(event, error, ask);
  }
}

/**
 * Repeats what is safe to repeat after it has failed, once, if the fault is a transient one.
 * @throws the error that it failed with, if it is not
 */
export async function tryAgain<T>(event: string, error: unknown, ask: () => Promise<T>): Promise<T> {
  if (!isTransientFault(error)) throw error;
  log.warn(event, { error: describeError(error).error });
  await scheduler.wait(equalJitter(PAUSE_MS, Math.random()));
  return ask();
}
