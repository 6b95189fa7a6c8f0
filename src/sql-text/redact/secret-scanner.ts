import { COMMENT, END, Lexer, NUMBER, QUOTED, SECRET, STRING, SYMBOL, WORD } from "../lexer/lexer.ts";
import type { QuoteRules } from "../lexer/quotes.ts";
import { readStringLiteral } from "../lexer/string-literal.ts";
import type { SessionSettings } from "../session-settings.ts";
import { AccountGrammar } from "./account-statements.ts";
import { DynamicSql, inStatement } from "./dynamic-sql.ts";
import { allFrom, type FindNested, type FoundSecrets } from "./found-secrets.ts";
import type { Replacement } from "./replacements.ts";
import { grammarBegunBy } from "./secret-statements.ts";
import * as words from "./secret-words.ts";
import { ENDED, KEEP, type StatementGrammar, UNEXPECTED } from "./statement-grammar.ts";
import { StatementState, type TextKind } from "./statement-state.ts";

/*
 * Goes through the tokens of a text once, and remembers of the statement before them what decides which literals are secrets.
 */

/** Reads one text, by one kind of rules for its quotes. To be run once. */
export class SecretScanner {
  /** All strings of the text are secrets. */
  isAll = false;

  readonly #lexer = new Lexer();
  readonly #text: string;
  readonly #kind: TextKind;
  /** The text is a statement: what is not understood in it is removed. */
  readonly #isStrict: boolean;
  readonly #findNested: FindNested;
  #replacements: Replacement[] = [];
  #isOpen = false;
  #hasPlace = false;
  /** A secret goes on in what follows: the rest of the text is removed. */
  #isRestSecret = false;
  #isDone = false;

  // The tokens before, the last one first: words in capitals, user variables with their "@", symbols as they are, "?" for
  // literals.
  #p1 = "";
  #p2 = "";
  #p3 = "";
  #end = 0;
  #statement = new StatementState();
  /** The grammar by which the text is read; null outside of statements that hold secrets. */
  #grammar: StatementGrammar | null = null;
  #grammarStart = 0;
  /** How many replacements there were before it. */
  #replacementsBefore = 0;
  /** Where the last quote and the last word of accounts are; null until they are needed. */
  #lastQuote: number | null = null;
  #lastAccountWord: number | null = null;
  /** Whether `mysql` is the default database, as USE in the text says it last. */
  #inMysql: boolean | null;

  constructor(
    text: string,
    rules: QuoteRules,
    settings: SessionSettings,
    kind: TextKind,
    findNested: FindNested,
  ) {
    this.#lexer.quoteRules = rules;
    this.#lexer.reset(text);
    this.#text = text;
    this.#kind = kind;
    this.#isStrict = kind === "statement";
    this.#findNested = findNested;
    this.#inMysql = settings.inMysql;
  }

