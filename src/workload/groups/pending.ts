import { Figures } from "../timing/figures.ts";

/** What figures are collected for, until they are added to its groups. */
export interface Collected {
  /** Kept when they were added, to be used again. */
  pending: Figures | null;
  isWaiting: boolean;
}

/** How many have figures at most before those are added. */
const MAX_PENDING = 2048;

/**
 * The figures of a record are added once, to what its groups have in common, and from there to each group after every step: a record
 * costs one addition, however many groups it is in.
 */
export class Pending<T extends Collected> {
  readonly #add: (collected: T, figures: Figures) => void;
  #waiting: T[] = [];

  /** @param add adds figures to the groups */
  constructor(add: (collected: T, figures: Figures) => void) {
    this.#add = add;
  }

  /** The figures to which those of a record are added. */
  of(collected: T): Figures {
    return collected.isWaiting && collected.pending !== null ? collected.pending : this.#begin(collected);
  }

  /** Adds all that is waiting to its groups. */
  flush(): void {
    for (const collected of this.#waiting) {
      const { pending } = collected;
      collected.isWaiting = false;
      if (pending === null) continue;
      this.#add(collected, pending);
      pending.clear();
    }
    this.#waiting = [];
  }

  #begin(collected: T): Figures {
    if (this.#waiting.length >= MAX_PENDING) this.flush();
    collected.pending ??= new Figures();
    collected.isWaiting = true;
    this.#waiting.push(collected);
    return collected.pending;
  }
}
