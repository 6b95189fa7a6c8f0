import { endOfIsoTime, isoYear, readIsoTime } from "../times.ts";

/*
 * The values in a header of the slow log, read from its units: nothing is allocated.
 */

/** The text is not the beginning of a header. */
export const NONE = -1;
/** It may be, but more of it has to be read. */
export const INCOMPLETE = -2;

/** The last year whose microseconds since the epoch can be counted exactly, with any offset, is 2255. */
const MAX_YEAR = 2254;

/** The largest `timestamp` of a session, in seconds since the epoch. From MySQL 8.0.28 on, and before that and in MariaDB. */
export const MAX_SECOND = { mysql: 32_536_771_199, mariadb: 4_294_967_295 };
/**
 * The longest time that something took, in seconds. Where the server's clock was put back, a time is below zero, and is written as
 * nearly 2^64 microseconds. With the largest second of MariaDB's it makes a time that microseconds can count exactly.
 */
export const MAX_DURATION_SECONDS = 4_294_967_295;

/**
 * `2026-11-27T18:00:05.187063Z` or with an offset, to `end`.
 * @returns microseconds since the epoch; NaN when it is no time that they can count exactly
 */
export function readEndTime(units: Uint8Array, at: number, end: number): number {
  // The shortest form. What is read is in the text so.
  if (end - at < 27) return Number.NaN;
  const time = readIsoTime(units, at);
  const isExact = time >= 0 && isoYear(units, at) <= MAX_YEAR;
  return isExact && endOfIsoTime(units, at) === end ? time : Number.NaN;
}
