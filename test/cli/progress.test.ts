import { describe, expect, test } from "vitest";
import { progressOf, type Seen } from "../../src/cli/capture-progress.ts";
import { rowsOf, type TopState, topLines } from "../../src/cli/top-view.ts";
import type { Capture, FullCapture, LiveMessage, WorkloadDigest } from "../../src/client/index.ts";

const now = Date.parse("2026-11-28T14:30:00Z");
const capture: Capture = {
  id: 7,
  name: "nightly",
  start: "2026-11-28T14:29:00Z",
  scheduledStart: null,
  scheduledEnd: "2026-11-28T14:33:00Z",
  end: null,
  status: "RUNNING",
  envId: 1,
  type: "CAPTURE",
  reason: null,
};
const workload = { records: 1300, statements: 1234, bytes: 5, gapCount: 0, problem: null };
const seen = (changes: Partial<Capture> = {}, more: Partial<Seen> = {}): Seen => ({
  capture: { ...capture, ...changes },
  obstacle: null,
  workload,
  behindBy: null,
  ...more,
});

describe("the progress of a capture", () => {
  test("says how much of its time is over, what it has, and how far behind it is", () => {
    expect(progressOf(seen({}, { behindBy: 12 }), now)).toEqual({
      label: "Recording",
      fraction: 0.25,
      details: ["3m left", "1,234 statements", "behind by 12s"],
    });
  });
  test("says how long it has run where nobody knows its end", () => {
    expect(progressOf(seen({ scheduledEnd: null }), now)).toMatchObject({
      fraction: null,
      details: ["for 1m", "1,234 statements"],
    });
  });
  test("counts down to a scheduled start", () => {
    const scheduled = { status: "SCHEDULED", start: null, scheduledStart: "2026-11-28T16:30:00Z" } as const;
    expect(progressOf(seen(scheduled, { workload: null }), now)).toEqual({
      label: "Scheduled",
      fraction: null,
      details: ["starts in 2h"],
    });
  });
  test("says what stands in the way, and what can't be read, without what would steer a terminal", () => {
    const starting = { status: "STARTING", start: null } as const;
    expect(progressOf(seen(starting, { workload: null, obstacle: "denied\x1b[2J" }), now).details).toEqual([
      "denied\\x1b[2J",
    ]);
    const problem = { since: "2026-11-28T14:29:30Z", reason: "The log can't be read" };
    expect(progressOf(seen({}, { workload: { ...workload, gapCount: 1, problem } }), now).details).toEqual([
      "3m left",
      "1,234 statements",
      "1 gap",
      "The log can't be read",
    ]);
  });
  test("never has less than nothing left, whatever the clocks say", () => {
    expect(progressOf(seen(), now + 600_000).details[0]).toBe("0s left");
  });
});

describe("the screen of top", () => {
  const statement = (fingerprint: string, count: number): WorkloadDigest =>
    ({
      fingerprint,
      count,
      digest: `select ${fingerprint}`,
      share: 0.5,
      timeShare: 0.25,
      totalMicros: 5e6,
      meanMicros: 2e3,
      p99Micros: 9e3,
    }) as WorkloadDigest;
  const state = (at: number, digest: WorkloadDigest[], log: FullCapture["log"] = "slow"): TopState => ({
    capture: { ...capture, log } as FullCapture,
    live: { capture, obstacle: null, clusterRole: null, workload } as LiveMessage,
    digest,
    order: "time",
    at,
  });
  const size = { rows: 6, columns: 72, title: (text: string) => text, isPaused: false };

  test("has rates since the time before, and none at first or for a new statement", () => {
    const first = state(now, [statement("a", 10), statement("b", 5)]);
    const second = state(now + 2000, [statement("a", 16), statement("c", 4), statement("b", 4)]);
    expect(rowsOf(first, null).map(({ rate }) => rate)).toEqual([null, null]);
    expect(rowsOf(second, first).map(({ rate }) => rate)).toEqual([3, null, 0]);
    expect(rowsOf(second, { ...first, at: second.at }).map(({ rate }) => rate)).toEqual([null, null, null]);
  });
  test("fits the terminal, whatever its size", () => {
    const many = Array.from({ length: 50 }, (_, at) => statement(`${at} ${"x".repeat(100)}`, at));
    for (const [rows, columns] of [
      [24, 100],
      [6, 72],
      [3, 60],
      [1, 60],
    ] as const) {
      const lines = topLines(state(now, many), null, { ...size, rows, columns });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines.slice(0, 2)) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });
  test("shows times where the slow log says them, and shares of calls elsewhere", () => {
    const digest = [statement("a", 10)];
    expect(topLines(state(now, digest), null, size).slice(3)).toEqual([
      "TIME%  TIME  CALLS  CALLS/S  MEAN   P99  STATEMENT",
      "25.0%   5 s     10        -  2 ms  9 ms  select a",
    ]);
    expect(topLines(state(now, digest, "general"), null, size).slice(3)).toEqual([
      "CALLS%  CALLS  CALLS/S  STATEMENT",
      " 50.0%     10        -  select a",
    ]);
  });
  test("says that it is paused", () => {
    expect(topLines(state(now, []), null, { ...size, isPaused: true })[1]).toMatch(/^by time, paused/);
  });
});
