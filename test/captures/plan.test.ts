import { describe, expect, it } from "vitest";
import { type CaptureRequest, planCapture } from "../../src/captures/plan.ts";
import { refusePlan } from "../../src/captures/refusals.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const request = (fields: Partial<CaptureRequest>): CaptureRequest => ({
  name: "n",
  envId: 1,
  status: null,
  start: null,
  scheduledStart: null,
  duration: null,
  redact: "secrets",
  maxBytes: null,
  ...fields,
});

describe("planning a capture", () => {
  it("starts now unless a scheduled start is given", () => {
    expect(planCapture(request({}), NOW)).toMatchObject({ status: "STARTED", scheduledEnd: null });
    expect(planCapture(request({ scheduledStart: NOW + DAY }), NOW)).toMatchObject({ status: "SCHEDULED" });
  });

  it.each([
    ["now", {}, NOW + MINUTE],
    ["the back-dated start", { start: NOW - DAY }, NOW - DAY + MINUTE],
    ["the scheduled start", { scheduledStart: NOW + DAY }, NOW + DAY + MINUTE],
  ])("counts the duration from %s", (_, fields, scheduledEnd) => {
    expect(planCapture(request({ duration: MINUTE, ...fields }), NOW)).toMatchObject({ scheduledEnd });
  });

  it.each([
    ["a duration below a minute", { duration: MINUTE - 1000 }, "Duration must be at least 60 seconds"],
    ["a negative duration", { duration: -1000 }, "Duration must be at least 60 seconds"],
    [
      "a duration above 31 days",
      { duration: 31 * DAY + 1000 },
      "duration: must be at most 2678400 seconds (31 days)",
    ],
    ["SCHEDULED without a time", { status: "SCHEDULED" }, "Cannot schedule without a schedule start time"],
    ["a scheduled start long past", { scheduledStart: NOW - MINUTE - 1 }, "scheduledStart: is in the past"],
    [
      "a scheduled start too far ahead",
      { scheduledStart: NOW + 366 * DAY + 1 },
      "scheduledStart: is more than a year ahead",
    ],
    ["a start in the future", { start: NOW + 1 }, "start: is in the future; use scheduledStart"],
    [
      "a scheduled capture that has started",
      { scheduledStart: NOW + DAY, start: NOW },
      "start: a scheduled capture can't have started already",
    ],
    [
      "a scheduled start that is to be ignored",
      { scheduledStart: NOW + DAY, status: "STARTED" },
      "scheduledStart: a capture with a scheduled start has the status SCHEDULED, not STARTED",
    ],
  ] as [string, Partial<CaptureRequest>, string][])("refuses %s", (_, fields, message) => {
    const plan = planCapture(request(fields), NOW);
    if (!("refused" in plan)) throw new Error("It is refused");
    expect(refusePlan(plan.refused, request(fields))).toMatchObject({ status: 400, message });
  });

  it.each([
    ["exactly a minute", { duration: MINUTE }],
    ["exactly 31 days", { duration: 31 * DAY }],
    ["a scheduled start a minute late", { scheduledStart: NOW - MINUTE }],
    ["a scheduled start a year ahead", { scheduledStart: NOW + 365 * DAY }],
    ["a start of right now", { start: NOW }],
  ] as [string, Partial<CaptureRequest>][])("accepts %s", (_, fields) => {
    expect(planCapture(request(fields), NOW)).not.toHaveProperty("refused");
  });
});
