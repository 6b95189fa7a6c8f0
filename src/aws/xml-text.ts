/*
 * The text of one large element, without a parser that makes strings of all of it: a portion of a log is a megabyte in an
 * envelope of a few hundred bytes. Two things are kept that XML does not have: a reference to a control character, which a parser
 * leaves out, is that character, and a carriage return stays one, which XML turns into a newline. Both come from statements in
 * the log.
 */

/** An XML document without the text of one element, and that text. */
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
const SLASH = 47;
const COLON = 58;
const CR = 13;
/** The longest reference that a service writes for a character: `&#1114111;`, and as many zeros again. */
const MAX_REFERENCE = 16;
const NO_CHARACTER = 0xfffd;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const CDATA = [encoder.encode("<![CDATA["), encoder.encode("]]>")] as const;
const COMMENT = [encoder.encode("<!--"), encoder.encode("-->")] as const;

/**
 * Cuts the text out of the first element of a name, with or without a namespace's prefix.
 * @returns undefined when that takes a parser: there is no such element, or it is closed as it is opened, or has children or
 *   references that are not XML's own. Whether the rest is well-formed, and the element where it should be, the envelope tells.
 */
export function cutOutText(document: Uint8Array, name: string): CutOut | undefined {
  const opened = findElement(document, encoder.encode(name));
  if (opened === undefined) return undefined;
  const { tagName, from } = opened;
  const cut = resolve(document, from);
  if (cut === undefined || !isClosed(document, tagName, cut.end)) return undefined;
  const envelope = decoder.decode(document.subarray(0, from)) + decoder.decode(document.subarray(cut.end));
  return { envelope, text: cut.text };
}

/** The name of an element in its tag, and where its content begins: after the tag, which may have attributes. */
function findElement(
  document: Uint8Array,
  name: Uint8Array,
): { tagName: Uint8Array; from: number } | undefined {
  let at = document.indexOf(LESS);
  while (at >= 0) {
    const [, close] = asideAt(document, at) ?? [];
    if (close !== undefined) {
      const end = find(document, close, at);
      if (end < 0) return undefined;
      at = document.indexOf(LESS, end + close.length);
      continue;
    }
    const tagName = nameAt(document, at + 1);
    if (isNamed(tagName, name)) {
      const closed = endOfTag(document, at + 1 + tagName.length);
      return closed < 0 || document[closed - 1] === SLASH ? undefined : { tagName, from: closed + 1 };
    }
    at = document.indexOf(LESS, at + 1);
  }
  return undefined;
}

/** The name in a tag, from an index on. */
function nameAt(document: Uint8Array, from: number): Uint8Array {
  let end = from;
  while (!endsName(document[end])) end++;
  return document.subarray(from, end);
}

const endsName = (byte: number | undefined): boolean =>
  byte === undefined || byte <= 32 || byte === GREATER || byte === SLASH || byte === LESS;

/** Whether a name in a tag is another one, or that with a prefix. */
function isNamed(tagName: Uint8Array, name: Uint8Array): boolean {
  const prefix = tagName.length - name.length;
  if (prefix < 0 || (prefix > 0 && tagName[prefix - 1] !== COLON)) return false;
  return startsWith(tagName, name, prefix);
}

/** Where a tag ends, from an index in it on: a `>` in quotes is an attribute's. -1 when it does not. */
function endOfTag(document: Uint8Array, from: number): number {
  for (let at = from; at < document.length; at++) {
    const byte = document[at] as number;
    if (byte === GREATER) return at;
    if (byte !== QUOTE && byte !== APOSTROPHE) continue;
    at = document.indexOf(byte, at + 1);
    if (at < 0) return -1;
  }
  return -1;
}

/** Whether an element is closed at an index. */
function isClosed(document: Uint8Array, tagName: Uint8Array, at: number): boolean {
  const name = nameAt(document, at + 2);
  return document[at + 1] === SLASH && name.length === tagName.length && startsWith(name, tagName, 0);
}

/** The comment or CDATA section that begins at an index. */
const asideAt = (document: Uint8Array, at: number) =>
  [CDATA, COMMENT].find(([open]) => startsWith(document, open, at));

function startsWith(bytes: Uint8Array, word: Uint8Array, at: number): boolean {
  return word.every((byte, index) => bytes[at + index] === byte);
}

/** The index of a word, from an index on; -1 when there is none. */
function find(bytes: Uint8Array, word: Uint8Array, from: number): number {
  const first = word[0] as number;
  let at = bytes.indexOf(first, from);
  while (at >= 0 && !startsWith(bytes, word, at)) at = bytes.indexOf(first, at + 1);
  return at;
}

/** Reads the text from an index to the next tag, in one pass. Undefined when there is no tag, or a reference is not XML's. */
function resolve(bytes: Uint8Array, from: number): { text: Uint8Array; end: number } | undefined {
  const { length } = bytes;
  // A reference is never shorter than the character in UTF-8.
  const text = new Uint8Array(length - from);
  let size = 0;
  /** The first half of a character that was written as two references, and where its other half would be. */
  let half = { code: 0, end: -1 };
  let at = from;
  for (; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === LESS) {
      const aside = asideAt(bytes, at);
      if (aside === undefined) return { text: text.subarray(0, size), end: at };
      const [open, close] = aside;
      const start = at + open.length;
      const end = find(bytes, close, start);
      if (end < 0) return undefined;
      if (open === CDATA[0]) {
        text.set(bytes.subarray(start, end), size);
        size += end - start;
      }
      at = end + close.length - 1;
      continue;
    }
    if (byte !== AMPERSAND) {
      text[size++] = byte;
      continue;
    }
    const first = at + 1;
    let name = 0;
    while (++at < length && at - first < MAX_REFERENCE && bytes[at] !== SEMICOLON)
      name = (name << 8) | (bytes[at] as number);
    if (bytes[at] !== SEMICOLON) return undefined;
    const known = at - first > 4 ? 0 : characterOf(name);
    if (known !== 0) {
      text[size++] = known;
      continue;
    }
    let code = numbered(bytes.subarray(first, at));
    if (code === undefined) return undefined;
    if (isHalf(code, 0xdc00) && half.end === size) {
      code = 0x10000 + ((half.code & 0x3ff) << 10) + (code & 0x3ff);
      size -= 3;
    }
    const written = isHalf(code, 0xd800) || isHalf(code, 0xdc00) || code > 0x10ffff ? NO_CHARACTER : code;
    size += encoder.encodeInto(String.fromCodePoint(written), text.subarray(size)).written;
    if (isHalf(code, 0xd800)) half = { code, end: size };
  }
  return undefined;
}

/** Whether a code is one half of a character in UTF-16: 0xd800 for the first, 0xdc00 for the second. */
const isHalf = (code: number, which: number): boolean => (code & ~0x3ff) === which;

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

/** The code that `#39` or `#x27` stands for, whether or not XML has such a character; undefined for what is no number. */
function numbered(reference: Uint8Array): number | undefined {
  const match = /^#(?:x([\dA-Fa-f]+)|(\d+))$/.exec(decoder.decode(reference));
  if (match === null) return undefined;
  const [, hexadecimal, decimal] = match;
  return hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16);
}
