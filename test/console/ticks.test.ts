import { describe, expect, it } from "vitest";
import { amountTicks } from "../../src/console/lib/ticks.ts";

describe("the ticks of an axis of amounts", () => {
  it.each([
    [0, 43.5, [0, 20, 40, 60]],
    [92, 99.3, [0, 25, 50, 75, 100]],
    [1.5, 1.72, [0, 0.5, 1, 1.5, 2]],
    [0, 100, [0, 25, 50, 75, 100]],
    [0, 0.0264, [0, 0.01, 0.02, 0.03]],
    [-3, 5, [-4, -2, 0, 2, 4, 6]],
  ])("for values from %d to %d are round, and no value is outside", (least, most, ticks) => {
    const made = amountTicks(least, most);
    expect(made).toHaveLength(ticks.length);
    made.forEach((tick, i) => {
      expect(tick).toBeCloseTo(ticks[i] as number, 9);
    });
  });

  it("are there without values", () => {
    expect(amountTicks(null, null)).toEqual([0, 1]);
    expect(amountTicks(0, 0)).toEqual([0, 1]);
  });
});
