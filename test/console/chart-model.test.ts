import { describe, expect, it } from "vitest";
import type { Metric, ReadMetrics } from "../../src/console/api/types.ts";
import { metricsOf } from "../../src/console/lib/chart-model.ts";

const metric = (type: string, points: number): Metric => ({
  label: type,
  type,
  displayName: type,
  dataPoints: Array.from({ length: points }, (_, i) => ({
    Timestamp: new Date(i * 60_000).toISOString(),
    Maximum: i,
    Unit: "Count",
  })),
});
const read = (...metrics: Metric[]): { read: ReadMetrics } => ({
  read: { metrics, source: "archive", period: 60, incomplete: null, readAt: 0 },
});
const typesOf = (metrics: Metric[]) => metrics.map(({ type }) => type);

describe("the metrics of captures that are shown together", () => {
  it("are those of the one that there is, with and without points", () => {
    const { withPoints, without } = metricsOf([
      read(metric("CPU", 2), metric("SWAP", 0), metric("READS", 1)),
    ]);
    expect([typesOf(withPoints), typesOf(without)]).toEqual([["CPU", "READS"], ["SWAP"]]);
  });

  it("are those that any of them has, where two engines have different ones", () => {
    const mysql = read(metric("CPU", 2), metric("FREE STORAGE", 2), metric("READS", 0));
    const aurora = read(metric("CPU", 2), metric("READS", 1), metric("QUERIES", 1), metric("ACU", 0));
    const { withPoints, without } = metricsOf([mysql, aurora]);
    expect(typesOf(withPoints)).toEqual(["CPU", "FREE STORAGE", "READS", "QUERIES"]);
    expect(typesOf(without)).toEqual(["ACU"]);
  });

  it("are none before they are read", () => {
    expect(metricsOf([read(), read()])).toEqual({ withPoints: [], without: [] });
  });
});
