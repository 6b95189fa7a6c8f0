import { Figures } from "./figures.ts";
import { FIRST_STEP, SeriesDelta, startOf, stepFor, WHOLE } from "./series.ts";
import type { SeriesState } from "./series-state.ts";

/*
 * The series of a log in the SQLite database of the capture's Durable Object, while the capture adds to them.
 */

/** How many leading statements get a series of their own. */
export const LEADING = 100;
/** A statement keeps its series while it is one of so many: else those around the hundredth would lose it again and again. */
export const KEPT = 128;
/** Of how many series the steps are made longer at a time: there may be a hundred and fifty thousand rows. */
const COARSENED_AT_ONCE = 8;

const TABLES = [
  // See Stream.
  `create table if not exists series_streams (
    stream text primary key, step integer not null, counted integer not null, statements text not null, finer text not null
  ) without rowid`,
  `create table if not exists series (
    stream text not null, fingerprint text not null, start integer not null, figures text not null,
    primary key (stream, fingerprint, start)
  ) without rowid`,
];

/** What is known of a stream's series besides their figures. */
interface Stream {
  /** How long its steps are, in seconds. */
  step: number;
  /** How many of the stream's records were counted. */
  counted: number;
  /** Since when each statement has a series. */
  statements: Map<string, number>;
  /** The series that may still have rows of shorter steps. They are put together a few at a time, and whenever they are read. */
  finer: Set<string>;
}

/**
 * The series of one stream: at most 1,440 steps of the whole workload and of 128 statements. Nothing here awaits: what is written
 * is one transaction with whatever else the caller writes without awaiting.
 */
export class SeriesStore {
  readonly #sql: SqlStorage;
  readonly #stream: "general" | "slow";

  /** @param stream the kind of its log */
  constructor(sql: SqlStorage, stream: "general" | "slow") {
    this.#sql = sql;
    this.#stream = stream;
  }

  /** What a step of the collector is to count into. */
  delta(now: number = Date.now()): SeriesDelta {
    const { step, statements } = this.#load();
    return new SeriesDelta(step, statements.keys(), now);
  }

  /**
   * Adds what a step of the collector counted. Of two that have read the same records, as alarms that run at once do, one is added.
   * @param digests of the same stream, with the step's records
   * @param records how many records of the stream were counted before the step and after it
   * @returns whether it was added
   */
  add(
    delta: SeriesDelta,
    digests: { leading(limit: number): string[] },
    records: { from: number; to: number },
  ): boolean {
    const stream = this.#load();
    if (stream.counted > records.from) return false;
    stream.counted = records.to;
    if (delta.range !== null) {
      this.#alignSteps(stream, delta, delta.range);
      this.#chooseStatements(stream, digests.leading(KEPT), delta.range.first);
      for (const { fingerprint, start, figures } of delta.cells(new Set(stream.statements.keys()))) {
        this.#merge(fingerprint, start, figures);
      }
    }
    for (const fingerprint of [...stream.finer].slice(0, COARSENED_AT_ONCE))
      this.#coarsen(stream, fingerprint);
    this.#keep(stream);
    return true;
  }

  /** Forgets all that was counted. */
  clear(): void {
    this.#makeTables();
    this.#sql.exec("delete from series where stream = ?", this.#stream);
    this.#sql.exec("delete from series_streams where stream = ?", this.#stream);
  }

  /** The statements that have a series. */
  statements(): string[] {
    return [...this.#load().statements.keys()];
  }

  /** The series of a statement, or of the whole workload; null when it has none. */
  read(fingerprint: string = WHOLE): SeriesState | null {
    const { step, statements, finer } = this.#load();
    const range = this.#range();
    const from = fingerprint === WHOLE ? range?.first : statements.get(fingerprint);
    if (range === null || from === undefined) return null;
    const starts: number[] = [];
    const figures: number[][] = [];
    if (finer.has(fingerprint)) {
      for (const [start, merged] of this.#merged(fingerprint, step)) {
        starts.push(start);
        figures.push(merged.toJSON());
      }
    } else {
      for (const row of this.#rows(fingerprint)) {
        starts.push(row.start);
        figures.push(JSON.parse(row.figures));
      }
    }
    return { step, from: startOf(from, step), to: startOf(range.last, step), starts, figures };
  }

  /** Makes the tables where they are not there: the first time, and after all of the object's storage was deleted. */
  #makeTables(): void {
    for (const table of TABLES) this.#sql.exec(table);
  }

