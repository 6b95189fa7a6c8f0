import type { Assembly } from "./assembly.ts";

/*
 * What decides which literals of a statement are secrets, as far as it was read.
 */

/** What a text is, which decides how much it takes to find a secret in it. */
export type Context =
  /** A statement: what is odd in the account statements in it goes. */
  | "statement"
  /** Put together of strings and of what is not known. */
  | "assembled"
  /** A string or a comment, which may be an application's text: only what looks like a secret goes. */
  | "data";

/** What a statement has said of itself so far. */
export class Statement {
  /** Its first word. */
  first = "";
  /** SET, as a statement of its own. */
  setting = false;
  /** SET STATEMENT .. FOR another statement. */
  settingFor = false;
  /** UPDATE, INSERT, REPLACE or LOAD, in which SET and PASSWORD are about columns. */
  writing = false;
  isTableDdl = false;
  /** It names a table of accounts; or one that is, if the default database is `mysql`. */
  isAccounts = false;
  maybeAccounts = false;
  hasSecretColumn = false;
  /** The variables of SELECT .. INTO. */
  into = false;
  /** The variable of DECLARE. */
  declared = "";
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
  /** A statement in pieces, at which depth of parentheses it began, and what it is read as. */
  assembly: Assembly | null = null;
  assemblyDepth = 0;
  assemblyContext: Context = "assembled";
}
