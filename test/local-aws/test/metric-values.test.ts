import { describe, expect, it } from "vitest";
import { AURORA_METRIC_NAMES, METRIC_NAMES, metricUnit, metricValue } from "../metric-values.ts";

const MINUTES_PER_DAY = 1_440;
const today = Math.floor(Date.now() / 60_000);

describe("metricValue", () => {
  const day = Array.from({ length: MINUTES_PER_DAY }, (_, index) => today - index);

  it.each(METRIC_NAMES)("%s is plausible, varies, and is the same whenever it is asked", (metric) => {
    const values = day.map((minute) => metricValue("demo-mysql", metric, minute) ?? Number.NaN);
    expect(day.map((minute) => metricValue("demo-mysql", metric, minute))).toEqual(values);
    expect(new Set(values).size).toBeGreaterThan(20);
    const most = { Percent: 100, Seconds: 0.1, Count: 1_000 }[metricUnit(metric) ?? ""] ?? 1e12;
    expect(values.every((value) => value >= 0 && value <= most)).toBe(true);
  });

  it.each(AURORA_METRIC_NAMES)("%s of Aurora is plausible, and has a unit", (metric) => {
    const values = day.map((minute) => metricValue("shop-1", metric, minute) ?? Number.NaN);
    const most =
      { Percent: 100, Milliseconds: 1_000, "Count/Second": 10_000 }[metricUnit(metric) ?? ""] ?? 1e12;
    expect(values.every((value) => value >= 0 && value <= most)).toBe(true);
    expect(metricUnit(metric)).toMatch(
      /^(Percent|Milliseconds|Seconds|Count|Count\/Second|Bytes|Bytes\/Second)$/,
    );
  });

  it("keeps free memory below what the instance has", () => {
    const values = day.map((minute) => metricValue("demo-mysql", "FreeableMemory", minute) ?? Number.NaN);
    expect(Math.max(...values)).toBeLessThan(4 * 1024 ** 3);
  });

  it("differs between instances", () => {
    const [minute = 0] = day;
    expect(metricValue("a", "ReadIOPS", minute)).not.toBe(metricValue("b", "ReadIOPS", minute));
  });
});
