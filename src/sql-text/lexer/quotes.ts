/*
 * Where a quoted string or name ends. That depends on the session's sql_mode and on its client's character set.
 */

/** A backslash escapes in strings: sql_mode's default, and a client whose characters have no backslash in them. */
export const BACKSLASH_ESCAPES = 0;
/** NO_BACKSLASH_ESCAPES in sql_mode: a backslash is a character like any other. */
export const NO_ESCAPES = 1;
/**
 * A backslash escapes, and the client is in gbk, big5, sjis, cp932 or gb18030, in which the second byte of a character may be that
 * of a backslash or a backtick. In a text that was decoded as UTF-8, such a second byte stands behind something beyond ASCII, and
 * is taken as a part of it.
 */
export const MULTIBYTE = 2;
/** One of BACKSLASH_ESCAPES, NO_ESCAPES and MULTIBYTE. */
export type QuoteRules = typeof BACKSLASH_ESCAPES | typeof NO_ESCAPES | typeof MULTIBYTE;

const BACKSLASH = 92;
const BACKTICK = 96;

/**
 * Finds the closing quote of a string or a name, past doubled ones and, except in names, escaped ones.
 * @param bytes the text, ended by two zeros
 * @param length without these
 * @param open where the opening quote is, which is `quote`
 * @returns where what comes after it begins, or -1 when it is not closed
 */
export function endOfQuoted(bytes: Uint8Array, length: number, open: number, quote: number): number {
  let at = open + 1;
  while (at < length) {
    const code = bytes[at] as number;
    if (code === quote) {
      if ((bytes[at + 1] as number) !== quote) return at + 1;
      at += 2;
    } else if (code === BACKSLASH && quote !== BACKTICK) {
      at += 2;
    } else {
      at++;
    }
  }
  return -1;
}

/** What endOfQuoted finds, by other rules than BACKSLASH_ESCAPES. */
export function endOfQuotedBy(
  rules: QuoteRules,
  bytes: Uint8Array,
  length: number,
  open: number,
  quote: number,
): number {
  let at = open + 1;
  while (at < length) {
    const code = bytes[at] as number;
    if (rules === MULTIBYTE && code >= 0x80 && isTrailByte(bytes[at + 1] as number)) {
      at += 2;
    } else if (code === quote) {
      if ((bytes[at + 1] as number) !== quote) return at + 1;
      at += 2;
    } else if (rules === MULTIBYTE && code === BACKSLASH && quote !== BACKTICK) {
      at += 2;
    } else {
      at++;
    }
  }
  return -1;
}

/** Whether this byte may be the second of a character, and would mean something by itself. */
function isTrailByte(byte: number): boolean {
  return byte === BACKSLASH || byte === BACKTICK;
}
