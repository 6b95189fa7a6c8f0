import { describe, expect, it } from "vitest";
import type { Metric } from "../../src/console/api/types.ts";
import { align, summarise, toLine } from "../../src/console/lib/series.ts";

const MINUTE = 60_000;
const START = Date.parse("2026-11-23T10:00:00Z");

/** A metric with a point at each of these minutes after START, its value the minute. */
const metric = (...minutes: number[]): Metric => ({
  label: "ReadIOPS",
  type: "READ IOPS",
  displayName: "READ IOPS",
  dataPoints: minutes.map((minute) => ({
    Timestamp: new Date(START + minute * MINUTE).toISOString(),
    Maximum: minute,
    Unit: "Count/Second",
  })),
});

describe("a metric's line", () => {
  it("has a gap where points are missing, and none where they follow each other", () => {
    expect(toLine(metric(0, 1, 4, 5), START, 60)).toEqual({
      times: [0, 60, 120, 240, 300],
      values: [0, 1, null, 4, 5],
    });
  });

  it("has no gaps when the period is not known", () => {
    expect(toLine(metric(0, 9), START, null).values).toEqual([0, 9]);
  });

  it("has times relative to its origin, also before it", () => {
    expect(toLine(metric(0, 1), START + 30_000, 60).times).toEqual([-30, 30]);
  });
});

describe("lines on one axis", () => {
  it("keep their own gaps, and are not broken by the other's moments", () => {
    const whole = toLine(metric(0, 1, 2), START, 60);
    const broken = toLine(metric(0, 2), START + 30_000, 60);
    expect(align([whole, broken])).toEqual({
      times: [-30, 0, 30, 60, 90, 120],
      values: [
        [undefined, 0, undefined, 1, undefined, 2],
        [0, undefined, null, undefined, 2, undefined],
      ],
    });
  });

  it("may be empty", () => {
    expect(align([{ times: [], values: [] }])).toEqual({ times: [], values: [[]] });
    expect(align([])).toEqual({ times: [], values: [] });
  });
});

describe("a summary", () => {
  it("is of the values that are there", () => {
    expect(summarise([null, 2, undefined, 6, 4])).toEqual({ least: 2, mean: 4, most: 6, last: 4 });
  });

  it("is none when there are none", () => {
    expect(summarise([null, undefined])).toBeNull();
    expect(summarise([])).toBeNull();
  });
});
