import type { Dialect } from "../dialect.ts";
import { COMMENT, END, Lexer, SYMBOL, WORD } from "../lexer/lexer.ts";
import { isFollowedByParenthesis } from "../normalize/word-roles.ts";
import { ChangedTables } from "./changed-tables.ts";
import { endsTargets, flagsAfter } from "./clauses.ts";
import { CommonTables } from "./common-tables.ts";
import { FoundTables } from "./found-tables.ts";
import { isFollowedByDot, isQuotedName, partOfName, wholeName } from "./names.ts";
import { mayBeName, type TableWord, tableWord } from "./table-words.ts";
import { CHANGED, EXPECTED, FIRST_WORDS, LISTED, TABLES, type Verb, WRITTEN } from "./verbs.ts";

/*
 * Reads the tables of statements, token by token. It is no parser: it knows where a table's name can stand, by the words before it
 * and the parentheses around it, and a statement that is cut or wrong gives what it has.
 */

const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;
const COMMA = 44;
const DOT = 46;
const SEMICOLON = 59;
const AT = 64;
const OPEN_BRACE = 123;

/** Reads one statement after the other. Not re-entrant. */
export class TableReader {
  readonly #found: FoundTables;
  readonly #lexer = new Lexer();
  readonly #common = new CommonTables();
  readonly #changed = new ChangedTables();
  #verb: Verb = "START";
  /** What holds in the innermost parentheses, and in those around them. */
  #flags = 0;
  #outer: number[] = [];
  /** The keyword before, if there was one right before. */
  #before: TableWord | undefined;
  /** What comes next is a part of a name, or the name of a variable. */
  #isPart = false;
  /** What comes next may be the alias of the table before. */
  #mayBeAlias = false;
  /** EXPLAIN: nothing is written. */
  #isExplained = false;
  /** A DELETE names what it deletes from, or an UPDATE a column that it sets. */
  #isTarget = false;
  /** DELETE … FROM was read, or the SET of an UPDATE. */
  #isBegun = false;
  /** The table that LOCK TABLES has named. */
  #locked: string | null = null;
  /** `CREATE TABLE x` was read, which LIKE may follow. */
  #isCreated = false;

  /** @param maxCharacters the most that the names have together */
  constructor(maxCharacters: number) {
    this.#found = new FoundTables(maxCharacters);
  }

  /** The tables of one statement, or of several. */
  read(sql: string, server: Dialect | null): { reads: string[]; writes: string[] } {
    const lexer = this.#lexer;
    lexer.reset(sql, server);
    this.#begin();
    for (let kind = lexer.next(); kind !== END; kind = lexer.next()) {
      if (this.#verb === "IGNORED") break;
      if (kind !== COMMENT) this.#token(kind);
    }
    this.#finish();
    lexer.reset("");
    return this.#found.take();
  }

  get #depth(): number {
    return this.#outer.length;
  }

