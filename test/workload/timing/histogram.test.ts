import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, Histogram, RELATIVE_ERROR } from "../../../src/workload/timing/histogram.ts";

const PARTS = [0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

const histogramOf = (durations: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const micros of durations) histogram.add(micros);
  return histogram;
};

/** By nearest rank. */
const exactly = (durations: readonly number[]): number[] => {
  const sorted = durations.toSorted((a, b) => a - b);
  return PARTS.map((part) => sorted[Math.max(1, Math.ceil(part * sorted.length)) - 1] as number);
};

const expectClose = (found: readonly number[], exact: readonly number[]) => {
  for (const [at, value] of exact.entries()) {
    expect(Math.abs((found[at] as number) - value)).toBeLessThanOrEqual(RELATIVE_ERROR * value);
  }
};

/** Numbers from 0 to 1, from which distributions of durations are made. */
const uniform = fc.array(fc.double({ min: 1e-9, max: 1, noNaN: true }), { minLength: 1, maxLength: 200 });
const DISTRIBUTIONS: [string, (u: number, scale: number) => number][] = [
  ["all alike", (_, scale) => scale],
  ["uniform", (u, scale) => u * scale],
  ["exponential", (u, scale) => -Math.log(u) * scale],
  ["of a heavy tail (Pareto)", (u, scale) => scale / u ** 1.5],
  ["over all magnitudes", (u, scale) => scale ** (4 * u)],
  ["of two humps", (u, scale) => (u < 0.9 ? u * 100 : 1e6 + u * scale)],
];

describe("a histogram of durations", () => {
  it.each(DISTRIBUTIONS)("gives percentiles within its relative error: %s", (_, durationOf) => {
    fc.assert(
      fc.property(uniform, fc.integer({ min: 1, max: 2 ** 31 }), (numbers, scale) => {
        const durations = numbers.map((u) => Math.min(2 ** 48, Math.floor(durationOf(u, scale))));
        expectClose(histogramOf(durations).percentiles(PARTS), exactly(durations));
      }),
    );
  });

  it("is within it for each duration below a million, and around each bound above", () => {
    const durations = Array.from({ length: 1_000_000 }, (_, micros) => micros);
    for (let exponent = 20; exponent < 48; exponent += 1 / 37) {
      const micros = Math.floor(2 ** exponent);
      durations.push(micros - 1, micros, micros + 1);
    }
    let worst = 0;
    for (const micros of durations) {
      const [found] = histogramOf([micros]).percentiles([0.5]) as [number];
      if (micros > 0) worst = Math.max(worst, Math.abs(found - micros) / micros);
      else expect(found).toBe(0);
    }
    expect(worst).toBeLessThan(RELATIVE_ERROR);
    expect(worst).toBeGreaterThan(0.019);
  });

  it("has buckets that rise with the durations, and some hundred of them in all", () => {
    let before = 0;
    for (let exponent = 0; exponent <= 60; exponent += 1 / 1000) {
      const bucket = bucketOf(Math.floor(2 ** exponent));
      expect(bucket).toBeGreaterThanOrEqual(before);
      before = bucket;
    }
    expect(before).toBeLessThan(883);
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(1)).toBe(1);
  });

  const durations = fc.array(fc.oneof(fc.nat(100), fc.nat(1_000_000), fc.integer({ min: 0, max: 2 ** 50 })), {
    maxLength: 100,
  });

  it("merged from pieces is that of the whole, in whatever order", () => {
    fc.assert(
      fc.property(durations, durations, (a, b) => {
        const whole = histogramOf([...a, ...b]);
        const merged = histogramOf(a);
        merged.merge(histogramOf(b));
        expect(merged.toJSON()).toEqual(whole.toJSON());
        const other = histogramOf(b);
        other.merge(histogramOf(a));
        expect(other.toJSON()).toEqual(whole.toJSON());
      }),
    );
  });

  it("comes back from what is stored of it, which has two numbers for each bucket", () => {
    fc.assert(
      fc.property(durations, durations, (a, more) => {
        const first = histogramOf(a);
        const stored = JSON.parse(JSON.stringify(first)) as number[];
        expect(stored.length).toBe(2 * new Set(a.map((micros) => bucketOf(micros))).size);
        const second = new Histogram(stored);
        for (const histogram of [first, second]) for (const micros of more) histogram.add(micros);
        expect(second.toJSON()).toEqual(first.toJSON());
        expect(second.percentiles(PARTS)).toEqual(first.percentiles(PARTS));
      }),
    );
  });

  it("of a bucket that there is not has its count in the last one", () => {
    expect(new Histogram([5000, 2]).toJSON()).toEqual([882, 2]);
    expect(new Histogram([120, 1, 5000, 2]).toJSON()).toEqual([120, 1, 762, 2]);
  });

  it("without durations gives zeros", () => {
    expect(new Histogram().percentiles([0.5, 1])).toEqual([0, 0]);
    expect(new Histogram().toJSON()).toEqual([]);
  });
});
