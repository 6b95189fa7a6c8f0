/** How long one waits for the one before: longer than a step takes, unless its handler was cut off and it never ends. */
const LONGEST_WAIT_MS = 60_000;

/** Runs one thing after another, in the order in which they were asked for. None of them may ask for another and wait for it. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Runs something once what was asked for before has ended, well or not: at once, where there is nothing. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last === null ? work() : endedOrLong(this.#last).then(work);
    const ended: Promise<void> = result.then(
      () => this.#forget(ended),
      () => this.#forget(ended),
    );
    this.#last = ended;
    return result;
  }

  #forget(ended: Promise<void>): void {
    if (this.#last === ended) this.#last = null;
  }
}

/** Waits for a promise that does not reject, but not for ever. */
async function endedOrLong(ended: Promise<void>): Promise<void> {
  const long = Promise.withResolvers<void>();
  const timer = setTimeout(long.resolve, LONGEST_WAIT_MS);
  await Promise.race([ended, long.promise]);
  clearTimeout(timer);
}
