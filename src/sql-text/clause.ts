import { SYMBOL } from "./lexer.ts";

/*
 * A part of a statement that may hold a secret, read token by token. Each kind of clause has a grammar of its own.
 */

/** What a clause makes of a token. */
export const KEEP = 0;
/** A secret. */
export const REMOVE = 1;
/** Not in the grammar. */
export const ODD = 2;
/** The clause has ended before it. */
export const OVER = 3;
/** One of KEEP, REMOVE, ODD and OVER. */
export type Verdict = typeof KEEP | typeof REMOVE | typeof ODD | typeof OVER;

/** A part of a statement that may hold a secret: asked token by token. */
export abstract class Clause {
  /** What it is of; in capitals. */
  abstract readonly verb: string;
  /** The next token is to be a secret. */
  abstract readonly atSecret: boolean;
  /** By what was read of it, it is likely to be one in a text that is no statement, too. */
  abstract readonly isLikely: boolean;
  /** The token before: words in capitals, symbols as they are. */
  protected previous = "";
  /** It was a secret: nothing stands right behind it but what ends its part. */
  #isAfterSecret = false;

  /**
   * @param kind of the token, as the lexer has it
   * @param token a word or a name in capitals, without its backticks; anything else as it is written
   * @param isGlued nothing stands between it and the token before
   */
  next(kind: number, token: string, isGlued: boolean): Verdict {
    if (kind === SYMBOL && token === ";") return OVER;
    if (this.#isAfterSecret && isGlued && token !== "," && token !== ")") return ODD;
    const verdict = this.read(kind, token, isGlued);
    this.#isAfterSecret = verdict === REMOVE;
    this.previous = token;
    return verdict;
  }

  /** What the clause's own grammar makes of a token. */
  protected abstract read(kind: number, token: string, isGlued: boolean): Verdict;
}
