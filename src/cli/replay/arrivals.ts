/*
 * When what was read from a socket has come. A busy process looks at its sockets late, and then finds several answers at once. They came
 * after it had looked last, or they would have been read then; and not while it slept, or they would have woken it. So they came within
 * the time that it was busy since.
 */

/** What a process knows of its time. In milliseconds. */
export interface ProcessTime {
  now(): number;
  /** For how long it has slept so far, which is waited for events. */
  slept(): number;
  /** Calls back before the sockets are looked at again. */
  beforeNextLook(then: () => void): void;
}

/** Follows when a process looks at its sockets. It is to be told of every arrival for which it is asked. */
export class Arrivals {
  readonly #time: ProcessTime;
  /** The last look at the sockets, for how long the process had slept by then, and when what it found has come at the earliest. */
  #looked = 0;
  #slept = 0;
  #since = 0;
  #isLook = false;

  constructor(time: ProcessTime) {
    this.#time = time;
  }

  /** Something was read. @returns within how many microseconds before now it has come */
  within(): number {
    const now = this.#time.now();
    // What is read from other sockets in this turn was found by the same look.
    if (!this.#isLook) {
      this.#isLook = true;
      const slept = this.#time.slept();
      this.#since = this.#looked + (slept - this.#slept);
      this.#looked = now;
      this.#slept = slept;
      this.#time.beforeNextLook(() => {
        this.#isLook = false;
      });
    }
    return Math.max(0, now - this.#since) * 1000;
  }
}
