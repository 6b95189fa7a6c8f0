import { expect, test } from "vitest";
import { recordedMs } from "../../../src/workload/compare/recorded.ts";

test.each([
  ["no gap", [], 100],
  ["a gap", [[10, 30]], 80],
  [
    "gaps that overlap, in any order",
    [
      [20, 40],
      [10, 30],
      [15, 20],
    ],
    70,
  ],
  [
    "gaps that reach beyond the window",
    [
      [-50, 10],
      [90, 500],
    ],
    80,
  ],
  [
    "a gap around all of it",
    [
      [-50, 500],
      [10, 20],
    ],
    0,
  ],
  [
    "gaps outside",
    [
      [-50, -10],
      [200, 300],
    ],
    100,
  ],
  ["a gap without a length", [[50, 50]], 100],
] as [string, [number, number][], number][])(
  "what was recorded is the window without its gaps: %s",
  (_, gaps, recorded) => {
    expect(
      recordedMs(
        { from: 0, to: 100 },
        gaps.map(([from, to]) => ({ from, to })),
      ),
    ).toBe(recorded);
  },
);

test("nothing was recorded without a window, or in one that ends before it begins", () => {
  expect(recordedMs(null, [])).toBe(0);
  expect(recordedMs({ from: 100, to: 50 }, [{ from: 60, to: 70 }])).toBe(0);
});
