import {
  classOf,
  FUNCTION,
  NO_KEYWORD,
  ROWS_WORD,
  SOFT_KEYWORD,
  TEMPORAL,
  VALUE_OR_ROWS,
} from "../lexer/keywords.ts";
import type { Lexer } from "../lexer/lexer.ts";
import { hashOfName } from "../lexer/word-hash.ts";
import type { DigestText } from "./digest-text.ts";

/*
 * Whether a word is a name, a keyword or the mark of a literal, by what stands behind it.
 */

const BLANK = 32;
const DOUBLE_QUOTE = 34;
const APOSTROPHE = 39;
const OPEN_PARENTHESIS = 40;
const ZERO = 48;
const QUESTION = 63;
const BACKTICK = 96;

/** Where the first byte behind the lexer's token is that is no blank. */
export function nextNonBlank({ bytes, length, end }: Lexer): number {
  let at = end;
  while (at < length && (bytes[at] as number) <= BLANK) at++;
  return at;
}

/** Whether an opening parenthesis follows the token. */
export function isFollowedByParenthesis(lexer: Lexer): boolean {
  return lexer.bytes[nextNonBlank(lexer)] === OPEN_PARENTHESIS;
}

/**
 * What the token is when it is a word of this class: some words are keywords before a parenthesis only.
 * @param isNamed whether it stands behind a keyword that a name follows, where only reserved words are none
 */
export function wordRole(lexer: Lexer, wordClass: number, isNamed: boolean): number {
  switch (wordClass) {
    case SOFT_KEYWORD:
      return isNamed ? NO_KEYWORD : SOFT_KEYWORD;
    case FUNCTION:
      return isFollowedByParenthesis(lexer) && !isNamed ? FUNCTION : NO_KEYWORD;
    case VALUE_OR_ROWS:
      if (isNamed) return NO_KEYWORD;
      return isFollowedByParenthesis(lexer) ? ROWS_WORD : SOFT_KEYWORD;
    case TEMPORAL:
      if (isNamed) return NO_KEYWORD;
      return isFollowedByParenthesis(lexer) ? FUNCTION : TEMPORAL;
    default:
      return wordClass;
  }
}

/**
 * Whether the word belongs to the literal behind it: `DATE '..'`, or `_binary` before a hexadecimal one. (Before a string, a
 * character set is the lexer's.)
 */
export function isLiteralPrefix(lexer: Lexer, isTemporal: boolean, ansiQuotes: boolean): boolean {
  const { bytes } = lexer;
  const at = nextNonBlank(lexer);
  const first = bytes[at] as number;
  // As redaction writes a literal.
  if (first === QUESTION) return true;
  if (isTemporal) return first === APOSTROPHE || (first === DOUBLE_QUOTE && !ansiQuotes);
  const second = bytes[at + 1] as number;
  const mark = (first === ZERO ? second : first) | 32;
  return (mark === 98 || mark === 120) && (first === ZERO || second === APOSTROPHE);
}

/**
 * Writes the name that is the token, without its quotes where it is a name without them too.
 * @param isPart whether it stands behind a dot or an "@", where every word is a name
 * @param isNamed as of wordRole
 */
export function putQuotedName(out: DigestText, lexer: Lexer, isPart: boolean, isNamed: boolean): void {
  const { bytes, start, end, unterminated } = lexer;
  if (unterminated) {
    // It was cut off, and may hold anything.
    out.put(BACKTICK);
    out.put(QUESTION);
    return;
  }
  const hash = hashOfName(bytes, start + 1, end - 1);
  if (hash !== 0) {
    const word = isPart ? NO_KEYWORD : wordRole(lexer, classOf(hash), isNamed);
    if (word === NO_KEYWORD || word === TEMPORAL) {
      out.putText(bytes, start + 1, end - 1);
      return;
    }
    // As it is written where it stands without quotes, since nothing tells which it is there.
    if (word === SOFT_KEYWORD && !isFollowedByParenthesis(lexer)) {
      out.putCapitals(bytes, start + 1, end - 1);
      return;
    }
  }
  out.put(BACKTICK);
  out.putText(bytes, start + 1, end - 1);
  out.put(BACKTICK);
}
