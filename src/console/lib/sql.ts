import { type SqlKind, type SqlToken, sqlTokens } from "./sql-tokens.ts";

/*
 * Statements in lines, as a person writes them. Only blanks are changed: what is copied from here runs as what was recorded. The text
 * may be cut, wrong, or a digest: whatever it is, all of it is shown.
 */

/** A part of a line in one colour. */
export interface SqlSpan {
  kind: SqlKind;
  text: string;
}

/** A line of a statement. */
export interface SqlLine {
  /** How many steps it is indented. */
  indent: number;
  spans: SqlSpan[];
}

/** A statement that is no longer stays on one line. */
const SHORT = 60;
/** A list that is longer has a line for each item. */
const SHORT_LIST = 72;
/** A step of indentation. */
export const INDENT = "  ";

/** The words that a clause begins with. */
const CLAUSES = new Set(
  "SELECT FROM WHERE HAVING LIMIT SET VALUES UNION EXCEPT INTERSECT RETURNING WINDOW JOIN STRAIGHT_JOIN".split(
    " ",
  ),
);
/** Those that one begins with if the next word is one of these. */
const CLAUSES_OF_TWO: Record<string, RegExp> = {
  GROUP: /^BY$/,
  ORDER: /^BY$/,
  ON: /^DUPLICATE$/,
  FOR: /^(UPDATE|SHARE)$/,
  LOCK: /^IN$/,
  LEFT: /^(OUTER|JOIN)$/,
  RIGHT: /^(OUTER|JOIN)$/,
  NATURAL: /^(LEFT|RIGHT|INNER|JOIN)$/,
  INNER: /^JOIN$/,
  CROSS: /^JOIN$/,
};
/** Words after which a clause's word belongs to what stands before: `LEFT JOIN`, `DELETE FROM`, `CHARACTER SET`. */
const LEADS = new Set("LEFT RIGHT OUTER INNER CROSS NATURAL DELETE CHARACTER ALL BY".split(" "));
/** The clauses whose items are a list. */
const LISTS = new Set("SELECT SET GROUP ORDER ON VALUES".split(" "));
/** The clauses that AND and OR break. */
const CONDITIONS = new Set("WHERE HAVING JOIN STRAIGHT_JOIN LEFT RIGHT INNER CROSS NATURAL".split(" "));

/** A clause: its word, and how long what stands in it is. */
interface Clause {
  word: string;
  length: number;
}

/** A statement or a subquery, or what is in other parentheses. */
interface Scope {
  /** Whether clauses begin lines in it. */
  isBlock: boolean;
  indent: number;
  clause: Clause;
  /** Whether the next AND belongs to BETWEEN. */
  isBetween: boolean;
}

/** A statement in lines. */
export function sqlLines(sql: string): SqlLine[] {
  const tokens = sqlTokens(sql);
  if (lengthOf(tokens) <= SHORT) return broken(tokens, []);
  return broken(tokens, clausesOf(tokens));
}

/** Lines as text. */
export const textOfLines = (lines: SqlLine[]): string =>
  lines.map(({ indent, spans }) => INDENT.repeat(indent) + spans.map(({ text }) => text).join("")).join("\n");

const lengthOf = (tokens: SqlToken[]): number =>
  tokens.reduce((sum, { text, isApart }) => sum + text.length + Number(isApart), 0);

/** The clause that each token begins, and how long it becomes; undefined for the others. */
function clausesOf(tokens: SqlToken[]): (Clause | undefined)[] {
  const open: Scope[] = [scope(true, 0)];
  return tokens.map((token, at) => {
    const current = open.at(-1) as Scope;
    let began: Clause | undefined;
    if (current.isBlock && isClause(tokens, at)) {
      began = { word: token.word, length: 0 };
      current.clause = began;
    }
    for (const { clause } of open) clause.length += token.text.length + Number(token.isApart);
    if (token.text === "(") open.push(scope(opensBlock(tokens, at), 0));
    else if (token.text === ")" && open.length > 1) open.pop();
    return began;
  });
}

const scope = (isBlock: boolean, indent: number): Scope => ({
  isBlock,
  indent,
  clause: { word: "", length: 0 },
  isBetween: false,
});

const opensBlock = (tokens: SqlToken[], at: number): boolean =>
  /^(SELECT|WITH)$/.test(tokens[at + 1]?.word ?? "");

function isClause(tokens: SqlToken[], at: number): boolean {
  const { word } = tokens[at] as SqlToken;
  const before = tokens[at - 1];
  if (word === "" || (before !== undefined && LEADS.has(before.word))) return false;
  // `a = VALUES(a)`, where it is a function.
  if (word === "VALUES" && before?.kind === "symbol" && before.text !== ")") return false;
  return CLAUSES.has(word) || (CLAUSES_OF_TWO[word]?.test(tokens[at + 1]?.word ?? "") ?? false);
}

/** The tokens in lines, which break before the clauses. Without clauses it is one line. */
function broken(tokens: SqlToken[], clauses: (Clause | undefined)[]): SqlLine[] {
  const lines: SqlLine[] = [];
  let line: SqlLine = { indent: 0, spans: [] };
  const breakAt = (indent: number) => {
    if (line.spans.length > 0) lines.push(line);
    line = { indent, spans: [] };
  };
  const open: Scope[] = [scope(clauses.length > 0, 0)];
  for (const [at, token] of tokens.entries()) {
    const current = open.at(-1) as Scope;
    const { indent, clause } = current;
    const began = clauses[at];
    if (began !== undefined) {
      current.clause = began;
      breakAt(indent);
    } else if (token.text === ")" && current.isBlock && open.length > 1) {
      breakAt(Math.max(0, indent - 1));
    } else if (isCondition(token, current)) {
      breakAt(indent + 1);
    }
    put(line, token);
    if (token.word === "BETWEEN") current.isBetween = true;
    else if (token.word === "AND") current.isBetween = false;

    if (token.kind === "comment" && !token.text.endsWith("*/") && !token.text.startsWith("/*"))
      breakAt(line.indent);
    else if (token.text === "(" && clauses.length > 0) {
      const isBlock = opensBlock(tokens, at);
      open.push(scope(isBlock, isBlock ? line.indent + 1 : line.indent));
    } else if (token.text === ")" && open.length > 1) open.pop();
    else if (token.text === ";" && open.length === 1 && clauses.length > 0) breakAt(0);
    else if (current.isBlock && endsItem(token, tokens[at + 1], began ?? clause, began !== undefined)) {
      breakAt(indent + 1);
    }
  }
  breakAt(0);
  return lines;
}

const isCondition = ({ word }: SqlToken, { isBlock, isBetween, clause }: Scope): boolean =>
  isBlock && CONDITIONS.has(clause.word) && ((word === "AND" && !isBetween) || word === "OR");

/** Whether the next token begins a line: the first item of a long list, or one after a comma. */
function endsItem(
  token: SqlToken,
  next: SqlToken | undefined,
  { word, length }: Clause,
  isFirst: boolean,
): boolean {
  if (!LISTS.has(word) || length <= SHORT_LIST || next === undefined) return false;
  if (token.text === ",") return true;
  // The words that the clause begins with stay together.
  if (word === "ON") return token.word === "UPDATE";
  return word === "GROUP" || word === "ORDER" ? token.word === "BY" : isFirst;
}

/** Adds a token to a line; spans of one colour are one. */
function put({ spans }: SqlLine, { kind, text, isApart }: SqlToken): void {
  const last = spans.at(-1);
  const shown = isApart && last !== undefined ? ` ${text}` : text;
  if (last?.kind === kind) last.text += shown;
  else spans.push({ kind, text: shown });
}
