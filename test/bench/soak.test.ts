import { describe, expect, test } from "vitest";
import { type Left, type Move, violations } from "../../bench/soak/history.ts";
import { memoryGrowth } from "../../bench/soak/memory.ts";
import { wrongReply } from "../../bench/soak/replies.ts";

const START = 1_000_000;
const END = START + 60_000;
const KEPT = { stopped: false, deleted: false };

/** A capture that was scheduled, ran for a minute and ended by itself. */
const capture: Left = {
  status: "DONE",
  start: START + 40,
  end: END,
  scheduledStart: START,
  scheduledEnd: END,
  deletedAt: null,
  reason: null,
};
const history: readonly Move[] = [
  { time: START - 5000, from: null, to: "SCHEDULED", actor: "somebody", reason: null },
  { time: START + 10, from: "SCHEDULED", to: "STARTED", actor: "runner", reason: null },
  { time: START + 20, from: "STARTED", to: "STARTING", actor: "runner", reason: null },
  { time: START + 40, from: "STARTING", to: "RUNNING", actor: "runner", reason: null },
  { time: END + 10, from: "RUNNING", to: "STOPPING", actor: "runner", reason: null },
  { time: END + 400, from: "STOPPING", to: "DONE", actor: "runner", reason: null },
];

/** The history with one of its moves changed. */
const changed = (index: number, change: Partial<Move>) =>
  history.map((move, i) => (i === index ? { ...move, ...change } : move));

describe("the judge of a soak's histories", () => {
  test("finds nothing wrong with a capture that ran as it was scheduled", () => {
    expect(violations(capture, history, KEPT)).toEqual([]);
  });

  test("finds nothing wrong with one that was stopped before its time, as its caller was told", () => {
    const stopped = changed(4, { time: END - 5000, actor: "somebody" });
    expect(violations({ ...capture, end: END - 5000 }, stopped, { ...KEPT, stopped: true })).toEqual([]);
  });

  test("finds nothing wrong with one that was deleted while it ran", () => {
    const deleted = changed(4, {
      time: END - 5000,
      actor: "somebody",
      reason: "Deleted while it was running",
    });
    const row = { ...capture, end: END - 5000, deletedAt: END - 5000 };
    expect(violations(row, deleted, { ...KEPT, deleted: true })).toEqual([]);
  });

  test("finds nothing wrong with one that recorded as much as it may and was ended for it", () => {
    const full = changed(4, { time: END - 5000, reason: "It recorded as much as it may" });
    expect(violations({ ...capture, end: END - 5000 }, full, KEPT)).toEqual([]);
  });

  test.each(history.map((move, i) => [`to ${move.to}`, i] as const))(
    "finds that the move %s is lost",
    (_, lost) => {
      const rest = history.filter((_, i) => i !== lost);
      expect(violations(capture, rest, KEPT)).not.toEqual([]);
    },
  );

  test.each(history.map((move, i) => [`to ${move.to}`, i] as const))(
    "finds that the move %s is repeated",
    (_, repeated) => {
      const twice = history.toSpliced(repeated, 0, history[repeated] as Move);
      expect(violations(capture, twice, KEPT)).toContainEqual(expect.stringMatching(/is repeated$/));
    },
  );

  test.each([
    ["a beginning that none may have", changed(0, { to: "RUNNING" })],
    ["a step that is left out", changed(3, { from: "STARTED" })],
    ["a way back", changed(4, { to: "SCHEDULED" })],
    ["a life after the end", [...history, { ...(history[4] as Move), from: "DONE", to: "RUNNING" }]],
    ["a state that does not exist", changed(3, { to: "PAUSED" })],
  ])("finds %s illegal", (_, moves) => {
    expect(violations(capture, moves, KEPT)).toContainEqual(expect.stringMatching(/is illegal$/));
  });

  test("finds a start and an end that came early", () => {
    expect(violations(capture, changed(1, { time: START - 7 }), KEPT)).toEqual([
      "it moved to STARTED 7 ms early",
    ]);
    expect(violations(capture, changed(4, { time: END - 9 }), KEPT)).toEqual([
      "it moved to STOPPING 9 ms early",
    ]);
  });

  test("finds an end that the service made up for a capture that has none", () => {
    const endless = { ...capture, scheduledEnd: null };
    expect(violations(endless, history, KEPT)).toEqual(["it moved to STOPPING, which nothing called for"]);
  });

  test.each([
    ["has not ended", { status: "STOPPING" }, history.slice(0, 5), /it has not ended but is STOPPING/],
    [
      "is not what its history says",
      { status: "FAILED", reason: "why" },
      history,
      /its last move was to DONE/,
    ],
    ["failed without a reason", { status: "FAILED" }, changed(5, { to: "FAILED" }), /without a reason/],
    ["has no end", { end: null }, history, /without a start or an end/],
    ["ended before it started", { end: START }, history, /ended before it started/],
    ["ended too late", { end: END + 1 }, history, /after its scheduled end/],
  ])("finds a capture wrong that %s", (_, change, moves, problem) => {
    expect(violations({ ...capture, ...change }, moves, KEPT)).toEqual([expect.stringMatching(problem)]);
  });

  test("finds a stop and a deletion that were answered and not done, or refused and done", () => {
    const stopped = changed(4, { actor: "somebody" });
    expect(violations(capture, history, { ...KEPT, stopped: true })).toEqual([
      "a stop is lost that was answered",
    ]);
    expect(violations(capture, stopped, KEPT)).toEqual(["it was stopped by a request that was refused"]);
    expect(violations(capture, history, { ...KEPT, deleted: true })).toEqual([
      "a deletion is lost that was answered",
    ]);
    const deleted = { ...capture, deletedAt: END };
    expect(violations(deleted, history, KEPT)).toEqual(["it was deleted by a request that was refused"]);
  });

  test("accepts either outcome of a stop and a deletion whose answer was lost, and nothing else", () => {
    const lost = { stopped: "unknown", deleted: "unknown" } as const;
    const stopped = changed(4, { time: END - 5000, actor: "somebody" });
    expect(violations(capture, history, lost)).toEqual([]);
    expect(violations({ ...capture, end: END - 5000 }, stopped, lost)).toEqual([]);
    expect(violations({ ...capture, deletedAt: END }, history, lost)).toEqual([]);
    // A repeated request is done once.
    const twice = stopped.toSpliced(5, 0, stopped[4] as Move);
    expect(violations({ ...capture, end: END - 5000 }, twice, lost)).toEqual([
      "the move from RUNNING to STOPPING is repeated",
    ]);
    const stuck = { ...capture, status: "STOPPING" };
    expect(violations(stuck, history.slice(0, 5), lost)).toEqual(["it has not ended but is STOPPING"]);
  });
});

