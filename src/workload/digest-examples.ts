import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import type { Source } from "./groups/sources.ts";

/*
 * Some of a digest's statements, with whose they were: the first, the slowest, and one of the last step in which it ran.
 */

/** The longest example, in UTF-16 code units. */
export const MAX_EXAMPLE = 1024;

/** An example as it is stored. */
export const exampleSchema = lazy(() =>
  z.object({
    timeMicros: z.number(),
    /** The place of its source in the table's list; -1 where that is not kept. */
    source: z.number(),
    /** Of the slow log. */
    durationMicros: z.number().optional(),
    /** Absent where it is the digest's `example`. */
    statement: z.string().optional(),
  }),
);

/** An example in JSON. */
export type StoredExample = z.output<ReturnType<typeof exampleSchema>>;

/** One of a digest's statements. */
export interface Example {
  readonly timeMicros: number;
  /** Null where it is not kept. */
  readonly source: Source | null;
  /** Null where it is not known. */
  readonly durationMicros: number | null;
  /** Cut at MAX_EXAMPLE. */
  readonly statement: string;
}

/** A copy, since a part of a string would keep the block of the log around it in memory. */
export function exampleOf(statement: string): string {
  let end = Math.min(statement.length, MAX_EXAMPLE);
  if (end < statement.length && (statement.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
  return JSON.parse(JSON.stringify(statement.slice(0, end)));
}

/** The examples of one digest. */
export class Examples {
  /** Of before examples were kept: only the statement of the first is known. */
  #first: Example | null = null;
  #slowest: Example | null = null;
  #latest: Example | null = null;
  /** How long the slowest took, in microseconds: all that a record is compared with. -1 where no duration is known. */
  slowestMicros = -1;
  /** In which step it was that gave the latest. */
  seenIn = 0;

  /** @param stored what `toJSON` gave, with the sources that its places stand for */
  constructor(stored: readonly Example[] = []) {
    for (const example of stored) this.#take(example);
  }

  /** Keeps an example that is the first, the slowest, or of a new step. */
  add(timeMicros: number, source: Source, durationMicros: number | null, statement: string): void {
    this.#take({ timeMicros, source, durationMicros, statement: exampleOf(statement) });
  }

  /** Takes another digest's in, of the same statement. @param isEarlier its first is the first of both */
  merge(other: Examples, isEarlier: boolean): void {
    if (isEarlier) this.#first = other.#first;
    for (const example of [other.#slowest, other.#latest]) if (example !== null) this.#keep(example);
  }

  /** In the order of time. @param first the digest's `example`, which is not said twice */
  toJSON(first: string): StoredExample[] {
    const all = [this.#first, this.#slowest, this.#latest].filter((example) => example !== null);
    return all
      .filter((example, at) => !all.slice(0, at).some((before) => isSame(before, example)))
      .sort((a, b) => a.timeMicros - b.timeMicros)
      .map(({ timeMicros, source, durationMicros, statement }) => ({
        timeMicros,
        source: source?.index ?? -1,
        ...(durationMicros !== null && { durationMicros }),
        ...(statement !== first && { statement }),
      }));
  }

  #take(example: Example): void {
    this.#first ??= example;
    this.#keep(example);
  }

  #keep(example: Example): void {
    const { timeMicros, durationMicros } = example;
    if (durationMicros !== null && durationMicros > this.slowestMicros) {
      this.#slowest = example;
      this.slowestMicros = durationMicros;
    }
    if (this.#latest === null || timeMicros >= this.#latest.timeMicros) this.#latest = example;
  }
}

/** Whether two are of one record; after a merge they may be two objects. */
const isSame = (a: Example, b: Example): boolean =>
  a === b ||
  (a.timeMicros === b.timeMicros &&
    a.source === b.source &&
    a.durationMicros === b.durationMicros &&
    a.statement === b.statement);
