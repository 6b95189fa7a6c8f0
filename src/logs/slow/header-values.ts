/*
 * The values in a header of the slow log, read from the text as it is: nothing is allocated.
 */

const SPACE = 32;
/** The last year whose microseconds since the epoch can be counted exactly, with any offset, is 2255. */
const MAX_YEAR = 2254;

/** The largest `timestamp` of a session, in seconds since the epoch. From MySQL 8.0.28 on, and before that and in MariaDB. */
export const MAX_SECOND = { mysql: 32_536_771_199, mariadb: 4_294_967_295 };
/**
 * The longest time that something took, in seconds. Where the server's clock was put back, a time is below zero, and is written as
 * nearly 2^64 microseconds. With the largest second of MariaDB's it makes a time that microseconds can count exactly.
 */
export const MAX_DURATION_SECONDS = 4_294_967_295;

let cachedDay = -1;
let cachedDayMicros = 0;

/**
 * `2026-11-27T18:00:05.187063Z` or with an offset, to `end`.
 * @returns microseconds since the epoch; NaN when it is no time that they can count exactly
 */
export function readIsoTime(text: string, at: number, end: number): number {
  if (text.charCodeAt(at + 10) !== 84 || text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45) {
    return Number.NaN;
  }
  if (text.charCodeAt(at + 19) !== 46) return Number.NaN;
  const year = twoDigits(text, at) * 100 + twoDigits(text, at + 2);
  const micros =
    twoDigits(text, at + 20) * 10_000 + twoDigits(text, at + 22) * 100 + twoDigits(text, at + 24);
  const day = dayMicros(year, twoDigits(text, at + 5), twoDigits(text, at + 8));
  const time = day + clockSeconds(text, at + 11) * 1_000_000 + micros;
  const zone = text.charCodeAt(at + 26);
  if (zone === 90) return end === at + 27 ? time : Number.NaN;
  if ((zone !== 43 && zone !== 45) || text.charCodeAt(at + 29) !== 58 || end !== at + 32) return Number.NaN;
  const offset = twoDigits(text, at + 27) * 60 + twoDigits(text, at + 30);
  const utc = time - (zone === 43 ? offset : -offset) * 60_000_000;
  return utc >= 0 ? utc : Number.NaN;
}

/** Whether there is a time as MariaDB writes it, `261127  8:01:10`. It is the session's clock, and not to be relied on. */
export function readClock(text: string, at: number): boolean {
  const day = twoDigits(text, at) + twoDigits(text, at + 2) + twoDigits(text, at + 4);
  return text.charCodeAt(at + 6) === SPACE && !Number.isNaN(day + clockSeconds(text, at + 7));
}

/** Where the digits that begin at `at` end. */
export function readDigits(text: string, from: number): number {
  let at = from;
  for (;;) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return at;
    at++;
  }
}

/** The number that two digits make; NaN when they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** `05:36:15` or ` 5:36:15` as seconds of the day; NaN when it is no time. Leap seconds are 60. */
function clockSeconds(text: string, at: number): number {
  if (text.charCodeAt(at + 2) !== 58 || text.charCodeAt(at + 5) !== 58) return Number.NaN;
  const hour = text.charCodeAt(at) === SPACE ? text.charCodeAt(at + 1) - 48 : twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  const isTime = hour >= 0 && hour <= 23 && minute <= 59 && second <= 60;
  return isTime ? hour * 3600 + minute * 60 + second : Number.NaN;
}

/** When the day began, in microseconds since the epoch; NaN when there is no such day. The last day is cached. */
function dayMicros(year: number, month: number, day: number): number {
  const days = (year * 16 + month) * 32 + day;
  if (days === cachedDay) return cachedDayMicros;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  const millis = Date.UTC(year, month - 1, day);
  // 31 June is no day, and Date.UTC reads years below 100 as 19xx.
  if (new Date(millis).getUTCDate() !== day || year < 1970 || year > MAX_YEAR) return Number.NaN;
  cachedDay = days;
  cachedDayMicros = millis * 1000;
  return cachedDayMicros;
}
