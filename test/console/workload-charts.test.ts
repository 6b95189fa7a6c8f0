import { describe, expect, it } from "vitest";
import type { SeriesPoint } from "../../src/console/api/types.ts";
import { smallLine, smallStep, workloadCharts } from "../../src/console/lib/workload-charts.ts";

const START = Date.parse("2026-11-23T10:00:00Z");
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();

const counted = (seconds: number, statements: number): SeriesPoint => ({
  time: at(seconds),
  statements,
  timed: null,
  totalMicros: null,
  p50Micros: null,
  p95Micros: null,
  p99Micros: null,
  rowsExamined: null,
  errors: null,
});

const timed = (seconds: number, statements: number, more: Partial<SeriesPoint> = {}): SeriesPoint => ({
  ...counted(seconds, statements),
  timed: statements,
  totalMicros: statements * 1000,
  p50Micros: 800,
  p95Micros: 2000,
  p99Micros: 4000,
  rowsExamined: statements * 5,
  errors: 1,
  ...more,
});

const covered = { start: at(0), end: at(60), gaps: [] };

describe("the charts of a general log's series", () => {
  it("are of statements per second only, on an axis in seconds", () => {
    const charts = workloadCharts({ step: 10, points: [counted(0, 50), counted(10, 20)] }, covered);
    expect(charts).toMatchObject([
      {
        title: "Statements",
        scale: { unit: "per second" },
        times: [START / 1000, START / 1000 + 10],
        lines: [{ values: [5, 2] }],
      },
    ]);
  });

  it("have 0 where nothing ran, and a hole where the log could not be read", () => {
    const points = [10, 0, 0, 0, 0, 10].map((statements, i) => counted(i * 10, statements));
    const gaps = [{ from: at(25), to: at(31), cause: "The file is gone", log: "general" as const }];
    const [chart] = workloadCharts({ step: 10, points }, { ...covered, gaps });
    expect(chart?.lines[0]?.values).toEqual([1, 0, null, null, 0, 1]);
  });

  it("count a step at an edge of the capture by the seconds that are in it", () => {
    const edges = { start: at(8), end: at(25), gaps: [] };
    const points = [counted(0, 10), counted(10, 10), counted(20, 10)];
    const [chart] = workloadCharts({ step: 10, points }, edges);
    expect(chart?.lines[0]?.values).toEqual([5, 1, 2]);
  });

  it("do not have the last step of a capture that runs", () => {
    const points = [counted(0, 10), counted(10, 3)];
    const [chart] = workloadCharts({ step: 10, points }, { ...covered, end: null });
    expect(chart?.lines[0]?.values).toEqual([1]);
  });

  it("are none without points", () => {
    expect(workloadCharts({ step: 10, points: [] }, covered)).toEqual([]);
    expect(workloadCharts({ step: 10, points: [counted(0, 1)] }, { ...covered, end: null })).toEqual([]);
  });
});

describe("the charts of a slow log's series", () => {
  it("are also of time, percentiles, rows and errors", () => {
    const charts = workloadCharts({ step: 10, points: [timed(0, 100)] }, covered);
    expect(charts.map(({ title, scale: { unit } }) => `${title}, ${unit}`)).toEqual([
      "Statements, per second",
      "Time spent, ms per second",
      "Time of a statement, ms",
      "Rows examined, per second",
      "Errors, per 10s",
    ]);
    expect(charts.map(({ lines }) => lines.map(({ values }) => values[0]))).toEqual([
      [10],
      [10],
      [0.8, 2, 4],
      [50],
      [1],
    ]);
    expect(charts[2]?.lines.map(({ name }) => name)).toEqual(["p50", "p95", "p99"]);
  });

  it("have no percentiles where no statement ran, and no errors where the server does not say", () => {
    const none = { p50Micros: null, p95Micros: null, p99Micros: null };
    const points = [timed(0, 10), timed(10, 0, none), timed(20, 10)].map((point) => ({
      ...point,
      errors: null,
    }));
    const charts = workloadCharts({ step: 10, points }, covered);
    expect(charts.map(({ title }) => title)).not.toContain("Errors");
    expect(charts[2]?.lines[0]?.values).toEqual([0.8, null, 0.8]);
  });
});

describe("a statement's small chart", () => {
  it("has at most 60 points, in a multiple of the series' step", () => {
    const points = Array.from({ length: 1440 }, (_, i) => counted(i * 10, 1));
    expect(smallStep({ step: 10, points })).toBe(240);
    expect(smallStep({ step: 10, points: points.slice(0, 61) })).toBe(20);
    expect(smallStep({ step: 10, points: points.slice(0, 60) })).toBe(10);
    expect(smallStep({ step: 10, points: [] })).toBeNull();
  });

  it("shows the time of each second where it is known, and calls where it is not", () => {
    expect(smallLine({ step: 10, points: [timed(0, 100), timed(10, 0), timed(20, 50)] })).toEqual({
      times: [0, 10, 20].map((seconds) => START / 1000 + seconds),
      values: [0.01, 0, 0.005],
      isTimed: true,
    });
    expect(smallLine({ step: 10, points: [counted(0, 100)] })).toMatchObject({
      values: [10],
      isTimed: false,
    });
  });
});
