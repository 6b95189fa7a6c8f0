import { type Cut, SECRET } from "./cuts.ts";
import type { Content } from "./sql-string.ts";

/*
 * A statement that is put together of strings: CONCAT('SET PASSWORD = ', QUOTE('..')), PREPARE s FROM '..', EXECUTE IMMEDIATE '..'.
 */

interface Piece {
  content: Content;
  /** Where it begins and ends in the assembled text, in bytes, with the quotes that QUOTE() puts around it. */
  from: number;
  to: number;
  isQuoted: boolean;
  /** The literal's place in the statement. */
  start: number;
  end: number;
}

/** What stands for what is not known: the value of a column, a variable or a function. */
const UNKNOWN_PART = "?";

/** The pieces of a statement. */
export class Assembly {
  readonly #separator: string;
  readonly #pieces: Piece[] = [];
  #parts: string[] = [];
  #bytes = 0;

  /** @param separator what CONCAT_WS puts between any two pieces */
  constructor(separator = "") {
    this.#separator = separator;
  }

  /** Adds a literal that stands from `start` to `end`; `isQuoted` if QUOTE() is around it. */
  add(content: Content, start: number, end: number, isQuoted: boolean): void {
    if (this.#parts.length > 0) this.#put(this.#separator, this.#separator.length);
    const from = this.#bytes;
    if (isQuoted) this.#put(`'${content.text}'`, content.length + 2);
    else this.#put(content.text, content.length);
    this.#pieces.push({ content, from, to: this.#bytes, isQuoted, start, end });
  }

  /** Adds something that is not known. */
  addUnknown(): void {
    if (this.#parts.at(-1) !== UNKNOWN_PART) this.#put(UNKNOWN_PART, 1);
  }

  /** What was added last was the name of a function, of which the arguments follow. */
  dropUnknown(): void {
    if (this.#parts.at(-1) !== UNKNOWN_PART) return;
    this.#parts.pop();
    this.#bytes--;
  }

  /** The statement as far as it is known; "" when there is no literal in it. */
  text(): string {
    return this.#pieces.length === 0 ? "" : this.#parts.join("");
  }

  /**
   * Where to cut the pieces. Of a single string the secrets alone go; of several the rest goes, since what is put between them
   * may be anything.
   * @param found the secrets of the assembled text, in order
   */
  cutsOf(found: readonly Cut[]): Cut[] {
    const [first] = found;
    if (first === undefined) return [];
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined && !only.isQuoted && this.#parts.length === 1) {
      return placed(found, only.content);
    }
    const cuts: Cut[] = [];
    for (const { content, from, to, isQuoted, start, end } of this.#pieces) {
      if (to <= first.start) continue;
      const isPart = !isQuoted && from < first.start;
      if (isPart) cuts.push(...placed([{ ...first, end: to }], content, from));
      else cuts.push({ start, end, by: SECRET });
    }
    return cuts;
  }

  #put(part: string, bytes: number): void {
    this.#parts.push(part);
    this.#bytes += bytes;
  }
}

/** Where cuts of a string's content are in the statement, of which it begins at `from`. */
export function placed(cuts: readonly Cut[], { places, length }: Content, from = 0): Cut[] {
  return cuts.map(({ start, end, by }) => ({
    start: places[Math.min(start - from, length)] as number,
    end: places[Math.min(end - from, length)] as number,
    by,
  }));
}
