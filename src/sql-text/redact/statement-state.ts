import type { DynamicSql } from "./dynamic-sql.ts";
import { isSecretName, KEYED_FUNCTIONS } from "./secret-words.ts";

/*
 * What decides which literals of a statement are secrets, as far as the statement was read.
 */

/** What a text is, which decides how much it takes to find a secret in it. */
export type TextKind =
  /** A statement: where something in an account statement is not understood, that is removed. */
  | "statement"
  /** Put together of strings and of what is not known. */
  | "assembled"
  /** A string or a comment, which may be an application's text: only what looks like a secret is removed. */
  | "data";

/** What is known of a statement so far. */
export class StatementState {
  /** Its first word. */
  first = "";
  /** SET, as a statement of its own. */
  setting = false;
  /** SET STATEMENT .. FOR another statement. */
  settingFor = false;
  /** UPDATE, INSERT, REPLACE or LOAD, in which SET and PASSWORD are about columns. */
  writing = false;
  isTableDdl = false;
  /** It names a table of accounts; or a table that is one if the default database is `mysql`. */
  isAccounts = false;
  maybeAccounts = false;
  hasSecretColumn = false;
  /** The variables of SELECT .. INTO. */
  into = false;
  /** The variables of a DECLARE are being read, as in `DECLARE a, b TEXT DEFAULT '..'`; and one of them is for a secret. */
  #isDeclaring = false;
  #hasDeclaredSecret = false;
  /** EXECUTE .. USING values for a statement that has secrets, or that is not known. */
  using = false;
  /** At which depth of parentheses what is assigned is a secret; -1 when nothing is. */
  assigning = -1;
  parentheses = 0;
  /** The depth of parentheses in which a function has its arguments, 0 when it has not. */
  passwordCall = 0;
  keyedCall = 0;
  isKeyed = false;
  quoteCall = 0;
  /** Dynamic SQL that is being read: at which depth of parentheses it began, and what its text is read as. */
  dynamicSql: DynamicSql | null = null;
  dynamicSqlDepth = 0;
  dynamicSqlKind: TextKind = "assembled";

  /**
   * A parenthesis opens.
   * @param name what stands before it, in capitals: of a function, or anything else
   * @param isPasswords whether it is a function whose arguments are passwords
   */
  openParenthesis(name: string, isPasswords: boolean): void {
    const depth = ++this.parentheses;
    if (isPasswords) {
      if (this.passwordCall === 0) this.passwordCall = depth;
    } else if (KEYED_FUNCTIONS.has(name)) {
      if (this.keyedCall === 0) this.keyedCall = depth;
    } else if (name === "QUOTE") {
      if (this.quoteCall === 0) this.quoteCall = depth;
    }
  }

  /** A parenthesis closes. */
  closeParenthesis(): void {
    if (this.passwordCall === this.parentheses) this.passwordCall = 0;
    if (this.quoteCall === this.parentheses) this.quoteCall = 0;
    if (this.keyedCall === this.parentheses) {
      this.keyedCall = 0;
      this.isKeyed = false;
    }
    if (this.parentheses > 0) this.parentheses--;
    if (this.parentheses < this.assigning) this.assigning = -1;
  }

  /** A comma: the next value, argument or column. */
  comma(): void {
    if (this.parentheses <= this.assigning) this.assigning = -1;
    if (this.keyedCall > 0 && this.keyedCall === this.parentheses) this.isKeyed = true;
  }

  /**
   * An equals sign: what is assigned behind it may be a secret.
   * @param name what it is assigned to, in capitals; of a user variable with its "@"
   * @param isColon whether it is `:=`
   * @param isColumn whether the name is that of a column of the row that a trigger is about
   */
  assign(name: string, isColon: boolean, isColumn: boolean): void {
    const mayAssign = this.setting || (isColon && name.startsWith("@"));
    if (this.assigning >= 0 || !mayAssign || isColumn) return;
    if (isSecretName(name)) this.assigning = this.parentheses;
  }

  /** What was assigned has ended, as in `SELECT @password := '..' FROM ..`. */
  endAssignment(): void {
    if (!this.setting && this.parentheses <= this.assigning) this.assigning = -1;
  }

  /**
   * A word that is no name in quotes, in capitals.
   * @param before the token before it
   */
  word(word: string, before: string): void {
    switch (word) {
      case "SET":
        if (!this.writing && before !== "CHARACTER") this.setting = true;
        break;
      case "STATEMENT":
        if (before !== "SET") break;
        this.setting = false;
        this.settingFor = true;
        break;
      case "UPDATE":
      case "INSERT":
      case "REPLACE":
      case "LOAD":
        // Not CREATE OR REPLACE; not a trigger BEFORE or AFTER; not a function REPLACE() in what is set.
        if (before !== "OR" && before !== "BEFORE" && before !== "AFTER" && !this.setting)
          this.writing = true;
        break;
      case "BEGIN":
      case "DO":
      case "ELSE":
      case "THEN":
        this.writing = false;
        break;
      case "TABLE":
      case "INDEX":
        if (this.first === "CREATE" || this.first === "ALTER") this.isTableDdl = true;
        break;
      case "FROM":
      case "INTO":
      case "WHERE":
        this.endAssignment();
        break;
      case "VALUES":
      case "VALUE":
        if (before === "SERVERS" && this.maybeAccounts) this.hasSecretColumn = true;
        break;
      case "DEFAULT":
        if (this.#hasDeclaredSecret) this.assigning = this.parentheses;
        break;
    }
  }

  /**
   * A word, or a name in backticks, which may be that of a variable of DECLARE. In capitals.
   * @param before the token before it
   */
  declare(name: string, before: string): void {
    if (before === "DECLARE") this.#isDeclaring = true;
    else if (before !== ",") this.#isDeclaring = false;
    if (this.#isDeclaring && isSecretName(name)) this.#hasDeclaredSecret = true;
  }
}
