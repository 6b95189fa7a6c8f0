import { describe, expect, it } from "vitest";
import { retryDelay } from "../../src/lib/retry.ts";

describe("retrying", () => {
  it("waits longer each time, up to a minute, with half of it left to chance", () => {
    expect([1, 2, 3, 6, 7, 50].map((attempt) => retryDelay(attempt, 1))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
    expect(retryDelay(3, 0)).toBe(2000);
  });

  it("waits at most the longest pause, and at least a millisecond", () => {
    const pauses = { first: 300_000, longest: 86_400_000 };
    expect([1, 2, 2000].map((attempt) => retryDelay(attempt, 1, pauses))).toEqual([
      300_000, 600_000, 86_400_000,
    ]);
    expect(retryDelay(1, 0, { first: 1000, longest: 0 })).toBe(1);
  });
});
