import { COMMENT, END, Lexer, QUOTED, STRING, SYMBOL, WORD } from "../../sql-text/lexer/lexer.ts";
import { BACKSLASH_ESCAPES, NO_ESCAPES } from "../../sql-text/lexer/quotes.ts";
import { readStringLiteral } from "../../sql-text/lexer/string-literal.ts";
import { type JudgedStatement, judge, type StatementKind } from "../../sql-text/statement-kind.ts";
import {
  ADMINISTRATION,
  GLOBAL_SCOPES,
  isMaking,
  isUserVariable,
  MAX_HEAD_WORDS,
  OBJECTS,
  saysBody,
} from "../../sql-text/statement-words.ts";

/*
 * What stands in a body: of a routine, a trigger or an event, or of a compound statement that MariaDB runs by itself. Where its
 * statements begin only a parser could tell, so a word that begins a forbidden statement counts wherever it may begin one. A body
 * that has a name like it is left out, too: that is better than to run one that must not be.
 */

/** What is forbidden in a body; null where nothing of it is there. */
type Forbidden = "account" | "administration" | null;

const MAKES = new Set(["CREATE", "ALTER", "DROP", "RENAME"]);
/** First words of statements of administration that have other uses in a body: of them, BEHIND decides. */
const AMBIGUOUS = new Set(["CHANGE"]);
const ANYWHERE = new Set(["OUTFILE", "DUMPFILE", "SONAME"]);
const BEHIND: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["CHANGE", new Set(["MASTER", "REPLICATION"])],
  ["START", new Set(["SLAVE", "REPLICA", "ALL", "GROUP_REPLICATION"])],
  ["LOCK", new Set(["INSTANCE"])],
  ["SET", new Set(["RESOURCE"])],
  ["CALL", new Set(["SYS"])],
]);
/** Of symbols, only these can stand before a statement: an end, a head's parentheses, the colon and brackets of labels. */
const BEFORE_STATEMENT = /^[;):>]$/;
/** A name, and no statement, has one of these behind it. */
const BEHIND_NAME = /^[=,.)<>+*/%-]$/;

const lexer = new Lexer();

/** First words of writes that have no statements within themselves. */
const WITHOUT_BODY =
  /^(?:INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|WITH|CALL|LOCK|ANALYZE|OPTIMIZE|CHECK|REPAIR|XA|SELECT|PREPARE|EXECUTE|DROP|RENAME)$/;

/**
 * Judges a statement as `judge` does, and what stands in its body, too: a routine may be called, an event runs by itself.
 * @param db the session's default database; null when that is not known
 */
export function judgeWithBody(sql: string, db: string | null = null): JudgedStatement {
  const judged = judge(sql, db);
  if (judged.kind !== "write" || !hasBody(sql)) return judged;
  const forbidden = forbiddenIn(sql);
  return forbidden === null ? judged : { ...judged, kind: forbidden };
}

/** Whether a write may have statements within itself: what is not known may. */
function hasBody(sql: string): boolean {
  const words: string[] = [];
  lexer.quoteRules = BACKSLASH_ESCAPES;
  lexer.reset(sql);
  for (let kind = lexer.next(); kind !== END && words.length < MAX_HEAD_WORDS; kind = lexer.next())
    if (kind === WORD) words.push(textOf(false));
  lexer.reset("");
  const [first = "", ...more] = words;
  return isMaking(first) ? more.some(saysBody) : !WITHOUT_BODY.test(first);
}

/** What of a kind is forbidden. */
const forbiddenOf = (kind: StatementKind | undefined): Forbidden =>
  kind === "account" || kind === "administration" ? kind : null;

/** Looks for statements about accounts and the server in a body, and in the texts that it prepares or executes as literals. */
function forbiddenIn(sql: string): Forbidden {
  const texts: string[] = [];
  let found = lookThrough(sql, BACKSLASH_ESCAPES, texts);
  // With NO_BACKSLASH_ESCAPES, what looks like a string may be none.
  if (found !== "account" && sql.includes("\\")) found = worse(found, lookThrough(sql, NO_ESCAPES, texts));
  for (const text of texts) found = worse(found, forbiddenOf(judge(text).kind));
  return found;
}

const worse = (one: Forbidden, other: Forbidden): Forbidden =>
  one === "account" || other === "account" ? "account" : (one ?? other);

/** @param texts is given the literals that are prepared or executed */
function lookThrough(
  sql: string,
  rules: typeof BACKSLASH_ESCAPES | typeof NO_ESCAPES,
  texts: string[],
): Forbidden {
  lexer.quoteRules = rules;
  lexer.reset(sql);
  let found: Forbidden = null;
  // The token before, and the one before that, in capitals; names without their quotes.
  let [before, beforeThat] = ["", ""];
  let isInSet = false;
  // A word that begins a statement unless what follows says that it is a name.
  let mayBegin = false;
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind === COMMENT) continue;
    if (kind === STRING && (before === "IMMEDIATE" || before === "FROM")) {
      const { bytes, start, end, unterminated, quoteRules } = lexer;
      const text = readStringLiteral(bytes, start, end, unterminated, quoteRules)?.text;
      if (text !== undefined) texts.push(text);
    }
    // With ANSI_QUOTES, a name may stand in double quotes.
    if (kind === STRING && lexer.slice(lexer.start, lexer.end).toUpperCase() === '"MYSQL"') found = "account";
    const isName = kind === QUOTED;
    const token = kind === WORD || kind === SYMBOL || isName ? textOf(isName) : "''";
    if (mayBegin && !(kind === SYMBOL && BEHIND_NAME.test(token))) found = worse(found, "administration");
    mayBegin = false;
    if (token === ";") isInSet = false;
    if ((kind === WORD || isName) && token === "MYSQL" && before !== ".") found = worse(found, "account");
    if (
      isInSet &&
      (kind === WORD || isName) &&
      GLOBAL_SCOPES.has(token) &&
      !isUserVariable(before, beforeThat)
    )
      found = worse(found, "administration");
    if (kind === WORD) {
      found = worse(found, forbiddenBy(token, before));
      if (token === "SET") isInSet = true;
      const begins = ADMINISTRATION.has(token) && !AMBIGUOUS.has(token);
      mayBegin = begins && (!/^\W$/.test(before) || BEFORE_STATEMENT.test(before));
      // CREATE OR REPLACE is one word.
      if (MAKES.has(before) && (token === "OR" || token === "REPLACE")) continue;
    }
    [before, beforeThat] = [token, before];
  }
  if (mayBegin) found = worse(found, "administration");
  lexer.reset("");
  return found;
}

function forbiddenBy(word: string, before: string): Forbidden {
  if (word === "GRANT" || word === "REVOKE") return "account";
  if (before === "SET" && (word === "PASSWORD" || word === "ROLE" || word === "DEFAULT")) return "account";
  if (MAKES.has(before)) return forbiddenOf(OBJECTS.get(word));
  const isServers = ANYWHERE.has(word) || word.startsWith("RDS_") || BEHIND.get(before)?.has(word);
  return isServers ? "administration" : null;
}

const textOf = (isName: boolean): string => {
  const { start, end } = lexer;
  return (isName ? lexer.slice(start + 1, end - 1) : lexer.slice(start, end)).toUpperCase();
};
