import type { QuoteRules } from "../lexer/quotes.ts";
import type { SessionSettings } from "../session-settings.ts";
import { allFrom, type FindNested, type FoundSecrets } from "./found-secrets.ts";
import { chooseQuoteRules, type QuoteRulesChoice } from "./quote-ambiguity.ts";
import { SecretScanner } from "./secret-scanner.ts";
import { ACCOUNT_WORDS } from "./secret-words.ts";
import type { TextKind } from "./statement-state.ts";

/*
 * Finds the secrets in a text, by all rules by which its quotes may end, and in the texts that its strings hold.
 */

/** How deep statements in strings in statements are followed. */
const MAX_DEPTH = 3;

/** Blanks that people paste and a server takes for a part of a word: of two bytes in UTF-8, and of three. */
const SHORT_BLANK = /\u00a0/g;
const LONG_BLANK = /[\u2000-\u200b\u202f\u3000\ufeff]/g;

/**
 * Finds the secrets of a text.
 * @param depth how many strings it stands in
 */
export function findSecrets(
  original: string,
  settings: SessionSettings,
  kind: TextKind,
  depth = 0,
): FoundSecrets {
  // As many bytes as there were, so that places stay what they are.
  const text = original.replace(SHORT_BLANK, "  ").replace(LONG_BLANK, "   ");
  const findNested: FindNested = (nested, nestedKind) =>
    depth < MAX_DEPTH ? findSecrets(nested, settings, nestedKind, depth + 1) : null;
  const scan = (rules: QuoteRules, as: TextKind) => scanText(text, rules, settings, as, findNested);
  const choice = chooseQuoteRules(text, settings);
  if (!choice.isAmbiguous) return scan(choice.rules, kind);
  const from = firstSecret(text, settings, kind, choice, scan);
  if (from === Number.POSITIVE_INFINITY) return { replacements: [], isOpen: false, hasPlace: false };
  // What says that all of a string is a secret, such as `INTO @password`, may stand behind it, in what is removed.
  return allFrom(depth > 0 ? 0 : from);
}

/**
 * From where on nothing can be kept of a text whose quotes are ambiguous: from the first secret that it has by any rules. Infinity
 * if it has none by any.
 */
function firstSecret(
  text: string,
  settings: SessionSettings,
  kind: TextKind,
  { candidates, ambiguousFrom }: QuoteRulesChoice & { isAmbiguous: true },
  scan: (rules: QuoteRules, kind: TextKind) => FoundSecrets,
): number {
  const hasSensible = candidates.some(({ makesSense }) => makesSense);
  let from = Number.POSITIVE_INFINITY;
  for (const { rules, makesSense } of candidates) {
    // If the text makes sense by some rules, what is not understood by the others is only due to their being the wrong ones.
    const as = makesSense || !hasSensible || kind !== "statement" ? kind : "data";
    const [first] = scan(rules, as).replacements;
    if (first !== undefined) from = Math.min(from, first.start);
  }
  // Where some characters of two bytes are whole and some are not, there are more possibilities than the candidates.
  const isMixed = settings.wide !== false && /[\u0080-\uffff]\\/.test(text);
  const isFound = from < Number.POSITIVE_INFINITY || (!hasSensible && isMixed && ACCOUNT_WORDS.test(text));
  return isFound && (isMixed || !hasSensible) ? Math.min(from, ambiguousFrom) : from;
}

function scanText(
  text: string,
  rules: QuoteRules,
  settings: SessionSettings,
  kind: TextKind,
  findNested: FindNested,
): FoundSecrets {
  const scanner = new SecretScanner(text, rules, settings, kind, findNested);
  const found = scanner.run();
  if (!scanner.isAll) return found;
  // What says that all of the strings are secrets may stand behind them.
  const again = new SecretScanner(text, rules, settings, kind, findNested);
  again.isAll = true;
  return again.run();
}
