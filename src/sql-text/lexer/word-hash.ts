import { isDigit, isWordByte } from "./bytes.ts";

/*
 * Words are looked up by a hash, FNV-1a of 32 bits without regard to the case of ASCII letters: no string is made of them.
 */

/** The hash of no bytes. */
export const HASH_START = 0x811c9dc5 | 0;

/** A hash with one more byte. */
export function hashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ (byte | 32), 0x01000193);
}

/** The hash of a word in ASCII. */
export function wordHash(word: string): number {
  let hash = HASH_START;
  for (let at = 0; at < word.length; at++) hash = hashStep(hash, word.charCodeAt(at));
  return hash;
}

/**
 * The hash of what stands between two places, as wordHash makes it; 0 when it could not stand there without quotes, since it is
 * no word or would be read as a number.
 */
export function hashOfName(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  let at = start;
  while (isDigit(bytes[at] as number)) at++;
  const letter = (bytes[at] as number) | 32;
  // `1`, and what may be `1e5`, `0x1F` or `0b1`.
  if (at > start && (at >= end || letter === 98 || letter === 101 || letter === 120)) return 0;
  let hash = HASH_START;
  for (at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (!isWordByte(byte)) return 0;
    hash = hashStep(hash, byte);
  }
  return hash;
}
