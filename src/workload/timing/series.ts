import type { LogRecord } from "../../logs/record.ts";
import type { StatementTables } from "../../sql-text/tables.ts";
import type { LineDigest } from "../stored/statement-part.ts";
import { Figures, type Timing } from "./figures.ts";

/*
 * The series of a log: how much ran in each step of time, of the whole workload and of its leading statements. Steps have 10 seconds,
 * and double while there would be more than MAX_POINTS of them. They begin at multiples of their length since the epoch, so that
 * each is a part of one twice as long. Times are in seconds since the epoch.
 */

/** How long steps are at first, in seconds. */
export const FIRST_STEP = 10;
/** How many steps there are at most, from the first to the last. */
export const MAX_POINTS = 1440;
/** The fingerprint that stands for the whole workload. */
export const WHOLE = "";

/** How many cells a delta has at most of statements that have no series yet, of about half a kilobyte each. */
const MAX_NEW_CELLS = 50_000;
/** Records later than so many seconds from now are not counted: one of them would make all steps long. */
const MAX_AHEAD = 3600;

/** Where a delta counts a statement, noted with its digest so that it need not be looked for with each record. */
export interface Cell {
  /** The step's own object, by which it is known. */
  step: object;
  /** Null where there is no room. */
  figures: Figures | null;
}

/** A digest that was counted: see `Digests.counted`. */
export interface Counted extends LineDigest {
  /** The tables of the statement. */
  readonly tables: StatementTables;
  cell: Cell | null;
  /** The fragment's contents that it was added to last. */
  addedTo?: object | null;
}

/** What ran in a step of time. */
interface Step {
  /** Stands for it in cells, which may outlive it. */
  token: object;
  whole: Figures;
  statements: Map<string, Figures>;
}

/** The beginning of the step with this time. */
export const startOf = (time: number, step: number): number => time - (time % step);

/** How many steps there are from one to another. */
export const countOf = (first: number, last: number, step: number): number =>
  (startOf(last, step) - startOf(first, step)) / step + 1;

/** What one step of a collector adds to a series. */
export class SeriesDelta {
  /** How long its steps are. */
  #seconds: number;
  readonly #kept: ReadonlySet<string>;
  readonly #latest: number;
  #steps = new Map<number, Step>();
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  #newCells = 0;
  /** The step of the record before, and its bounds in microseconds. */
  #step: Step | null = null;
  #fromMicros = 0;
  #toMicros = 0;

  /**
   * @param step how long steps are
   * @param kept the fingerprints of statements that have a series already
   * @param now in milliseconds since the epoch
   */
  constructor(step: number = FIRST_STEP, kept: Iterable<string> = [], now: number = Date.now()) {
    this.#seconds = step;
    this.#kept = new Set(kept);
    this.#latest = now / 1000 + MAX_AHEAD;
  }

  /** How long its steps are. */
  get step(): number {
    return this.#seconds;
  }

  /** The first and the last of its steps; null when nothing was counted. */
  get range(): { first: number; last: number } | null {
    return this.#steps.size === 0 ? null : { first: this.#first, last: this.#last };
  }

  /** Counts a statement of the general log. */
  add({ timeMicros }: Pick<LogRecord, "timeMicros">, counted: Counted): void {
    const step = this.#at(timeMicros);
    if (step === null) return;
    step.whole.count();
    this.#cellOf(counted, step)?.count();
  }

  /** Counts a statement of the slow log. */
  addTimed(record: Timing & { timeMicros: number }, counted: Counted): void {
    const step = this.#at(record.timeMicros);
    if (step === null) return;
    step.whole.add(record);
    this.#cellOf(counted, step)?.add(record);
  }

  /** Makes its steps longer: a power of two times as long. */
  coarsen(step: number): void {
    const finer = this.#steps;
    this.#steps = new Map();
    this.#seconds = step;
    this.#step = null;
    this.#first = startOf(this.#first, step);
    this.#last = startOf(this.#last, step);
    for (const [start, { whole, statements }] of finer) {
      const coarser = this.#stepAt(startOf(start, step));
      coarser.whole.merge(whole);
      for (const [fingerprint, figures] of statements) {
        const before = coarser.statements.get(fingerprint);
        if (before === undefined) coarser.statements.set(fingerprint, figures);
        else before.merge(figures);
      }
    }
  }

  /** What was counted of the whole workload and of some statements, step by step. */
  *cells(
    statements: ReadonlySet<string>,
  ): Generator<{ fingerprint: string; start: number; figures: Figures }> {
    for (const [start, step] of this.#steps) {
      yield { fingerprint: WHOLE, start, figures: step.whole };
      for (const [fingerprint, figures] of step.statements) {
        if (statements.has(fingerprint)) yield { fingerprint, start, figures };
      }
    }
  }

  /** The step of a time; null where that is not plausible. */
  #at(timeMicros: number): Step | null {
    if (this.#step !== null && timeMicros >= this.#fromMicros && timeMicros < this.#toMicros) {
      return this.#step;
    }
    const time = Math.floor(timeMicros / 1_000_000);
    if (time > this.#latest) return null;
    this.#first = Math.min(this.#first, startOf(time, this.#seconds));
    this.#last = Math.max(this.#last, startOf(time, this.#seconds));
    const step = stepFor(this.#first, this.#last, this.#seconds);
    if (step > this.#seconds) this.coarsen(step);
    const start = startOf(time, this.#seconds);
    this.#step = this.#stepAt(start);
    this.#fromMicros = start * 1_000_000;
    this.#toMicros = (start + this.#seconds) * 1_000_000;
    return this.#step;
  }

  #stepAt(start: number): Step {
    let step = this.#steps.get(start);
    if (step === undefined) {
      step = { token: {}, whole: new Figures(), statements: new Map() };
      this.#steps.set(start, step);
    }
    return step;
  }

  /** Where a statement is counted; null where there is no room. */
  #cellOf(counted: Counted, { token, statements }: Step): Figures | null {
    if (counted.cell?.step === token) return counted.cell.figures;
    const { fingerprint } = counted;
    let figures = statements.get(fingerprint) ?? null;
    if (figures === null && (this.#kept.has(fingerprint) || this.#newCells++ < MAX_NEW_CELLS)) {
      figures = new Figures();
      statements.set(fingerprint, figures);
    }
    counted.cell = { step: token, figures };
    return figures;
  }
}

/** How long steps have to be, so that there are no more than MAX_POINTS from the first to the last: as long as they are, or doubled. */
export function stepFor(first: number, last: number, step: number): number {
  let seconds = step;
  while (countOf(first, last, seconds) > MAX_POINTS) seconds *= 2;
  return seconds;
}
