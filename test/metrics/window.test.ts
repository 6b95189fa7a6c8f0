import { describe, expect, it } from "vitest";
import { baseWindow, metricsWindow } from "../../src/metrics/window.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("the window that CloudWatch is asked for", () => {
  const now = Date.UTC(2026, 10, 23, 12, 0, 30);
  const window = (start: number, end: number | null, period?: number) =>
    metricsWindow({ start, end }, period, 16, now);

  it.each([
    ["a day", now - DAY, now, 120],
    ["23 hours", now - 23 * HOUR, now, 60],
    ["a week", now - 7 * DAY, now, 480],
    ["an hour, a fortnight and a day ago", now - 15 * DAY, now - 15 * DAY + HOUR, 300],
    ["31 days", now - 31 * DAY, now, 2100],
    ["an hour, 63 days ago", now - 63 * DAY, now - 63 * DAY + HOUR, 3600],
    ["all that is kept", now - 455 * DAY, now, 28_800],
    ["longer than is kept", now - 3000 * DAY, now, 28_800],
  ])("has the smallest period for %s", (_, start, end, period) => {
    const asked = window(start, end);
    expect(asked?.period).toBe(period);
  });

  it("is whole periods around the capture, and at most 1,440 of them", () => {
    for (let hours = 0; hours < 455 * 24; hours += 7) {
      const start = now - hours * HOUR - 12_345;
      const asked = window(start, now);
      if (asked === null) throw new Error("There is a window");
      const step = asked.period * 1000;
      expect([asked.start % step, asked.end % step]).toEqual([0, 0]);
      expect((asked.end - asked.start) / step).toBeLessThanOrEqual(1440);
      expect(asked.end).toBeGreaterThanOrEqual(now);
      if (hours < 454 * 24) expect(asked.start).toBeLessThanOrEqual(start);
    }
  });

  it.each([15, 63])("begins where CloudWatch still has points of its period, %i days back", (days) => {
    for (let minutes = 1; minutes < 48 * 60; minutes += 7) {
      const start = now - days * DAY + minutes * MINUTE;
      for (const period of [undefined, 3660 * 12, 3900 * 12]) {
        let asked: ReturnType<typeof window>;
        try {
          asked = window(start, now, period);
        } catch {
          continue;
        }
        const age = now - (asked?.start as number);
        const finest = age < 15 * DAY ? 60 : age < 63 * DAY ? 300 : 3600;
        expect((asked?.period as number) % finest, `${minutes} minutes, ${period}`).toBe(0);
      }
    }
  });

  it("has all that the periods of up to a day need, in points that CloudWatch still has", () => {
    for (let hours = 0; hours < 455 * 24; hours += 5) {
      const capture = { start: now - hours * HOUR - 12_345, end: now - hours * HOUR + 7 * HOUR };
      const base = baseWindow(capture, now);
      if (base === null) throw new Error("There is a window");
      const age = now - base.start;
      const finest = age < 15 * DAY ? 60 : age < 63 * DAY ? 300 : 3600;
      expect(base.period % finest, `${hours} hours ago`).toBe(0);
      expect((base.end - base.start) / (base.period * 1000)).toBeLessThanOrEqual(16 * 1440);
      for (const period of [60, 300, 420, 3600, 86_400]) {
        let asked: ReturnType<typeof window> = null;
        try {
          asked = metricsWindow(capture, period, 1, now);
        } catch {
          continue;
        }
        if (asked === null) throw new Error("There is a window");
        expect(period % base.period).toBe(0);
        const isAtTheBorder = [15, 63, 455].some(
          (days) => Math.abs(now - asked.start - days * DAY) < 2 * DAY,
        );
        if (!isAtTheBorder) expect(base.start).toBeLessThanOrEqual(asked.start);
        expect(base.end).toBeGreaterThanOrEqual(Math.min(asked.end, now));
      }
    }
  });

  it("refuses a period that makes more points than one reply should hold", () => {
    expect(() => window(now - 14 * DAY, now, 60)).toThrow("makes more than 100800 points");
    expect(metricsWindow({ start: now - 14 * DAY, end: now }, 60, 1, now)?.period).toBe(60);
  });
});
