import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatMicros,
  formatScaled,
  formatShare,
  formatShort,
  metricTitle,
  scaleOf,
} from "../../src/console/lib/format.ts";

describe("amounts as a person reads them", () => {
  it.each([
    [0, "0s"],
    [999, "1s"],
    [59_400, "59s"],
    [60_000, "1m"],
    [65_000, "1m 5s"],
    [3_600_000, "1h"],
    [3_660_000, "1h 1m"],
    [90_061_000, "1d 1h"],
    [-5, "0s"],
  ])("%d milliseconds are %s", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it.each([
    [0, "0%"],
    [0.000_01, "<0.1%"],
    [0.000_99, "<0.1%"],
    [0.001, "0.1%"],
    [0.1234, "12.3%"],
    [1, "100%"],
  ])("a share of %d is %s, and nothing only where there is nothing", (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it.each([
    [0, "0"],
    [0.05, "0.05"],
    [950, "950"],
    [800_000, "800K"],
    [1_250_000, "1.25M"],
  ])("%d is short enough for an axis as %s", (value, text) => {
    expect(formatShort(value)).toBe(text);
  });

  it.each([
    [0, "0 B"],
    [1023, "1,020 B"],
    [1536, "1.5 KiB"],
    [1024 ** 2, "1 MiB"],
    [5.5 * 1024 ** 3, "5.5 GiB"],
    [3000 * 1024 ** 4, "3,000 TiB"],
  ])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    ["Milliseconds", 0.042, "42 µs"],
    ["Milliseconds", 3.5, "3.5 ms"],
    ["Milliseconds", 2500, "2.5 s"],
    ["Bytes", 1.5 * 1024 ** 3, "1.5 GiB"],
    ["Bytes/Second", 2048, "2 KiB/s"],
    ["Seconds", 0.0042, "4.2 ms"],
    ["Seconds", 0.000_05, "50 µs"],
    ["Seconds", 2, "2 s"],
    ["Count/Second", 441, "441 ops/s"],
    ["Percent", 42.25, "42.3%"],
    ["Count", 12, "12"],
  ])("of CloudWatch's %s, %d is shown as %s", (unit, value, text) => {
    expect(formatScaled(value, scaleOf(unit, value))).toBe(text);
  });

  it.each([
    [0, "0 s"],
    [42, "42 µs"],
    [1254, "1.25 ms"],
    [61_000_000, "61 s"],
    [192_000_000, "3m 12s"],
  ])("a statement of %d microseconds took %s", (micros, text) => {
    expect(formatMicros(micros)).toBe(text);
  });

  it("a metric's name is written as in a sentence", () => {
    expect(metricTitle("CPU UTILIZATION")).toBe("CPU utilization");
    expect(metricTitle("READ IOPS")).toBe("Read IOPS");
    expect(metricTitle("DML LATENCY")).toBe("DML latency");
    expect(metricTitle("BIN LOG DISK USAGE")).toBe("Bin log disk usage");
  });
});
