import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import type { SlowRecord } from "../../logs/slow/record.ts";
import { Histogram } from "./histogram.ts";

/** As much of a slow log's record as is summed. */
export type Timing = Pick<
  SlowRecord,
  "durationMicros" | "lockMicros" | "rowsSent" | "rowsExamined" | "errno"
>;

/** How many numbers stand before the histogram. */
const SUMS = 9;

/**
 * Figures as they are stored, in numbers: only how many statements where their times are not known; else also totalMicros, minMicros,
 * maxMicros, lockMicros, rowsExamined, rowsSent, errors and outcomes, and the histogram of durations (`Histogram.toJSON`).
 */
export const figuresSchema = lazy(() => z.custom<number[]>(isFigures));

/** Checked by hand: a table of digests has a hundred thousand numbers, for which zod's own checks take many times as long. */
function isFigures(stored: unknown): boolean {
  if (!Array.isArray(stored)) return false;
  const { length } = stored;
  if (length !== 1 && (length < SUMS || (length - SUMS) % 2 !== 0)) return false;
  return stored.every((number) => typeof number === "number" && number >= 0 && number < Infinity);
}

/** The parts at which percentiles are shown. */
const SHOWN = [0.5, 0.95, 0.99];

/** What the times of statements come to, in microseconds. */
export interface Percentiles {
  p50Micros: number;
  p95Micros: number;
  p99Micros: number;
}

/** The sums of some statements' figures. They merge: those of a whole are the sums of its parts'. */
export class Figures {
  /** How many statements. */
  calls = 0;
  totalMicros = 0;
  minMicros = 0;
  maxMicros = 0;
  lockMicros = 0;
  rowsExamined = 0;
  rowsSent = 0;
  /** How many ended with an error, of those whose outcome is known. */
  errors = 0;
  /** Of how many the log says whether they ended with an error. */
  outcomes = 0;
  #histogram: Histogram | null = null;

  /** @param stored what `toJSON` gave */
  constructor(stored?: readonly number[]) {
    if (stored !== undefined) this.mergeStored(stored);
  }

  /** Whether the times of the statements are known. */
  get isTimed(): boolean {
    return this.#histogram !== null;
  }

  /** Counts a statement of which the time is not known. */
  count(): void {
    this.calls++;
  }

  /** Counts a statement with its time. */
  add({ durationMicros, lockMicros, rowsSent, rowsExamined, errno }: Timing): void {
    this.#histogram ??= new Histogram();
    this.#histogram.add(durationMicros);
    if (this.calls++ === 0) this.minMicros = durationMicros;
    this.totalMicros += durationMicros;
    if (durationMicros < this.minMicros) this.minMicros = durationMicros;
    if (durationMicros > this.maxMicros) this.maxMicros = durationMicros;
    this.lockMicros += lockMicros;
    this.rowsExamined += rowsExamined;
    this.rowsSent += rowsSent;
    if (errno === undefined) return;
    this.outcomes++;
    if (errno !== 0) this.errors++;
  }

  /** Forgets all that was counted, but not whether times are known. */
  clear(): void {
    this.calls = this.totalMicros = this.minMicros = this.maxMicros = this.lockMicros = 0;
    this.rowsExamined = this.rowsSent = this.errors = this.outcomes = 0;
    this.#histogram?.clear();
  }

  /** Adds another's figures, which must be of the same log. */
  merge(other: Figures): void {
    if (other.calls === 0) return;
    this.calls += other.calls;
    if (other.#histogram === null) return;
    if (this.#histogram === null) {
      this.#histogram = new Histogram();
      this.minMicros = other.minMicros;
    }
    this.#histogram.merge(other.#histogram);
    this.totalMicros += other.totalMicros;
    this.minMicros = Math.min(this.minMicros, other.minMicros);
    this.maxMicros = Math.max(this.maxMicros, other.maxMicros);
    this.lockMicros += other.lockMicros;
    this.rowsExamined += other.rowsExamined;
    this.rowsSent += other.rowsSent;
    this.errors += other.errors;
    this.outcomes += other.outcomes;
  }

  /** Adds what `toJSON` gave of another, without making that first: of a series there are thousands. */
  mergeStored(stored: readonly number[]): void {
    const [calls = 0, total, min = 0, max = 0, lock = 0, examined = 0, sent = 0, errors = 0, outcomes = 0] =
      stored;
    this.calls += calls;
    if (total === undefined) return;
    if (this.#histogram === null) {
      this.#histogram = new Histogram();
      this.minMicros = min;
    }
    this.#histogram.addStored(stored, SUMS);
    this.totalMicros += total;
    this.minMicros = Math.min(this.minMicros, min);
    this.maxMicros = Math.max(this.maxMicros, max);
    this.lockMicros += lock;
    this.rowsExamined += examined;
    this.rowsSent += sent;
    this.errors += errors;
    this.outcomes += outcomes;
  }

  /** Percentiles of the durations, whole microseconds and at most RELATIVE_ERROR off; null where times are not known. */
  percentiles(): Percentiles | null {
    const percentiles = this.quantiles(SHOWN);
    if (percentiles === null) return null;
    const [p50, p95, p99] = percentiles as [number, number, number];
    return { p50Micros: p50, p95Micros: p95, p99Micros: p99 };
  }

  /**
   * The same at any parts.
   * @param parts from 0 to 1, in ascending order
   */
  quantiles(parts: readonly number[]): number[] | null {
    if (this.#histogram === null) return null;
    // The shortest and the longest are known exactly.
    return this.#histogram
      .percentiles(parts)
      .map((micros) => Math.min(this.maxMicros, Math.max(this.minMicros, Math.round(micros))));
  }

  /** The sum of the squares of the durations, at most 4 % off; 0 where times are not known. */
  squares(): number {
    return this.#histogram?.squares() ?? 0;
  }

  /** How they are stored: see figuresSchema. */
  toJSON(): number[] {
    if (this.#histogram === null) return [this.calls];
    const { calls, totalMicros, minMicros, maxMicros, lockMicros, rowsExamined, rowsSent } = this;
    const sums = [calls, totalMicros, minMicros, maxMicros, lockMicros, rowsExamined, rowsSent];
    return [...sums, this.errors, this.outcomes, ...this.#histogram.toJSON()];
  }
}
