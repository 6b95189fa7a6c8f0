import type { Metric } from "../api/types.ts";

/** A value at each moment of an axis: null where one is missing, undefined where the line has none to have. */
export type Values = (number | null | undefined)[];

/** One line of a chart before it is put on an axis: times in seconds, ascending. */
export interface Line {
  times: number[];
  values: Values;
}

/**
 * The line of a metric.
 * @param origin the moment that becomes 0 on the axis, in milliseconds
 * @param period seconds from one point to the next: where more than that is missing, the line has a gap
 */
export function toLine(metric: Metric, origin: number, period: number | null): Line {
  const line: Line = { times: [], values: [] };
  for (const { Timestamp, Maximum } of metric.dataPoints) {
    const time = (Date.parse(Timestamp) - origin) / 1000;
    const before = line.times.at(-1);
    if (period !== null && before !== undefined && time - before > period * 1.5) {
      line.times.push(before + period);
      line.values.push(null);
    }
    line.times.push(time);
    line.values.push(Maximum);
  }
  return line;
}

/** Lines on one axis. */
export interface Aligned {
  /** Every moment of any of them, in seconds, ascending. */
  times: number[];
  /** Of each line, its value at each moment. */
  values: Values[];
}

/** Puts lines on one axis. */
export function align(lines: Line[]): Aligned {
  const times = [...new Set(lines.flatMap((line) => line.times))].sort((a, b) => a - b);
  const position = new Map(times.map((time, i) => [time, i]));
  const values = lines.map((line) => {
    const aligned: Values = new Array(times.length).fill(undefined);
    line.times.forEach((time, i) => {
      aligned[position.get(time) as number] = line.values[i];
    });
    return aligned;
  });
  return { times, values };
}

/** The least, mean, greatest and last value of a line; null when it has none. */
export function summarise(
  values: Values,
): { least: number; mean: number; most: number; last: number } | null {
  const known = values.filter((value): value is number => value !== null && value !== undefined);
  const last = known.at(-1);
  if (last === undefined) return null;
  let least = last;
  let most = last;
  let sum = 0;
  for (const value of known) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
  }
  return { least, mean: sum / known.length, most, last };
}
