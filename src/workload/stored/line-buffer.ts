import type { ByteWords } from "../../lib/byte-words.ts";
import type { StatementBytes } from "../../sql-text/statement-bytes.ts";

const encoder = new TextEncoder();

/** Lines are encoded together up to this length: few calls, and yet an emoji makes a two-byte string of few others. */
const BATCH = 16 * 1024;

const LF = 10;
const QUOTE = 34;
const ZERO = 48;
const BRACE_CLOSE = 125;
const LETTER_U = 117;
const BACKSLASH = 92;
/** What follows the backslash that escapes a byte in JSON; `u` for `\u00..`, and 0 for a byte that stands as it is. */
const ESCAPES = new Uint8Array(256).fill(LETTER_U, 0, 32);
for (const [byte, letter] of [
  ["\b", "b"],
  ["\t", "t"],
  ["\n", "n"],
  ["\f", "f"],
  ["\r", "r"],
  ['"', '"'],
  ["\\", "\\"],
] as const) {
  ESCAPES[byte.charCodeAt(0)] = letter.charCodeAt(0);
}
/** How many bytes an escaped one has at most. */
const MAX_ESCAPED = 6;
/** How many digits a time's fraction has. */
const MICROS = 6;
/** Of each number from 0 to 999 its three digits, and a zero byte, as a number of four bytes. */
const THREE_DIGITS = new Int32Array(1000);
for (let number = 0; number < 1000; number++) {
  const tens = Math.floor(number / 10);
  const hundreds = Math.floor(number / 100);
  const [first, second, third] = [hundreds, tens - 10 * hundreds, number - 10 * tens];
  THREE_DIGITS[number] = ((ZERO + first) << 24) | ((ZERO + second) << 16) | ((ZERO + third) << 8);
}
/** What stands around a statement: two quotes, a brace and a newline. */
const MAX_FRAME = 4;
const HEX = [..."0123456789abcdef"].map((digit) => digit.charCodeAt(0));
/** Numbers up to this are written digit by digit. */
const MAX_SMALL = 0x7fffffff;

/** A buffer is kept for the next one that collects lines up to this size. */
const MAX_SPARE = 8 * 1024 * 1024;
/** Of a buffer that nobody uses. To let a new one grow costs a tenth of all that is done with a log. */
let spare: Uint8Array<ArrayBuffer> | null = null;

/**
 * Collects lines as UTF-8 in one growing buffer. A line is added as a string, or written in parts of which no string is made: most of a
 * log's lines consist of what was in others before.
 */
