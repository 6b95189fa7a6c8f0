import type { DigestText } from "./digest-text.ts";

/*
 * The parentheses of a statement that is being normalised. When a list in parentheses closes, it may be collapsed: one of literals
 * to `(?+)`, and a row that follows another of its kind to nothing.
 */

/** The deepest parentheses whose lists are collapsed. */
const MAX_DEPTH = 64;

const CLOSE_PARENTHESIS = 41;
const PLUS = 43;
const QUESTION = 63;

/** The open parentheses, by their depth: the outermost has 1. */
export class Parentheses {
  /** How many are open. */
  depth = 0;
  readonly #out: DigestText;
  // Of each open parenthesis: where it is, whether it is a list of its own, and the list before it at the same depth.
  readonly #start = new Int32Array(MAX_DEPTH);
  readonly #isList = new Uint8Array(MAX_DEPTH);
  readonly #siblingStart = new Int32Array(MAX_DEPTH + 1);
  readonly #siblingEnd = new Int32Array(MAX_DEPTH + 1);

  constructor(out: DigestText) {
    this.#out = out;
  }

  clear(): void {
    this.depth = 0;
    this.#siblingEnd[0] = -1;
  }

  /** Whether the innermost is a list of its own, not the arguments of a function. */
  get isList(): boolean {
    return this.depth > 0 && this.depth <= MAX_DEPTH && this.#isList[this.depth - 1] === 1;
  }

  /** A parenthesis opens where the text ends. */
  open(isList: boolean): void {
    const { depth } = this;
    this.depth++;
    if (depth >= MAX_DEPTH) return;
    this.#start[depth] = this.#out.length;
    this.#isList[depth] = isList ? 1 : 0;
    this.#siblingEnd[depth + 1] = -1;
  }

  /**
   * Collapses the list that was just closed: one of literals only to `(?+)`, and one that repeats the list before it, or is a
   * further row (`rowEnd` is where the first one ends), to nothing.
   * @returns whether it was a list of its own, not the arguments of a function
   */
  close(rowEnd: number): boolean {
    if (this.depth === 0) return false;
    this.depth--;
    const { depth } = this;
    if (depth >= MAX_DEPTH) return false;
    if (this.#isList[depth] !== 1) {
      this.#siblingEnd[depth] = -1;
      return false;
    }
    const out = this.#out;
    const start = this.#start[depth] as number;
    const inside = out.length - start - 2;
    if (
      out.bytes[start + 1] === QUESTION &&
      (inside === 1 || (inside === 2 && out.bytes[start + 2] === PLUS))
    ) {
      out.length = start + 2;
      out.put(PLUS);
      out.put(CLOSE_PARENTHESIS);
    }
    if (rowEnd >= 0) {
      out.length = rowEnd;
      out.isFull = false;
      return true;
    }
    const siblingStart = this.#siblingStart[depth] as number;
    const siblingEnd = this.#siblingEnd[depth] as number;
    const size = out.length - start;
    if (siblingEnd >= 0 && siblingEnd + 2 === start && siblingEnd - siblingStart === size) {
      const { bytes } = out;
      let same = true;
      for (let at = 0; at < size && same; at++) same = bytes[siblingStart + at] === bytes[start + at];
      if (same) {
        out.length = siblingEnd;
        return true;
      }
    }
    this.#siblingStart[depth] = start;
    this.#siblingEnd[depth] = out.length;
    return true;
  }
}
