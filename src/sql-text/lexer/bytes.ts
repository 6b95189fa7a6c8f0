/*
 * What a byte of UTF-8 can be in SQL.
 */

/** 1 for each byte that a name may have without quotes. Control characters count as blanks, so that none gets into a digest. */
const WORD_BYTES = new Uint8Array(256).fill(1, 128);
for (const char of "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$") {
  WORD_BYTES[char.charCodeAt(0)] = 1;
}

/** Whether a name may have this byte without quotes. */
export function isWordByte(byte: number): boolean {
  return WORD_BYTES[byte] === 1;
}

/** Whether this byte is one of the digits 0 to 9. */
export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** Whether this byte is a hexadecimal digit, of either case. */
export function isHexDigit(byte: number): boolean {
  const lower = byte | 32;
  return isDigit(byte) || (lower >= 97 && lower <= 102);
}
