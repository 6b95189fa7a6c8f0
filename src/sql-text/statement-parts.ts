import { COMMENT, END, Lexer, SYMBOL, WORD } from "./lexer/lexer.ts";
import { isMaking, saysBody } from "./statement-words.ts";

/* The statements of a text that was sent as one query. */

/** A text, taken apart. */
export interface StatementParts {
  /** Its statements; with a body also what stands before each statement in it. */
  parts: string[];
  /** It makes something with a body, or is a block (MariaDB): a semicolon may be no end, so it can be sent as a whole only. */
  hasBody: boolean;
}

/** As MAX_HEAD_WORDS, but in tokens, and tight: else a column with the name `event` would keep a text from being taken apart. */
const MAX_HEAD = 16;
/** First words of compound statements (MariaDB). */
const BLOCKS = new Set(["IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR", "DECLARE"]);
/** Behind which a statement may begin in a body. */
const BEFORE_STATEMENT = new Set(["BEGIN", "ATOMIC", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ROW"]);
const SEMICOLON = 59;

const lexer = new Lexer();

/** Takes a text apart at its semicolons. Comments alone are no statement. */
export function partsOf(sql: string): StatementParts {
  const parts: string[] = [];
  let hasBody = false;
  let from = 0;
  let words = 0;
  let before = "";
  let mayMakeBody = false;
  const endPart = () => {
    if (words > 0) parts.push(lexer.slice(from, lexer.start).trim());
    from = lexer.end;
    words = 0;
    before = "";
  };
  lexer.reset(sql);
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind === COMMENT) continue;
    if (kind === SYMBOL && lexer.bytes[lexer.start] === SEMICOLON) {
      endPart();
      continue;
    }
    const word = kind === WORD ? lexer.slice(lexer.start, lexer.end).toUpperCase() : "";
    if (words === 0) {
      hasBody ||= BLOCKS.has(word);
      mayMakeBody = isMaking(word);
    } else {
      hasBody ||= mayMakeBody && words < MAX_HEAD && saysBody(word);
      hasBody ||= before === "BEGIN" && word === "NOT";
    }
    words++;
    before = word;
    if (hasBody && BEFORE_STATEMENT.has(word)) endPart();
  }
  const last = lexer.slice(from).trim();
  lexer.reset("");
  if (words > 0) parts.push(last);
  return { parts, hasBody };
}
