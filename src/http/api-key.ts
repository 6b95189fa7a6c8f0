import { crc32 } from "node:zlib";

/*
 * What an API key looks like: a prefix by which scanners recognise one that leaked, random characters, and a checksum by which both
 * they and this service know a mistyped or made-up one without asking anybody. The same form as GitHub's tokens have. Keys from
 * before there was a checksum look otherwise: 64 letters behind the prefix, or another prefix.
 */

/** What a key begins with. */
export const KEY_PREFIX = "captures_";
/** The digits of base62, as the checksum is written in. */
export const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** How many random characters a key has: 238 bits. */
export const RANDOM_LENGTH = 40;
/** Enough for 32 bits. */
const CHECKSUM_LENGTH = 6;

const WITH_CHECKSUM = new RegExp(`^${KEY_PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** The CRC-32 of a text in base62, with leading zeros. */
function checksumOf(text: string): string {
  let rest = crc32(new TextEncoder().encode(text));
  let digits = "";
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = BASE62.charAt(rest % BASE62.length) + digits;
    rest = Math.floor(rest / BASE62.length);
  }
  return digits;
}

/** A key, of random characters of base62. */
export function keyOf(random: string): string {
  const text = KEY_PREFIX + random;
  return text + checksumOf(text);
}

/** Whether a text can't be a key, since its checksum is wrong. Of one without a checksum only the database knows. */
export const isMistyped = (key: string): boolean =>
  WITH_CHECKSUM.test(key) && keyOf(key.slice(KEY_PREFIX.length, -CHECKSUM_LENGTH)) !== key;
