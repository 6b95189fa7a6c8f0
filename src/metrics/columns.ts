import type { MetricPoint } from "../aws/cloudwatch.ts";
import { type MetricsWindow, points } from "./window.ts";

/** One metric's values, one for each period of the window; NaN where there is no point. */
export type Column = Float64Array;

/** Columns without a point. */
export function emptyColumns(window: MetricsWindow, count: number): Column[] {
  return Array.from({ length: count }, () => new Float64Array(points(window)).fill(Number.NaN));
}

/** Puts points into their places of a column; what is outside of the window is left out. */
export function fillColumn(column: Column, window: MetricsWindow, series: readonly MetricPoint[]): void {
  for (const { time, value } of series) {
    const place = Math.floor((time - window.start) / (window.period * 1000));
    if (place >= 0 && place < column.length) column[place] = value;
  }
}

/** The points of a column in a longer period, a multiple of its own: the maximum of each, aligned as CloudWatch's are. */
export function aggregate(column: Column, { start, period }: MetricsWindow, asked: number): MetricPoint[] {
  const series: MetricPoint[] = [];
  for (const [place, value] of column.entries()) {
    if (Number.isNaN(value)) continue;
    const at = start + place * period * 1000;
    const time = at - (at % (asked * 1000));
    const last = series.at(-1);
    if (last?.time === time) last.value = Math.max(last.value, value);
    else series.push({ time, value });
  }
  return series;
}