  /** Reads the text to its end. */
  run(): FoundSecrets {
    const lexer = this.#lexer;
    for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
      const { start, end } = lexer;
      if (kind === COMMENT) {
        this.#comment(start, end);
        continue;
      }
      if (this.#isRestSecret) this.#removeFrom(start);
      else this.#token(kind, start, end);
      if (this.#isDone) break;
      this.#end = end;
    }
    if (!this.#isDone) this.#endDynamicSql();
    const grammar = this.#grammar;
    const isDue = grammar?.atSecret === true && (this.#isStrict || grammar.verb !== "GRANT");
    this.#replacements.sort((a, b) => a.start - b.start);
    const isOpen = this.#isOpen || this.#isRestSecret || isDue;
    return { replacements: this.#replacements, isOpen, hasPlace: this.#hasPlace };
  }

  #token(kind: number, start: number, end: number): void {
    const lexer = this.#lexer;
    const isGlued = start === this.#end;
    let token = kind === QUOTED ? lexer.slice(start + 1, end - 1) : lexer.slice(start, end);
    if (kind === WORD || kind === QUOTED) token = token.toUpperCase();
    const [first] = this.#replacements;
    if (this.#isStrict && first !== undefined && lexer.unterminated && (kind === STRING || kind === QUOTED)) {
      // Quotes are not in pairs, and nobody knows from where on.
      this.#removeFrom(Math.min(first.start, start));
    } else if (this.#grammar !== null && this.#continues(this.#grammar, kind, token, isGlued)) {
      // The grammar has dealt with it.
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

  #remove(start: number, end: number): void {
    const text = this.#lexer.slice(start, end);
    // MySQL, or redaction before, has removed it already.
    if (text !== SECRET && text.slice(1, -1) !== SECRET) this.#replacements.push({ start, end, by: SECRET });
  }

  /** Removes all that follows. */
  #removeFrom(start: number): void {
    this.#isDone = true;
    this.#isOpen = this.#isRestSecret;
    const { length } = this.#lexer;
    while ((this.#replacements.at(-1)?.start ?? -1) >= start) this.#replacements.pop();
    this.#replacements.push({ start, end: length, by: SECRET });
  }

  // Statements that hold secrets.

  #begin(grammar: StatementGrammar): void {
    this.#grammar = grammar;
    this.#grammarStart = this.#lexer.start;
    this.#replacementsBefore = this.#replacements.length;
    this.#hasPlace = true;
  }

  /** Hands a token to the grammar. Returns false when it is not the grammar's. */
  #continues(grammar: StatementGrammar, kind: number, token: string, isGlued: boolean): boolean {
    const { start, end, unterminated } = this.#lexer;
    const isClosed = !(unterminated && (kind === STRING || kind === QUOTED));
    const wasAtSecret = grammar.atSecret;
    const verdict = isClosed ? grammar.next(kind, token, isGlued) : UNEXPECTED;
    if (verdict === KEEP) return true;
    if (verdict === ENDED) {
      this.#grammar = null;
      return false;
    }
    if (verdict !== UNEXPECTED) {
      this.#remove(start, end);
      return true;
    }
    if (!this.#isToRemove(grammar, wasAtSecret)) {
      this.#grammar = null;
      return false;
    }
    const first = this.#replacements[this.#replacementsBefore];
    this.#removeFrom(first === undefined ? start : first.start);
    if (!isClosed) this.#isOpen = true;
    return true;
  }

  /** Whether to remove what does not follow its grammar: in a statement always, elsewhere if it is likely to be one. */
  #isToRemove(grammar: StatementGrammar, atSecret: boolean): boolean {
    if (this.#isStrict) return true;
    const { bytes, length, start } = this.#lexer;
    this.#lastQuote ??= words.lastQuote(bytes, length);
    const hasQuote = this.#lastQuote >= start;
    if (atSecret) return hasQuote || grammar.verb !== "GRANT";
    if (!hasQuote || !grammar.isLikely) return false;
    this.#lastAccountWord ??= words.lastAccountWord(this.#text);
    return this.#lastAccountWord >= this.#grammarStart;
  }

  // Comments and literals.

  #comment(start: number, end: number): void {
    const text = this.#lexer.slice(start, end);
    // The marks of executable comments hold nothing.
    if (/^(?:\*|\/\*M?!)/.test(text)) return;
    const isSecret =
      (this.#isStrict && words.saysSecret(text)) ||
      (words.MAY_HOLD_SECRET.test(text) &&
        this.#findNested(text.slice(2), "data")?.replacements.length !== 0);
    if (isSecret) this.#replacements.push({ start, end, by: "/* */" });
  }

  #literal(kind: number, token: string, start: number, end: number): void {
    const statement = this.#statement;
    const p1 = this.#p1;
    // A misspelt `IDENTIFIED BY '..'`, or something that is not known.
    if (kind === STRING && p1 === "BY" && this.#isStrict && !words.BEFORE_BY.has(this.#p2)) {
      this.#removeFrom(start);
      return;
    }
    if (kind === STRING && this.#isStrict && statement.setting && words.isMisspelt(p1)) {
      this.#removeFrom(start);
      return;
    }
    if (this.#isSecret(kind, token)) {
      this.#remove(start, end);
      if (this.#p1 === "BY") this.#isRestSecret = true;
      return;
    }
    if (kind === NUMBER) this.#number(token, start, end);
    else this.#string(token, start, end);
  }

  #number(token: string, start: number, end: number): void {
    const { dynamicSql } = this.#statement;
    if (dynamicSql === null) return;
    const places = Int32Array.from({ length: token.length + 1 }, (_, i) => start + i);
    dynamicSql.add({ text: token, places, length: token.length }, start, end, false);
  }

  /** A string that is no secret: a part of dynamic SQL, or it may hold a statement that has one. */
  #string(token: string, start: number, end: number): void {
    const { dynamicSql, quoteCall } = this.#statement;
    if (dynamicSql === null && !words.MAY_HOLD_SECRET.test(token) && !token.includes("\\")) return;
    const { bytes, unterminated, quoteRules } = this.#lexer;
    const value = readStringLiteral(bytes, start, end, unterminated, quoteRules);
    if (value === null) {
      dynamicSql?.addUnknown();
    } else if (dynamicSql !== null) {
      dynamicSql.add(value, start, end, quoteCall > 0);
    } else if (words.MAY_HOLD_SECRET.test(value.text)) {
      const found = this.#findNested(value.text, "data");
      if (found === null) {
        this.#remove(start, end);
        return;
      }
      this.#replacements.push(...inStatement(found.replacements, value));
      // The statement goes on in the next string.
      if (found.isOpen) this.#isRestSecret = true;
    }
  }

  #isSecret(kind: number, token: string): boolean {
    const statement = this.#statement;
    if (kind === NUMBER) return statement.passwordCall > 0 && !statement.isTableDdl;
    if (this.isAll || statement.using || statement.assigning >= 0) return true;
    if (statement.passwordCall > 0 || statement.isKeyed) return true;
    if (this.#p1 === "BY" && this.#p2 === "IDENTIFIED") return this.#kind === "assembled";
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
        this.#endDynamicSql();
        this.#statement = new StatementState();
        break;
      case "(":
        this.#call(statement);
        break;
      case ")":
        statement.closeParenthesis();
        if (statement.dynamicSql !== null && statement.parentheses < statement.dynamicSqlDepth)
          this.#endDynamicSql();
        break;
      case ",":
        statement.comma();
        break;
      case "=":
        if (this.#p1 === ":") statement.assign(this.#p2, true, this.#p3 === ".");
        else statement.assign(this.#p1, false, this.#p2 === ".");
    }
  }

  /** A parenthesis opens behind a name: the arguments of a function follow. */
  #call(statement: StatementState): void {
    const name = this.#p1;
    statement.dynamicSql?.dropUnknown();
    const isPasswords =
      words.PASSWORD_FUNCTIONS.has(name) && (this.#isStrict || this.#lexer.start === this.#end);
    if (isPasswords) this.#hasPlace = true;
    statement.openParenthesis(name, isPasswords);
    if ((name === "CONCAT" || name === "CONCAT_WS") && statement.dynamicSql === null) {
      this.#beginDynamicSql("assembled", statement.parentheses, name === "CONCAT_WS" ? " " : "");
    }
  }

  #variable(name: string): void {
    const statement = this.#statement;
    statement.dynamicSql?.addUnknown();
    statement.into = this.#p2 === "INTO" || (statement.into && this.#p2 === ",");
    if (statement.into && words.isSecretName(name)) this.isAll = true;
  }

  #word(kind: number, token: string, isGlued: boolean): void {
    const statement = this.#statement;
    const { start, end } = this.#lexer;
    const p1 = this.#p1;
    const p2 = this.#p2;
    statement.dynamicSql?.addUnknown();
    if (statement.first === "") statement.first = token;
    if (this.#isAccountTable(token, p1, p2)) statement.isAccounts = true;
    if (words.ACCOUNT_COLUMNS.has(token)) statement.hasSecretColumn = true;
    if (p1 === "USE" && (p2 === "" || p2 === ";")) this.#inMysql = token === "MYSQL";
    if (words.RDS_PROCEDURE.test(token)) this.isAll = true;
    if (p1 === "=" && this.#isStrict && /(?:MASTER|SOURCE)_PASSWORD$/.test(p2)) {
      this.#removeFrom(start);
      return;
    }
    if (this.#isStrict && p1 === "WITH" && p2 === "IDENTIFIED" && token !== "ROLLUP") {
      const grammar = new AccountGrammar("IDENTIFIED WITH");
      this.#begin(grammar);
      this.#continues(grammar, kind, this.#lexer.slice(start, end), isGlued);
      return;
    }
    statement.declare(token, p1);
    if (kind === WORD) this.#keyword(token, p1, p2, statement);
    if (statement.isAccounts && (statement.writing || statement.hasSecretColumn)) this.isAll = true;
    if (statement.maybeAccounts && statement.hasSecretColumn) this.isAll = true;
  }

  #keyword(word: string, p1: string, p2: string, statement: StatementState): void {
    const grammar = grammarBegunBy(word, p1, p2, statement, this.#isStrict);
    if (grammar !== null) this.#begin(grammar);
    else if (word === "FOR") this.#for(word, p1, p2, statement);
    else if (word === "FROM" && p2 === "PREPARE") this.#beginDynamicSql("statement", 0);
    else if (word === "IMMEDIATE" && p1 === "EXECUTE") this.#beginDynamicSql("statement", 0);
    else if (word === "USING") this.#using(p1, p2, statement);
    else statement.word(word, p1);
  }

  /** `SET STATEMENT max_statement_time = 1 FOR SELECT ..`, or `SET PASWORD FOR ..`, with a typing mistake. */
  #for(word: string, p1: string, p2: string, statement: StatementState): void {
    if (statement.settingFor) {
      this.#statement = new StatementState();
    } else if (this.#isStrict && statement.setting && p2 === "SET" && words.isMisspelt(p1)) {
      const grammar = new AccountGrammar("PASSWORD");
      this.#begin(grammar);
      this.#continues(grammar, WORD, word, false);
    }
  }

  /** The values of EXECUTE, secrets if its statement has places for them or is not known. */
  #using(p1: string, p2: string, statement: StatementState): void {
    if (statement.dynamicSqlKind === "statement" && statement.dynamicSql !== null) {
      if (this.#endDynamicSql()) statement.using = true;
    } else if (p2 === "EXECUTE" && p1 !== "IMMEDIATE") {
      // The statement was prepared elsewhere, and is not known.
      statement.using = true;
    }
  }

  /** Whether a name is that of a table of accounts, where it stands. Notes one that may be. */
  #isAccountTable(token: string, p1: string, p2: string): boolean {
    if (!words.ACCOUNT_TABLES.has(token)) return false;
    if (p1 === ".") return p2 === "MYSQL";
    if (!words.BEFORE_TABLE.has(p1)) return false;
    if (this.#inMysql === true || words.UNMISTAKABLE_TABLES.has(token)) return true;
    if (this.#inMysql === null) this.#statement.maybeAccounts = true;
    return false;
  }

  // Dynamic SQL.

  #beginDynamicSql(kind: TextKind, depth: number, separator = ""): void {
    const statement = this.#statement;
    statement.dynamicSql = new DynamicSql(separator);
    statement.dynamicSqlDepth = depth;
    statement.dynamicSqlKind = kind;
  }

  /** The pieces are complete. Returns whether there is a place for a secret in them. */
  #endDynamicSql(): boolean {
    const statement = this.#statement;
    const { dynamicSql, dynamicSqlKind } = statement;
    if (dynamicSql === null) return false;
    statement.dynamicSql = null;
    const text = dynamicSql.text();
    if (!words.MAY_HOLD_SECRET.test(text)) return false;
    const { replacements, isOpen, hasPlace } = this.#findNested(text, dynamicSqlKind) ?? allFrom(0);
    this.#replacements.push(...dynamicSql.replacementsOf(replacements));
    if (isOpen && dynamicSqlKind === "assembled") this.#isRestSecret = true;
    return hasPlace;
  }
}
