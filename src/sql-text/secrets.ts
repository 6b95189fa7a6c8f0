import { AccountClause } from "./account-clause.ts";
import { Assembly, placed } from "./assembly.ts";
import { type Clause, KEEP, ODD, OVER } from "./clause.ts";
import { type Cut, SECRET } from "./cuts.ts";
import { COMMENT, END, Lexer, NUMBER, QUOTED, type Reading, STRING, SYMBOL, WORD } from "./lexer.ts";
import { OptionClause } from "./option-clause.ts";
import { chooseReading } from "./readings.ts";
import * as words from "./secret-words.ts";
import type { SessionSettings } from "./session-settings.ts";
import { contentOf } from "./sql-string.ts";
import { type Context, Statement } from "./statement.ts";

/*
 * Finds the secrets in a text: goes through its tokens once, and remembers of the statement before them what decides which
 * literals are secrets.
 */

/** The secrets of a text. */
export interface Found {
  /** In order. */
  cuts: Cut[];
  /** The text ended amid a secret, or where one is to come: what follows it elsewhere is part of one. */
  isOpen: boolean;
  /** It has a place for a secret, be it filled or not. */
  hasPlace: boolean;
}

/** How deep statements in strings in statements are followed. What is deeper is removed whole. */
const MAX_DEPTH = 3;

/** Blanks that are none to a server, and that people paste: of two bytes in UTF-8, and of three. */
const SHORT_BLANK = /\u00a0/g;
const LONG_BLANK = /[\u2000-\u200b\u202f\u3000\ufeff]/g;

/**
 * Finds the secrets of a text.
 * @param depth of how many strings it stands in
 */
export function findSecrets(original: string, session: SessionSettings, context: Context, depth = 0): Found {
  const text = original.replace(SHORT_BLANK, "  ").replace(LONG_BLANK, "   ");
  const choice = chooseReading(text, session);
  if (!choice.doubtful) return scan(text, choice.reading, session, context, depth);
  // Whatever it is: from the first secret on that it has by any reading, nothing is kept. Where one makes sense, what is odd by
  // another one is odd since that is the wrong one.
  const isClear = choice.readings.some(({ makesSense }) => makesSense);
  let from = Number.POSITIVE_INFINITY;
  for (const { reading, makesSense } of choice.readings) {
    const as = makesSense || !isClear || context !== "statement" ? context : "data";
    const [first] = scan(text, reading, session, as, depth).cuts;
    if (first !== undefined) from = Math.min(from, first.start);
  }
  // Where some of these characters are whole and some are not, there are more readings.
  const isMixed = session.wide !== false && /[\u0080-\uffff]\\/.test(text);
  const isFound = from < Number.POSITIVE_INFINITY || (!isClear && isMixed && words.ACCOUNT_WORDS.test(text));
  if (isFound && (isMixed || !isClear)) from = Math.min(from, choice.from);
  if (from === Number.POSITIVE_INFINITY) return { cuts: [], isOpen: false, hasPlace: false };
  // What says that all of a string is a secret, such as `INTO @password`, may stand behind it, in what goes.
  if (depth > 0) from = 0;
  return { cuts: [{ start: from, end: Number.MAX_SAFE_INTEGER, by: SECRET }], isOpen: true, hasPlace: true };
}

function scan(
  text: string,
  reading: Reading,
  session: SessionSettings,
  context: Context,
  depth: number,
): Found {
  const scanner = new Scanner(text, reading, session, context, depth);
  const found = scanner.run();
  if (!scanner.isAll) return found;
  // What says that all of the strings are secrets may stand behind them.
  const again = new Scanner(text, reading, session, context, depth);
  again.isAll = true;
  return again.run();
}

/** Words after START. */
const THREADS = new Set(["SLAVE", "SLAVES", "REPLICA", "GROUP_REPLICATION", "SQL_THREAD", "IO_THREAD"]);
/** Words before the name of a table that is read or written. */
const BEFORE_TABLE = new Set([
  "FROM",
  "IGNORE",
  "INSERT",
  "INTO",
  "JOIN",
  "LOW_PRIORITY",
  "REPLACE",
  "UPDATE",
]);

