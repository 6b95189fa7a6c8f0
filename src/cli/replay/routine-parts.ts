import { END, Lexer, SYMBOL, WORD } from "../../sql-text/lexer/lexer.ts";

/*
 * Statements of functions and triggers. The general log has them beside the statement that called the function or fired the trigger,
 * under the same connection (MySQL 9.7, MariaDB 10.11 and 11.8; those of procedures it has not). Run once more they would do
 * twice what they did.
 */

/** A variable of a routine, as the servers write it: `NAME_CONST('a',3)`. */
const NAME_CONST = /\bname_const\s*\(/i;
/** A column of a trigger's row. */
const ROW = /\b(?:new|old)\s*\./i;
/** What a table or an alias of that name stands behind. */
const NAMED = /(?:\bas|\bfrom|\bjoin|\bupdate|\binto|,|[\w`)])\s+`?(?:new|old)`?(?=\s|$|,|\))/i;

const DOT = 46;
const lexer = new Lexer();

/**
 * Whether a statement is surely a part of a function or a trigger: it has one of its variables, or a column of the row that fired it. A
 * part that has neither can't be told from a statement of the session's own.
 */
export function isRoutinePart(sql: string): boolean {
  if (NAME_CONST.test(sql) && hasWord(sql, "NAME_CONST", false)) return true;
  return (
    ROW.test(sql) &&
    !NAMED.test(sql) &&
    !/^\W*create/i.test(sql) &&
    (hasWord(sql, "NEW", true) || hasWord(sql, "OLD", true))
  );
}

/** Whether a word stands in a text outside of strings and comments. @param isQualifying with a dot behind it */
function hasWord(sql: string, looked: string, isQualifying: boolean): boolean {
  let isFound = false;
  lexer.reset(sql);
  for (let kind = lexer.next(); kind !== END && !isFound; ) {
    const isIt = kind === WORD && lexer.slice(lexer.start, lexer.end).toUpperCase() === looked;
    kind = lexer.next();
    isFound = isIt && (!isQualifying || (kind === SYMBOL && lexer.bytes[lexer.start] === DOT));
  }
  lexer.reset("");
  return isFound;
}
