import type { SeriesPoint, Workload, WorkloadSeries } from "../api/types.ts";
import { type ChartModel, lineOf } from "./chart-model.ts";
import { formatDuration, type Scale, scaleOf } from "./format.ts";
import type { Values } from "./series.ts";

/** The time that a capture's series covers. Times are ISO 8601. */
export interface Covered {
  start: string | null;
  /** Null while it runs. */
  end: string | null;
  gaps: Workload["gaps"];
}

/** One step of a series on an axis in seconds. */
interface Step {
  time: number;
  /** How many of its seconds are in the capture. */
  seconds: number;
  /** Null where the log was not read. */
  point: SeriesPoint | null;
}

/**
 * The charts of a workload's series. A step without statements is a hole where the log could not be read, else 0. The last step of
 * a capture that runs is left out: it is not complete.
 * @param what is counted, in a word
 */
export function workloadCharts(
  { step, points }: WorkloadSeries,
  covered: Covered,
  what = "Statements",
): ChartModel[] {
  const steps = stepsOf(step, covered.end === null ? points.slice(0, -1) : points, covered);
  if (steps.length === 0) return [];
  const isTimed = points.some(({ totalMicros }) => totalMicros !== null);
  const each = (value: (point: SeriesPoint, seconds: number) => number | null): Values =>
    steps.map(({ point, seconds }) => point && value(point, seconds));
  const rate = (of: (point: SeriesPoint) => number | null): Values =>
    each((point, seconds) => {
      const amount = of(point);
      return amount && amount / seconds;
    });
  const times = steps.map(({ time }) => time);
  const chart = (type: string, title: string, scale: Scale, lines: [string, Values][]): ChartModel => ({
    type: `workload ${type}`,
    title,
    scale,
    source: "workload",
    times,
    lines: lines.map(([name, values]) => lineOf(name, values, scale)),
  });
  const charts = [
    chart("statements", what, { divisor: 1, unit: "per second" }, [
      ["", rate(({ statements }) => statements)],
    ]),
  ];
  if (!isTimed) return charts;
  const spent = rate(({ totalMicros }) => totalMicros && totalMicros / 1e6);
  const percentiles = (["p50", "p95", "p99"] as const).map((name): [string, Values] => [
    name,
    each((point) => {
      const micros = point[`${name}Micros`];
      return micros && micros / 1e6;
    }),
  ]);
  const secondsScale = (values: Values[]) => scaleOf("Seconds", most(values));
  charts.push(
    chart("time", "Time spent", perSecond(secondsScale([spent])), [["", spent]]),
    chart(
      "percentiles",
      "Time of a statement",
      secondsScale(percentiles.map(([, values]) => values)),
      percentiles,
    ),
    chart("rows", "Rows examined", { divisor: 1, unit: "per second" }, [
      ["", rate(({ rowsExamined }) => rowsExamined)],
    ]),
  );
  // Not every server says of every statement whether it failed.
  if (points.some(({ errors }) => errors !== null)) {
    charts.push(
      chart("errors", "Errors", { divisor: 1, unit: `per ${formatDuration(step * 1000)}` }, [
        ["", each(({ errors }) => errors)],
      ]),
    );
  }
  return charts;
}

const perSecond = ({ divisor, unit }: Scale): Scale => ({ divisor, unit: `${unit} per second` });

/** Each step of a series with how much of it the capture has. */
function stepsOf(step: number, points: SeriesPoint[], { start, end, gaps }: Covered): Step[] {
  const unread = gaps.map(({ from, to }) => [Date.parse(from) / 1000, Date.parse(to) / 1000] as const);
  const since = start === null ? Number.NEGATIVE_INFINITY : Date.parse(start) / 1000;
  const until = end === null ? Number.POSITIVE_INFINITY : Date.parse(end) / 1000;
  return points.map((point) => {
    const time = Date.parse(point.time) / 1000;
    const isUnread = point.statements === 0 && unread.some(([from, to]) => from < time + step && to > time);
    const seconds = Math.min(time + step, until) - Math.max(time, since);
    // Less than a second would make a peak of a few statements.
    return { time, seconds: Math.max(1, seconds), point: isUnread ? null : point };
  });
}

function most(lines: Values[]): number {
  let highest = 0;
  for (const values of lines) for (const value of values) highest = Math.max(highest, value ?? 0);
  return highest;
}

/** How many points a small chart has at most. */
const SMALL_POINTS = 60;

/** The step of a small chart, in seconds: a multiple of the whole series' step. Null where there is no series. */
export function smallStep({ step, points }: WorkloadSeries): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const steps = (Date.parse(last.time) - Date.parse(first.time)) / 1000 / step + 1;
  return step * Math.max(1, Math.ceil(steps / SMALL_POINTS));
}

/** The line of a small chart: at the start of each step, in seconds, a value per second. */
export interface SmallLine {
  times: number[];
  values: number[];
  /** Whether the values are seconds of time, and not calls. */
  isTimed: boolean;
}

/** What a statement's small chart shows: how much time it took, or, where that is not known, how often it ran. */
export function smallLine({ step, points }: WorkloadSeries): SmallLine {
  const isTimed = points.some(({ totalMicros }) => totalMicros !== null);
  return {
    times: points.map(({ time }) => Date.parse(time) / 1000),
    values: points.map(({ totalMicros, statements }) =>
      isTimed ? (totalMicros ?? 0) / 1e6 / step : statements / step,
    ),
    isTimed,
  };
}
