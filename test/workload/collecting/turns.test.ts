import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turns } from "../../../src/workload/collecting/turns.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("runs one thing after another, in the order in which they were asked for", async () => {
  const turns = new Turns();
  const seen: number[] = [];
  const first = Promise.withResolvers<void>();
  const all = [
    turns.take(async () => {
      await first.promise;
      seen.push(1);
    }),
    turns.take(async () => void seen.push(2)),
    turns.take(async () => void seen.push(3)),
  ];
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual([]);
  first.resolve();
  await Promise.all(all);
  expect(seen).toEqual([1, 2, 3]);
});

it("runs what comes first at once, also after others have ended, one with an error among them", async () => {
  const turns = new Turns();
  await expect(turns.take(() => Promise.reject(new Error("It failed")))).rejects.toThrow("It failed");
  let ran = false;
  const second = turns.take(async () => {
    ran = true;
  });
  expect(ran).toBe(true);
  await second;
});

it("waits for a minute at most for what never ends", async () => {
  const turns = new Turns();
  void turns.take(() => new Promise<void>(() => {}));
  let ran = false;
  const second = turns.take(async () => {
    ran = true;
  });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(ran).toBe(false);
  await vi.advanceTimersByTimeAsync(1000);
  await second;
  expect(ran).toBe(true);
});
