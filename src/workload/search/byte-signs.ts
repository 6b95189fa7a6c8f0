import { Buffer } from "node:buffer";

/*
 * Tells of most bytes that a text is not in them, before they are made a string: that costs more than looking through them. workerd
 * looks for a few bytes at tens of GB a second where the first of them is rare, and stops at each place that has it.
 */

/** So many of the first bytes are looked at to know which are rare. */
const SAMPLE_BYTES = 16 * 1024;
/** How many bytes are looked for at once. More make a sign that is rare no rarer. */
const MAX_CHARACTERS = 4;
/** In how many ways, such as in capitals, these may be written: each is looked for by itself. */
const MAX_TEXTS = 4;
/** How many of the cheapest signs are tried. */
const MAX_TRIED = 12;
/** What it costs to stop where the first byte is: as much as passing over so many bytes. */
const STOP_BYTES = 300;

/** All that a character of a text may be written as; null where these are too many. */
type Written = readonly string[] | null;

/** What bytes that have a text have in them, whichever way it is written there. */
export class ByteSigns {
  readonly #characters: readonly Written[];
  /** Null where none is rare enough; undefined until the first bytes. */
  #signs: readonly Buffer[] | null | undefined;

  /** @param characters of the text that is looked for, each byte as one character */
  constructor(characters: readonly Written[]) {
    this.#characters = characters;
  }

  /** Whether the text may be in these bytes. */
  mayBeIn(bytes: Buffer): boolean {
    if (this.#signs === undefined)
      this.#signs = rarestSigns(this.#characters, bytes.subarray(0, SAMPLE_BYTES));
    return this.#signs === null || this.#signs.some((sign) => bytes.includes(sign));
  }
}

/** Some characters of a text in a row, in each way in which they may be written, that are cheap to look for; null where none are. */
function rarestSigns(characters: readonly Written[], sample: Buffer): readonly Buffer[] | null {
  const counts = new Uint32Array(256);
  for (const byte of sample) counts[byte] = (counts[byte] as number) + 1;
  const cost = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + sample.length + (counts[text.charCodeAt(0)] as number) * STOP_BYTES, 0);
  return (
    characters
      .flatMap((_, at) => signsAt(characters, at))
      .map((texts) => ({ texts, cost: cost(texts) }))
      .toSorted((one, other) => one.cost - other.cost)
      .slice(0, MAX_TRIED)
      .map(({ texts }) => texts.map((text) => Buffer.from(text, "latin1")))
      .find((signs) => !signs.some((sign) => sample.includes(sign))) ?? null
  );
}

/** The characters from a place on, each time with one more, in all ways in which they may be written. */
function signsAt(characters: readonly Written[], at: number): (readonly string[])[] {
  const signs: (readonly string[])[] = [];
  let before: readonly string[] = [""];
  for (const texts of characters.slice(at, at + MAX_CHARACTERS)) {
    if (texts === null || before.length * texts.length > MAX_TEXTS) break;
    before = before.flatMap((text) => texts.map((more) => text + more));
    signs.push(before);
  }
  return signs;
}
