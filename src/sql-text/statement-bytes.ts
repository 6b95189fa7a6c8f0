import { isDml } from "./redact/secret-words.ts";

/*
 * A statement as it stands in the bytes of a log. One pass tells what has to be known of most statements: that it is ASCII, holds no
 * secret and needs no escapes in JSON. So the statement need not be encoded again, nor be searched as a string.
 */

/**
 * For each text in which MAY_HOLD_IN_DML finds something, a word that it has; and the marks without which nothing else is searched in a
 * statement that reads or writes tables (secret-words.ts). Of Amazon's heartbeat (amazon-sessions.ts), too. In small letters, and as few as tell them from what is frequent. Those of one
 * list have 32 letters at most, of the second 30.
 */
const SECRET_WORDS = [
  ["pas", "ysq", "ryp", "dent", "rvers", "ve_m", "pider_", "@", "#", "--"],
  ["al_p", "xtern", "hent", "eate u", "lter u", "tbe", "/*"],
] as const;

/** Bits of the second list's numbers, for bytes that are not ASCII's and those that JSON escapes. */
const BEYOND_ASCII = 1 << 30;
const ESCAPED = 1 << 31;

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
const B_FIRST = B.first | BEYOND_ASCII | ESCAPED;
for (let byte = 0; byte < 256; byte++) {
  if (byte > 127) (B.masks[byte] as number) |= BEYOND_ASCII;
  if (byte < 32 || byte === 34 || byte === 92) (B.masks[byte] as number) |= ESCAPED;
}

/** Where a statement stands in the bytes of a log, and what they say of it. */
export class StatementBytes {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Whether it may hold a secret, or be Amazon's heartbeat: wherever mayHoldSecret says so of its text, and in some others. */
  mayHoldSecret = true;
  /** Whether JSON escapes something in it. */
  isEscaped = true;

  /**
   * Looks at the bytes from `start` to `end`, behind which stands something that belongs to no token, such as a newline or `;`. All words
   * are looked for at once: a bit of the state is set where a word's letters up to that one were just read (Baeza-Yates, Gonnet: "A New
   * Approach to Text Searching", CACM 35, 1992).
   * @returns whether they are ASCII
   */
  look(bytes: Uint8Array, start: number, end: number): boolean {
    let a = 0;
    let b = 0;
    let allOfA = 0;
    let allOfB = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      a = ((a << 1) | A.first) & (A.masks[byte] as number);
      b = ((b << 1) | B_FIRST) & (B.masks[byte] as number);
      allOfA |= a;
      allOfB |= b;
    }
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.isEscaped = (allOfB & ESCAPED) !== 0;
    const hasWord = ((allOfA & A.last) | (allOfB & B.last)) !== 0;
    this.mayHoldSecret = hasWord || !(isDmlAt(bytes, start) || beginsOrCommits(bytes, start, end));
    return (allOfB & BEYOND_ASCII) === 0;
  }
}

function isDmlAt(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while ((bytes[at] as number) <= 32) at++;
  return isDml(bytes[at] as number, bytes[at + 2] as number);
}

const BEGIN = [..."begin"].map((letter) => letter.charCodeAt(0));
const COMMIT = [..."commit"].map((letter) => letter.charCodeAt(0));

/** Whether it is BEGIN or COMMIT: most statements that neither read nor write tables. */
function beginsOrCommits(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length !== BEGIN.length && length !== COMMIT.length) return false;
  const word = length === BEGIN.length ? BEGIN : COMMIT;
  for (let at = 0; at < length; at++) if (((bytes[start + at] as number) | 32) !== word[at]) return false;
  return true;
}
