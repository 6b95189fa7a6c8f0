import type { LoggedGap } from "../replies.ts";
import { pairPoints, pairStep, type SeriesPoint } from "../timing/series-state.ts";
import type { LogSeries } from "../workload-state.ts";
import type { ChartBlock } from "./blocks.ts";

/** The most values of a chart: more are not told apart on paper. */
const MAX_VALUES = 240;

/** A metric of a report. Times in milliseconds since the epoch. */
export interface ReportMetric {
  title: string;
  /** As CloudWatch names units. */
  unit: string;
  points: readonly { time: number; value: number }[];
}

/** The metrics of a report, and what is missing of them in words. */
export interface ReportMetrics {
  metrics: readonly ReportMetric[];
  /** Seconds from one point to the next; null when there are none. */
  period: number | null;
  incomplete: string | null;
}

/** The time that a report is of. */
interface Window {
  start: number | null;
  end: number | null;
}

/** The charts of a series: statements, and where they were timed, time in all and the 95th percentile. */
export function seriesCharts(
  { general = null, slow = null }: LogSeries,
  { start, end }: Window,
  gaps: readonly LoggedGap[],
): ChartBlock[] {
  let step = pairStep(general, slow);
  if (step === 0) return [];
  let points = pairPoints(general, slow, step);
  while (points.length > MAX_VALUES) {
    step *= 2;
    points = pairPoints(general, slow, step);
  }
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return [];
  const unread = gaps.map(({ from, to }) => [Date.parse(from), Date.parse(to)] as const);
  const isUnread = ({ time, statements }: SeriesPoint) =>
    statements === 0 && unread.some(([from, to]) => from < time + step * 1000 && to > time);
  const chart = (
    title: string,
    unit: string,
    of: (point: SeriesPoint, seconds: number) => number | null,
  ): ChartBlock => ({
    kind: "chart",
    title,
    unit,
    from: first.time,
    to: last.time + step * 1000,
    values: points.map((point) => {
      if (isUnread(point)) return null;
      const from = Math.max(point.time, start ?? point.time);
      const to = Math.min(point.time + step * 1000, end ?? Number.POSITIVE_INFINITY);
      // Less than a second would make a peak of a few statements.
      return of(point, Math.max(1, (to - from) / 1000));
    }),
  });
  const charts = [chart("Statements", "a second", ({ statements }, seconds) => statements / seconds)];
  if (points.every(({ totalMicros }) => totalMicros === null)) return charts;
  return [
    ...charts,
    chart(
      "Time spent",
      "s a second",
      ({ totalMicros }, seconds) => totalMicros && totalMicros / 1e6 / seconds,
    ),
    chart("95 of 100 statements took at most", "ms", ({ p95Micros }) => p95Micros && p95Micros / 1000),
  ];
}

/** The charts of those metrics that have points. */
export function metricCharts({ metrics, period }: ReportMetrics): ChartBlock[] {
  return metrics.flatMap((metric) => (period === null ? [] : (chartOf(metric, period * 1000) ?? [])));
}

function chartOf({ title, unit, points }: ReportMetric, periodMs: number): ChartBlock | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const count = Math.round((last.time - first.time) / periodMs) + 1;
  const together = Math.ceil(count / MAX_VALUES);
  const values: (number | null)[] = Array(Math.ceil(count / together)).fill(null);
  const most = points.reduce((highest, { value }) => Math.max(highest, value), 0);
  const scale = scaleOf(unit, most);
  for (const { time, value } of points) {
    const at = Math.floor(Math.round((time - first.time) / periodMs) / together);
    // CloudWatch's points are maxima, and so are those of several.
    values[at] = Math.max(values[at] ?? 0, value / scale.divisor);
  }
  return {
    kind: "chart",
    title: titleOf(title),
    unit: scale.unit,
    from: first.time,
    to: last.time + periodMs,
    values,
  };
}

/** The name of a metric as a person writes it, such as `Read IOPS` of `READ IOPS`. */
function titleOf(name: string): string {
  const words = name.toLowerCase().replace(/\b(cpu|iops|dml|acu)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const BYTES = ["bytes", "KiB", "MiB", "GiB", "TiB"];

function scaleOf(unit: string, most: number): { divisor: number; unit: string } {
  if (unit === "Seconds") return { divisor: 0.001, unit: "ms" };
  if (unit === "Milliseconds") return { divisor: 1, unit: "ms" };
  if (unit === "Percent") return { divisor: 1, unit: "%" };
  if (unit === "Count/Second") return { divisor: 1, unit: "a second" };
  if (!unit.startsWith("Bytes")) return { divisor: 1, unit: "" };
  const power = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, most)) / 10)));
  return { divisor: 1024 ** power, unit: `${BYTES[power]}${unit === "Bytes" ? "" : " a second"}` };
}
