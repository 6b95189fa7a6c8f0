/*
 * Fingerprints of 64 bits: two hashes ("lanes") of multiply and xor, mixed at the end (the construction of cyrb53, with all 64
 * bits). Not cryptographic: somebody who tries can make two texts with one fingerprint, which are then counted together.
 *
 * To compute one, start with FIRST_LANE and SECOND_LANE in two variables, and add each byte to both. The low half is then
 * `mix(first, second)`, and the high half `mix(second, low)`. These are functions of numbers, not a class, for speed.
 */

/** The lanes of no bytes. */
export const FIRST_LANE = 0xdeadbeef | 0;
export const SECOND_LANE = 0x41c6ce57 | 0;

/** The first lane with another byte, or any other small number. */
export function addToFirst(lane: number, code: number): number {
  return Math.imul(lane ^ code, 0x9e3779b1);
}

/** The second lane with another byte. */
export function addToSecond(lane: number, code: number): number {
  return Math.imul(lane ^ code, 0x5f356495);
}

/** One half of the fingerprint, as an unsigned number of 32 bits. */
export function mix(lane: number, other: number): number {
  return (Math.imul(lane ^ (lane >>> 16), 0x85ebca6b) ^ Math.imul(other ^ (other >>> 13), 0xc2b2ae35)) >>> 0;
}

/** The two halves of a fingerprint in hexadecimal. */
export function toHex(high: number, low: number): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** 53 of the 64 bits, which a number holds. Of a million fingerprints the chance that any two share them is one in 18,000. */
export function toKey(high: number, low: number): number {
  return high * 0x200000 + (low >>> 11);
}

/** The key of a fingerprint in hexadecimal. */
export function hexToKey(hex: string): number {
  return toKey(Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8), 16));
}
