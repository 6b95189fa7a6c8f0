import {
  AMID_NAME,
  classOf,
  DEFAULT_WORD,
  FUNCTION,
  NO_KEYWORD,
  SOFT_KEYWORD,
  TEMPORAL,
  VALUE_OR_ROWS,
} from "../../sql-text/lexer/keywords.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, STRING, WORD } from "../../sql-text/lexer/lexer.ts";

/** What a token is painted as. */
export type SqlKind = "keyword" | "function" | "name" | "literal" | "comment" | "symbol";

/** A token of a statement as it is shown. */
export interface SqlToken {
  kind: SqlKind;
  text: string;
  /** In capitals, of a keyword; empty for any other. */
  word: string;
  /** Whether a blank stood before it. */
  isApart: boolean;
}

/** The classes of words that are keywords only where somebody wrote them so: they are names as often. */
const OFTEN_NAMES = new Set([SOFT_KEYWORD, VALUE_OR_ROWS, TEMPORAL, AMID_NAME, DEFAULT_WORD]);

/** The tokens of a statement or a digest, all of its text but the blanks. */
export function sqlTokens(sql: string): SqlToken[] {
  const lexer = new Lexer(sql);
  const tokens: SqlToken[] = [];
  let before = 0;
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    const text = lexer.slice(lexer.start, lexer.end);
    const isCalled = lexer.bytes[lexer.end] === "(".charCodeAt(0);
    const shown = kind === WORD ? kindOfWord(text, lexer.hash, isCalled, tokens.at(-1)) : KINDS[kind];
    tokens.push({
      kind: text === "?" ? "literal" : (shown ?? "symbol"),
      text,
      word: shown === "keyword" ? text.toUpperCase() : "",
      isApart: lexer.start > before,
    });
    before = lexer.end;
  }
  return tokens;
}

const KINDS: Partial<Record<number, SqlKind>> = {
  [QUOTED]: "name",
  [STRING]: "literal",
  [NUMBER]: "literal",
  [COMMENT]: "comment",
};

function kindOfWord(text: string, hash: number, isCalled: boolean, before: SqlToken | undefined): SqlKind {
  // A part of a name, whatever it says.
  if (before?.text === "." || before?.text === "@") return "name";
  const wordClass = classOf(hash);
  if (wordClass === NO_KEYWORD || wordClass === FUNCTION) return isCalled ? "function" : "name";
  return !OFTEN_NAMES.has(wordClass) || text === text.toUpperCase() ? "keyword" : "name";
}
