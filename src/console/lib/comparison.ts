import type { Capture, Comparison, ShownStatement, Workload, WorkloadSeries } from "../api/types.ts";
import { type ChartModel, lineOf } from "./chart-model.ts";
import { formatAmount, formatMicros, formatShare, formatShort, type Scale } from "./format.ts";
import { align } from "./series.ts";
import { workloadCharts } from "./workload-charts.ts";

/* What the page that compares two captures says. */

/** How a figure is to another one, such as `+12%`, `3.1 times` or `the same`; null where that is not known. */
export function formatRatio(ratio: number | null): string | null {
  if (ratio === null) return null;
  if (ratio >= 2 || ratio <= 0.5) return ratio === 0 ? "none any more" : `${formatAmount(ratio)} times`;
  const change = formatShare(Math.abs(ratio - 1));
  if (Math.abs(ratio - 1) < 0.0005) return "the same";
  return `${ratio > 1 ? "+" : "−"}${change}`;
}

/** A figure of both captures, in words; null where a capture does not have it. */
export interface ComparedFigure {
  title: string;
  before: string | null;
  after: string | null;
  change: string | null;
}

const figureOf = (
  title: string,
  before: number | null | undefined,
  after: number | null | undefined,
  format: (value: number) => string,
): ComparedFigure => ({
  title,
  before: before == null ? null : format(before),
  after: after == null ? null : format(after),
  change: before == null || after == null || before === 0 ? null : formatRatio(after / before),
});

const minutes = (value: number): string => formatMicros(value * 60e6);

/** The load of two captures: those figures first that say most, and only those that one of them has. */
export function loadOf({ base, this: other }: Pick<Comparison, "base" | "this">): ComparedFigure[] {
  const rate = (title: string, name: keyof Comparison["base"]["perMinute"], format = formatAmount) =>
    figureOf(title, base.perMinute[name], other.perMinute[name], format);
  return [
    rate("Statements a minute", "statements"),
    rate("Time a minute", "totalMicros", formatMicros),
    figureOf("Median time of a statement", base.p50Micros, other.p50Micros, formatMicros),
    figureOf("95 of 100 took at most", base.p95Micros, other.p95Micros, formatMicros),
    rate("Rows examined a minute", "rowsExamined", formatShort),
    rate("Errors a minute", "errors"),
    // Of captures that may be of different lengths, whose change says nothing.
    { ...figureOf("Statements in all", base.statements, other.statements, formatAmount), change: null },
    { ...figureOf("Time in all", base.totalMicros, other.totalMicros, formatMicros), change: null },
    { ...figureOf("Recorded", base.minutes, other.minutes, minutes), change: null },
  ].filter(({ before, after }) => before !== null || after !== null);
}

/** The figures of a statement in two captures, as far as they are known. */
export function figuresOf({ base, this: other, ratios }: ShownStatement): ComparedFigure[] {
  const one = (
    title: string,
    name: "callsPerMinute" | "microsPerMinute" | "p50Micros" | "p95Micros" | "rowsExaminedPerCall",
    ratio: number | null,
    format: (value: number) => string,
  ): ComparedFigure => ({
    ...figureOf(title, base?.[name], other?.[name], format),
    change: base !== null && other !== null ? formatRatio(ratio) : null,
  });
  return [
    one("Calls a minute", "callsPerMinute", ratios.calls, formatAmount),
    one("Time a minute", "microsPerMinute", ratios.time, formatMicros),
    one("Median", "p50Micros", ratios.p50, formatMicros),
    one("p95", "p95Micros", ratios.p95, formatMicros),
    one("Rows a call", "rowsExaminedPerCall", ratios.rows, formatAmount),
  ].filter(({ before, after }) => before !== null || after !== null);
}

/** Why it is not known whether a statement is new or gone, in words. */
export const WHY_UNKNOWN: Record<NonNullable<ShownStatement["unknown"]>, string> = {
  "not-recorded": "the other capture has recorded nothing",
  "other-rules": "the captures were counted by different rules",
  "too-short": "the other capture left out statements that are as short",
  "full-table": "the other capture ran more statements than are counted one by one",
};

/** The series of a capture, and of what time it is. */
export interface ChartedCapture {
  capture: Pick<Capture, "name" | "start" | "end" | "status">;
  series: WorkloadSeries | null;
  gaps: Workload["gaps"];
  /** Whether it still records. */
  isLive: boolean;
}

/** The charts that two captures both can have, of one line each; of percentiles only the 95th. */
function chartsOf({ capture, series, gaps, isLive }: ChartedCapture): ChartModel[] {
  if (series === null) return [];
  const { start, end } = capture;
  const charts = workloadCharts(series, { start, end: isLive ? null : end, gaps });
  return charts.flatMap((chart) => {
    if (chart.lines.length === 1) return chart;
    const p95 = chart.lines.filter(({ name }) => name === "p95");
    return p95.length === 0 ? [] : { ...chart, title: "95 of 100 statements took at most", lines: p95 };
  });
}

/** The charts of two captures' series laid over each other, aligned at their starts. */
export function pairedCharts(captures: readonly ChartedCapture[]): ChartModel[] {
  const each = captures.map(chartsOf);
  const types = [...new Set(each.flatMap((charts) => charts.map(({ type }) => type)))];
  return types.flatMap((type) => {
    const found = each.map((charts) => charts.find((chart) => chart.type === type));
    const some = found.filter((chart) => chart !== undefined);
    const [first] = some;
    if (first === undefined) return [];
    const scale = some.reduce<Scale>(
      (larger, chart) => (chart.scale.divisor > larger.divisor ? chart.scale : larger),
      first.scale,
    );
    const { times, values } = align(
      found.map((chart, i) => {
        const start = captures[i]?.capture.start;
        if (chart === undefined || start == null) return { times: [], values: [] };
        const [line] = chart.lines;
        return {
          times: chart.times.map((time) => time - Date.parse(start) / 1000),
          values: (line?.values ?? []).map((value) => value && value * chart.scale.divisor),
        };
      }),
    );
    return {
      ...first,
      scale,
      times,
      lines: captures.map(({ capture }, i) => lineOf(capture.name, values[i] ?? [], scale)),
    };
  });
}