class Scanner {
  /** All strings of the text are secrets. */
  isAll = false;

  readonly #lexer = new Lexer();
  readonly #text: string;
  readonly #session: SessionSettings;
  readonly #isStrict: boolean;
  readonly #context: Context;
  readonly #depth: number;
  #cuts: Cut[] = [];
  #isOpen = false;
  #hasPlace = false;
  /** Nothing that follows can be trusted. */
  #rest = false;
  #isDone = false;

  // The tokens before, the last one first: words in capitals, user variables with their "@", symbols as they are, "?" for
  // literals.
  #p1 = "";
  #p2 = "";
  #p3 = "";
  #end = 0;
  #statement = new Statement();
  #clause: Clause | null = null;
  #clauseStart = 0;
  /** How many cuts there were before the clause. */
  #cutsBefore = 0;
  /** Whether `mysql` is the default database, as USE in the text says it last. */
  #inMysql: boolean | null;

  constructor(text: string, reading: Reading, session: SessionSettings, context: Context, depth: number) {
    this.#lexer.reading = reading;
    this.#lexer.reset(text);
    this.#text = text;
    this.#session = session;
    this.#context = context;
    this.#isStrict = context === "statement";
    this.#depth = depth;
    this.#inMysql = session.inMysql;
  }

  run(): Found {
    const lexer = this.#lexer;
    for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
      const { start, end } = lexer;
      if (kind === COMMENT) {
        this.#comment(start, end);
        continue;
      }
      if (this.#rest) this.#cutFrom(start);
      else this.#token(kind, start, end);
      if (this.#isDone) break;
      this.#end = end;
    }
    if (!this.#isDone) this.#closeAssembly();
    const clause = this.#clause;
    const isDue = clause?.atSecret === true && (this.#isStrict || clause.verb !== "GRANT");
    this.#cuts.sort((a, b) => a.start - b.start);
    return { cuts: this.#cuts, isOpen: this.#isOpen || this.#rest || isDue, hasPlace: this.#hasPlace };
  }

  #token(kind: number, start: number, end: number): void {
    const lexer = this.#lexer;
    const isGlued = start === this.#end;
    let token = kind === QUOTED ? lexer.slice(start + 1, end - 1) : lexer.slice(start, end);
    if (kind === WORD || kind === QUOTED) token = token.toUpperCase();
    const [first] = this.#cuts;
    if (this.#isStrict && first !== undefined && lexer.unterminated && (kind === STRING || kind === QUOTED)) {
      // Quotes are not in pairs, and who knows since where.
      this.#cutFrom(Math.min(first.start, start));
    } else if (this.#clause !== null && this.#continues(this.#clause, kind, token, isGlued)) {
      // The clause has dealt with it.
    } else if (kind === SYMBOL) {
      this.#symbol(token);
    } else if (this.#p1 === "@" && this.#p2 !== "@" && isGlued && !this.isAll) {
      token = `@${kind === STRING ? token.slice(1, -1).toUpperCase() : token}`;
      this.#variable(token);
    } else if (kind === STRING || kind === NUMBER) {
      this.#literal(kind, token, start, end);
    } else {
      this.#word(kind, token, isGlued);
    }
    this.#p3 = this.#p2;
    this.#p2 = this.#p1;
    this.#p1 = kind === STRING || kind === NUMBER ? (token.startsWith("@") ? token : "?") : token;
  }

  #cut(start: number, end: number): void {
    const text = this.#lexer.slice(start, end);
    // As MySQL writes it, and this did before.
    if (text !== SECRET && text.slice(1, -1) !== SECRET) this.#cuts.push({ start, end, by: SECRET });
  }

  /** Takes away all that follows. */
  #cutFrom(start: number): void {
    this.#isDone = true;
    this.#isOpen = this.#rest;
    const { length } = this.#lexer;
    while ((this.#cuts.at(-1)?.start ?? -1) >= start) this.#cuts.pop();
    this.#cuts.push({ start, end: length, by: SECRET });
  }

  // Clauses.

  #begin(clause: Clause): void {
    this.#clause = clause;
    this.#clauseStart = this.#lexer.start;
    this.#cutsBefore = this.#cuts.length;
    this.#hasPlace = true;
  }

  /** Hands a token to the clause. Returns false when it is not the clause's. */
  #continues(clause: Clause, kind: number, token: string, isGlued: boolean): boolean {
    const { start, end, unterminated } = this.#lexer;
    const isClosed = !(unterminated && (kind === STRING || kind === QUOTED));
    const wasAtSecret = clause.atSecret;
    const verdict = isClosed ? clause.next(kind, token, isGlued) : ODD;
    if (verdict === KEEP) return true;
    if (verdict === OVER) {
      this.#clause = null;
      return false;
    }
    if (verdict !== ODD) {
      this.#cut(start, end);
      return true;
    }
    if (!this.#isSecretClause(clause, wasAtSecret)) {
      this.#clause = null;
      return false;
    }
    const first = this.#cuts[this.#cutsBefore];
    this.#cutFrom(first === undefined ? start : first.start);
    if (!isClosed) this.#isOpen = true;
    return true;
  }

  /** Whether a clause in which something is odd is to go: in a statement always, elsewhere if it may well be one. */
  #isSecretClause(clause: Clause, atSecret: boolean): boolean {
    if (this.#isStrict) return true;
    const hasQuote = this.#lastQuote() >= this.#lexer.start;
    if (atSecret) return hasQuote || clause.verb !== "GRANT";
    return hasQuote && clause.isLikely && this.#lastWord() >= this.#clauseStart;
  }

  #quoteAt: number | null = null;
  #wordAt: number | null = null;

  #lastQuote(): number {
    if (this.#quoteAt === null) {
      const { bytes, length } = this.#lexer;
      let at = length - 1;
      while (at >= 0 && bytes[at] !== 34 && bytes[at] !== 39 && bytes[at] !== 96) at--;
      this.#quoteAt = at;
    }
    return this.#quoteAt;
  }

