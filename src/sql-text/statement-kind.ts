import { COMMENT, END, Lexer, QUOTED, STRING, SYMBOL, WORD } from "./lexer/lexer.ts";
import { readStringLiteral } from "./lexer/string-literal.ts";
import { partsOf } from "./statement-parts.ts";
import { ADMINISTRATION, GLOBAL_SCOPES, isUserVariable, MAX_HEAD_WORDS, OBJECTS } from "./statement-words.ts";

/*
 * What a statement may do to the server that it is run on again, by a replay or from a file of SQL: a guard, so what is not known to
 * be harmless counts as a write. A replay has the server as its second guard: without `--writes`, every connection is read-only to it
 * (src/cli/replay/mysql-driver.ts), so that functions that a query calls can't write either.
 */

/** What a statement may do. */
export type StatementKind =
  /** Changes nothing but its own session and what it locks. */
  | "read"
  /** Changes data or definitions, or can't be told. */
  | "write"
  /** Changes who may sign in, and what they may do. */
  | "account"
  /** Changes the server, its replication or its files; or other sessions. */
  | "administration"
  /** Is a comment, or nothing at all. */
  | "nothing";

/** A statement, and what it may do. */
export interface JudgedStatement {
  kind: StatementKind;
  /** Where a record has several statements with semicolons between them: each of them. */
  parts: readonly string[] | null;
}

/** Of several, the one that decides: none may be run that must not be run alone. */
const RANK: Record<StatementKind, number> = { nothing: 0, read: 1, write: 2, administration: 3, account: 4 };

const READS = new Set(
  `SELECT TABLE VALUES SHOW DESCRIBE DESC HELP USE COMMIT ROLLBACK SAVEPOINT RELEASE DO HANDLER DEALLOCATE UNLOCK CHECKSUM GET`.split(
    /\s+/,
  ),
);
const ACCOUNT_WORDS = new Set(["GRANT", "REVOKE"]);
/**
 * What a query may have beyond reading: a file that it writes, a sequence that it moves on, rows that it locks as an UPDATE would
 * (MariaDB 10.11 refuses that where a session is read-only).
 */
const MAY_CHANGE = /outfile|dumpfile|nextval|setval|next\s+value|for\s+update/i;
/** The database of the accounts. With ANSI_QUOTES, a name may stand in double quotes. */
const MYSQL = /^(?:MYSQL|`MYSQL`|"MYSQL")$/;
/** Settings by which a SET would lift the read-only guard. */
const READ_ONLY_SETTINGS = new Set(["TX_READ_ONLY", "TRANSACTION_READ_ONLY"]);

const SEMICOLON = 59;
const OPEN = 40;
const CLOSE = 41;
const DOT = 46;

const lexer = new Lexer();

/**
 * Judges a statement, or several in one text.
 * @param db the session's default database; null when that is not known
 */
export function judge(sql: string, db: string | null = null): JudgedStatement {
  const at = sql.indexOf(";");
  if (at >= 0 && at < sql.length - 1) {
    const { parts, hasBody } = partsOf(sql);
    if (hasBody || parts.length > 1) {
      // What is in a body counts as if it ran: where a body ends can't be told.
      let kind: StatementKind = hasBody ? "write" : "nothing";
      let current = db;
      for (const part of parts) {
        const next = kindOf(part, current);
        if (RANK[next] > RANK[kind]) kind = next;
        current = databaseOfUse(part) ?? current;
      }
      return { kind, parts: hasBody ? null : parts };
    }
  }
  return { kind: kindOf(sql, db), parts: null };
}

/** The database that a USE chooses, null for other statements. */
function databaseOfUse(sql: string): string | null {
  lexer.reset(sql);
  let db: string | null = null;
  if (nextWord(true) === "USE") {
    nextPastComments();
    db = lexer.slice(lexer.start, lexer.end).replaceAll("`", "");
  }
  lexer.reset("");
  return db;
}

function kindOf(sql: string, db: string | null): StatementKind {
  nested = 0;
  lexer.reset(sql);
  const kind = judgeFrom(db);
  lexer.reset("");
  if (kind === "read" && MAY_CHANGE.test(sql)) return judgeMentioned(sql);
  return kind === "write" && writesAccounts(sql, db) ? "account" : kind;
}

