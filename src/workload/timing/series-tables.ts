import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { storedFormat } from "../../lib/stored.ts";
import type { Figures } from "./figures.ts";
import type { StoredPoints } from "./series-points.ts";

/*
 * The tables of series. A row that is written costs the same however long it is, so there are few. What a step of the collector
 * counted of all statements is one row, the state with it, in a slot. When a chunk of time is complete, the slots are put together
 * to one row for each statement, and used again from the first on: that begins a round. Slots of earlier rounds are not deleted,
 * since deleting a row costs as much as writing one.
 */

const TABLES = [
  `create table if not exists series_slots (
    stream text not null, slot integer not null, round integer not null, state text not null, cells text not null,
    primary key (stream, slot)
  ) without rowid`,
  `create table if not exists series_chunks (
    stream text not null, fingerprint text not null, start integer not null, points text not null,
    primary key (stream, fingerprint, start)
  ) without rowid`,
];

const stateSchema = lazy(() =>
  z.object({
    /** How long steps are, in seconds. */
    step: z.number().positive(),
    /** How many of the stream's records were counted. */
    counted: z.number(),
    /** The earliest and the latest step of the whole workload; null before there is one. */
    range: z.object({ first: z.number(), last: z.number() }).nullable(),
    /** The round, the slot in it that is written next, and how many bytes of cells those before have. */
    round: z.number(),
    slot: z.number(),
    bytes: z.number(),
    /** When the round's chunk is complete. */
    until: z.number(),
    /** The statements that have a series, since when, and which slot of the round is the first that counts for it. */
    statements: z.array(z.tuple([z.string(), z.number(), z.number()])),
    /** The series that may still have rows of shorter steps. */
    finer: z.array(z.string()),
  }),
);

/** What is kept of a stream's series besides their points. Its version is that of both tables. */
export type StoredSeries = z.output<ReturnType<typeof stateSchema>>;

const stateFormat = storedFormat("state of series", 1, stateSchema);

/** What ran of a statement in a step of time. */
export type SeriesCell = [fingerprint: string, start: number, figures: Figures | number[]];

/** The rows of one stream. */
export class SeriesTables {
  readonly #sql: SqlStorage;
  readonly #stream: string;

  constructor(sql: SqlStorage, stream: string) {
    this.#sql = sql;
    this.#stream = stream;
  }

  /** Makes the tables where they are not there: the first time, and after all of the object's storage was deleted. */
  make(): void {
    for (const table of TABLES) this.#sql.exec(table);
  }

  /**
   * The state that was written last; null before the first.
   * @throws Unreadable
   */
  state(): StoredSeries | null {
    const [row] = this.#sql
      .exec<{ state: string }>(
        `select state from series_slots where stream = ?1 and slot =
          (select slot from series_slots where stream = ?1 order by round desc, slot desc limit 1)`,
        this.#stream,
      )
      .toArray();
    return row === undefined ? null : stateFormat.parse(row.state);
  }

  /**
   * Writes a slot.
   * @param cells JSON of an array of SeriesCell
   */
  putSlot(round: number, slot: number, state: StoredSeries, cells: string): void {
    this.#sql.exec(
      "insert or replace into series_slots (stream, slot, round, state, cells) values (?, ?, ?, ?, ?)",
      this.#stream,
      slot,
      round,
      stateFormat.stringify(state),
      cells,
    );
  }

  /** What is in the slots of a round. */
  *slots(round: number): Generator<{ slot: number; cells: [string, number, number[]][] }> {
    const rows = this.#sql
      .exec<{ slot: number; cells: string }>(
        "select slot, cells from series_slots where stream = ? and round = ? order by slot",
        this.#stream,
        round,
      )
      .toArray();
    for (const { slot, cells } of rows) yield { slot, cells: JSON.parse(cells) };
  }

  /** What is in the chunks of a series: in all, or in the one that begins at a time. */
  chunks(fingerprint: string, start: number | null = null): StoredPoints[] {
    return this.#sql
      .exec<{ points: string }>(
        "select points from series_chunks where stream = ?1 and fingerprint = ?2 and start = ifnull(?3, start) order by start",
        this.#stream,
        fingerprint,
        start,
      )
      .toArray()
      .map(({ points }) => JSON.parse(points));
  }

  /** The same of the chunks that begin before `to` and not before `from`. */
  chunksBetween(fingerprint: string, from: number, to: number): StoredPoints[] {
    return this.#sql
      .exec<{ points: string }>(
        "select points from series_chunks where stream = ? and fingerprint = ? and start >= ? and start < ?",
        this.#stream,
        fingerprint,
        from,
        to,
      )
      .toArray()
      .map(({ points }) => JSON.parse(points));
  }

  putChunk(fingerprint: string, start: number, points: { toJSON(): StoredPoints }): void {
    this.#sql.exec(
      "insert or replace into series_chunks (stream, fingerprint, start, points) values (?, ?, ?, ?)",
      this.#stream,
      fingerprint,
      start,
      JSON.stringify(points),
    );
  }

  /**
   * Deletes the chunks of a series.
   * @param kept not those that begin at multiples of so many seconds
   */
  deleteChunks(fingerprint: string, kept: number | null = null): void {
    this.#sql.exec(
      "delete from series_chunks where stream = ?1 and fingerprint = ?2 and (?3 is null or start % ?3 <> 0)",
      this.#stream,
      fingerprint,
      kept,
    );
  }

  /** Deletes all rows of the stream. */
  clear(): void {
    this.#sql.exec("delete from series_slots where stream = ?", this.#stream);
    this.#sql.exec("delete from series_chunks where stream = ?", this.#stream);
  }
}