export class LineBuffer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;
  #text = "";
  /** The bytes from which was copied last, four at a time. */
  #from: Uint8Array;
  #fromView: DataView;

  /**
   * @param bytes how much it has room for to begin with; it grows
   * @param memory what another has released, in their place
   */
  constructor(bytes = 64 * 1024, memory: Uint8Array<ArrayBuffer> | null = null) {
    this.#bytes = memory ?? new Uint8Array(Math.max(1, bytes));
    this.#view = new DataView(this.#bytes.buffer);
    this.#from = this.#bytes;
    this.#fromView = this.#view;
  }

  /** One that has the memory of the one that was released last, if there is any. It has to be released, too. */
  static ofSpare(): LineBuffer {
    const memory = spare;
    spare = null;
    return new LineBuffer(undefined, memory);
  }

  /** Adds a line, which brings its own newline. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= BATCH) this.#encode();
  }

  /** Writes a part of a line. */
  part(part: ByteWords): void {
    this.#length = this.#put(part, this.#roomFor(part.length));
  }

  /**
   * Writes a line that has a statement as it stands in the log.
   * @param time all but the last six digits of its time, which are `micros`
   * @param session what follows the time @param command and that @param digest what stands between this and the statement
   */
  statementLine(
    time: ByteWords,
    micros: number,
    session: ByteWords,
    command: ByteWords,
    digest: ByteWords,
    statement: StatementBytes,
  ): void {
    const around = time.length + MICROS + session.length + command.length + digest.length + MAX_FRAME;
    let at = this.#roomFor(around + lengthOf(statement));
    at = this.#put(time, at);
    this.#putMicros(micros, at);
    at = this.#put(session, at + MICROS);
    at = this.#put(command, at);
    at = this.#put(digest, at);
    at = this.#putStatement(statement, at);
    const bytes = this.#bytes;
    bytes[at] = BRACE_CLOSE;
    bytes[at + 1] = LF;
    this.#length = at + 2;
  }

  /** Writes a number, as JSON has it. */
  number(value: number): void {
    if (!(value >= 0 && value <= MAX_SMALL) || !Number.isInteger(value)) {
      this.text(String(value));
      return;
    }
    let digits = 1;
    for (let next = 10; digits < 10 && value >= next; next *= 10) digits++;
    this.digits(value, digits);
  }

  /** Writes so many digits of a number below 2^31, with zeros before it. */
  digits(value: number, digits: number): void {
    const from = this.#roomFor(digits);
    this.#putDigits(value, digits, from);
    this.#length = from + digits;
  }

  /** Writes a text as it is. */
  text(text: string): void {
    const at = this.#roomFor(3 * text.length);
    this.#length = at + encoder.encodeInto(text, this.#bytes.subarray(at)).written;
  }

  /** Writes a string of JSON. @param bytes the same text as it stands in the log, if that is known */
  string(text: string, bytes: StatementBytes | null = null): void {
    if (bytes === null) this.text(JSON.stringify(text));
    else this.statement(bytes);
  }

  /** Writes a statement as it stands in the log as a string of JSON. */
  statement(bytes: StatementBytes): void {
    const at = this.#roomFor(lengthOf(bytes) + MAX_FRAME);
    this.#length = this.#putStatement(bytes, at);
  }

  /** Ends an object of JSON, and the line. */
  end(): void {
    this.#byte(BRACE_CLOSE);
    this.#byte(LF);
  }

  #byte(byte: number): void {
    const at = this.#roomFor(1);
    this.#bytes[at] = byte;
    this.#length = at + 1;
  }

  // These write where there is room, and say where what follows them is written.

  #put({ length, words, last, lastWord, doubles }: ByteWords, at: number): number {
    const view = this.#view;
    if (length < 8) {
      for (let i = 0; i < words.length; i++) view.setInt32(at + 4 * i, words[i] as number);
      view.setInt32(at + last, lastWord);
      return at + length;
    }
    const before = doubles.length - 1;
    for (let i = 0; i < before; i++) view.setFloat64(at + 8 * i, doubles[i] as number, true);
    view.setFloat64(at + length - 8, doubles[before] as number, true);
    return at + length;
  }

  #putDigits(value: number, digits: number, from: number): void {
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = from + digits - 1; at >= from; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - 10 * tens;
      rest = tens;
    }
  }

  /** Writes six digits. What follows them overwrites one byte more. */
  #putMicros(micros: number, at: number): void {
    const view = this.#view;
    const millis = ((micros | 0) / 1000) | 0;
    view.setInt32(at, THREE_DIGITS[millis] as number);
    view.setInt32(at + 3, THREE_DIGITS[(micros | 0) - 1000 * millis] as number);
  }

  #putStatement(statement: StatementBytes, from: number): number {
    this.#bytes[from] = QUOTE;
    const at = statement.isEscaped
      ? this.#putEscaped(statement, from + 1)
      : this.#putPlain(statement, from + 1);
    this.#bytes[at] = QUOTE;
    return at + 1;
  }

  /** Writes bytes as they are. */
  #putPlain({ bytes: from, start, end }: StatementBytes, at: number): number {
    const length = end - start;
    if (length < 8) {
      for (let i = 0; i < length; i++) this.#bytes[at + i] = from[start + i] as number;
      return at + length;
    }
    if (from !== this.#from) {
      this.#from = from;
      this.#fromView = new DataView(from.buffer, from.byteOffset, from.length);
    }
    const source = this.#fromView;
    const view = this.#view;
    const last = length - 8;
    let i = 0;
    // As doubles, of which UTF-8 makes no NaN (ByteWords.doubles). The last eight may be copied twice.
    for (; i + 16 <= last; i += 16) {
      view.setFloat64(at + i, source.getFloat64(start + i, true), true);
      view.setFloat64(at + i + 8, source.getFloat64(start + i + 8, true), true);
    }
    for (; i < last; i += 8) view.setFloat64(at + i, source.getFloat64(start + i, true), true);
    view.setFloat64(at + last, source.getFloat64(start + last, true), true);
    return at + length;
  }

  /** Writes bytes of UTF-8 as JSON has them in a string. */
  #putEscaped({ bytes: from, start, end }: StatementBytes, to: number): number {
    const bytes = this.#bytes;
    let at = to;
    for (let place = start; place < end; place++) {
      const byte = from[place] as number;
      const escaped = ESCAPES[byte] as number;
      if (escaped === 0) {
        bytes[at++] = byte;
        continue;
      }
      bytes[at++] = BACKSLASH;
      bytes[at++] = escaped;
      if (escaped !== LETTER_U) continue;
      bytes[at++] = ZERO;
      bytes[at++] = ZERO;
      bytes[at++] = HEX[byte >> 4] as number;
      bytes[at++] = HEX[byte & 15] as number;
    }
    return at;
  }

  /** How many bytes there are. */
  get length(): number {
    this.#encode();
    return this.#length;
  }

  /** Takes all of it out, as a copy that is the caller's. */
  take(): Uint8Array<ArrayBuffer> {
    return this.empty().slice();
  }

  /** Takes all of it out, without a copy. @returns the buffer's own bytes: valid until something is written */
  empty(): Uint8Array<ArrayBuffer> {
    this.#encode();
    this.#from = this.#bytes;
    this.#fromView = this.#view;
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }

  /** Gives its memory to the next one that collects lines. It has to be empty, and must not be used any more. */
  release(): void {
    if (this.#bytes.length <= MAX_SPARE && this.#bytes.length > (spare?.length ?? 0)) spare = this.#bytes;
    this.#bytes = new Uint8Array(0);
  }

  /** Makes room for so many bytes more. @returns where they begin */
  #roomFor(added: number): number {
    if (this.#text !== "") this.#encode();
    const needed = this.#length + added;
    if (needed > this.#bytes.length) this.#grow(needed);
    return this.#length;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #encode(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.text(text);
  }
}

/** How many bytes a statement may have in JSON, without quotes. */
const lengthOf = ({ isEscaped, start, end }: StatementBytes): number =>
  (isEscaped ? MAX_ESCAPED : 1) * (end - start);

/** The line that somebody writes, as a string. */
export function lineOf(write: (lines: LineBuffer) => void): string {
  const lines = new LineBuffer(1024);
  write(lines);
  return new TextDecoder().decode(lines.take());
}
