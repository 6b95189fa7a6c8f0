/*
 * The text of one large element, without a parser that makes strings of all of it: a portion of a log is a megabyte in an
 * envelope of a few hundred bytes. Whatever is not plain text and references as services write them is left to the parser.
 */

/** An XML document parted in two. */
export interface CutOut {
  /** The document with the element empty. */
  envelope: string;
  /** The element's text in UTF-8, its references resolved. */
  text: Uint8Array;
}

const LESS = 60;
const AMPERSAND = 38;
const SEMICOLON = 59;
const QUOTE = 34;
const APOSTROPHE = 39;
const GREATER = 62;
const CR = 13;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Cuts the text out of the first element of a name.
 * @returns undefined when that takes a parser: there is no such element, or it has attributes, children, CDATA sections,
 *   comments or other references. Whether the rest is well-formed, and the element where it should be, the envelope tells.
 */
export function cutOutText(document: Uint8Array, name: string): CutOut | undefined {
  const open = encoder.encode(`<${name}>`);
  let opened = document.indexOf(LESS);
  while (opened >= 0 && !startsWith(document, open, opened)) opened = document.indexOf(LESS, opened + 1);
  if (opened < 0) return undefined;
  const from = opened + open.length;
  const cut = resolve(document, from);
  if (cut === undefined || !startsWith(document, encoder.encode(`</${name}>`), cut.end)) return undefined;
  const envelope = decoder.decode(document.subarray(0, from)) + decoder.decode(document.subarray(cut.end));
  return { envelope, text: cut.text };
}

function startsWith(bytes: Uint8Array, word: Uint8Array, at: number): boolean {
  return word.every((byte, index) => bytes[at + index] === byte);
}

/**
 * Reads the text from a place to the next tag, in one pass. Undefined when there is no tag, or the text has references other
 * than those of XML itself and numbers in ASCII, or a carriage return that is none: to XML that is a newline.
 */
function resolve(bytes: Uint8Array, from: number): { text: Uint8Array; end: number } | undefined {
  const { length } = bytes;
  const text = new Uint8Array(length - from);
  let size = 0;
  let at = from;
  for (; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte !== AMPERSAND) {
      if (byte === LESS) return { text: text.subarray(0, size), end: at };
      if (byte === CR) return undefined;
      text[size++] = byte;
      continue;
    }
    // Four characters at most, which are a number of 32 bits.
    const first = at + 1;
    let name = 0;
    while (++at < length && at - first < 5 && bytes[at] !== SEMICOLON)
      name = (name << 8) | (bytes[at] as number);
    if (bytes[at] !== SEMICOLON || at - first > 4) return undefined;
    const character = characterOf(name) || numbered(bytes.subarray(first, at));
    if (character === 0) return undefined;
    text[size++] = character;
  }
  return undefined;
}

/** The character of a reference by the bytes of its name: those of XML itself, and a carriage return as services write it. */
function characterOf(name: number): number {
  switch (name) {
    case 0x61_6d_70: // amp
      return AMPERSAND;
    case 0x6c_74: // lt
      return LESS;
    case 0x67_74: // gt
      return GREATER;
    case 0x71_75_6f_74: // quot
      return QUOTE;
    case 0x61_70_6f_73: // apos
      return APOSTROPHE;
    case 0x23_78_44: // #xD
    case 0x23_31_33: // #13
      return CR;
    default:
      return 0;
  }
}

/** The character that `#39` or `#x27` stands for, if it is one that XML has and ASCII too; else 0. */
function numbered(reference: Uint8Array): number {
  const match = /^#(?:x([\dA-Fa-f]+)|(\d+))$/.exec(decoder.decode(reference));
  if (match === null) return 0;
  const [, hexadecimal, decimal] = match;
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  const isCharacter = (code >= 32 && code < 127) || code === 9 || code === 10 || code === CR;
  return isCharacter ? code : 0;
}
