import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Figures, figuresSchema, type Timing } from "../../../src/workload/timing/figures.ts";

const timing = (durationMicros: number, rest: Partial<Timing> = {}): Timing => ({
  durationMicros,
  lockMicros: 1,
  rowsSent: 2,
  rowsExamined: 3,
  ...rest,
});

const timings = fc.array(
  fc.record(
    {
      durationMicros: fc.nat(100_000_000),
      lockMicros: fc.nat(1000),
      rowsSent: fc.nat(1000),
      rowsExamined: fc.nat(1_000_000),
      errno: fc.constantFrom(0, 1064),
    },
    { requiredKeys: ["durationMicros", "lockMicros", "rowsSent", "rowsExamined"] },
  ),
  { maxLength: 50 },
);

const figuresOf = (list: readonly Timing[]): Figures => {
  const figures = new Figures();
  for (const one of list) figures.add(one);
  return figures;
};

describe("figures of statements", () => {
  it("are sums, with the shortest, the longest and percentiles", () => {
    const figures = figuresOf([
      timing(100),
      timing(7),
      timing(1000, { errno: 1062 }),
      timing(20, { errno: 0 }),
    ]);
    expect(figures).toMatchObject({
      calls: 4,
      totalMicros: 1127,
      minMicros: 7,
      maxMicros: 1000,
      lockMicros: 4,
      rowsSent: 8,
      rowsExamined: 12,
      errors: 1,
      outcomes: 2,
      isTimed: true,
    });
    expect(figures.percentiles()).toEqual({ p50Micros: 20, p95Micros: 1000, p99Micros: 1000 });
  });

  it("have no times where those are not known", () => {
    const figures = new Figures();
    figures.count();
    figures.count();
    expect(figures.toJSON()).toEqual([2]);
    expect(figures.isTimed).toBe(false);
    expect(figures.percentiles()).toBeNull();
    figures.merge(new Figures([3]));
    expect(new Figures(figures.toJSON()).calls).toBe(5);
  });

  it("merged from pieces are those of the whole, also when the pieces were stored", () => {
    fc.assert(
      fc.property(timings, timings, (a, b) => {
        const whole = figuresOf([...a, ...b]);
        const merged = new Figures(figuresSchema().parse(JSON.parse(JSON.stringify(figuresOf(a)))));
        merged.merge(new Figures(figuresSchema().parse(JSON.parse(JSON.stringify(figuresOf(b))))));
        expect(merged.toJSON()).toEqual(whole.toJSON());
        expect(merged.percentiles()).toEqual(whole.percentiles());
      }),
    );
  });

  it("go on to open as they were stored first", () => {
    const figures = new Figures(figuresSchema().parse([2, 400, 100, 300, 5, 60, 7, 1, 2, 120, 1, 29, 1]));
    figures.add(timing(100));
    expect(figures.toJSON()).toEqual([3, 500, 100, 300, 6, 63, 9, 1, 2, 120, 2, 29, 1]);
  });

  it.each([[[]], [[1, 2]], [[1, -2, 1, 1, 1, 1, 1, 1, 1]], [[1, 1, 1, 1, 1, 1, 1, 1, 1, 5]], [["1"]]])(
    "are not read from %j",
    (stored) => {
      expect(figuresSchema().safeParse(stored).success).toBe(false);
    },
  );
});
