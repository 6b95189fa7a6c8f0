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
const HEX = [..."0123456789abcdef"].map((digit) => digit.charCodeAt(0));
/** Numbers up to this are written digit by digit. */
const MAX_SMALL = 0x7fffffff;

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

  /** @param bytes how much it has room for to begin with; it grows */
  constructor(bytes = 64 * 1024) {
    this.#bytes = new Uint8Array(Math.max(1, bytes));
    this.#view = new DataView(this.#bytes.buffer);
    this.#from = this.#bytes;
    this.#fromView = this.#view;
  }

  /** Adds a line, which brings its own newline. */
  add(line: string): void {
    this.#text += line;
    if (this.#text.length >= BATCH) this.#encode();
  }

  /** Writes a part of a line. */
  part({ length, words, last, lastWord }: ByteWords): void {
    const at = this.#roomFor(length);
    const view = this.#view;
    for (let i = 0; i < words.length; i++) view.setInt32(at + 4 * i, words[i] as number);
    view.setInt32(at + last, lastWord);
    this.#length = at + length;
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
    const bytes = this.#bytes;
    let rest = value | 0;
    for (let at = from + digits - 1; at >= from; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - 10 * tens;
      rest = tens;
    }
    this.#length = from + digits;
  }

  /** Writes a text as it is. */
  text(text: string): void {
    const at = this.#roomFor(3 * text.length);
    this.#length = at + encoder.encodeInto(text, this.#bytes.subarray(at)).written;
  }

  /**
   * Writes a string of JSON.
   * @param bytes the same text as it stands in the log, if that is known
   */
  string(text: string, bytes: StatementBytes | null = null): void {
    if (bytes === null) {
      this.text(JSON.stringify(text));
      return;
    }
    this.#byte(QUOTE);
    if (bytes.isEscaped) this.#escaped(bytes);
    else this.#plain(bytes);
    this.#byte(QUOTE);
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

  /** Writes bytes as they are. */
  #plain({ bytes: from, start, end }: StatementBytes): void {
    const length = end - start;
    const at = this.#roomFor(length);
    if (length < 4) {
      for (let i = 0; i < length; i++) this.#bytes[at + i] = from[start + i] as number;
    } else {
      if (from !== this.#from) {
        this.#from = from;
        this.#fromView = new DataView(from.buffer, from.byteOffset, from.length);
      }
      const source = this.#fromView;
      const view = this.#view;
      const last = length - 4;
      for (let i = 0; i < last; i += 4) view.setInt32(at + i, source.getInt32(start + i));
      view.setInt32(at + last, source.getInt32(start + last));
    }
    this.#length = at + length;
  }

  /** Writes bytes of ASCII as JSON has them in a string. */
  #escaped({ bytes: from, start, end }: StatementBytes): void {
    let at = this.#roomFor(MAX_ESCAPED * (end - start));
    const bytes = this.#bytes;
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
    this.#length = at;
  }

  /** How many bytes there are. */
  get length(): number {
    this.#encode();
    return this.#length;
  }

  /** Takes all of it out, as a copy that is the caller's. */
  take(): Uint8Array<ArrayBuffer> {
    this.#encode();
    this.#from = this.#bytes;
    this.#fromView = this.#view;
    const bytes = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return bytes;
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

/** The line that somebody writes, as a string. */
export function lineOf(write: (lines: LineBuffer) => void): string {
  const lines = new LineBuffer(1024);
  write(lines);
  return new TextDecoder().decode(lines.take());
}
