import { describeError, log } from "../../lib/log.ts";
import { Unreadable } from "../../lib/stored.ts";
import { Figures } from "./figures.ts";
import { FIRST_STEP, SeriesDelta, startOf, stepFor, WHOLE } from "./series.ts";
import { Points } from "./series-points.ts";
import type { SeriesState } from "./series-state.ts";
import { type SeriesCell, SeriesTables, type StoredSeries } from "./series-tables.ts";
import { isIn, type LogSpan, type Span } from "./span.ts";

/*
 * The series of a log in the SQLite database of the capture's Durable Object, while the capture adds to them.
 */

/** How many leading statements get a series of their own. */
export const LEADING = 100;
/** A statement keeps its series while it is one of so many: else those around the hundredth would lose it again and again. */
export const KEPT = 128;
/** How many steps of time a chunk has. Even of the longest figures (883 buckets) they are less than the 2 MB of a row. */
export const CHUNK_STEPS = 180;
/** How many slots there are: of a chunk whose steps are 10 seconds, the collector fills about 180. */
const MAX_SLOTS = 360;
/** How long a slot's cells may be, and all of a round's together: whoever reads a series parses these. */
const MAX_SLOT_BYTES = 1_000_000;
const MAX_ROUND_BYTES = 4_000_000;
/** Of how many series the steps are made longer at a time: there may be 1,440 steps of each. */
const COARSENED_AT_ONCE = 8;

/** A statement's place: since when it has a series, and which slot of the round is the first that counts for it. */
interface Place {
  since: number;
  slot: number;
}

/** What is kept of a stream's series besides their points: see StoredSeries. */
interface Stream extends Omit<StoredSeries, "statements" | "finer"> {
  statements: Map<string, Place>;
  finer: Set<string>;
}

/**
 * The series of one stream: at most 1,440 steps of the whole workload and of 128 statements. Nothing here awaits: what is written
 * is one transaction with whatever else the caller writes without awaiting.
 */
export class SeriesStore {
  readonly #stream: string;
  readonly #tables: SeriesTables;

  /** @param stream the kind of its log */
  constructor(sql: SqlStorage, stream: "general" | "slow") {
    this.#stream = stream;
    this.#tables = new SeriesTables(sql, stream);
  }

  /** What a step of the collector is to count into. */
  delta(): SeriesDelta {
    const { step, statements } = this.#load();
    return new SeriesDelta(step, statements.keys());
  }

  /**
   * Adds what a step of the collector counted. If two steps have read the same records, as alarms that run at once do, only the first
   * is added.
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
    let cells: SeriesCell[] = [];
    if (delta.range !== null) {
      this.#alignSteps(stream, delta, delta.range);
      this.#chooseStatements(stream, digests.leading(KEPT), delta.range.first);
      for (const cell of delta.cells(new Set(stream.statements.keys()))) {
        cells.push([cell.fingerprint, cell.start, cell.figures]);
      }
      cells = this.#foldComplete(stream, cells, delta.range.last);
    }
    if (stream.slot >= MAX_SLOTS || stream.bytes > MAX_ROUND_BYTES) cells = this.#fold(stream, cells);
    for (const fingerprint of [...stream.finer].slice(0, COARSENED_AT_ONCE)) {
      this.#coarsen(stream, fingerprint);
    }
    this.#keep(stream, cells);
    return true;
  }

  /** Puts all that is in slots into chunks, so that many series can be read without reading the slots for each. */
  fold(): void {
    const stream = this.#load();
    if (stream.bytes === 0) return;
    this.#keep(stream, this.#fold(stream, []));
  }

  /** Forgets all that was counted. */
  clear(): void {
    this.#tables.make();
    this.#tables.clear();
  }

