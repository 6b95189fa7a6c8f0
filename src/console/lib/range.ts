import type { SeriesPoint, WorkloadSeries } from "../api/types.ts";

/* The range of time that a reader has chosen in a chart or in fields: it is in the address, and limits all that is shown. */

/** A range of time in milliseconds, from the first moment to that after the last; null where it has no bound. */
export interface TimeRange {
  from: number | null;
  to: number | null;
}

/** What the address says of the range; null when it has none, or one that is none. */
export function readRange(query: URLSearchParams): TimeRange | null {
  const [from, to] = ["from", "to"].map((name) => {
    const time = Date.parse(query.get(name) ?? "");
    return Number.isNaN(time) ? null : time;
  }) as [number | null, number | null];
  if (from === null && to === null) return null;
  return from !== null && to !== null && from >= to ? null : { from, to };
}

/** What the address is to say of a range. */
export const rangeQuery = (range: TimeRange | null): { from: string; to: string } => ({
  from: range === null ? "" : momentOf(range.from),
  to: range === null ? "" : momentOf(range.to),
});

/** A moment as the API reads it, no longer than it has to be. */
const momentOf = (time: number | null): string =>
  time === null ? "" : new Date(time).toISOString().replace(/\.?0*Z$/, "Z");

/** What ran in a range of time, by the steps of a series. Times of statements are null where they are not known. */
export interface RangeFigures {
  /** When the first step begins and the last one ends, in milliseconds: steps count whole. */
  from: number;
  to: number;
  statements: number;
  /** Of how many the figures of time are. */
  timed: number | null;
  totalMicros: number | null;
  rowsExamined: number | null;
  errors: number | null;
}

/** The figures of the steps of a series that are in a range at least in part; null when there is none. */
export function figuresIn({ step, points }: WorkloadSeries, { from, to }: TimeRange): RangeFigures | null {
  const inside = points.filter(({ time }) => {
    const start = Date.parse(time);
    return (to === null || start < to) && (from === null || start + step * 1000 > from);
  });
  const [first, last] = [inside[0], inside.at(-1)];
  if (first === undefined || last === undefined) return null;
  return {
    from: Date.parse(first.time),
    to: Date.parse(last.time) + step * 1000,
    statements: sumOf(inside, ({ statements }) => statements) ?? 0,
    timed: sumOf(inside, ({ timed }) => timed),
    totalMicros: sumOf(inside, ({ totalMicros }) => totalMicros),
    rowsExamined: sumOf(inside, ({ rowsExamined }) => rowsExamined),
    errors: sumOf(inside, ({ errors }) => errors),
  };
}

/** Null where nothing of it is known. */
function sumOf(points: SeriesPoint[], of: (point: SeriesPoint) => number | null): number | null {
  const known = points.map(of).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** A moment as a field of date and time has it, in the reader's time zone. */
export function fieldOf(time: number | null): string {
  if (time === null) return "";
  const date = new Date(time);
  const local = new Date(time - date.getTimezoneOffset() * 60_000).toISOString();
  return local.slice(0, date.getSeconds() === 0 && time % 1000 === 0 ? 16 : 19);
}

/** The moment that a field of date and time says; null for none. */
export function momentOfField(value: string): number | null {
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}
