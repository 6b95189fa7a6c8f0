import type { ByteWords } from "../lib/byte-words.ts";

/*
 * Decoded lines of a log as numbers: to read these takes less than to read a string, which may be a part of another, and a name of several
 * characters is compared four at a time.
 */

/** The byte of each UTF-16 unit beyond ASCII. Names are ASCII only, so it is equal to no byte of a name. */
const OTHER = 255;
const ASCII = 127;

/** The UTF-16 units of a text: of those that are ASCII's what they are, of others only that they are not. */
export class Units {
  text = "";
  /** One byte a unit, at the unit's index in the text. */
  bytes: Uint8Array = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);

  /** Takes a text in, with the bytes that it was decoded from. These are used as they are where each of them is a unit. */
  begin(text: string, decoded: Uint8Array): void {
    this.text = text;
    this.bytes = text.length === decoded.length ? decoded : unitsOf(text);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length);
  }

  /** Takes in bytes that nobody decoded: they are the units, also those beyond ASCII, and there is no text. */
  beginBytes(bytes: Uint8Array): void {
    this.text = "";
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether the text has a name of ASCII at a place. */
  has(name: ByteWords, at: number): boolean {
    const { words, last } = name;
    const { view } = this;
    if (at + last + 4 > view.byteLength) return false;
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + 4 * i) !== words[i]) return false;
    return view.getInt32(at + last) === name.lastWord;
  }

  /** Where the line that `at` is in ends: its newline; -1 where it has none. */
  endOfLine(at: number): number {
    const { bytes, view } = this;
    const { length } = bytes;
    let place = at;
    // Four bytes at a time: a byte of the word is 0 where a line ends, and then some byte's high bit is set below.
    for (const last = length - 4; place <= last; place += 4) {
      const word = view.getInt32(place) ^ LINE_ENDS;
      if (((word - LOWEST_BITS) & ~word & HIGH_BITS) !== 0) break;
    }
    for (; place < length; place++) if (bytes[place] === LF) return place;
    return -1;
  }
}

const LF = 10;
// The same byte four times in one number.
const LINE_ENDS = 0x0a0a0a0a;
const LOWEST_BITS = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;

function unitsOf(text: string): Uint8Array {
  const units = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    units[at] = unit > ASCII ? OTHER : unit;
  }
  return units;
}

/** Whether a text is ASCII, so that its units are its characters. */
export function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > ASCII) return false;
  return true;
}
