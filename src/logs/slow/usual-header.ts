import type { Units } from "../units.ts";
import type { HeaderFields } from "./header-fields.ts";
import { NONE, readEndTime } from "./header-values.ts";

/*
 * The header that MySQL writes before nearly every entry: with a time in UTC, of an account that was read before, without log_slow_extra
 * and without `use`. Each part of it stands right behind the one before, so that no end of a line is looked for. Whatever else a header
 * may be, header.ts reads, and this one too where it does not.
 */

/** Such a header is shorter: closer to the end of a text, none is read. */
const MAX_LENGTH = 512;
/** The longest account, and the most blanks before an id, that such a header has. */
const MAX_ACCOUNT = 256;
const MAX_BLANKS = 16;
/** Numbers of so many digits fit into 31 bits. */
const MAX_DIGITS = 9;
/** The most digits of whole seconds: with six more for microseconds, a number has exactly these. */
const MAX_SECONDS_DIGITS = 6;
/** `2026-11-27T18:00:05.` before the microseconds. */
const SECOND_LENGTH = 20;

const LF = 10;
const SPACE = 32;
const POINT = 46;
const COLON = 58;
const SEMICOLON = 59;

const encoder = new TextEncoder();

/** A name of 8 to 24 characters of ASCII as three numbers of eight bytes each, which may overlap. None of them is NaN or 0. */
class Name {
  readonly length: number;
  readonly middleAt: number;
  readonly lastAt: number;
  readonly first: number;
  readonly middle: number;
  readonly last: number;

  constructor(text: string) {
    const view = new DataView(encoder.encode(text).buffer);
    this.length = text.length;
    this.lastAt = text.length - 8;
    this.middleAt = Math.min(8, this.lastAt);
    this.first = view.getFloat64(0);
    this.middle = view.getFloat64(this.middleAt);
    this.last = view.getFloat64(this.lastAt);
  }

  /** Whether it is at a place, behind which there are at least so many bytes. A loop over its numbers would take twice as long. */
  isAt(view: DataView, at: number): boolean {
    return (
      view.getFloat64(at) === this.first &&
      view.getFloat64(at + this.middleAt) === this.middle &&
      view.getFloat64(at + this.lastAt) === this.last
    );
  }
}

const TIME = new Name("# Time: ");
const USER_HOST = new Name("Z\n# User@Host: ");
/** `  Id`, before a colon. */
const ID = 0x20204964;
const QUERY_TIME = new Name("\n# Query_time: ");
const LOCK_TIME = new Name("  Lock_time: ");
const ROWS_SENT = new Name(" Rows_sent: ");
const ROWS_EXAMINED = new Name("  Rows_examined: ");
const TIMESTAMP = new Name("\nSET timestamp=");

/** Reads such headers, one at a time. */
export class UsualHeader {
  /** `2026-11-27T18:00:05.` of the time that was read last, in numbers as a Name has them, and when that second began. NaN equals nothing. */
  #first = Number.NaN;
  #middle = Number.NaN;
  #last = Number.NaN;
  #secondMicros = 0;
  /** `1795802403;` and a newline, of the timestamp that was read last, and that number. */
  #startFirst = Number.NaN;
  #startLast = Number.NaN;
  #startSecond = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  /** Where the next thing to be read begins. */
  #at = 0;
  /** The number that was read last. */
  #value = 0;

