import { describe, expect, it } from "vitest";
import { retryDelay } from "../../src/lib/retry.ts";

describe("retrying", () => {
  it("waits longer each time, up to a minute, with half of it left to chance", () => {
    expect([1, 2, 3, 6, 7, 50].map((attempt) => retryDelay(attempt, 1))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
    expect(retryDelay(3, 0)).toBe(2000);
  });
});
