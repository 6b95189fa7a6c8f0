import { isDigit, isWordByte } from "../lexer/bytes.ts";
import { endOfComment, executableMark } from "../lexer/comments.ts";
import { AMID_NAME, BEFORE_NAME, classOf, FROM } from "../lexer/keywords.ts";
import { endOfQuoted } from "../lexer/quotes.ts";
import { hashOfName } from "../lexer/word-hash.ts";
import { addToFirst, addToSecond, FIRST_LANE, mix, SECOND_LANE, toKey } from "./fingerprint.ts";

/*
 * The key by which the digest of a statement is cached: a hash of its bytes, with a mark in the place of each number, string and
 * comment. Statements with one key have one digest, since a digest has nothing of a number or a string but that it is one, and of
 * a comment nothing. Statements with one digest may have many keys, by their blanks, the length of their lists and the case of
 * their keywords. An application has few of them, and a key costs a third of what a digest does.
 *
 * Where it takes more than the next bytes to know what is a number, a string or a comment, there is no key. Where what stands in
 * double quotes may be a name, since another of the statement stands where names do, all of it counts: that makes more keys than
 * there have to be, but never one key for two digests.
 */

/** Says that a statement's digest can't be cached. Every key is at least 0. */
export const NO_CACHE_KEY = -1;

/** A longer statement is likely to have a long list, and so a key that does not come again. */
export const MAX_CACHED_BYTES = 4096;
// What stands for a number and for a comment: no byte does. A string's first quote stands for it.
const NUMBER_MARK = 256;
const COMMENT_MARK = 257;
/** By how many bits the second of two bytes is moved, so that both are more than any of these. */
const PAIR_SHIFT = 9;

const BLANK = 32;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const STAR = 42;
const MINUS = 45;
const DOT = 46;
const SLASH = 47;
const BACKTICK = 96;

// What a byte may begin.
export const WORD = 1;
export const NUMBER = 2;
export const STRING = 3;
export const NAME = 4;
const COMMENT = 5;
const FRACTION = 6;
/** What each byte may begin; 0 for nothing but itself. */
export const KINDS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (isWordByte(byte)) KINDS[byte] = isDigit(byte) ? NUMBER : WORD;
}
KINDS[QUOTE] = KINDS[APOSTROPHE] = STRING;
KINDS[BACKTICK] = NAME;
KINDS[HASH] = KINDS[MINUS] = KINDS[SLASH] = COMMENT;
KINDS[DOT] = FRACTION;

/**
 * A statement's key as a number, the same for two that differ in nothing but numbers, strings and what comments say; NO_CACHE_KEY
 * for one with a comment to the end of a line or an executable one, with a name or a number in which a letter stands right behind
 * a leading digit (`2fa`, `1e5`, `0x1F`; not `t2`), with something that is not closed, or of more than 4 KB.
 * @param bytes the statement in UTF-8, and behind it a byte that belongs to no token with one before it: a zero, a blank or `;`
 * @param end where it ends
 * @param begin where it begins
 */
export function digestCacheKey(bytes: Uint8Array, end: number, begin = 0): number {
  if (end - begin > MAX_CACHED_BYTES) return NO_CACHE_KEY;
  return hashWithoutLiterals(bytes, begin, end, false);
}

/** @param isAnsi whether names may stand in double quotes */
function hashWithoutLiterals(bytes: Uint8Array, begin: number, end: number, isAnsi: boolean): number {
  let first = FIRST_LANE;
  let second = SECOND_LANE;
  let at = begin;
  while (at < end) {
    const start = at;
    let code = bytes[at] as number;
    switch (KINDS[code]) {
      case NUMBER:
        at = endOfNumber(bytes, at);
        if (at < 0) return NO_CACHE_KEY;
        code = NUMBER_MARK;
        break;
      case STRING:
        at = endOfQuoted(bytes, end, at, code);
        if (at < 0) return NO_CACHE_KEY;
        if (code !== QUOTE) break;
        if (isAnsi) {
          for (let inside = start; inside < at - 1; inside++) {
            first = addToFirst(first, bytes[inside] as number);
            second = addToSecond(second, bytes[inside] as number);
          }
        } else if (isNamePlace(bytes, begin, end, start, at)) {
          return hashWithoutLiterals(bytes, begin, end, true);
        }
        break;
      case WORD:
        at++;
        for (let next = bytes[at] as number; isWordByte(next); next = bytes[at] as number) {
          // Two bytes at once, which no other number stands for.
          const after = bytes[at + 1] as number;
          if (!isWordByte(after)) {
            first = addToFirst(first, code);
            second = addToSecond(second, code);
            code = next;
            at++;
            break;
          }
          first = addToFirst(first, code | (next << PAIR_SHIFT));
          second = addToSecond(second, code | (next << PAIR_SHIFT));
          code = after;
          at += 2;
        }
        break;
      case NAME:
        at = endOfQuoted(bytes, end, at, code);
        if (at < 0) return NO_CACHE_KEY;
        for (let inside = start; inside < at - 1; inside++) {
          first = addToFirst(first, bytes[inside] as number);
          second = addToSecond(second, bytes[inside] as number);
        }
        break;
      case COMMENT: {
        const next = bytes[++at];
        if (code === HASH || (code === MINUS && next === MINUS)) return NO_CACHE_KEY;
        if (code === SLASH && next === STAR) {
          const content = at + 1;
          at = endOfComment(bytes, end, content);
          if (at < 0 || executableMark(bytes, content) >= 0) return NO_CACHE_KEY;
          code = COMMENT_MARK;
        }
        break;
      }
      case FRACTION:
        if (isDigit(bytes[++at] as number)) return NO_CACHE_KEY;
        break;
      default:
        at++;
    }
    first = addToFirst(first, code);
    second = addToSecond(second, code);
  }
  const low = mix(first, second);
  return toKey(mix(second, low), low);
}

/**
 * Whether what stands in double quotes from `start` to `close` may be a name: true at least wherever the normaliser takes it for one.
 * @param begin where the statement begins @param end where it ends
 */
export function isNamePlace(
  bytes: Uint8Array,
  begin: number,
  end: number,
  start: number,
  close: number,
): boolean {
  let before = start - 1;
  while (before >= begin && (bytes[before] as number) <= BLANK) before--;
  let after = close;
  while (after < end && (bytes[after] as number) <= BLANK) after++;
  if (after < end && bytes[after] === DOT) return true;
  if (before >= begin && bytes[before] === DOT) return true;
  // A comment: what is on its other side is not looked for.
  if (after < end && bytes[after] === SLASH) return true;
  if (before >= begin && bytes[before] === SLASH) return true;
  let word = before;
  while (word >= begin && isWordByte(bytes[word] as number)) word--;
  const wordClass = classOf(hashOfName(bytes, word + 1, before + 1));
  return wordClass === BEFORE_NAME || wordClass === FROM || wordClass === AMID_NAME;
}

/** The end of a plain number such as `12` or `12.50`; -1 when what begins with these digits is anything else. */
export function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  while (isDigit(bytes[at] as number)) at++;
  if (bytes[at] === DOT) {
    if (!isDigit(bytes[++at] as number)) return -1;
    while (isDigit(bytes[at] as number)) at++;
    if (bytes[at] === DOT) return -1;
  }
  return isWordByte(bytes[at] as number) ? -1 : at;
}
