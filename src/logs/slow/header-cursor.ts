import { Units } from "../units.ts";

/*
 * Reads a header's parts where each stands right behind the one before: its names are compared as numbers of eight bytes, and no end of a
 * line is looked for.
 */

/** Numbers of so many digits fit into 31 bits. */
export const MAX_DIGITS = 9;
/** The most digits of whole seconds: with six more for microseconds, a number has exactly these. */
const MAX_SECONDS_DIGITS = 6;

const LF = 10;
const POINT = 46;
const SEMICOLON = 59;

// As numbers.
const YES = 0x596573;
const NO = 0x4e6f;

const encoder = new TextEncoder();

/** A name of 8 to 32 characters of ASCII as four numbers of eight bytes each, little-endian, which may overlap. None is NaN. */
export class Name {
  readonly length: number;
  readonly secondAt: number;
  readonly thirdAt: number;
  readonly lastAt: number;
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly last: number;

  constructor(text: string) {
    const view = new DataView(encoder.encode(text).buffer);
    this.length = text.length;
    this.lastAt = text.length - 8;
    this.secondAt = Math.min(8, this.lastAt);
    this.thirdAt = Math.min(16, this.lastAt);
    this.first = view.getFloat64(0, true);
    this.second = view.getFloat64(this.secondAt, true);
    this.third = view.getFloat64(this.thirdAt, true);
    this.last = view.getFloat64(this.lastAt, true);
  }

  /** Whether it is at a place, behind which there are at least so many bytes. A loop over its numbers would take twice as long. */
  isAt(view: DataView, at: number): boolean {
    return (
      view.getFloat64(at, true) === this.first &&
      view.getFloat64(at + this.secondAt, true) === this.second &&
      view.getFloat64(at + this.thirdAt, true) === this.third &&
      view.getFloat64(at + this.lastAt, true) === this.last
    );
  }
}

const TIMESTAMP = new Name("\nSET timestamp=");
/** `1795802403;` and a newline. */
const TIMESTAMP_LENGTH = 12;

/** A place in a text, from which names and numbers are read. What is not there leaves it anywhere. */
export class HeaderCursor {
  units = new Units();
  bytes: Uint8Array = this.units.bytes;
  view: DataView = this.units.view;
  /** Where the next thing to be read begins. */
  at = 0;
  /** The number that was read last. */
  value = 0;

  /** What follows the name of the timestamp that was read last, and its number. NaN equals nothing. */
  #timestampFirst = Number.NaN;
  #timestampLast = Number.NaN;
  #timestamp = 0;

  /** Goes to a place. */
  begin(units: Units, at: number): void {
    this.units = units;
    this.bytes = units.bytes;
    this.view = units.view;
    this.at = at;
  }

  /** Whether the text has so many bytes more. */
  hasBytes(length: number): boolean {
    return this.at + length <= this.bytes.length;
  }

  /** Whether a name is next. */
  has(name: Name): boolean {
    return this.at + name.length <= this.bytes.length && name.isAt(this.view, this.at);
  }

  /** Goes behind a name. @returns whether it is next */
  skip(name: Name): boolean {
    if (!this.has(name)) return false;
    this.at += name.length;
    return true;
  }

  /** Goes to the newline of the line that a place is in. @returns whether there is one */
  toEndOfLine(place: number): boolean {
    this.at = this.units.endOfLine(place);
    return this.at >= 0;
  }

  /**
   * A name, and the digits behind it, of which there is at least one, and at most MAX_DIGITS. As one function, this takes a fifth less
   * time for a header of log_slow_extra, which has 21 of them.
   */
  readNumber(name: Name): boolean {
    const bytes = this.bytes;
    const from = this.at + name.length;
    if (from > bytes.length || !name.isAt(this.view, this.at)) return false;
    let at = from;
    let value = 0;
    for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; ) {
      value = (value * 10 + digit) | 0;
      digit = (bytes[++at] as number) - 48;
    }
    this.value = value;
    this.at = at;
    return at > from && at - from <= MAX_DIGITS;
  }

  /** A name, and seconds with six decimals, as microseconds. */
  readMicros(name: Name): boolean {
    const from = this.at + name.length;
    if (!this.readNumber(name) || !this.hasBytes(7)) return false;
    const bytes = this.bytes;
    const point = this.at;
    const micros = sixDigits(bytes, point + 1);
    if (bytes[point] !== POINT || micros < 0 || point - from > MAX_SECONDS_DIGITS) return false;
    this.value = this.value * 1_000_000 + micros;
    this.at = point + 7;
    return true;
  }

  /** A newline and `SET timestamp=1795802403;`: ten digits since 2001, and until 2286. Mostly it is that of the header before. */
  readTimestamp(): boolean {
    if (!this.skip(TIMESTAMP) || !this.hasBytes(TIMESTAMP_LENGTH)) return false;
    const from = this.at;
    const view = this.view;
    const first = view.getFloat64(from, true);
    const last = view.getFloat64(from + TIMESTAMP_LENGTH - 8, true);
    if (first !== this.#timestampFirst || last !== this.#timestampLast) {
      const bytes = this.bytes;
      const high = sixDigits(bytes, from);
      // What stands before the last four was read.
      const low = sixDigits(bytes, from + 4);
      if (high < 0 || low < 0 || bytes[from + 10] !== SEMICOLON || bytes[from + 11] !== LF) return false;
      this.#timestampFirst = first;
      this.#timestampLast = last;
      this.#timestamp = high * 10_000 + (low % 10_000);
    }
    this.value = this.#timestamp;
    this.at = from + TIMESTAMP_LENGTH;
    return true;
  }

  /** `Yes` as 1, `No` as 0. */
  readYesOrNo(): boolean {
    if (!this.hasBytes(4)) return false;
    const word = this.view.getInt32(this.at);
    const isYes = word >>> 8 === YES;
    if (!isYes && word >>> 16 !== NO) return false;
    this.value = isYes ? 1 : 0;
    this.at += isYes ? 3 : 2;
    return true;
  }
}

/** The number that six digits make, of bytes that are there; -1 when they are none. */
export function sixDigits(bytes: Uint8Array, at: number): number {
  const a = (bytes[at] as number) - 48;
  const b = (bytes[at + 1] as number) - 48;
  const c = (bytes[at + 2] as number) - 48;
  const d = (bytes[at + 3] as number) - 48;
  const e = (bytes[at + 4] as number) - 48;
  const f = (bytes[at + 5] as number) - 48;
  // Of a number below zero the highest bit is set.
  if ((a | b | c | d | e | f) < 0 || a > 9 || b > 9 || c > 9 || d > 9 || e > 9 || f > 9) return -1;
  return a * 100_000 + b * 10_000 + c * 1000 + d * 100 + e * 10 + f;
}
