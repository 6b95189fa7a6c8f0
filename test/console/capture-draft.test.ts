import { describe, expect, it } from "vitest";
import type { FullCapture } from "../../src/captures/replies.ts";
import { draftOf, emptyDraft, requestOf } from "../../src/console/lib/capture-draft.ts";
import { lengthOf, secondsOf } from "../../src/console/lib/lengths.ts";

const NOW = Date.parse("2026-06-01T12:00:00Z");

const failed: FullCapture = {
  id: 7,
  name: "nightly",
  start: null,
  scheduledStart: "2026-06-01T02:00:00.000Z",
  scheduledEnd: "2026-06-01T03:00:00.000Z",
  end: null,
  status: "FAILED",
  envId: 3,
  type: "CAPTURE",
  reason: "AWS refused the credentials",
  owner: { id: "u", name: "Demo" },
  createdAt: "2026-05-31T12:00:00.000Z",
  duration: 3600,
  backDated: false,
  log: "both",
  minDuration: 2.5,
  redact: "literals",
  maxBytes: 5_000_000_000,
  labels: { release: "1.2" },
  notes: "before the release",
  failedFrom: "STARTING",
  obstacle: null,
  clusterRole: null,
  erased: null,
  deletedAt: null,
  schedule: null,
  restorableUntil: null,
};

describe("another try of a capture", () => {
  it("has its fields, another name, and starts now where its scheduled start has passed", () => {
    expect(requestOf(draftOf(failed, NOW))).toEqual({
      name: "nightly (2)",
      envId: 3,
      duration: 3600,
      log: "both",
      minDuration: 2.5,
      redact: "literals",
      maxBytes: 5_000_000_000,
      labels: { release: "1.2" },
      notes: "before the release",
    });
  });

  it("is scheduled for the same time while that is to come", () => {
    const scheduledStart = "2026-06-02T02:00:00.000Z";
    expect(requestOf(draftOf({ ...failed, scheduledStart }, NOW))).toMatchObject({ scheduledStart });
  });

  it("of a back-dated one is of the same time", () => {
    const start = "2026-05-19T22:06:00.000Z";
    const draft = draftOf({ ...failed, scheduledStart: null, start, backDated: true, duration: null }, NOW);
    expect(requestOf(draft)).toMatchObject({ start });
    expect(requestOf(draft)).not.toHaveProperty("duration");
  });

  it.each([
    ["nightly (2)", "nightly (3)"],
    ["nightly (9999)", "nightly (10000)"],
    ["x".repeat(100), `${"x".repeat(96)} (2)`],
  ])("has a name that is not taken: %s", (name, next) => {
    expect(draftOf({ ...failed, name }, NOW).name).toBe(next);
  });
});

it("a new capture asks for nothing that was not chosen", () => {
  expect(requestOf({ ...emptyDraft("1"), name: "now" })).toEqual({ name: "now", envId: 1, duration: 1800 });
});

it("a length is shown in the largest unit that has a whole number of it", () => {
  for (const [seconds, amount, unit] of [
    [86_400, "1", "days"],
    [5400, "90", "minutes"],
    [7200, "2", "hours"],
    [90, "1.5", "minutes"],
  ] as const) {
    expect(lengthOf(seconds)).toEqual({ isTimed: true, amount, unit });
    expect(secondsOf(lengthOf(seconds))).toBe(seconds);
  }
  expect(secondsOf(lengthOf(null))).toBeNull();
});
