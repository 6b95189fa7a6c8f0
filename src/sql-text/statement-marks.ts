/*
 * What a pass over a statement's bytes tells, whatever they are: which of a few words and characters are among them.
 */

/**
 * For each text in which MAY_HOLD_IN_DML finds something, a word that it has; and the marks without which nothing else is searched in a
 * statement that reads or writes tables (secret-words.ts). Of Amazon's heartbeat (amazon-sessions.ts), too. In small letters, and as few as
 * tell them from what is frequent. Those of one list have 31 letters at most, of the second 30. None has a digit or a quote.
 */
const SECRET_WORDS = [
  ["pas", "ysq", "ryp", "dent", "rvers", "ve_m", "pider", "@", "#", "--"],
  ["al_p", "xtern", "hent", "eate u", "lter u", "tbe", "/*"],
] as const;

/** A bit of the first list's numbers, for the byte that ends one of several statements. */
const SEMICOLON = 1 << 31;
/** Bits of the second list's numbers, for bytes that are not ASCII's and those that JSON escapes. */
const BEYOND_ASCII = 1 << 30;
const ESCAPED = 1 << 31;

/** A word by which secrets, or Amazon's heartbeat, are found. */
export const HAS_SECRET_WORD = 1;
/** A semicolon. */
export const HAS_SEMICOLON = 2;
/** A byte that is not ASCII's. */
export const HAS_BEYOND_ASCII = 4;
/** A byte that JSON escapes. */
export const HAS_ESCAPED = 8;

/** A list of words to look for: a bit stands for each letter of each word. */
interface Words {
  /** The bits of the first letters, and of the last. */
  first: number;
  last: number;
  /** The bits of the letters that a byte may be. */
  masks: Int32Array;
}

function wordsOf(list: readonly string[]): Words {
  const words: Words = { first: 0, last: 0, masks: new Int32Array(256) };
  let letters = 0;
  for (const word of list) {
    words.first |= 1 << letters;
    for (const letter of word) {
      const bit = 1 << letters++;
      const code = letter.charCodeAt(0);
      (words.masks[code] as number) |= bit;
      if (/[a-z]/.test(letter)) (words.masks[code - 32] as number) |= bit;
    }
    words.last |= 1 << (letters - 1);
  }
  return words;
}

const [A, B] = SECRET_WORDS.map(wordsOf) as [Words, Words];
const A_FIRST = A.first | SEMICOLON;
const B_FIRST = B.first | BEYOND_ASCII | ESCAPED;
(A.masks[";".charCodeAt(0)] as number) |= SEMICOLON;
for (let byte = 0; byte < 256; byte++) {
  if (byte > 127) (B.masks[byte] as number) |= BEYOND_ASCII;
  if (byte < 32 || byte === 34 || byte === 92) (B.masks[byte] as number) |= ESCAPED;
}

/**
 * What is among the bytes from `start` to `end`, as a sum of HAS_.... All words are looked for at once: a bit of the state is set where a
 * word's letters up to that one were just read (Baeza-Yates, Gonnet: "A New Approach to Text Searching", CACM 35, 1992).
 */
export function marksOf(bytes: Uint8Array, start: number, end: number): number {
  const aMasks = A.masks;
  const bMasks = B.masks;
  let a = 0;
  let b = 0;
  let allOfA = 0;
  let allOfB = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    a = ((a << 1) | A_FIRST) & (aMasks[byte] as number);
    b = ((b << 1) | B_FIRST) & (bMasks[byte] as number);
    allOfA |= a;
    allOfB |= b;
  }
  return sumOf(allOfA, allOfB);
}

const APOSTROPHE = 39;
const BACKSLASH = 92;

/** 1 for each byte that begins no word, is no mark and ends no string: where no word has begun, it changes nothing. */
const INERT = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const begins = (A_FIRST & (A.masks[byte] as number)) | (B_FIRST & (B.masks[byte] as number));
  if (begins === 0 && byte !== APOSTROPHE) INERT[byte] = 1;
}

/** Reads strings, one at a time: where each ends, and what is in it. */
export class StringMarks {
  /** What is in the string that was read last: see marksOf. */
  marks = 0;

  /**
   * What endOfQuoted does for a string, and notes its marks.
   * @param open where its quote is @param end where the statement ends
   * @returns where what comes after the string begins; -1 when it is not closed
   */
  pass(bytes: Uint8Array, open: number, end: number, quote: number): number {
    const aMasks = A.masks;
    const bMasks = B.masks;
    // No word has a quote: none goes on behind one, also a doubled one.
    let a = 0;
    let b = 0;
    let allOfA = 0;
    let allOfB = bMasks[quote] as number;
    let isEscaped = false;
    for (let at = open + 1; at < end; at++) {
      // What stands behind the statement is not inert. Behind a backslash `b` has its mark.
      if ((a | b) === 0) while (INERT[bytes[at] as number] === 1) at++;
      if (at >= end) return -1;
      const byte = bytes[at] as number;
      a = ((a << 1) | A_FIRST) & (aMasks[byte] as number);
      b = ((b << 1) | B_FIRST) & (bMasks[byte] as number);
      allOfA |= a;
      allOfB |= b;
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === quote) {
        if (bytes[at + 1] !== quote) {
          this.marks = sumOf(allOfA, allOfB);
          return at + 1;
        }
        at++;
      }
    }
    return -1;
  }
}

const sumOf = (allOfA: number, allOfB: number): number =>
  (((allOfA & A.last) | (allOfB & B.last)) !== 0 ? HAS_SECRET_WORD : 0) |
  ((allOfA & SEMICOLON) !== 0 ? HAS_SEMICOLON : 0) |
  ((allOfB & BEYOND_ASCII) !== 0 ? HAS_BEYOND_ASCII : 0) |
  ((allOfB & ESCAPED) !== 0 ? HAS_ESCAPED : 0);