  #load(): Stream {
    this.#makeTables();
    const [row] = this.#sql
      .exec<{ step: number; counted: number; statements: string; finer: string }>(
        "select step, counted, statements, finer from series_streams where stream = ?",
        this.#stream,
      )
      .toArray();
    if (row === undefined) return { step: FIRST_STEP, counted: 0, statements: new Map(), finer: new Set() };
    const { step, counted } = row;
    return {
      step,
      counted,
      statements: new Map(JSON.parse(row.statements)),
      finer: new Set(JSON.parse(row.finer)),
    };
  }

  #keep({ step, counted, statements, finer }: Stream): void {
    this.#sql.exec(
      "insert or replace into series_streams (stream, step, counted, statements, finer) values (?, ?, ?, ?, ?)",
      this.#stream,
      step,
      counted,
      JSON.stringify([...statements]),
      JSON.stringify([...finer]),
    );
  }

  /** The first and the last step of the whole workload; null before there is one. */
  #range(): { first: number; last: number } | null {
    const { first, last } = this.#sql
      .exec<{ first: number | null; last: number | null }>(
        "select min(start) as first, max(start) as last from series where stream = ? and fingerprint = ?",
        this.#stream,
        WHOLE,
      )
      .one();
    return first === null || last === null ? null : { first, last };
  }

  #rows(fingerprint: string) {
    return this.#sql.exec<{ start: number; figures: string }>(
      "select start, figures from series where stream = ? and fingerprint = ? order by start",
      this.#stream,
      fingerprint,
    );
  }

  /** Makes the steps of what is kept and of what is added as long as both need. */
  #alignSteps(stream: Stream, delta: SeriesDelta, added: { first: number; last: number }): void {
    const kept = this.#range() ?? added;
    const first = Math.min(kept.first, added.first);
    const last = Math.max(kept.last, added.last);
    const step = stepFor(first, last, Math.max(stream.step, delta.step));
    if (step > delta.step) delta.coarsen(step);
    if (step === stream.step) return;
    stream.step = step;
    // Seldom: the steps have become longer twice within a few steps of the collector.
    const late = [...stream.finer];
    for (const fingerprint of late) this.#coarsen(stream, fingerprint);
    stream.finer = new Set([WHOLE, ...stream.statements.keys()]);
    for (const fingerprint of late) stream.finer.delete(fingerprint);
  }

  /** Puts a series' rows of shorter steps together. */
  #coarsen({ step, finer }: Stream, fingerprint: string): void {
    const merged = this.#merged(fingerprint, step);
    this.#delete(fingerprint);
    for (const [start, figures] of merged) this.#put(fingerprint, start, figures);
    finer.delete(fingerprint);
  }

  /** The figures of a series by when its steps begin, also where rows are of shorter steps. */
  #merged(fingerprint: string, step: number): Map<number, Figures> {
    const merged = new Map<number, Figures>();
    for (const row of this.#rows(fingerprint)) {
      const start = startOf(row.start, step);
      const figures = new Figures(JSON.parse(row.figures));
      const before = merged.get(start);
      if (before === undefined) merged.set(start, figures);
      else before.merge(figures);
    }
    return merged;
  }

  /**
   * Gives the leading statements a series, and deletes those of statements that do not lead any more.
   * @param leading the first KEPT statements
   * @param since when what is added begins
   */
  #chooseStatements({ statements, finer }: Stream, leading: readonly string[], since: number): void {
    const kept = new Set(leading);
    for (const fingerprint of [...statements.keys()]) {
      if (kept.has(fingerprint)) continue;
      this.#delete(fingerprint);
      statements.delete(fingerprint);
      finer.delete(fingerprint);
    }
    for (const fingerprint of leading.slice(0, LEADING)) {
      if (!statements.has(fingerprint)) statements.set(fingerprint, since);
    }
  }

  #merge(fingerprint: string, start: number, figures: Figures): void {
    const [row] = this.#sql
      .exec<{ figures: string }>(
        "select figures from series where stream = ? and fingerprint = ? and start = ?",
        this.#stream,
        fingerprint,
        start,
      )
      .toArray();
    if (row !== undefined) figures.merge(new Figures(JSON.parse(row.figures)));
    this.#put(fingerprint, start, figures);
  }

  #put(fingerprint: string, start: number, figures: Figures): void {
    this.#sql.exec(
      "insert or replace into series (stream, fingerprint, start, figures) values (?, ?, ?, ?)",
      this.#stream,
      fingerprint,
      start,
      JSON.stringify(figures),
    );
  }

  #delete(fingerprint: string): void {
    this.#sql.exec("delete from series where stream = ? and fingerprint = ?", this.#stream, fingerprint);
  }
}
