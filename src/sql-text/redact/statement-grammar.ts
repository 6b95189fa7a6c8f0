import { SYMBOL } from "../lexer/lexer.ts";

/*
 * The grammar of a statement, or of a clause of one, that may hold a secret: it says of each token what to do with it.
 */

/** The token is no secret. */
export const KEEP = 0;
/** The token is a secret. */
export const REMOVE = 1;
/** The token is not in the grammar. */
export const UNEXPECTED = 2;
/** What the grammar is of has ended before the token. */
export const ENDED = 3;
/** One of KEEP, REMOVE, UNEXPECTED and ENDED. */
export type Verdict = typeof KEEP | typeof REMOVE | typeof UNEXPECTED | typeof ENDED;

/** Reads a statement, or a clause of one, token by token. */
export abstract class StatementGrammar {
  /** What it is the grammar of; in capitals. */
  abstract readonly verb: string;
  /** The next token is to be a secret. */
  abstract readonly atSecret: boolean;
  /** By what was read so far, it is likely to be such a statement even in a text that is an application's data. */
  abstract readonly isLikely: boolean;
  /** The token before: words in capitals, symbols as they are. */
  protected previous = "";
  /** The token before was a secret. Nothing stands right behind that but a comma or a parenthesis. */
  #isAfterSecret = false;

  /**
   * Reads the next token.
   * @param kind of the token, as the lexer has it
   * @param token a word or a name in capitals, without its backticks; anything else as it is written
   * @param isGlued whether nothing stands between it and the token before
   */
  next(kind: number, token: string, isGlued: boolean): Verdict {
    if (kind === SYMBOL && token === ";") return ENDED;
    if (this.#isAfterSecret && isGlued && token !== "," && token !== ")") return UNEXPECTED;
    const verdict = this.read(kind, token, isGlued);
    this.#isAfterSecret = verdict === REMOVE;
    this.previous = token;
    return verdict;
  }

  /** What to do with a token that is neither the end of the statement nor glued to a secret. */
  protected abstract read(kind: number, token: string, isGlued: boolean): Verdict;
}
