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
 * The role of a word: whether it is a name, a keyword or the prefix of a literal, by what stands behind it.
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
 * The class of the word that the lexer has read, as it is in its place: some words are keywords only before a parenthesis.
 * @param wordClass its class by itself (keywords.ts)
 * @param isNamed whether it stands behind a keyword that a name follows, where all words but reserved ones are names
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
 * Whether the word belongs to the literal behind it: `DATE '..'`, or `_binary` before a hexadecimal one. (A character set before a
 * string is a part of the string's token.)
 */
export function isLiteralPrefix(lexer: Lexer, isTemporal: boolean, ansiQuotes: boolean): boolean {
  const { bytes } = lexer;
  const at = nextNonBlank(lexer);
  const first = bytes[at] as number;
  // A literal that redaction has replaced.
  if (first === QUESTION) return true;
  if (isTemporal) return first === APOSTROPHE || (first === DOUBLE_QUOTE && !ansiQuotes);
  const second = bytes[at + 1] as number;
  const mark = (first === ZERO ? second : first) | 32;
  return (mark === 98 || mark === 120) && (first === ZERO || second === APOSTROPHE);
}

/**
 * Writes the quoted name that the lexer has read, without its quotes if it is a name without them, too.
 * @param isPart whether it stands behind a dot or an "@", where every word is a name
 * @param isNamed as in wordRole
 */
export function putQuotedName(out: DigestText, lexer: Lexer, isPart: boolean, isNamed: boolean): void {
  const { bytes, start, end, unterminated } = lexer;
  if (unterminated) {
    // It is not closed, and may hold anything.
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
    // As without quotes, where nobody can tell whether it is a keyword or a name.
    if (word === SOFT_KEYWORD && !isFollowedByParenthesis(lexer)) {
      out.putCapitals(bytes, start + 1, end - 1);
      return;
    }
  }
  out.put(BACKTICK);
  out.putText(bytes, start + 1, end - 1);
  out.put(BACKTICK);
}