  /** Reads the header at `at` into fields. @returns where its statement begins, or NONE where it is not such a header */
  read(units: Units, at: number, fields: HeaderFields): number {
    const { bytes, view } = units;
    if (bytes.length - at < MAX_LENGTH || !TIME.isAt(view, at)) return NONE;
    this.#bytes = bytes;
    this.#view = view;
    this.#at = at + TIME.length;
    if (!this.#readTime()) return NONE;
    const endMicros = this.#value;
    if (!this.#readThread(units, fields)) return NONE;
    const threadId = this.#value;
    if (!this.#readMicros(QUERY_TIME)) return NONE;
    const durationMicros = this.#value;
    if (!this.#readMicros(LOCK_TIME)) return NONE;
    const lockMicros = this.#value;
    if (!this.#readNumber(ROWS_SENT)) return NONE;
    const rowsSent = this.#value;
    if (!this.#readNumber(ROWS_EXAMINED)) return NONE;
    const rowsExamined = this.#value;
    if (!this.#readTimestamp()) return NONE;
    fields.server = "mysql";
    fields.endMicros = endMicros;
    fields.startSecond = this.#value;
    fields.threadId = threadId;
    fields.db = null;
    fields.durationMicros = durationMicros;
    fields.lockMicros = lockMicros;
    fields.rowsSent = rowsSent;
    fields.rowsExamined = rowsExamined;
    fields.rowsAffected = undefined;
    fields.bytesSent = undefined;
    fields.queryCacheHit = undefined;
    fields.figures = null;
    return this.#at;
  }

  /** `2026-11-27T18:00:05.187063`, of which the second is mostly that of the time before. */
  #readTime(): boolean {
    const at = this.#at;
    const view = this.#view;
    const micros = sixDigits(this.#bytes, at + SECOND_LENGTH);
    if (micros < 0) return false;
    const first = view.getFloat64(at);
    const middle = view.getFloat64(at + 8);
    const last = view.getFloat64(at + SECOND_LENGTH - 8);
    if (first !== this.#first || middle !== this.#middle || last !== this.#last) {
      const end = at + SECOND_LENGTH + 6;
      const time = readEndTime(this.#bytes, at, end + 1);
      if (Number.isNaN(time)) return false;
      this.#first = first;
      this.#middle = middle;
      this.#last = last;
      this.#secondMicros = time - micros;
    }
    this.#value = this.#secondMicros + micros;
    this.#at = at + SECOND_LENGTH + 6;
    return true;
  }

  /** The line of the user, with the connection's id: `  Id:     8`. */
  #readThread(units: Units, fields: HeaderFields): boolean {
    const bytes = this.#bytes;
    if (!USER_HOST.isAt(this.#view, this.#at)) return false;
    const from = this.#at + USER_HOST.length;
    const end = fields.account.skipKnown(units, from);
    if (end < 0 || end - from > MAX_ACCOUNT) return false;
    if (this.#view.getInt32(end) !== ID || bytes[end + 4] !== COLON) return false;
    let at = end + 5;
    for (const last = at + MAX_BLANKS; bytes[at] === SPACE && at < last; ) at++;
    return this.#readDigits(at);
  }

  #readNumber(name: Name): boolean {
    return name.isAt(this.#view, this.#at) && this.#readDigits(this.#at + name.length);
  }

  /** Seconds with six decimals, as microseconds. */
  #readMicros(name: Name): boolean {
    const from = this.#at + name.length;
    if (!this.#readNumber(name)) return false;
    const bytes = this.#bytes;
    const point = this.#at;
    const micros = sixDigits(bytes, point + 1);
    if (bytes[point] !== POINT || micros < 0 || point - from > MAX_SECONDS_DIGITS) return false;
    this.#value = this.#value * 1_000_000 + micros;
    this.#at = point + 7;
    return true;
  }

  /** `SET timestamp=1795802403;`, a number of ten digits since 2001, and until 2286. Mostly it is that of the header before. */
  #readTimestamp(): boolean {
    const view = this.#view;
    if (!TIMESTAMP.isAt(view, this.#at)) return false;
    const from = this.#at + TIMESTAMP.length;
    const first = view.getFloat64(from);
    const last = view.getFloat64(from + 4);
    if (first !== this.#startFirst || last !== this.#startLast) {
      const bytes = this.#bytes;
      const high = sixDigits(bytes, from);
      // What stands before the last four was read.
      const low = sixDigits(bytes, from + 4);
      if (high < 0 || low < 0 || bytes[from + 10] !== SEMICOLON || bytes[from + 11] !== LF) return false;
      this.#startFirst = first;
      this.#startLast = last;
      this.#startSecond = high * 10_000 + (low % 10_000);
    }
    this.#value = this.#startSecond;
    this.#at = from + 12;
    return true;
  }

  /** Reads the digits from `from` on. @returns whether there are any, and no more than MAX_DIGITS */
  #readDigits(from: number): boolean {
    const bytes = this.#bytes;
    let at = from;
    let value = 0;
    for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9; ) {
      value = (value * 10 + digit) | 0;
      digit = (bytes[++at] as number) - 48;
    }
    this.#value = value;
    this.#at = at;
    return at > from && at - from <= MAX_DIGITS;
  }
}

/** The number that six digits make; -1 when they are none. */
function sixDigits(bytes: Uint8Array, at: number): number {
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