  /** The statements that have a series. */
  statements(): string[] {
    return [...this.#load().statements.keys()];
  }

  /** The series of a statement, or of the whole workload; null when it has none. */
  read(fingerprint: string = WHOLE): SeriesState | null {
    const stream = this.#load();
    const { step, range } = stream;
    const from = fingerprint === WHOLE ? range?.first : stream.statements.get(fingerprint)?.since;
    if (range === null || from === undefined) return null;
    const points = new Points(step);
    for (const chunk of this.#tables.chunks(fingerprint)) points.addAll(chunk);
    for (const [of, start, figures] of this.#cells(stream)) {
      if (of === fingerprint) points.add(start, figures);
    }
    return { step, from: startOf(from, step), to: startOf(range.last, step), ...points.toJSON() };
  }

  /** What ran in a span of time, of the whole workload and of each statement that has a series; null when nothing is kept. */
  span(span: Span): LogSpan | null {
    const stream = this.#load();
    const { step, range, statements } = stream;
    if (range === null) return null;
    const kept = [
      [WHOLE, range.first] as const,
      ...[...statements].map(([of, { since }]) => [of, since] as const),
    ];
    const sums = new Map(kept.map(([of]) => [of, new Figures()]));
    const add = (of: string, start: number, figures: number[]) => {
      if (isIn(startOf(start, step), step, span)) sums.get(of)?.mergeStored(figures);
    };
    const chunk = step * CHUNK_STEPS;
    for (const of of sums.keys()) {
      for (const { starts, figures } of this.#tables.chunksBetween(of, span.from - chunk, span.to)) {
        for (const [at, start] of starts.entries()) add(of, start, figures[at] as number[]);
      }
    }
    for (const cell of this.#cells(stream)) add(...cell);
    return {
      step,
      first: startOf(range.first, step),
      last: startOf(range.last, step),
      series: kept.map(([fingerprint, since]) => ({
        fingerprint,
        since: startOf(since, step),
        figures: sums.get(fingerprint)?.toJSON() ?? [],
      })),
    };
  }

  /** What is kept. Where that can't be read, the series begin anew: a capture goes on without those of before. */
  #load(): Stream {
    this.#tables.make();
    const stored = this.#storedState();
    if (stored === null) {
      const empty = { step: FIRST_STEP, counted: 0, range: null, round: 1, slot: 0, bytes: 0, until: 0 };
      return { ...empty, statements: new Map(), finer: new Set() };
    }
    return {
      ...stored,
      statements: new Map(stored.statements.map(([of, since, slot]) => [of, { since, slot }])),
      finer: new Set(stored.finer),
    };
  }

  #storedState(): StoredSeries | null {
    try {
      return this.#tables.state();
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      log.error("workload.series.unreadable", { log: this.#stream, ...describeError(error) });
      this.#tables.clear();
      return null;
    }
  }

  /** Writes the next slot. */
  #keep(stream: Stream, cells: readonly SeriesCell[]): void {
    let text = jsonOf(cells);
    if (text === null) {
      this.#fold(stream, cells);
      text = "[]";
    }
    const { round, slot } = stream;
    stream.slot++;
    stream.bytes += text.length - "[]".length;
    const statements = [...stream.statements].map(([of, { since, slot }]): [string, number, number] => [
      of,
      since,
      slot,
    ]);
    this.#tables.putSlot(round, slot, { ...stream, statements, finer: [...stream.finer] }, text);
  }

  /** What is in the round's slots of the series that are kept. */
  *#cells({ round, statements }: Stream): Generator<[string, number, number[]]> {
    for (const { slot, cells } of this.#tables.slots(round)) {
      for (const cell of cells) {
        const first = cell[0] === WHOLE ? 0 : statements.get(cell[0])?.slot;
        if (first !== undefined && slot >= first) yield cell;
      }
    }
  }

  /**
   * Once the round's chunk of time is complete, puts what is in slots and of that time into chunks.
   * @param cells what is added
   * @param last when the last of it begins
   * @returns what is to be in the next slot
   */
  #foldComplete(stream: Stream, cells: SeriesCell[], last: number): SeriesCell[] {
    if (last < stream.until) return cells;
    const chunk = startOf(last, stream.step * CHUNK_STEPS);
    const rest = stream.until === 0 ? cells : this.#fold(stream, cells, chunk);
    stream.until = chunk + stream.step * CHUNK_STEPS;
    return rest;
  }

