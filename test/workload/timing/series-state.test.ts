import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { MAX_POINTS } from "../../../src/workload/timing/series.ts";
import {
  pairPoints,
  pairStep,
  type SeriesState,
  seriesPoints,
} from "../../../src/workload/timing/series-state.ts";
import { slowRecord, UNTIMED } from "./records.ts";

const timed = (durations: readonly number[], errno?: number): number[] => {
  const figures = new Figures();
  for (const micros of durations) {
    figures.add(slowRecord("", micros, errno === undefined ? {} : { errno }));
  }
  return figures.toJSON();
};
const series = (steps: [number, number[]][], rest: Partial<SeriesState> = {}): SeriesState => ({
  step: 10,
  from: steps[0]?.[0] ?? 0,
  to: steps.at(-1)?.[0] ?? 0,
  starts: steps.map(([start]) => start),
  figures: steps.map(([, figures]) => figures),
  ...rest,
});

describe("the points of a series", () => {
  it("of the general log have statements only, without a hole", () => {
    expect(
      seriesPoints(
        series([
          [100, [3]],
          [120, [1]],
        ]),
      ),
    ).toEqual([
      { time: 100_000, statements: 3, ...UNTIMED },
      { time: 110_000, statements: 0, ...UNTIMED },
      { time: 120_000, statements: 1, ...UNTIMED },
    ]);
  });

  it("of the slow log have times, and go on to the workload's end", () => {
    expect(seriesPoints(series([[100, timed([10, 20, 20], 0)]], { to: 110 }))).toEqual([
      {
        time: 100_000,
        statements: 3,
        timed: 3,
        totalMicros: 50,
        p50Micros: 20,
        p95Micros: 20,
        p99Micros: 20,
        rowsExamined: 30,
        errors: 0,
      },
      { ...UNTIMED, time: 110_000, statements: 0, timed: 0, totalMicros: 0, rowsExamined: 0 },
    ]);
    expect(seriesPoints(series([[100, timed([10])]]))[0]?.errors).toBeNull();
  });

  it("of longer steps are those of all that ran in them", () => {
    const durations = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(100), durations), { selector: ([at]) => at, minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (list, times) => {
          const steps = list.toSorted(([a], [b]) => a - b);
          const state = series(steps.map(([at, each]) => [at * 10, timed(each)]));
          const points = seriesPoints(state, 10 * times);
          for (const point of points) {
            const all = steps
              .filter(([at]) => at * 10_000 >= point.time && at * 10_000 < point.time + times * 10_000)
              .flatMap(([, each]) => each);
            expect(point.statements).toBe(all.length);
            expect(point.totalMicros).toBe(all.reduce((sum, micros) => sum + micros, 0));
            const expected = all.length === 0 ? null : new Figures(timed(all)).percentiles()?.p95Micros;
            expect(point.p95Micros).toBe(expected);
          }
          const counted = points.reduce((sum, { statements }) => sum + statements, 0);
          expect(counted).toBe(steps.flatMap(([, each]) => each).length);
        },
      ),
    );
    expect(() => seriesPoints(series([[100, [1]]]), 15)).toThrow(RangeError);
  });
});

describe("the points of both logs", () => {
  const general = series([
    [100, [3]],
    [110, [5]],
  ]);
  const slow = series([[100, timed([10, 30])]], { step: 20, to: 120 });

  it("have statements of the general log and times of the slow log, of steps that both have", () => {
    expect(pairStep(general, slow)).toBe(20);
    const points = pairPoints(general, slow);
    expect(
      points.map(({ time, statements, timed, totalMicros }) => [time, statements, timed, totalMicros]),
    ).toEqual([
      [100_000, 8, 2, 40],
      [120_000, 0, 0, 0],
    ]);
  });

  it("may lack one of them, or both", () => {
    expect(pairPoints(general, null)).toEqual(seriesPoints(general));
    expect(pairPoints(null, slow)).toEqual(seriesPoints(slow));
    expect(pairPoints(null, null)).toEqual([]);
  });

  it("are no more than 1,440, also where one begins before the other", () => {
    const first = series([[100, [1]]], { to: 100 + 10 * (MAX_POINTS - 1) });
    const second = series([[90, timed([1])]], { to: 100 });
    expect(pairStep(first, second)).toBe(20);
    expect(pairPoints(first, second).length).toBeLessThanOrEqual(MAX_POINTS);
  });
});
