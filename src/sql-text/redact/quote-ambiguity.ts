import { classOf } from "../lexer/keywords.ts";
import { END, Lexer, NUMBER, QUOTED, STRING, SYMBOL, WORD } from "../lexer/lexer.ts";
import { BACKSLASH_ESCAPES, MULTIBYTE, NO_ESCAPES, type QuoteRules } from "../lexer/quotes.ts";
import type { SessionSettings } from "../session-settings.ts";

/*
 * Where the strings of a statement end depends on the session's sql_mode and on its client's character set, of which the log
 * says little. Nearly always all rules give the same tokens, or all rules but one give nonsense. Else the text is ambiguous.
 */

/** By which rules the quotes of a text end. */
export type QuoteRulesChoice =
  | { isAmbiguous: false; rules: QuoteRules }
  | {
      isAmbiguous: true;
      /** The most likely ones. */
      rules: QuoteRules;
      /** All that are possible, and whether the text makes sense by them. */
      candidates: { rules: QuoteRules; makesSense: boolean }[];
      /** Where the first token begins that is a different one by other rules; in bytes. */
      ambiguousFrom: number;
    };

/** Only in such a text do the tokens depend on the rules. */
const MAY_DIFFER = /\\['"]|[\u0080-\uffff]`/;

const one = new Lexer();
const other = new Lexer();

const certain: Record<QuoteRules, QuoteRulesChoice> = {
  [BACKSLASH_ESCAPES]: { isAmbiguous: false, rules: BACKSLASH_ESCAPES },
  [NO_ESCAPES]: { isAmbiguous: false, rules: NO_ESCAPES },
  [MULTIBYTE]: { isAmbiguous: false, rules: MULTIBYTE },
};

/**
 * Chooses the rules for a text. What the log says of the session's settings is likely, but not certain: when a pool resets a
 * connection, it is back at the server's defaults, and the log does not show that. So the text has to make sense by them, too.
 */
export function chooseQuoteRules(text: string, { escapes, wide }: SessionSettings): QuoteRulesChoice {
  const likeliest: QuoteRules = escapes === false ? NO_ESCAPES : BACKSLASH_ESCAPES;
  if (!MAY_DIFFER.test(text)) return certain[likeliest];
  const others: { rules: QuoteRules; makesSense: boolean }[] = [];
  let ambiguousFrom = Number.POSITIVE_INFINITY;
  let isOtherPossible = false;
  for (const rules of [BACKSLASH_ESCAPES, NO_ESCAPES, MULTIBYTE] as const) {
    const difference = rules === likeliest ? -1 : firstDifference(text, likeliest, rules);
    if (difference < 0) continue;
    ambiguousFrom = Math.min(ambiguousFrom, difference);
    const sense = makesSense(text, rules);
    others.push({ rules, makesSense: sense });
    const isExcluded = rules === MULTIBYTE ? wide === false : escapes !== null;
    if (sense && !isExcluded) isOtherPossible = true;
  }
  const first = { rules: likeliest, makesSense: others.length === 0 || makesSense(text, likeliest) };
  one.reset("");
  other.reset("");
  if (first.makesSense && !isOtherPossible) return certain[likeliest];
  return { isAmbiguous: true, rules: likeliest, candidates: [first, ...others], ambiguousFrom };
}

/** Where the first token begins that ends elsewhere by the other rules, in bytes; -1 when there is none. */
function firstDifference(text: string, rules: QuoteRules, otherRules: QuoteRules): number {
  one.quoteRules = rules;
  other.quoteRules = otherRules;
  one.reset(text);
  other.reset(text);
  for (;;) {
    const kind = one.next();
    other.next();
    if (one.end !== other.end || one.start !== other.start) return Math.min(one.start, other.start);
    if (kind === END) return -1;
  }
}

const BACKSLASH = 92;
const CAPITAL_N = 78;
const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;

/**
 * Whether a server could accept the text by these rules, as far as quotes tell: all are closed, no name or number stands right
 * behind one (a keyword may), there is no backslash but that of `\N`, and parentheses are in pairs. By the wrong rules, what is
 * inside quotes and what is outside have changed places from the first difference on.
 */
function makesSense(text: string, rules: QuoteRules): boolean {
  one.quoteRules = rules;
  one.reset(text);
  const { bytes } = one;
  let closed = -1;
  let depth = 0;
  for (let kind = one.next(); kind !== END; kind = one.next()) {
    const { start, end } = one;
    if (start === closed) {
      if (kind === WORD && classOf(one.hash) === 0) return false;
      if (kind === NUMBER || kind === STRING || kind === QUOTED) return false;
    }
    if (kind === STRING || kind === QUOTED) {
      if (one.unterminated) return false;
      closed = end;
    } else if (kind === SYMBOL) {
      const code = bytes[start];
      if (code === BACKSLASH && bytes[end] !== CAPITAL_N) return false;
      if (code === OPEN_PARENTHESIS) depth++;
      else if (code === CLOSE_PARENTHESIS && --depth < 0) return false;
    }
  }
  return depth === 0;
}
