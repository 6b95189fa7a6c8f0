import { SECRET } from "../lexer/lexer.ts";
import type { StringValue } from "../lexer/string-literal.ts";
import type { Replacement } from "./replacements.ts";

/*
 * Dynamic SQL, a statement that is put together of strings: CONCAT('SET PASSWORD = ', QUOTE('..')), PREPARE s FROM '..',
 * EXECUTE IMMEDIATE '..'.
 */

interface Piece {
  value: StringValue;
  /** Where it begins and ends in the assembled text, in bytes, with the quotes that QUOTE() puts around it. */
  from: number;
  to: number;
  isQuoted: boolean;
  /** The literal's place in the statement. */
  start: number;
  end: number;
}

/** What stands for a part that is not known: the value of a column, a variable or a function. */
const UNKNOWN_PART = "?";

/** The pieces of a statement that is put together of strings. */
export class DynamicSql {
  readonly #separator: string;
  readonly #pieces: Piece[] = [];
  #parts: string[] = [];
  #bytes = 0;

  /** @param separator what CONCAT_WS puts between any two pieces */
  constructor(separator = "") {
    this.#separator = separator;
  }

  /** Adds a literal that stands from `start` to `end`; `isQuoted` if QUOTE() is around it. */
  add(value: StringValue, start: number, end: number, isQuoted: boolean): void {
    if (this.#parts.length > 0) this.#put(this.#separator, this.#separator.length);
    const from = this.#bytes;
    if (isQuoted) this.#put(`'${value.text}'`, value.length + 2);
    else this.#put(value.text, value.length);
    this.#pieces.push({ value, from, to: this.#bytes, isQuoted, start, end });
  }

  /** Adds a part that is not known. */
  addUnknown(): void {
    if (this.#parts.at(-1) !== UNKNOWN_PART) this.#put(UNKNOWN_PART, 1);
  }

  /** The unknown part that was added last was the name of a function, whose arguments follow: it is no part itself. */
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
   * What to replace in the literals. In a single string only the secrets; of several, everything from the first secret on, since
   * what is put between them may be anything.
   * @param found the secrets of the assembled text, in order
   */
  replacementsOf(found: readonly Replacement[]): Replacement[] {
    const [first] = found;
    if (first === undefined) return [];
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined && !only.isQuoted && this.#parts.length === 1) {
      return inStatement(found, only.value);
    }
    const replacements: Replacement[] = [];
    for (const { value, from, to, isQuoted, start, end } of this.#pieces) {
      if (to <= first.start) continue;
      const isPart = !isQuoted && from < first.start;
      if (isPart) replacements.push(...inStatement([{ ...first, end: to }], value, from));
      else replacements.push({ start, end, by: SECRET });
    }
    return replacements;
  }

  #put(part: string, bytes: number): void {
    this.#parts.push(part);
    this.#bytes += bytes;
  }
}

/** Replacements in a string's value as replacements in the statement that it is a literal of. The value begins at `from`. */
export function inStatement(
  replacements: readonly Replacement[],
  { places, length }: StringValue,
  from = 0,
): Replacement[] {
  return replacements.map(({ start, end, by }) => ({
    start: places[Math.min(start - from, length)] as number,
    end: places[Math.min(end - from, length)] as number,
    by,
  }));
}
