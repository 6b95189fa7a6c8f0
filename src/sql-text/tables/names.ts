import { type Lexer, NUMBER, QUOTED, STRING, SYMBOL, WORD } from "../lexer/lexer.ts";
import { nextNonBlank } from "../normalize/word-roles.ts";

/*
 * Names as they stand in a statement: `a`, `a.b`, `` `a b`.c ``, `a.*`.
 */

const DOUBLE_QUOTE = 34;
const STAR = 42;
const DOT = 46;

const decoder = new TextDecoder();

/** Whether the lexer has read what is in quotes that names may have: with ANSI_QUOTES, double ones. */
export const isQuotedName = ({ kind, bytes, start }: Lexer): boolean =>
  kind === QUOTED || (kind === STRING && bytes[start] === DOUBLE_QUOTE);

/** Whether a dot follows what the lexer has read. */
export const isFollowedByDot = (lexer: Lexer): boolean => lexer.bytes[nextNonBlank(lexer)] === DOT;

/** The name that the lexer has read, without quotes; null where it is not closed. A string of its own, not a part of the statement. */
export function partOfName({ bytes, start, end, kind, unterminated }: Lexer): string | null {
  if (kind === WORD || kind === NUMBER) return decoder.decode(bytes.subarray(start, end));
  if (unterminated) return null;
  const quote = String.fromCharCode(bytes[start] as number);
  return decoder.decode(bytes.subarray(start + 1, end - 1)).replaceAll(quote + quote, quote);
}

/**
 * Reads on in the name that the lexer has begun to read.
 * @returns what stands before, between and behind its dots; and whether it ended with `.*`
 */
export function wholeName(lexer: Lexer): { parts: string[]; isAll: boolean } {
  const parts: string[] = [];
  let isAll = false;
  for (;;) {
    const part = partOfName(lexer);
    if (part !== null) parts.push(part);
    if (!isFollowedByDot(lexer)) break;
    lexer.next();
    const kind = lexer.next();
    isAll = kind === SYMBOL && lexer.bytes[lexer.start] === STAR;
    if (kind !== WORD && kind !== NUMBER && !isQuotedName(lexer)) break;
  }
  return { parts, isAll };
}
