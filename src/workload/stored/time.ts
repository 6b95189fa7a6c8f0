import { ByteWords } from "../../lib/byte-words.ts";
import { lazy } from "../../lib/lazy.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** `000` to `999`: to write a number anew for each time takes several times as long. */
const threeDigits = lazy(() => Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, "0")));

let second = -1;
let secondText = "";

/** A record's time as it is stored and shown, in UTC with microseconds: `2026-11-23T05:36:15.123456Z`. */
export function formatTime(timeMicros: number): string {
  const seconds = Math.floor(timeMicros / 1_000_000);
  if (seconds !== second) {
    second = seconds;
    secondText = new Date(seconds * 1000).toISOString().slice(0, 20);
  }
  const micros = timeMicros - seconds * 1_000_000;
  const millis = Math.floor(micros / 1000);
  const digits = threeDigits();
  return `${secondText}${digits[millis]}${digits[micros - millis * 1000]}Z`;
}

/** The second that lines were last written of: when it began, in microseconds since the epoch, and their beginning. */
const lineSecond = { micros: Number.NaN, start: new ByteWords("    ") };

/** Writes the beginning of a record's line: `{"time":"2026-11-23T05:36:15.123456`. */
export function writeTime(lines: LineBuffer, timeMicros: number): void {
  lines.part(lineStartOf(timeMicros));
  lines.digits(microsOfLine(timeMicros), 6);
}

/** The same beginning without the last six digits. */
export function lineStartOf(timeMicros: number): ByteWords {
  const micros = timeMicros - lineSecond.micros;
  if (!(micros >= 0 && micros < 1_000_000)) {
    lineSecond.start = new ByteWords(`{"time":"${formatTime(timeMicros).slice(0, -7)}`);
    lineSecond.micros = Math.floor(timeMicros / 1_000_000) * 1_000_000;
  }
  return lineSecond.start;
}

/** Those six digits as a number, of the time whose beginning was asked for last: the microseconds of its second. */
export const microsOfLine = (timeMicros: number): number => timeMicros - lineSecond.micros;

/** What formatTime writes. */
export const STORED_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * Reads a time as formatTime writes it.
 * @returns microseconds since the epoch; NaN for any other text
 */
export function parseTime(time: string): number {
  if (!STORED_TIME.test(time)) return Number.NaN;
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}
