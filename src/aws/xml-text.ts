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
  const to = document.indexOf(LESS, from);
  if (to < 0 || !startsWith(document, encoder.encode(`</${name}>`), to)) return undefined;
  const text = resolve(document.subarray(from, to));
  if (text === undefined) return undefined;
  const envelope = decoder.decode(document.subarray(0, from)) + decoder.decode(document.subarray(to));
  return { envelope, text };
}

function startsWith(bytes: Uint8Array, word: Uint8Array, at: number): boolean {
  return word.every((byte, index) => bytes[at + index] === byte);
}

/** Resolves the references in a text; undefined when it has others than those of XML itself and numbers in ASCII. */
function resolve(bytes: Uint8Array): Uint8Array | undefined {
  // To XML a carriage return that is not a reference is a newline.
  if (bytes.includes(CR)) return undefined;
  let at = bytes.indexOf(AMPERSAND);
  if (at < 0) return bytes;
  const { length } = bytes;
  const resolved = bytes.slice();
  let end = at;
  while (at < length) {
    const byte = bytes[at++] as number;
    if (byte !== AMPERSAND) {
      resolved[end++] = byte;
      continue;
    }
    // Four characters at most, which are a number of 32 bits.
    const from = at;
    let name = 0;
    while (at < length && at - from < 5 && bytes[at] !== SEMICOLON)
      name = (name << 8) | (bytes[at++] as number);
    if (bytes[at] !== SEMICOLON || at - from > 4) return undefined;
    const character = NAMED.get(name) ?? numbered(bytes.subarray(from, at));
    if (character === undefined) return undefined;
    resolved[end++] = character;
    at++;
  }
  return resolved.subarray(0, end);
}

/** XML's own references, by the bytes of their names as a number. */
const NAMED = new Map<number, number>();
for (const [name, character] of Object.entries({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" })) {
  const bytes = encoder.encode(name);
  NAMED.set(
    bytes.reduce((number, byte) => (number << 8) | byte, 0),
    character.charCodeAt(0),
  );
}

/** The character that `#13` or `#xD` stands for, if it is one that XML has and ASCII too. */
function numbered(reference: Uint8Array): number | undefined {
  const match = /^#(?:x([\dA-Fa-f]+)|(\d+))$/.exec(decoder.decode(reference));
  if (match === null) return undefined;
  const [, hexadecimal, decimal] = match;
  const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
  const isCharacter = (code >= 32 && code < 127) || code === 9 || code === 10 || code === CR;
  return isCharacter ? code : undefined;
}