describe("the judge of a soak's replies", () => {
  const reply = { status: 200, retryAfter: undefined, allowed: [200, 404], isPlatformFailing: true };
  const unavailable = { ...reply, status: 503, retryAfter: "5" };

  test("accepts what the description allows, and a 503 with Retry-After while the platform fails", () => {
    expect(wrongReply(reply)).toBe(null);
    expect(wrongReply({ ...reply, status: 404, isPlatformFailing: false })).toBe(null);
    expect(wrongReply(unavailable)).toBe(null);
    // AWS may fail whatever the platform does.
    expect(wrongReply({ ...unavailable, allowed: [200, 503], isPlatformFailing: false })).toBe(null);
  });

  test("finds a 503 wrong while nothing failed", () => {
    expect(wrongReply({ ...unavailable, isPlatformFailing: false })).toMatch(/while nothing was away/);
  });

  test.each([undefined, "", "0", "-1", "soon"])(
    "finds a 503 wrong with a Retry-After of %j",
    (retryAfter) => {
      expect(wrongReply({ ...unavailable, retryAfter })).toMatch(/without a Retry-After/);
    },
  );

  test.each([500, 502, 504, 401, 409, 429, 201, 0])("finds a %i wrong, whatever fails", (status) => {
    expect(wrongReply({ ...unavailable, status })).toBe(`was answered ${status}`);
  });
});

describe("a soak's memory", () => {
  const samples = (mib: (second: number) => number, seconds = 300) =>
    Array.from({ length: seconds + 1 }, (_, second) => ({ at: second * 1000, mib: mib(second) }));

  test("is flat when it grows at first and then varies", () => {
    const filling = samples((second) => Math.min(second, 60) * 4 + (second % 7) * 5);
    expect(memoryGrowth(filling)).toMatchObject({ isFlat: true });
  });

  test("has grown when it grows by a megabyte a second", () => {
    expect(memoryGrowth(samples((second) => 200 + second))).toEqual({ early: 343, late: 478, isFlat: false });
  });

  test("is compared from the tenth minute on when an hour was watched", () => {
    const filling = samples((second) => Math.min(second, 600), 3600);
    expect(memoryGrowth(filling)).toEqual({ early: 600, late: 600, isFlat: true });
  });

  test("has grown when it grows slowly for an hour", () => {
    expect(memoryGrowth(samples((second) => 400 + second / 10, 3600))).toMatchObject({ isFlat: false });
  });

  test("is not judged when it was watched too shortly", () => {
    expect(memoryGrowth(samples(() => 200).slice(0, 100))).toBe(null);
  });
});
