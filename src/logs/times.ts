import type { Units } from "./units.ts";

/*
 * Times as servers write them into their logs, read from a text's units (units.ts): nothing is allocated.
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
export function readIsoTime(units: Uint8Array, at: number): number {
  if (units[at + 10] !== CAPITAL_T || units[at + 4] !== MINUS || units[at + 7] !== MINUS) {
    return Number.NaN;
  }
  if (units[at + 19] !== DOT) return Number.NaN;
  const micros = sixDigits(units, at + 20);
  const day = dayMicros(isoYear(units, at), twoDigits(units, at + 5), twoDigits(units, at + 8));
  const time = day + clockSeconds(units, at + 11) * 1_000_000 + micros;
  const zone = units[at + 26];
  if (zone === CAPITAL_Z) return time;
  if ((zone !== PLUS && zone !== MINUS) || units[at + 29] !== COLON) return Number.NaN;
  const offset = twoDigits(units, at + 27) * 60 + twoDigits(units, at + 30);
  return time - (zone === PLUS ? offset : -offset) * 60_000_000;
}

/** Reads times of that form, many of the same second in a row: of such a time only what differs is read. */
export class IsoTimes {
  /** `2026-11-23T05:36:15.` of the time before in UTC: sixteen bytes as two doubles, and the last four. */
  #first = Number.NaN;
  #next = Number.NaN;
  #last = 0;
  #secondMicros = Number.NaN;

  /** What readIsoTime does. */
  read(units: Units, at: number): number {
    const { bytes, view } = units;
    if (at + 27 > bytes.length) return Number.NaN;
    if (bytes[at + 26] !== CAPITAL_Z) return readIsoTime(bytes, at);
    // Equal doubles are equal bytes, but for zeros, which no time has.
    const first = view.getFloat64(at);
    const next = view.getFloat64(at + 8);
    const last = view.getInt32(at + 16);
    if (last === this.#last && next === this.#next && first === this.#first) {
      return this.#secondMicros + sixDigits(bytes, at + 20);
    }
    const time = readIsoTime(bytes, at);
    if (Number.isNaN(time)) return time;
    this.#first = first;
    this.#next = next;
    this.#last = last;
    this.#secondMicros = time - sixDigits(bytes, at + 20);
    return time;
  }
}

/** Where the time ends that readIsoTime has read at `at`. */
export function endOfIsoTime(units: Uint8Array, at: number): number {
  return at + (units[at + 26] === CAPITAL_Z ? 27 : 32);
}

/** The year of such a time; NaN when there is none. */
export function isoYear(units: Uint8Array, at: number): number {
  return twoDigits(units, at) * 100 + twoDigits(units, at + 2);
}

/**
 * `261123  5:36:15`, as MariaDB and MySQL before 5.7 write a local time.
 * @returns microseconds since the epoch, as if it was in UTC; NaN when it is no time
 */
export function readLocalTime(units: Uint8Array, at: number): number {
  const day = dayMicros(2000 + twoDigits(units, at), twoDigits(units, at + 2), twoDigits(units, at + 4));
  return day + clockSeconds(units, at + 7) * 1_000_000;
}

/** Whether there is something of that form at `at`; its day may be none. */
export function hasLocalTime(units: Uint8Array, at: number): boolean {
  const day = twoDigits(units, at) + twoDigits(units, at + 2) + twoDigits(units, at + 4);
  return units[at + 6] === SPACE && !Number.isNaN(day + clockSeconds(units, at + 7));
}

/** The number that six digits make; NaN when they are none. */
function sixDigits(units: Uint8Array, at: number): number {
  return twoDigits(units, at) * 10_000 + twoDigits(units, at + 2) * 100 + twoDigits(units, at + 4);
}

/** The number that two digits make; NaN when they are none. */
function twoDigits(units: Uint8Array, at: number): number {
  const tens = (units[at] as number) - 48;
  const ones = (units[at + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

/** `05:36:15` or ` 5:36:15` as seconds of the day; NaN when it is no time. Leap seconds are 60. */
function clockSeconds(units: Uint8Array, at: number): number {
  if (units[at + 2] !== COLON || units[at + 5] !== COLON) return Number.NaN;
  const hour = units[at] === SPACE ? (units[at + 1] as number) - 48 : twoDigits(units, at);
  const minute = twoDigits(units, at + 3);
  const second = twoDigits(units, at + 6);
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
