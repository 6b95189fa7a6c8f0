import { MULTIBYTE, NO_ESCAPES, type QuoteRules } from "./quotes.ts";

/*
 * What a string literal holds, and where each byte of that stands in the statement: so that a part of it can be replaced while the
 * rest stays as it was written, with its escapes.
 */

/** A string literal's value. */
export interface StringValue {
  text: string;
  /** Where each byte of the text stands in the statement, and at last where the content ends there. */
  places: Int32Array;
  /** How many bytes the text has. */
  length: number;
}

const QUOTE = 34;
const APOSTROPHE = 39;
const BACKSLASH = 92;

const ESCAPED = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) ESCAPED[byte] = byte;
for (const pair of ["n\n", "t\t", "r\r", "0\0", "b\b", "Z\x1a"])
  ESCAPED[pair.charCodeAt(0)] = pair.charCodeAt(1);

const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * Reads a string literal.
 * @param bytes the statement in UTF-8
 * @param start where the literal begins, with what may stand before its quote
 * @param end where what comes after it begins
 * @param isOpen the literal is not closed
 * @returns null for a literal in hexadecimal or bits, and for one that is not in quotes
 */
export function readStringLiteral(
  bytes: Uint8Array,
  start: number,
  end: number,
  isOpen: boolean,
  rules: QuoteRules,
): StringValue | null {
  let at = start;
  while (at < end && bytes[at] !== QUOTE && bytes[at] !== APOSTROPHE) at++;
  if (at >= end || isNumeric(bytes, start, at)) return null;
  const quote = bytes[at++] as number;
  const stop = isOpen ? end : end - 1;
  const out = new Uint8Array(stop - at);
  const places = new Int32Array(stop - at + 1);
  let length = 0;
  while (at < stop) {
    let byte = bytes[at] as number;
    places[length] = at;
    const next = bytes[at + 1] as number;
    if (byte === quote && next === quote) {
      at++;
    } else if (
      byte === BACKSLASH &&
      rules !== NO_ESCAPES &&
      at + 1 < stop &&
      !isTrailByte(rules, bytes, at)
    ) {
      byte = ESCAPED[next] as number;
      at++;
    }
    out[length++] = byte;
    at++;
  }
  places[length] = stop;
  return { text: decoder.decode(out.subarray(0, length)), places, length };
}

/** x'4142' and b'01', which have no text. */
function isNumeric(bytes: Uint8Array, start: number, quote: number): boolean {
  const prefix = (bytes[start] as number) | 32;
  return quote === start + 1 && (prefix === 120 || prefix === 98);
}

function isTrailByte(rules: QuoteRules, bytes: Uint8Array, at: number): boolean {
  return rules === MULTIBYTE && (bytes[at - 1] as number) >= 0x80;
}