  /** Begins a statement. */
  #begin(): void {
    this.#verb = "START";
    this.#flags = 0;
    this.#outer = [];
    this.#before = undefined;
    this.#isPart = false;
    this.#mayBeAlias = false;
    this.#isExplained = false;
    this.#isTarget = false;
    this.#isBegun = false;
    this.#isCreated = false;
    this.#common.clear();
    this.#changed.clear();
  }

  /** Ends a statement. */
  #finish(): void {
    this.#endLocked(false);
    for (const { name, isChanged } of this.#changed.all(this.#verb === "UPDATE")) {
      if (isChanged) this.#write(name);
      else this.#found.read(name);
    }
  }

  #token(kind: number): void {
    const lexer = this.#lexer;
    const isPart = this.#isPart;
    this.#isPart = false;
    if (kind === SYMBOL) {
      this.#symbol(lexer.bytes[lexer.start] as number);
      return;
    }
    const mayBeKeyword = kind === WORD && !isPart && !isFollowedByDot(lexer);
    const word = mayBeKeyword ? tableWord(lexer.hash) : undefined;
    const isName = kind === WORD || (isQuotedName(lexer) && !lexer.unterminated);
    if (isPart || !isName) this.#anything();
    else if (word === undefined || (this.#isNamed() && mayBeName(word))) this.#name();
    else this.#word(word);
    this.#before = word;
  }

  /** Whether a name comes next, whatever it says. */
  #isNamed(): boolean {
    return (this.#flags & EXPECTED) !== 0 || this.#common.isNamed(this.#depth);
  }

  /** A token that is no name and no keyword. */
  #anything(): void {
    this.#flags &= ~EXPECTED;
    this.#mayBeAlias = false;
    this.#isCreated = false;
    this.#isTarget &&= this.#verb === "DELETE";
    if (this.#verb === "START") this.#verb = "OTHER";
  }

  #symbol(code: number): void {
    switch (code) {
      case DOT:
      case AT:
        this.#isPart = true;
        if (code === AT) this.#anything();
        return;
      case OPEN_PARENTHESIS:
        this.#open();
        break;
      case CLOSE_PARENTHESIS:
        this.#close();
        break;
      case COMMA:
        this.#comma();
        break;
      case SEMICOLON:
        this.#finish();
        this.#begin();
        break;
      case OPEN_BRACE:
        // `{OJ a LEFT OUTER JOIN b …}`
        if (this.#flags & EXPECTED) this.#lexer.next();
        break;
      default:
        this.#anything();
    }
    this.#before = undefined;
    this.#mayBeAlias = false;
  }

  #open(): void {
    if (this.#verb === "START") this.#verb = "QUERY";
    this.#common.open(this.#depth);
    const flags = this.#flags;
    const isTables = flags & EXPECTED && !(flags & WRITTEN);
    this.#changed.endTable();
    this.#outer.push(flags);
    this.#flags = isTables ? (flags & CHANGED) | LISTED | EXPECTED : 0;
  }

  #close(): void {
    const outer = this.#outer.pop();
    if (outer === undefined) return;
    // What was expected stood in the parentheses.
    this.#flags = outer & ~EXPECTED;
    this.#isCreated = false;
    this.#changed.endTable();
    this.#common.close(this.#depth);
  }

  #comma(): void {
    this.#common.comma(this.#depth);
    if (this.#flags & LISTED) this.#flags |= EXPECTED;
    if (this.#depth > 0) return;
    this.#endLocked(false);
    if (this.#verb === "UPDATE" && this.#isBegun) this.#isTarget = true;
  }

  /** A name: of a table, if one is expected. */
  #name(): void {
    this.#isCreated = false;
    if (this.#flags & EXPECTED) {
      this.#table();
      return;
    }
    if (this.#isTarget && this.#depth === 0) {
      this.#target();
      return;
    }
    const isAlias = this.#mayBeAlias;
    this.#mayBeAlias = false;
    if (isAlias) this.#changed.alias(partOfName(this.#lexer) ?? "");
    else if (this.#common.isNamed(this.#depth)) this.#common.name(partOfName(this.#lexer) ?? "");
    else if (this.#verb === "START") this.#verb = "OTHER";
  }

  #table(): void {
    const flags = this.#flags;
    const { parts } = wholeName(this.#lexer);
    const name = parts.join(".");
    this.#flags &= ~EXPECTED;
    if (!(flags & LISTED)) this.#flags &= ~WRITTEN;
    if (name === "") return;
    if (flags & WRITTEN) {
      this.#write(name);
      this.#isCreated = this.#verb === "CREATE";
      if (this.#verb === "TRIGGER") this.#verb = "IGNORED";
      return;
    }
    const isFunction = flags & LISTED && isFollowedByParenthesis(this.#lexer);
    if (isFunction || (parts.length === 1 && this.#common.has(name))) return;
    if (flags & CHANGED) {
      this.#changed.table(name, this.#verb === "DELETE" && this.#changed.isUnknown);
      this.#mayBeAlias = true;
    } else if (this.#verb === "LOCK") {
      this.#locked = name;
    } else {
      this.#found.read(name);
    }
  }

  /** `a`, `a.*` in DELETE a FROM …; the column in UPDATE … SET a.x = … */
  #target(): void {
    const { parts, isAll } = wholeName(this.#lexer);
    const isColumn = this.#verb === "UPDATE";
    if (isColumn) this.#isTarget = false;
    const table = isColumn && !isAll ? parts.slice(0, -1) : parts;
    if (table.length > 0) this.#changed.change(table.join("."));
  }

  #write(name: string): void {
    if (this.#isExplained) this.#found.read(name);
    else this.#found.write(name);
  }

  #endLocked(isWritten: boolean): void {
    if (this.#locked === null) return;
    if (isWritten) this.#write(this.#locked);
    else this.#found.read(this.#locked);
    this.#locked = null;
  }

  /** A keyword. */
  #word(word: TableWord): void {
    const isCreated = this.#isCreated;
    this.#isCreated = false;
    this.#mayBeAlias = word === "AS" && (this.#flags & CHANGED) !== 0;
    if (word === "RECURSIVE" && this.#common.recursive(this.#depth)) return;
    this.#common.keyword(word, this.#depth);
    if (this.#depth === 0) {
      if (this.#verb === "START" || this.#verb === "PREFIX") {
        this.#firstWord(word);
        return;
      }
      if (this.#ofVerb(word)) return;
    }
    if (word === "LIKE" && isCreated) this.#flags |= EXPECTED;
    const isNested = this.#depth > 0;
    this.#flags = flagsAfter(word, this.#flags, this.#before, this.#verb, isNested);
    if (word === "WITH" && (isNested || this.#verb !== "OTHER")) this.#common.begin(this.#depth);
    else if (endsTargets(word)) this.#isTarget = false;
  }

  /** What is particular to a kind of statement, outside of all parentheses. @returns whether there is no more to it */
  #ofVerb(word: TableWord): boolean {
    switch (this.#verb) {
      case "UPDATE":
        if (word !== "SET" || this.#isBegun) return false;
        this.#flags &= ~TABLES;
        this.#isBegun = this.#isTarget = true;
        return true;
      case "DELETE":
        return this.#ofDelete(word);
      case "LOAD":
        if (word === "INDEX") this.#verb = "OTHER";
        else if (word === "TABLE") this.#flags = EXPECTED | WRITTEN;
        return true;
      case "CREATE":
      case "ALTER":
      case "DROP":
        return this.#ofDefinition(word);
      case "INDEX":
      case "TRIGGER":
        if (word === "ON") this.#flags = EXPECTED | WRITTEN;
        return true;
      case "RENAME":
        if (word === "TABLE" || word === "TABLES") this.#flags = LISTED | EXPECTED | WRITTEN;
        else if (word === "TO" && this.#flags & LISTED) this.#flags |= EXPECTED;
        return true;
      case "LOCK":
        if (word === "TABLE" || word === "TABLES") this.#flags = LISTED | EXPECTED;
        else if (word === "READ" || word === "WRITE") this.#endLocked(word === "WRITE");
        return true;
      case "CHECK":
      case "OPTIMIZE":
        if (word !== "TABLE" && word !== "TABLES") return true;
        this.#flags = LISTED | EXPECTED | (this.#verb === "OPTIMIZE" ? WRITTEN : 0);
        return true;
      case "SET":
        // MariaDB's `SET STATEMENT max_statement_time = 1 FOR SELECT …`
        if (this.#before === "SET" && word !== "STATEMENT") this.#verb = "OTHER";
        else if (word === "FOR") this.#verb = "PREFIX";
        return true;
      default:
        return false;
    }
  }

  #ofDelete(word: TableWord): boolean {
    if (word === "QUICK") return true;
    if (word === "FROM") {
      if (this.#isBegun) return true;
      this.#isBegun = true;
      this.#isTarget = false;
      this.#flags = LISTED | EXPECTED | CHANGED;
      return true;
    }
    const isOfJoin = isFollowedByParenthesis(this.#lexer);
    if (word !== "USING" || isOfJoin || !this.#changed.isUnknown) return false;
    this.#changed.changeAll();
    this.#flags = LISTED | EXPECTED | CHANGED;
    return true;
  }

  /** What is defined, and what else a definition names. */
  #ofDefinition(word: TableWord): boolean {
    const isSought = !this.#isBegun;
    switch (word) {
      case "TABLE":
      case "TABLES":
      case "VIEW":
        if (!isSought && this.#verb !== "ALTER") return false;
        this.#isBegun = true;
        this.#flags = EXPECTED | WRITTEN | (this.#verb === "DROP" ? LISTED : 0);
        return true;
      case "INDEX":
      case "TRIGGER":
        // What follows DROP TRIGGER is no table.
        if (isSought && !(word === "TRIGGER" && this.#verb === "DROP")) this.#verb = word;
        else this.#flags &= ~EXPECTED;
        return true;
      case "EVENT":
      case "FUNCTION":
      case "PACKAGE":
      case "PROCEDURE":
        if (!isSought) return false;
        this.#verb = this.#verb === "DROP" ? "OTHER" : "IGNORED";
        return true;
      case "RENAME":
        if (this.#verb === "ALTER") this.#flags = EXPECTED | WRITTEN;
        return true;
      case "COLUMN":
      case "KEY":
        this.#flags &= ~EXPECTED;
        return true;
      case "TO":
      case "AS":
        // `RENAME TO x`: it is still to come.
        return true;
      default:
        return false;
    }
  }

  /** The first word of a statement, or the first after a prefix. */
  #firstWord(word: TableWord): void {
    const first = FIRST_WORDS[word];
    if (first === undefined) {
      if (this.#verb === "START") this.#verb = "OTHER";
      return;
    }
    [this.#verb, this.#flags] = first;
    if (word === "DELETE") this.#isTarget = true;
    else if (word === "WITH") this.#common.begin(0);
    else if (word === "EXPLAIN" || word === "DESCRIBE" || word === "DESC") this.#isExplained = true;
  }
}
