/*
 * Times as servers write them into their logs, read from the text as it is: nothing is allocated.
 */

const MINUS = 45;
const PLUS = 43;
const DOT = 46;
const COLON = 58;
const SPACE = 32;
const CAPITAL_T = 84;
const CAPITAL_Z = 90;

let cachedDay = -1;
let cachedDayMicros = 0;

/**
 * `2026-11-23T05:36:15.123456Z`, or with an offset instead of the Z.
 * @returns microseconds since the epoch; NaN when it is no time
 */
export function readIsoTime(text: string, at: number): number {
  if (
    text.charCodeAt(at + 10) !== CAPITAL_T ||
    text.charCodeAt(at + 4) !== MINUS ||
    text.charCodeAt(at + 7) !== MINUS
  ) {
    return Number.NaN;
  }
  if (text.charCodeAt(at + 19) !== DOT) return Number.NaN;
  const micros =
    twoDigits(text, at + 20) * 10_000 + twoDigits(text, at + 22) * 100 + twoDigits(text, at + 24);
  const day = dayMicros(isoYear(text, at), twoDigits(text, at + 5), twoDigits(text, at + 8));
  const time = day + clockSeconds(text, at + 11) * 1_000_000 + micros;
  const zone = text.charCodeAt(at + 26);
  if (zone === CAPITAL_Z) return time;
  if ((zone !== PLUS && zone !== MINUS) || text.charCodeAt(at + 29) !== COLON) return Number.NaN;
  const offset = twoDigits(text, at + 27) * 60 + twoDigits(text, at + 30);
  return time - (zone === PLUS ? offset : -offset) * 60_000_000;
}

/** Where the time ends that readIsoTime has read at `at`. */
export function endOfIsoTime(text: string, at: number): number {
  return at + (text.charCodeAt(at + 26) === CAPITAL_Z ? 27 : 32);
}

/** The year of such a time; NaN when there is none. */
export function isoYear(text: string, at: number): number {
  return twoDigits(text, at) * 100 + twoDigits(text, at + 2);
}

/**
 * `261123  5:36:15`, as MariaDB and MySQL before 5.7 write a local time.
 * @returns microseconds since the epoch, as if it was in UTC; NaN when it is no time
 */
export function readLocalTime(text: string, at: number): number {
  const day = dayMicros(2000 + twoDigits(text, at), twoDigits(text, at + 2), twoDigits(text, at + 4));
  return day + clockSeconds(text, at + 7) * 1_000_000;
}

/** Whether there is something of that form at `at`; its day may be none. */
export function hasLocalTime(text: string, at: number): boolean {
  const day = twoDigits(text, at) + twoDigits(text, at + 2) + twoDigits(text, at + 4);
  return text.charCodeAt(at + 6) === SPACE && !Number.isNaN(day + clockSeconds(text, at + 7));
}

/** The number that two digits make; NaN when they are none. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** `05:36:15` or ` 5:36:15` as seconds of the day; NaN when it is no time. Leap seconds are 60. */
function clockSeconds(text: string, at: number): number {
  if (text.charCodeAt(at + 2) !== COLON || text.charCodeAt(at + 5) !== COLON) return Number.NaN;
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
  if (new Date(millis).getUTCDate() !== day || year < 1970) return Number.NaN;
  cachedDay = days;
  cachedDayMicros = millis * 1000;
  return cachedDayMicros;
}
