/** How many of what was seen with a digest are told apart. */
export const MAX_TALLY = 16;

/** Counts a few things, which are known by reference: the first MAX_TALLY of them; of the rest only how often they came. */
export class Tally<T extends object> {
  readonly #items: T[] = [];
  readonly #counts: number[] = [];
  /** Where the one is that was counted last: mostly it comes again. */
  #last = 0;
  /** How often others came. */
  more = 0;

  /** Counts one. */
  add(item: T, count = 1): void {
    const items = this.#items;
    if (items[this.#last] !== item) {
      const at = items.indexOf(item);
      if (at >= 0) {
        this.#last = at;
      } else if (items.length >= MAX_TALLY) {
        this.more += count;
        return;
      } else {
        this.#last = items.push(item) - 1;
        this.#counts.push(0);
      }
    }
    (this.#counts[this.#last] as number) += count;
  }

  /** What was counted, in the order in which it came first. */
  *[Symbol.iterator](): Generator<[item: T, count: number]> {
    for (const [at, item] of this.#items.entries()) yield [item, this.#counts[at] as number];
  }
}
