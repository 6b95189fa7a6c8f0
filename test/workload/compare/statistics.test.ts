import { describe, expect, it } from "vitest";
import {
  meanDifference,
  percentileInterval,
  rateDifference,
  SURE,
  timeDifference,
} from "../../../src/workload/compare/statistics.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { slowRecord } from "../timing/records.ts";

/** Figures of calls that took so long, in microseconds. */
function figuresOf(durations: readonly number[]): Figures {
  const figures = new Figures();
  for (const duration of durations) figures.add(slowRecord("SELECT 1", duration));
  return figures;
}

/** A source of numbers from 0 to 1 that is the same in every run (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How many events of a Poisson process there are in a time (Knuth). */
function poisson(mean: number, next: () => number): number {
  let events = -1;
  let time = 0;
  while (time < mean) {
    time -= Math.log(next());
    events++;
  }
  return events;
}

describe("the difference of two rates", () => {
  it("is 0 between equal ones, of whatever length, and where nothing was observed", () => {
    expect(rateDifference({ events: 5, exposure: 1 }, { events: 5, exposure: 1 })).toBe(0);
    expect(
      Math.abs(rateDifference({ events: 100, exposure: 1 }, { events: 1000, exposure: 10 })),
    ).toBeLessThan(0.1);
    expect(rateDifference({ events: 9, exposure: 0 }, { events: 5, exposure: 1 })).toBe(0);
  });

  it.each([
    [8, 0, false],
    [9, 0, true],
    [12, 5, false],
    [130, 100, false],
    [155, 100, true],
    [10_500, 10_000, true],
  ])("takes %i events for more than %i in the same time: %s", (events, others, isSure) => {
    const difference = rateDifference({ events, exposure: 1 }, { events: others, exposure: 1 });
    expect(difference >= SURE).toBe(isSure);
  });

  it("finds by chance about one difference in a thousand", () => {
    const next = numbersFrom(1);
    let found = 0;
    for (let trial = 0; trial < 20_000; trial++) {
      const one = { events: poisson(6, next), exposure: 3 };
      const other = { events: poisson(2, next), exposure: 1 };
      if (Math.abs(rateDifference(one, other)) >= SURE) found++;
    }
    expect(found).toBeLessThan(60);
  });
});

describe("the difference of two sums of times", () => {
  it("does not take one long call for a change", () => {
    const [few, one] = [figuresOf([1000, 1000, 1000]), figuresOf([1_000_000, 1000, 1000])];
    const observed = (figures: Figures) => ({
      events: figures.totalMicros,
      exposure: 1,
      squares: figures.squares(),
    });
    expect(timeDifference(observed(one), observed(few))).toBeLessThan(SURE);
  });

  it("takes many calls that each took longer for one", () => {
    const [short, long] = [figuresOf(Array(200).fill(1000)), figuresOf(Array(200).fill(2000))];
    const observed = (figures: Figures) => ({
      events: figures.totalMicros,
      exposure: 1,
      squares: figures.squares(),
    });
    expect(timeDifference(observed(long), observed(short))).toBeGreaterThan(SURE);
    expect(
      timeDifference({ events: 0, exposure: 1, squares: 0 }, { events: 0, exposure: 1, squares: 0 }),
    ).toBe(0);
    expect(timeDifference({ ...observed(long), exposure: 0 }, observed(short))).toBe(0);
  });
});

describe("the difference of two means of calls", () => {
  const of = (sum: number, calls: number) => ({ sum, calls, spread: 1 });

  it.each([
    ["the same", of(100, 10), of(1000, 100), false],
    ["half as much again, of some calls", of(15_000, 60), of(10_000, 60), false],
    ["ten times as much, of a few calls", of(10_000, 10), of(1000, 10), true],
    ["some, where there were none", of(100, 100), of(0, 100), true],
    ["of no calls", of(0, 0), of(100, 10), false],
  ])("is sure or not: %s", (_, one, other, isSure) => {
    expect(meanDifference(one, other) >= SURE).toBe(isSure);
  });
});

describe("the interval of a percentile", () => {
  const calls = (count: number) => figuresOf(Array.from({ length: count }, (_, at) => 1000 * (at + 1)));

  it("is not known of few calls: of fewer than 9 for the median, than 103 for the 95th percentile", () => {
    expect(percentileInterval(calls(8), 0.5)).toBeNull();
    expect(percentileInterval(calls(9), 0.5)).not.toBeNull();
    expect(percentileInterval(calls(102), 0.95)).toBeNull();
    expect(percentileInterval(calls(103), 0.95)).not.toBeNull();
    expect(percentileInterval(new Figures(), 0.5)).toBeNull();
  });

  it("lies around the percentile, and is the narrower the more calls there are", () => {
    const { low, high } = percentileInterval(calls(100), 0.5) as { low: number; high: number };
    expect(low).toBeGreaterThan(35_000);
    expect(low).toBeLessThan(42_000);
    expect(high).toBeGreaterThan(58_000);
    expect(high).toBeLessThan(65_000);
    const wide = high / low;
    const narrow = percentileInterval(calls(10_000), 0.5) as { low: number; high: number };
    expect(narrow.high / narrow.low).toBeLessThan(wide);
  });

  it("has the short calls below, of which only a bound is known", () => {
    const short = (count: number) => ({ calls: count, belowMicros: 900 });
    expect(percentileInterval(new Figures(), 0.5, short(100))).toEqual({ low: 0, high: 900 });
    expect(percentileInterval(new Figures(), 0.5, short(8))).toBeNull();
    expect(percentileInterval(calls(5), 0.95, short(1000))).toEqual({ low: 0, high: 900 });
    expect(percentileInterval(calls(100), 0.5, short(100))).toMatchObject({ low: 0 });
    const { low, high } = percentileInterval(calls(100), 0.95, short(400)) as { low: number; high: number };
    expect(low).toBeGreaterThan(60_000);
    expect(high).toBeLessThan(90_000);
  });

  it("meets that of another sample of the same calls, but for about one in a thousand", () => {
    const next = numbersFrom(2);
    const sample = () => figuresOf(Array.from({ length: 120 }, () => Math.round(-1000 * Math.log(next()))));
    let apart = 0;
    for (let trial = 0; trial < 1000; trial++) {
      const [one, other] = [percentileInterval(sample(), 0.95), percentileInterval(sample(), 0.95)];
      if (one === null || other === null || one.low > other.high || other.low > one.high) apart++;
    }
    expect(apart).toBeLessThan(8);
  });
});
