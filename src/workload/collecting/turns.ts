/** How long work waits for the work before it: longer than a step takes, unless its handler was cut off and it never ends. */
const LONGEST_WAIT_MS = 60_000;

/** Runs work one after another, in the order in which it came. Work must not wait for a turn of its own: that would be a deadlock. */
export class Turns {
  #last: Promise<void> | null = null;

  /** Runs work once what came before has succeeded or failed; at once if nothing runs. */
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
