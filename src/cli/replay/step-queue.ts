import { type Step, sizeOf } from "./step.ts";

/*
 * The steps of a session that wait: in memory, and of a session that is far behind also on the disk.
 */

/** Where steps wait outside of memory. */
export interface Spill {
  write(steps: readonly Step[]): SpilledSteps;
  /** Reads what was written, once. */
  read(spilled: SpilledSteps): Step[];
  /** The most bytes that waited there at a time. */
  readonly peakBytes: number;
  /** Forgets everything. */
  close(): void;
}

/** Steps outside of memory: where they are, and how many bytes they take there. */
export interface SpilledSteps {
  at: number;
  bytes: number;
}

/** What all queues together hold in memory. */
export interface Held {
  steps: number;
  bytes: number;
}

/** So many steps of a session stay in memory in any case. */
const KEPT = 64;
/** How much is read back at a time: at most so many steps, and about so many bytes. */
const PART_STEPS = 500;
const PART_BYTES = 256 * 1024;

/** A queue of steps, first in, first out. */
export class StepQueue {
  readonly #held: Held;
  readonly #spill: Spill;
  /** The first steps, from `#at` on. */
  #head: Step[] = [];
  #at = 0;
  /** What comes behind these. */
  #spilled: SpilledSteps[] = [];
  /** And behind that. */
  #tail: Step[] = [];
  /** What is held of `#head` and `#tail`, in bytes. */
  #bytes = 0;

  constructor(held: Held, spill: Spill) {
    this.#held = held;
    this.#spill = spill;
  }

  get isEmpty(): boolean {
    return this.#at === this.#head.length && this.#spilled.length === 0 && this.#tail.length === 0;
  }

  /** How many bytes could be written to the disk. */
  get spillable(): number {
    return this.#head.length - this.#at + this.#tail.length > KEPT ? this.#bytes : 0;
  }

  push(step: Step): void {
    (this.#spilled.length === 0 ? this.#head : this.#tail).push(step);
    this.#count(step, 1);
  }

  /** Takes the first step; undefined when there is none. */
  shift(): Step | undefined {
    if (this.#at === this.#head.length) this.#advance();
    const step = this.#head[this.#at];
    if (step === undefined) return undefined;
    this.#at++;
    this.#count(step, -1);
    // Else the array would grow for as long as the session is never done.
    if (this.#at === 1024) {
      this.#head = this.#head.slice(this.#at);
      this.#at = 0;
    }
    return step;
  }

  /** The first step without taking it. */
  peek(): Step | undefined {
    if (this.#at === this.#head.length) this.#advance();
    return this.#head[this.#at];
  }

  /** Writes all but the first steps to the disk. */
  spill(): void {
    if (this.#spilled.length === 0) {
      const from = Math.min(this.#head.length, this.#at + KEPT);
      this.#write(this.#head.splice(from));
    }
    this.#write(this.#tail);
    this.#tail = [];
  }

  /** Forgets what waits. */
  clear(): void {
    for (let step = this.shift(); step !== undefined; step = this.shift());
  }

  #advance(): void {
    this.#at = 0;
    const next = this.#spilled.shift();
    if (next === undefined) {
      this.#head = this.#tail;
      this.#tail = [];
      return;
    }
    this.#head = this.#spill.read(next);
    for (const step of this.#head) this.#count(step, 1);
    // What came meanwhile follows in its order.
    if (this.#spilled.length === 0) {
      for (const step of this.#tail) this.#head.push(step);
      this.#tail = [];
    }
  }

  #write(steps: readonly Step[]): void {
    let part: Step[] = [];
    let bytes = 0;
    const flush = () => {
      if (part.length > 0) this.#spilled.push(this.#spill.write(part));
      part = [];
      bytes = 0;
    };
    for (const step of steps) {
      part.push(step);
      bytes += sizeOf(step);
      this.#count(step, -1);
      if (part.length >= PART_STEPS || bytes >= PART_BYTES) flush();
    }
    flush();
  }

  #count(step: Step, sign: 1 | -1): void {
    const bytes = sign * sizeOf(step);
    this.#bytes += bytes;
    this.#held.bytes += bytes;
    this.#held.steps += sign;
  }
}