/** The kind of the statement that begins at the lexer's place. */
function judgeFrom(db: string | null): StatementKind {
  const first = nextWord(true);
  if (first === null) return "nothing";
  if (READS.has(first)) return "read";
  if (ACCOUNT_WORDS.has(first)) return "account";
  if (ADMINISTRATION.has(first)) return "administration";
  switch (first) {
    case "WITH":
      return judgeWith();
    case "EXPLAIN":
      return nextWord() === "ANALYZE" ? judgeAnalyzed() : "read";
    case "ANALYZE":
      return judgeAnalyzed();
    case "BEGIN":
      // BEGIN NOT ATOMIC begins a block, and in MariaDB's sql_mode ORACLE each BEGIN with a statement behind it does.
      return /^(?:WORK)?$/.test(nextWord() ?? "") ? "read" : "write";
    case "START":
      return judgeStart();
    case "SET":
      return judgeSet(db);
    case "PREPARE":
      return judgePrepare(db);
    case "EXECUTE":
      // What was prepared was judged then, on the same connection.
      return nextWord() === "IMMEDIATE" ? judgeDynamic(db) : "read";
    case "CALL":
      return judgeCall();
    case "LOCK":
      return nextWord() === "INSTANCE" ? "administration" : "write";
    case "DROP":
      return judgeObject(true);
    case "CREATE":
    case "ALTER":
    case "RENAME":
      return judgeObject(false);
    default:
      return "write";
  }
}

/** WITH … AS (…), … : what follows decides. */
function judgeWith(): StatementKind {
  let depth = 0;
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind === SYMBOL) {
      const byte = lexer.bytes[lexer.start];
      if (byte === OPEN) depth++;
      else if (byte === CLOSE) depth--;
      continue;
    }
    if (depth > 0 || kind !== WORD) continue;
    const word = upper();
    if (word === "SELECT" || word === "TABLE" || word === "VALUES") return "read";
    if (word === "UPDATE" || word === "DELETE" || word === "INSERT" || word === "REPLACE") return "write";
  }
  // `WITH x AS (…) (SELECT …)`: nothing outside of parentheses says more.
  return depth === 0 ? "read" : "write";
}

/** EXPLAIN ANALYZE and MariaDB's ANALYZE run the statement; ANALYZE TABLE writes statistics. */
function judgeAnalyzed(): StatementKind {
  for (;;) {
    const word = nextWord(true);
    if (word === null) return "write";
    if (word === "FORMAT") {
      // = JSON
      lexer.next();
      lexer.next();
      continue;
    }
    if (word === "SELECT" || word === "VALUES") return "read";
    return word === "WITH" ? judgeWith() : "write";
  }
}

function judgeStart(): StatementKind {
  if (nextWord() !== "TRANSACTION") return "administration";
  return mentionsReadWrite() ? "write" : "read";
}

/** Whether READ WRITE follows somewhere. */
function mentionsReadWrite(): boolean {
  let before = "";
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind !== WORD) continue;
    const word = upper();
    if (before === "READ" && word === "WRITE") return true;
    before = word;
  }
  return false;
}

function judgeSet(db: string | null): StatementKind {
  let words = 0;
  let before = "";
  let beforeThat = "";
  for (let kind = nextPastComments(); kind !== END; kind = nextPastComments()) {
    if (kind !== WORD && kind !== QUOTED) {
      if (kind === SYMBOL) {
        beforeThat = before;
        before = String.fromCharCode(lexer.bytes[lexer.start] as number);
      }
      continue;
    }
    const word = kind === QUOTED ? upper().slice(1, -1) : upper();
    words++;
    if (words === 1 && before === "") {
      if (word === "PASSWORD" || word === "ROLE") return "account";
      if (word === "DEFAULT") return "account";
      if (word === "RESOURCE") return "administration";
      if (word === "STATEMENT") return judgeAfterFor(db);
    }
    if (word === "TRANSACTION" && before !== "@" && mentionsReadWrite()) return "write";
    const isOwn = isUserVariable(before, beforeThat);
    if (!isOwn && GLOBAL_SCOPES.has(word)) return "administration";
    if (!isOwn && READ_ONLY_SETTINGS.has(word)) return "write";
    beforeThat = before;
    before = word;
  }
  return words === 0 && before === "" ? "write" : "read";
}

/** How many SET STATEMENT may stand in each other. */
const MAX_NESTED = 8;
/** How many the one that is being read stands in. */
let nested = 0;

/** SET STATEMENT … FOR statement (MariaDB). One that has thousands in each other would use up the stack: nobody knows what it does. */
function judgeAfterFor(db: string | null): StatementKind {
  if (++nested > MAX_NESTED) return "administration";
  for (let word = nextWord(); word !== null; word = nextWord()) {
    if (word === "FOR") return judgeFrom(db);
  }
  return "write";
}

