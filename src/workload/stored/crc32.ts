import { crc32 as crc32OfNode } from "node:zlib";

/*
 * CRC-32 as gzip has it (RFC 1952, section 8): remainders of polynomials over GF(2), whose bits stand in reverse, modulo POLYNOMIAL.
 */

const POLYNOMIAL = 0xedb88320;
/** The polynomials 1 and x^8, of which a byte is one more factor. */
const ONE = 0x80000000;
const X_TO_8 = 0x00800000;

/** The CRC-32 of bytes, or of those before, whose CRC-32 is given, and these. */
export const crc32 = (bytes: Uint8Array, before = 0): number => crc32OfNode(bytes, before);

/**
 * The CRC-32 of two texts, one after the other, from that of each: as zlib's `crc32_combine` (crc32.c of 1.3.1).
 * @param secondBytes how long the second text is
 */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  // The first text is multiplied by x^8 for each byte that follows it.
  let shift = ONE;
  let power = X_TO_8;
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) shift = multiply(power, shift);
    power = multiply(power, power);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}

/** The product of two polynomials, modulo POLYNOMIAL. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}