  /**
   * Puts what is in slots, and what is added, into chunks. A round begins.
   * @param before only what is of before this time
   * @returns the rest
   */
  #fold(stream: Stream, cells: readonly SeriesCell[], before = Number.POSITIVE_INFINITY): SeriesCell[] {
    const rest: SeriesCell[] = [];
    const series = new Map<string, Points>();
    const put = (cell: SeriesCell) => {
      const [fingerprint, start, figures] = cell;
      if (start >= before) {
        rest.push(cell);
        return;
      }
      let points = series.get(fingerprint);
      if (points === undefined) {
        points = new Points(stream.step);
        series.set(fingerprint, points);
      }
      points.add(start, figures);
    };
    for (const cell of this.#cells(stream)) put(cell);
    for (const cell of cells) put(cell);
    for (const [fingerprint, points] of series) this.#addToChunks(stream, fingerprint, points);
    stream.round++;
    stream.slot = 0;
    stream.bytes = 0;
    for (const place of stream.statements.values()) place.slot = 0;
    return rest;
  }

  #addToChunks({ step }: Stream, fingerprint: string, added: Points): void {
    for (const [start, points] of added.chunks(step * CHUNK_STEPS)) {
      for (const before of this.#tables.chunks(fingerprint, start)) points.addAll(before);
      this.#tables.putChunk(fingerprint, start, points);
    }
  }

  /** Makes the steps of what is kept and of what is added as long as both need. */
  #alignSteps(stream: Stream, delta: SeriesDelta, added: { first: number; last: number }): void {
    const { first, last } = stream.range ?? added;
    const range = { first: Math.min(first, added.first), last: Math.max(last, added.last) };
    const step = stepFor(range.first, range.last, Math.max(stream.step, delta.step));
    if (step > delta.step) delta.coarsen(step);
    stream.range = range;
    if (step === stream.step) return;
    stream.step = step;
    stream.finer = new Set([WHOLE, ...stream.statements.keys()]);
  }

  /** Puts a series' rows of shorter steps together: a few at a time, and whenever they are read. */
  #coarsen({ step, finer }: Stream, fingerprint: string): void {
    const length = step * CHUNK_STEPS;
    const points = new Points(step);
    for (const chunk of this.#tables.chunks(fingerprint)) points.addAll(chunk);
    this.#tables.deleteChunks(fingerprint, length);
    for (const [start, chunk] of points.chunks(length)) this.#tables.putChunk(fingerprint, start, chunk);
    finer.delete(fingerprint);
  }

  /**
   * Gives the leading statements a series, and deletes those of statements that do not lead any more.
   * @param leading the first KEPT statements
   * @param since when what is added begins
   */
  #chooseStatements({ statements, finer, slot }: Stream, leading: readonly string[], since: number): void {
    const kept = new Set(leading);
    for (const fingerprint of [...statements.keys()]) {
      if (kept.has(fingerprint)) continue;
      this.#tables.deleteChunks(fingerprint);
      statements.delete(fingerprint);
      finer.delete(fingerprint);
    }
    for (const fingerprint of leading.slice(0, LEADING)) {
      if (!statements.has(fingerprint)) statements.set(fingerprint, { since, slot });
    }
  }
}

/** Cells as JSON; null when they are too long for a slot. */
function jsonOf(cells: readonly SeriesCell[]): string | null {
  const texts: string[] = [];
  let length = 0;
  for (const cell of cells) {
    const text = JSON.stringify(cell);
    length += text.length + 1;
    if (length > MAX_SLOT_BYTES) return null;
    texts.push(text);
  }
  return `[${texts.join()}]`;
}