/** PREPARE name FROM 'text': the text decides; of a variable it can't be told. */
function judgePrepare(db: string | null): StatementKind {
  for (let word = nextWord(); word !== null; word = nextWord()) {
    if (word === "FROM") return judgeDynamic(db);
  }
  return "write";
}

/** The kind of the statement in the string that comes next. */
function judgeDynamic(db: string | null): StatementKind {
  if (nextPastComments() !== STRING) return "write";
  const { bytes, start, end, unterminated, quoteRules } = lexer;
  const text = readStringLiteral(bytes, start, end, unterminated, quoteRules)?.text;
  const next = lexer.next();
  // `CONCAT`, `'…' 'and more'`.
  if (text === undefined || next === STRING) return "write";
  return judge(text, db).kind;
}

function judgeCall(): StatementKind {
  let isOfMysql = false;
  for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
    if (kind !== WORD && kind !== QUOTED) {
      if (lexer.bytes[lexer.start] === OPEN) break;
      continue;
    }
    const name = upper().replaceAll("`", "");
    if (name === "MYSQL" || name === "SYS" || name.startsWith("RDS_")) isOfMysql = true;
  }
  return isOfMysql ? "administration" : "write";
}

/** What the first of the words of OBJECTS says. */
function judgeObject(isDrop: boolean): StatementKind {
  let kind: StatementKind = "write";
  for (let words = 0; words < MAX_HEAD_WORDS; words++) {
    const word = nextWord();
    if (word === null) break;
    // DROP PREPARE s: DEALLOCATE by another name.
    if (isDrop && words === 0 && word === "PREPARE") return "read";
    const found = OBJECTS.get(word);
    if (found === undefined) continue;
    kind = found;
    if (word === "DATABASE" || word === "SCHEMA") {
      for (let next = lexer.next(); next !== END; next = lexer.next())
        if (MYSQL.test(upper())) return "account";
    }
    if (word !== "FUNCTION" && word !== "AGGREGATE") break;
    // A function of a shared library.
    for (let next = nextWord(); next !== null; next = nextWord())
      if (next === "SONAME") return "administration";
  }
  return kind;
}

/** A query that has one of the words of MAY_CHANGE, as a word or where a string may be misread. */
function judgeMentioned(sql: string): StatementKind {
  lexer.reset(sql);
  let before = "";
  let found: StatementKind | null = null;
  for (let kind = lexer.next(); kind !== END && found === null; kind = lexer.next()) {
    const word = kind === WORD ? upper() : "";
    if (word === "OUTFILE" || word === "DUMPFILE") found = "administration";
    else if (word === "NEXTVAL" || word === "SETVAL") found = "write";
    else if (word === "VALUE" && before === "NEXT") found = "write";
    else if (word === "UPDATE" && before === "FOR") found = "write";
    before = word;
  }
  lexer.reset("");
  if (found !== null) return found;
  // With NO_BACKSLASH_ESCAPES or ANSI_QUOTES, what looks like a string may be none.
  return sql.includes("\\") && /(?:outfile|dumpfile)/i.test(sql) ? "administration" : "read";
}

/** Whether a write names a table of the database `mysql`, or has it as its own. */
function writesAccounts(sql: string, db: string | null): boolean {
  if (db !== null && db.toLowerCase() === "mysql") return true;
  if (!/mysql/i.test(sql)) return false;
  lexer.reset(sql);
  let isFound = false;
  for (let kind = lexer.next(); kind !== END && !isFound; kind = lexer.next()) {
    if (MYSQL.test(upper())) isFound = lexer.next() === SYMBOL && lexer.bytes[lexer.start] === DOT;
  }
  lexer.reset("");
  return isFound;
}

const upper = (): string => lexer.slice(lexer.start, lexer.end).toUpperCase();

/** Goes on to the next token that is no comment. @returns its kind */
function nextPastComments(): number {
  let kind = lexer.next();
  while (kind === COMMENT) kind = lexer.next();
  return kind;
}

/**
 * The next word in capitals, past comments and what is no word; null at the end.
 * @param isFirst only parentheses may stand before it: anything else there is an empty word, which nothing knows
 */
function nextWord(isFirst = false): string | null {
  for (let kind = nextPastComments(); kind !== END; kind = nextPastComments()) {
    if (kind === WORD) return upper();
    if (!isFirst) continue;
    const byte = lexer.bytes[lexer.start];
    if (kind === SYMBOL && byte === OPEN) continue;
    // An empty statement's.
    if (kind === SYMBOL && byte === SEMICOLON) continue;
    return "";
  }
  return null;
}
