import { lazy } from "../../lib/lazy.ts";

/*
 * Texts without regard to the case of their letters: each character for itself, by Unicode's mappings of one character to one, so that
 * neither the language nor what stands beside it matters. ASCII is compared with ASCII alone: `k` is not the sign for Kelvin.
 */

/** What each letter beyond ASCII is compared as, where that is another one. */
const folded = lazy(() => {
  const all: string[] = [];
  for (let code = 0x80; code <= LAST_CASED; code++) {
    // Surrogates stand for no character.
    if (code < 0xd800 || code > 0xdfff) all.push(String.fromCodePoint(code));
  }
  const letters = all.join("").match(/\p{Changes_When_Casemapped}/gu) ?? [];
  const folds = letters.map((letter) => [letter, foldLetter(letter)] as const);
  return new Map(folds.filter(([letter, fold]) => letter !== fold));
});

/** Beyond this plane there are no letters with a case, nor are any proposed. */
const LAST_CASED = 0x1ffff;

const isOneLetter = (text: string): boolean => text > "\x7f" && [...text].length === 1;

/** The small letter of a letter's capital, as far as each is one character. */
function foldLetter(letter: string): string {
  const capital = letter.toUpperCase();
  const small = (isOneLetter(capital) ? capital : letter).toLowerCase();
  return isOneLetter(small) ? small : letter;
}

/** The letters beyond ASCII that are compared as one, by what they are compared as. */
const alike = lazy(() => {
  const groups = new Map<string, string[]>();
  for (const [letter, fold] of folded()) {
    const group = groups.get(fold) ?? [fold];
    group.push(letter);
    groups.set(fold, group);
  }
  return groups;
});

/** A text as it is compared: two texts with one result differ in the case of letters only. Half a surrogate pair is U+FFFD. */
export function foldCase(text: string): string {
  const wellFormed = text.toWellFormed();
  if (/^[\0-\x7f]*$/.test(wellFormed)) return wellFormed.toLowerCase();
  const folds = folded();
  return wellFormed
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
    .replace(/[\u0080-\u{10ffff}]/gu, (letter) => folds.get(letter) ?? letter);
}

/**
 * The characters that are compared as this one is, itself among them.
 * @param character as `foldCase` gives it
 */
export function caseVariants(character: string): readonly string[] {
  if (/[a-z]/.test(character)) return [character, character.toUpperCase()];
  return character > "\x7f" ? (alike().get(character) ?? [character]) : [character];
}
