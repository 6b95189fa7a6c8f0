import { describe, expect, it } from "vitest";
import type { ComparedRun, ComparedSide, SeriesPoint, ShownStatement } from "../../src/console/api/types.ts";
import { figuresOf, formatRatio, loadOf, pairedCharts } from "../../src/console/lib/comparison.ts";

const side = (more: Partial<ComparedSide> = {}): ComparedSide => ({
  id: 1,
  name: "before",
  envId: 1,
  status: "DONE",
  start: "2026-11-23T10:00:00.000Z",
  end: "2026-11-23T10:10:00.000Z",
  log: "slow",
  minutes: 10,
  timedMinutes: 10,
  statements: 1000,
  totalMicros: 2_000_000,
  rowsExamined: null,
  errors: null,
  p50Micros: 1000,
  p95Micros: 4000,
  perMinute: { statements: 100, totalMicros: 200_000, rowsExamined: null, errors: null },
  missing: { calls: 0, totalMicros: 0 },
  ...more,
});

const run = (more: Partial<ComparedRun> = {}): ComparedRun => ({
  calls: 100,
  overcalls: 0,
  callsPerMinute: 10,
  totalMicros: 100_000,
  overTotalMicros: 0,
  microsPerMinute: 10_000,
  meanMicros: 1000,
  p50Micros: 1000,
  p95Micros: 2000,
  rowsExaminedPerCall: 5,
  rowsSentPerCall: 1,
  ...more,
});

const statement = (base: ComparedRun | null, other: ComparedRun | null): ShownStatement => ({
  fingerprint: "8e1a6f0d5c3b2a47",
  digest: "SELECT ?",
  part: "changed",
  base,
  this: other,
  isSure: true,
  changes: [],
  ratios: { calls: 2, time: 4, p50: 1.5, p95: 1, rows: null },
  unknown: null,
});

describe("a ratio in words", () => {
  it.each([
    [null, null],
    [1, "the same"],
    [1.12, "+12%"],
    [0.9, "−10%"],
    [2, "2 times"],
    [3.456, "3.46 times"],
    [0.25, "0.25 times"],
    [0, "none any more"],
  ])("%s is %s", (ratio, words) => {
    expect(formatRatio(ratio)).toBe(words);
  });
});

describe("the load of two captures", () => {
  it("has rates first, with their change, and nothing that neither knows", () => {
    const after = side({ perMinute: { ...side().perMinute, statements: 150, totalMicros: 600_000 } });
    const load = loadOf({ base: side(), this: after });
    expect(load.slice(0, 2)).toEqual([
      { title: "Statements a minute", before: "100", after: "150", change: "+50%" },
      { title: "Time a minute", before: "200 ms", after: "600 ms", change: "3 times" },
    ]);
    expect(load.map(({ title }) => title)).not.toContain("Errors a minute");
  });

  it("says what one does not know", () => {
    const [rate] = loadOf({
      base: side({ perMinute: { ...side().perMinute, statements: null } }),
      this: side(),
    });
    expect(rate).toEqual({ title: "Statements a minute", before: null, after: "100", change: null });
  });
});

describe("the figures of a compared statement", () => {
  it("are of both captures, with how they changed", () => {
    expect(figuresOf(statement(run(), run({ callsPerMinute: 20 })))).toContainEqual({
      title: "Calls a minute",
      before: "10",
      after: "20",
      change: "2 times",
    });
  });

  it("are of one where the other does not have it, and only those that are known", () => {
    const untimed = run({
      microsPerMinute: null,
      p50Micros: null,
      p95Micros: null,
      rowsExaminedPerCall: null,
    });
    expect(figuresOf(statement(null, untimed))).toEqual([
      { title: "Calls a minute", before: null, after: "10", change: null },
    ]);
  });
});

describe("the charts of two captures", () => {
  const point = (time: string, statements: number, totalMicros: number): SeriesPoint => ({
    time,
    statements,
    timed: statements,
    totalMicros,
    p50Micros: 1,
    p95Micros: totalMicros,
    p99Micros: 3,
    rowsExamined: 0,
    errors: null,
  });
  const charted = (name: string, hour: string, totalMicros: number) => ({
    capture: {
      name,
      start: `2026-11-23T${hour}:00:05.000Z`,
      end: `2026-11-23T${hour}:01:00.000Z`,
      status: "DONE" as const,
    },
    series: {
      step: 10,
      points: [
        point(`2026-11-23T${hour}:00:00.000Z`, 50, totalMicros),
        point(`2026-11-23T${hour}:00:10.000Z`, 20, totalMicros),
      ],
    },
    gaps: [],
    isLive: false,
  });

  it("are laid over each other, aligned at their starts and in one scale", () => {
    const charts = pairedCharts([charted("before", "10", 5000), charted("after", "12", 20_000_000)]);
    const [statements, time, p95] = charts;
    expect(statements).toMatchObject({
      title: "Statements",
      times: [-5, 5],
      lines: [
        { name: "before", values: [10, 2] },
        { name: "after", values: [10, 2] },
      ],
    });
    expect(time?.scale.unit).toBe("s per second");
    expect(time?.lines[0]?.values[1]).toBeCloseTo(0.0005);
    expect(time?.lines[1]?.values[1]).toBe(2);
    expect(p95).toMatchObject({ title: "95 of 100 statements took at most" });
    expect(p95?.lines).toHaveLength(2);
  });

  it("have one line where only one has a series, and are none where neither has", () => {
    const without = { ...charted("before", "10", 1), series: null };
    const [statements] = pairedCharts([without, charted("after", "12", 1)]);
    expect(statements?.lines.map(({ values }) => values)).toEqual([
      [undefined, undefined],
      [10, 2],
    ]);
    expect(pairedCharts([without, without])).toEqual([]);
  });
});
