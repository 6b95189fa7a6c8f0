import type { Metric, ReadMetrics } from "../api/types.ts";
import { formatDuration, metricTitle, type Scale, scaleOf } from "./format.ts";
import { align, toLine, type Values } from "./series.ts";

/** A capture whose metrics are shown. Times are ISO 8601. */
export interface MeasuredCapture {
  id: number;
  name: string;
  start: string | null;
  end: string | null;
  read: ReadMetrics;
}

/** For how long CloudWatch may still add to a minute that is over. */
export const SETTLE_MS = 5 * 60_000;

/** One line of a chart, its values in the scale's unit. */
export interface ChartLine {
  /** Of a metric its capture's name; of a workload what the line is of. */
  name: string;
  values: Values;
}

/** One chart on an axis in seconds: a metric of one capture or of several, or figures of a workload. */
export interface ChartModel {
  type: string;
  title: string;
  scale: Scale;
  source: "cloudwatch" | "workload";
  times: number[];
  lines: ChartLine[];
}

/** What all charts share: the axis, and where on it something is. */
export interface AxisModel {
  from: number;
  to: number;
  /** From where on CloudWatch's values are provisional; null when all are final. */
  provisionalFrom: number | null;
  /** Where captures start and end. */
  marks: number[];
}

const originOf = ({ start }: MeasuredCapture, axis: "time" | "offset"): number =>
  axis === "time" || start === null ? 0 : Date.parse(start);

/** Whether CloudWatch has points of a metric. */
export const hasPoints = ({ dataPoints }: Metric): boolean => dataPoints.length > 0;

/**
 * The metrics that any of some captures has, those of the first in their order: two engines have different ones.
 * @returns those with points of any capture, and those without
 */
export function metricsOf(captures: readonly Pick<MeasuredCapture, "read">[]): {
  withPoints: Metric[];
  without: Metric[];
} {
  const all = captures.flatMap(({ read }) => read.metrics);
  const drawn = new Set(all.filter(hasPoints).map(({ type }) => type));
  const each = all.filter(({ type }, i) => all.findIndex((other) => other.type === type) === i);
  return {
    withPoints: each.filter(({ type }) => drawn.has(type)),
    without: each.filter(({ type }) => !drawn.has(type)),
  };
}

/** The chart of one metric. */
export function chartOf(type: string, captures: MeasuredCapture[], axis: "time" | "offset"): ChartModel {
  const found = captures.map((capture) => capture.read.metrics.find((metric) => metric.type === type));
  const points = found.flatMap((metric) => metric?.dataPoints ?? []);
  const most = points.reduce((highest, { Maximum }) => Math.max(highest, Math.abs(Maximum)), 0);
  const scale = scaleOf(points[0]?.Unit ?? "", most);
  const { times, values } = align(
    captures.map((capture, i) => {
      const metric = found[i];
      return metric === undefined
        ? { times: [], values: [] }
        : toLine(metric, originOf(capture, axis), capture.read.period);
    }),
  );
  return {
    type,
    title: metricTitle(found.find((metric) => metric !== undefined)?.displayName ?? type),
    scale,
    source: "cloudwatch",
    times,
    lines: captures.map(({ name }, i) => lineOf(name, values[i] ?? [], scale)),
  };
}

/** A line of a chart, of values that are not in the scale's unit yet. */
export function lineOf(name: string, values: Values, { divisor }: Scale): ChartLine {
  const scaled = values.map((value) => value && value / divisor);
  return { name, values: scaled };
}

/** The axis of all charts: from the first to the last point of any. */
export function axisOf(
  charts: ChartModel[],
  captures: MeasuredCapture[],
  axis: "time" | "offset",
): AxisModel {
  const period = Math.max(60, ...captures.map(({ read }) => read.period ?? 60));
  const firsts = charts.map(({ times }) => times[0] ?? Number.POSITIVE_INFINITY);
  const lasts = charts.map(({ times }) => times.at(-1) ?? Number.NEGATIVE_INFINITY);
  const from = Math.min(...firsts);
  // One point alone still needs room.
  const to = Math.max(Math.max(...lasts), from + period);
  const provisional = captures
    .filter(({ read }) => read.source !== "archive")
    .map((capture) => (capture.read.readAt - SETTLE_MS - originOf(capture, axis)) / 1000)
    .filter((since) => since < to);
  const marks = captures.flatMap((capture) =>
    [capture.start, capture.end].flatMap((time) =>
      time === null ? [] : [(Date.parse(time) - originOf(capture, axis)) / 1000],
    ),
  );
  return {
    from,
    to,
    provisionalFrom: provisional.length === 0 ? null : Math.max(from, Math.min(...provisional)),
    marks: [...new Set(marks)],
  };
}

/** An offset from a capture's start, such as `+5m`. */
export function formatOffset(seconds: number): string {
  if (seconds === 0) return "0";
  return `${seconds < 0 ? "−" : "+"}${formatDuration(Math.abs(seconds) * 1000)}`;
}
