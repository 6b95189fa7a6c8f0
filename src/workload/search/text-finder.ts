import type { Buffer } from "node:buffer";
import { ByteSigns } from "./byte-signs.ts";
import { type WrittenCharacter, writtenCharacters } from "./json-pattern.ts";

/*
 * Finds a text in NDJSON as bytes, each as one character. V8 finds a single character that is rare several times as fast as it tries
 * a regular expression everywhere, and of most texts that are rare one character is.
 */

/** So much of the first text is looked at to know which characters are rare. */
const SAMPLE = 16 * 1024;
/** What is more frequent is not worth stopping at: one in so many characters. */
const RARE = 300;

/**
 * What stands behind every pattern, since JSON has no NUL: V8 would look for a pattern that is a mere text in another way, which takes
 * four times as long where its characters are all frequent.
 */
const NO_NUL = "(?!\\0)";

/** Looks for one text in several others, one after the other. */
export class TextFinder {
  readonly #characters: readonly WrittenCharacter[];
  readonly #anywhere: RegExp;
  readonly #signs: ByteSigns;
  /** What is looked for first, and the rest around it; null until the first text, and where nothing is rare. */
  #rare: { texts: readonly string[]; around: RegExp } | null = null;
  #text: string | null = null;
  /** Where the last call began to look. */
  #from = 0;
  /** Where each of the rare texts is next, in the text that is searched. */
  #next: number[] = [];

  /** @param wanted what is looked for, as `writtenCharacters` takes it */
  constructor(wanted: string) {
    this.#characters = writtenCharacters(wanted);
    this.#anywhere = new RegExp(`${patternOf(this.#characters)}${NO_NUL}`, "g");
    this.#signs = new ByteSigns(this.#characters.map(({ texts }) => texts));
  }

  /** Whether what is looked for may be in the bytes of a text: where it is not, the text need not be made of them. */
  mayBeIn(bytes: Buffer): boolean {
    return this.#signs.mayBeIn(bytes);
  }

  /**
   * Finds the next place that is in what is looked for; -1 when there is none.
   * @param from the beginning of a line, or a place in one. It is cheap where it does not go back in the same text.
   */
  find(text: string, from: number): number {
    // Two texts that follow each other may be equal: then the second is known only by going back to its start.
    if (from < this.#from || text !== this.#text) this.#begin(text);
    this.#from = from;
    if (this.#rare === null) {
      this.#anywhere.lastIndex = from;
      return this.#anywhere.exec(text)?.index ?? -1;
    }
    const { texts, around } = this.#rare;
    for (let at = from; ; at++) {
      at = this.#nextOf(texts, text, at);
      if (at === Number.POSITIVE_INFINITY) return -1;
      around.lastIndex = at;
      if (around.test(text)) return at;
    }
  }

  #begin(text: string): void {
    if (this.#text === null) this.#rare = rarest(this.#characters, text);
    this.#text = text;
    this.#next = this.#rare?.texts.map(() => -1) ?? [];
  }

  /** Where the first of the rare texts is, from a place on. */
  #nextOf(texts: readonly string[], text: string, from: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const [index, rare] of texts.entries()) {
      let next = this.#next[index] as number;
      if (next < from) {
        next = text.indexOf(rare, from);
        if (next < 0) next = Number.POSITIVE_INFINITY;
        this.#next[index] = next;
      }
      if (next < first) first = next;
    }
    return first;
  }
}

const patternOf = (characters: readonly WrittenCharacter[]): string =>
  characters.map(({ pattern }) => pattern).join("");

/** The character that is rarest in a text, and a pattern for all of them at its place; null where none is rare. */
function rarest(
  characters: readonly WrittenCharacter[],
  text: string,
): { texts: readonly string[]; around: RegExp } | null {
  const length = Math.min(text.length, SAMPLE);
  const counts = new Uint32Array(256);
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    counts[code] = (counts[code] as number) + 1;
  }
  let [best, fewest] = [-1, length / RARE];
  for (const [index, { texts }] of characters.entries()) {
    if (texts === null) continue;
    const count = texts.reduce((sum, one) => sum + (counts[one.charCodeAt(0)] as number), 0);
    if (count < fewest) [best, fewest] = [index, count];
  }
  const texts = characters[best]?.texts;
  if (texts === undefined || texts === null) return null;
  const [before, after] = [characters.slice(0, best), characters.slice(best)];
  return { texts, around: new RegExp(`(?<=${patternOf(before)})${patternOf(after)}`, "y") };
}