  /** Where the last word of accounts is, in bytes. */
  #lastWord(): number {
    if (this.#wordAt === null) {
      const lower = this.#text.toLowerCase();
      const index = Math.max(lower.lastIndexOf("ident"), lower.lastIndexOf("passw"));
      this.#wordAt = index < 0 ? -1 : new TextEncoder().encode(lower.slice(0, index)).length;
    }
    return this.#wordAt;
  }

  // Comments and literals.

  #comment(start: number, end: number): void {
    const text = this.#lexer.slice(start, end);
    // The marks of executable comments hold nothing.
    if (/^(?:\*|\/\*M?!)/.test(text)) return;
    const isSecret =
      (this.#isStrict && words.saysSecret(text)) ||
      (words.MAY_HOLD_SECRET.test(text) &&
        (this.#depth >= MAX_DEPTH ||
          findSecrets(text.slice(2), this.#session, "data", this.#depth + 1).cuts.length > 0));
    if (isSecret) this.#cuts.push({ start, end, by: "/* */" });
  }

  #literal(kind: number, token: string, start: number, end: number): void {
    const statement = this.#statement;
    const p1 = this.#p1;
    // A misspelt `IDENTIFIED BY '..'`, or one of nobody knows what.
    if (kind === STRING && p1 === "BY" && this.#isStrict && !words.BEFORE_BY.has(this.#p2)) {
      this.#cutFrom(start);
      return;
    }
    if (kind === STRING && this.#isStrict && statement.setting && words.isMisspelt(p1)) {
      this.#cutFrom(start);
      return;
    }
    if (this.#isSecret(kind, token)) {
      this.#cut(start, end);
      if (this.#p1 === "BY") this.#rest = true;
      return;
    }
    const { bytes, unterminated, reading } = this.#lexer;
    const { assembly } = statement;
    if (kind === NUMBER) {
      if (assembly === null) return;
      const places = Int32Array.from({ length: token.length + 1 }, (_, i) => start + i);
      assembly.add({ text: token, places, length: token.length }, start, end, false);
      return;
    }
    if (assembly === null && !words.MAY_HOLD_SECRET.test(token) && !token.includes("\\")) return;
    const content = contentOf(bytes, start, end, unterminated, reading);
    if (content === null) {
      assembly?.addUnknown();
    } else if (assembly !== null) {
      assembly.add(content, start, end, statement.quoteCall > 0);
    } else if (words.MAY_HOLD_SECRET.test(content.text)) {
      if (this.#depth >= MAX_DEPTH) {
        this.#cut(start, end);
        return;
      }
      const { cuts, isOpen } = findSecrets(content.text, this.#session, "data", this.#depth + 1);
      this.#cuts.push(...placed(cuts, content));
      // The statement goes on in the next string.
      if (isOpen) this.#rest = true;
    }
  }

  #isSecret(kind: number, token: string): boolean {
    const statement = this.#statement;
    if (kind === NUMBER) return statement.passwordCall > 0 && !statement.isTableDdl;
    if (this.isAll || statement.using || statement.assigning >= 0) return true;
    if (statement.passwordCall > 0 || statement.isKeyed) return true;
    if (this.#p1 === "BY" && this.#p2 === "IDENTIFIED") return this.#context === "assembled";
    const name = this.#p1 === "=" ? this.#p2 : this.#p1;
    if (name === "AUTHENTICATION_STRING" || /(?:MASTER|SOURCE)_PASSWORD$/.test(name)) return true;
    if (name === "CONNECTION") return words.isSecretConnection(token);
    return (
      (name === "OPTION_LIST" || (name === "COMMENT" && statement.isTableDdl)) && words.givesPassword(token)
    );
  }

  // Symbols and words.

  #symbol(token: string): void {
    const statement = this.#statement;
    switch (token) {
      case ";":
        this.#closeAssembly();
        this.#statement = new Statement();
        break;
      case "(":
        statement.parentheses++;
        this.#call(statement);
        break;
      case ")":
        if (statement.passwordCall === statement.parentheses) statement.passwordCall = 0;
        if (statement.quoteCall === statement.parentheses) statement.quoteCall = 0;
        if (statement.keyedCall === statement.parentheses) {
          statement.keyedCall = 0;
          statement.isKeyed = false;
        }
        if (statement.parentheses > 0) statement.parentheses--;
        if (statement.parentheses < statement.assigning) statement.assigning = -1;
        if (statement.assembly !== null && statement.parentheses < statement.assemblyDepth)
          this.#closeAssembly();
        break;
      case ",":
        if (statement.parentheses <= statement.assigning) statement.assigning = -1;
        if (statement.keyedCall > 0 && statement.keyedCall === statement.parentheses)
          statement.isKeyed = true;
        break;
      case "=": {
        const isColon = this.#p1 === ":";
        const name = isColon ? this.#p2 : this.#p1;
        if (statement.assigning >= 0 || !(statement.setting || (isColon && name.startsWith("@")))) break;
        // A column of the row that a trigger is about.
        const isColumn = (isColon ? this.#p3 : this.#p2) === ".";
        if (!isColumn && words.isSecretName(name)) statement.assigning = statement.parentheses;
      }
    }
  }

  /** A parenthesis opens behind a name. */
  #call(statement: Statement): void {
    const name = this.#p1;
    const { parentheses } = statement;
    statement.assembly?.dropUnknown();
    if (words.PASSWORD_FUNCTIONS.has(name) && (this.#isStrict || this.#lexer.start === this.#end)) {
      if (statement.passwordCall === 0) statement.passwordCall = parentheses;
      this.#hasPlace = true;
    } else if (words.KEYED_FUNCTIONS.has(name)) {
      if (statement.keyedCall === 0) statement.keyedCall = parentheses;
    } else if (name === "QUOTE") {
      if (statement.quoteCall === 0) statement.quoteCall = parentheses;
    } else if ((name === "CONCAT" || name === "CONCAT_WS") && statement.assembly === null) {
      this.#assemble("assembled", parentheses, name === "CONCAT_WS" ? " " : "");
    }
  }

  #variable(name: string): void {
    const statement = this.#statement;
    statement.assembly?.addUnknown();
    statement.into = this.#p2 === "INTO" || (statement.into && this.#p2 === ",");
    if (statement.into && words.isSecretName(name)) this.isAll = true;
  }

  #word(kind: number, token: string, isGlued: boolean): void {
    const statement = this.#statement;
    const { start, end } = this.#lexer;
    const p1 = this.#p1;
    const p2 = this.#p2;
    statement.assembly?.addUnknown();
    if (statement.first === "") statement.first = token;
    if (this.#isAccountTable(token, p1, p2)) statement.isAccounts = true;
    if (words.ACCOUNT_COLUMNS.has(token)) statement.hasSecretColumn = true;
    if (p1 === "USE" && (p2 === "" || p2 === ";")) this.#inMysql = token === "MYSQL";
    if (words.RDS_PROCEDURE.test(token)) this.isAll = true;
    if (p1 === "=" && this.#isStrict && /(?:MASTER|SOURCE)_PASSWORD$/.test(p2)) {
      this.#cutFrom(start);
      return;
    }
    if (this.#isStrict && p1 === "WITH" && p2 === "IDENTIFIED" && token !== "ROLLUP") {
      const clause = new AccountClause("IDENTIFIED WITH");
      this.#begin(clause);
      this.#continues(clause, kind, this.#lexer.slice(start, end), isGlued);
      return;
    }
    if (kind === WORD) this.#keyword(token, p1, p2, statement);
    if (statement.isAccounts && (statement.writing || statement.hasSecretColumn)) this.isAll = true;
    if (statement.maybeAccounts && statement.hasSecretColumn) this.isAll = true;
  }

  #keyword(token: string, p1: string, p2: string, statement: Statement): void {
    switch (token) {
      case "USER":
      case "SERVER":
        if (statement.isTableDdl) break;
        if (p1 === "CREATE" || p1 === "ALTER" || (p1 === "REPLACE" && p2 === "OR")) {
          this.#begin(token === "USER" ? new AccountClause("USER") : new OptionClause("SERVER", token));
        }
        break;
      case "GRANT":
        if (p1 !== "REVOKE" && p1 !== "WITH" && p1 !== ",") this.#begin(new AccountClause("GRANT"));
        break;
      case "BY":
        if (p1 === "IDENTIFIED" && this.#isStrict) this.#begin(new AccountClause("IDENTIFIED BY"));
        break;
      case "VIA":
        if (p1 === "IDENTIFIED" && this.#isStrict) this.#begin(new AccountClause("IDENTIFIED WITH"));
        break;
      case "MASTER":
      case "REPLICATION":
        if (p1 === "CHANGE") this.#begin(new OptionClause("CHANGE", token));
        break;
      case "INSTANCE":
        if (p1 === "CLONE") this.#begin(new AccountClause("CLONE"));
        break;
      case "PASSWORD":
        if (!statement.setting || statement.parentheses > 0) break;
        if (p1 === "SET" || (p1 === "," && this.#isStrict)) this.#begin(new AccountClause("PASSWORD"));
        break;
      case "SET":
        if (!statement.writing && p1 !== "CHARACTER") statement.setting = true;
        break;
      case "STATEMENT":
        if (p1 !== "SET") break;
        statement.setting = false;
        statement.settingFor = true;
        break;
      case "FOR":
        if (statement.settingFor) this.#statement = new Statement();
        else if (this.#isStrict && statement.setting && p2 === "SET" && words.isMisspelt(p1)) {
          const clause = new AccountClause("PASSWORD");
          this.#begin(clause);
          this.#continues(clause, WORD, token, false);
        }
        break;
      case "UPDATE":
      case "INSERT":
      case "REPLACE":
      case "LOAD":
        // CREATE OR REPLACE; a trigger BEFORE or AFTER; a function REPLACE() in what is set.
        if (p1 !== "OR" && p1 !== "BEFORE" && p1 !== "AFTER" && !statement.setting) statement.writing = true;
        break;
      case "BEGIN":
      case "DO":
      case "ELSE":
      case "THEN":
        statement.writing = false;
        break;
      case "TABLE":
      case "INDEX":
        if (statement.first === "CREATE" || statement.first === "ALTER") statement.isTableDdl = true;
        break;
      case "FROM":
        if (p2 === "PREPARE") this.#assemble("statement", 0);
        else this.#endAssignment(statement);
        break;
      case "INTO":
      case "WHERE":
        this.#endAssignment(statement);
        break;
      case "IMMEDIATE":
        if (p1 === "EXECUTE") this.#assemble("statement", 0);
        break;
      case "USING":
        if (statement.assemblyContext === "statement" && statement.assembly !== null) {
          if (this.#closeAssembly()) statement.using = true;
        } else if (p2 === "EXECUTE" && p1 !== "IMMEDIATE") {
          // What the statement is was said elsewhere.
          statement.using = true;
        }
        break;
      case "VALUES":
      case "VALUE":
        if (p1 === "SERVERS" && statement.maybeAccounts) statement.hasSecretColumn = true;
        break;
      case "DEFAULT":
        if (words.isSecretName(statement.declared)) statement.assigning = statement.parentheses;
        break;
      default:
        if (p1 === "START" && (THREADS.has(token) || (token === "ALL" && this.#isStrict))) {
          this.#begin(new OptionClause("START", token));
        } else if (p1 === "DECLARE") {
          statement.declared = token;
        }
    }
  }

  /** `SELECT @password := '..' FROM ..` */
  #endAssignment(statement: Statement): void {
    if (!statement.setting && statement.parentheses <= statement.assigning) statement.assigning = -1;
  }

  /** Whether a name is that of a table of accounts in its place. Notes one that may be. */
  #isAccountTable(token: string, p1: string, p2: string): boolean {
    if (!words.ACCOUNT_TABLES.has(token)) return false;
    if (p1 === ".") return p2 === "MYSQL";
    if (!BEFORE_TABLE.has(p1)) return false;
    if (this.#inMysql === true || words.UNMISTAKABLE_TABLES.has(token)) return true;
    if (this.#inMysql === null) this.#statement.maybeAccounts = true;
    return false;
  }

  // Statements in pieces.

  #assemble(context: Context, depth: number, separator = ""): void {
    const statement = this.#statement;
    statement.assembly = new Assembly(separator);
    statement.assemblyDepth = depth;
    statement.assemblyContext = context;
  }

  /** The pieces are complete. Returns whether there is a place for a secret in them. */
  #closeAssembly(): boolean {
    const statement = this.#statement;
    const { assembly, assemblyContext } = statement;
    if (assembly === null) return false;
    statement.assembly = null;
    const text = assembly.text();
    if (!words.MAY_HOLD_SECRET.test(text)) return false;
    const { cuts, isOpen, hasPlace } =
      this.#depth < MAX_DEPTH
        ? findSecrets(text, this.#session, assemblyContext, this.#depth + 1)
        : { cuts: [{ start: 0, end: Number.MAX_SAFE_INTEGER, by: SECRET }], isOpen: true, hasPlace: true };
    this.#cuts.push(...assembly.cutsOf(cuts));
    if (isOpen && assemblyContext === "assembled") this.#rest = true;
    return hasPlace;
  }
}
