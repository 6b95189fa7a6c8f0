import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  archiveDueAt,
  type CaptureState,
  dueAt,
  heartbeat,
  isTransition,
  nextStep,
  run,
  stopRefusal,
  TRANSITIONS,
} from "../../src/captures/lifecycle.ts";
import { refuseStop } from "../../src/captures/refusals.ts";
import { hasEnded, STATUSES } from "../../src/db/states.ts";

const NOW = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const state = (fields: Partial<CaptureState>): CaptureState => ({
  status: "RUNNING",
  start: null,
  scheduledStart: null,
  scheduledEnd: null,
  duration: null,
  ...fields,
});

describe("the table of transitions", () => {
  it("has none from the states that have ended, and a failure from all others", () => {
    for (const status of STATUSES) {
      expect(Object.keys(TRANSITIONS[status]).length === 0).toBe(hasEnded(status));
      expect(isTransition(status, "FAILED")).toBe(!hasEnded(status));
    }
  });

  it("reaches no state twice", () => {
    for (const status of STATUSES)
      for (const to of Object.values(TRANSITIONS[status]))
        expect(STATUSES.indexOf(to)).toBeGreaterThan(STATUSES.indexOf(status));
  });
});

describe("the next step", () => {
  it("never starts a scheduled capture early, not even by a millisecond", () => {
    const scheduled = state({ status: "SCHEDULED", scheduledStart: NOW });
    expect(nextStep(scheduled, NOW - 1)).toEqual({ do: "wait", until: NOW });
    expect(nextStep(scheduled, NOW)).toEqual({
      do: "transition",
      transition: { from: "SCHEDULED", to: "STARTED" },
    });
  });

  it("starts a scheduled capture however late, as long as its end has not passed", () => {
    const scheduled = state({ status: "SCHEDULED", scheduledStart: NOW, scheduledEnd: NOW + DAY });
    expect(nextStep(scheduled, NOW + DAY - 1)).toMatchObject({ transition: { to: "STARTED" } });
    expect(nextStep(scheduled, NOW + DAY)).toMatchObject({
      transition: { to: "FAILED", reason: expect.any(String) },
    });
  });

  it("still runs a back-dated capture whose end has passed", () => {
    expect(nextStep(state({ status: "STARTING", start: NOW - DAY, scheduledEnd: NOW - 1 }), NOW)).toEqual({
      do: "start",
    });
  });

  it("ends a running capture at its scheduled end, however late it looks", () => {
    const running = state({ scheduledEnd: NOW });
    expect(nextStep(running, NOW - 1)).toEqual({ do: "collect", until: NOW });
    expect(nextStep(running, NOW + DAY)).toEqual({
      do: "transition",
      transition: { from: "RUNNING", to: "STOPPING", end: NOW },
    });
  });

  it("leaves a capture without a scheduled end running until it is stopped", () => {
    expect(nextStep(state({}), NOW + 1000 * DAY)).toEqual({ do: "collect", until: null });
  });

  it.each(["DONE", "FAILED"] as const)(
    "has the metrics of a %s capture archived when due, and then rests",
    (status) => {
      const dueAt = archiveDueAt(NOW);
      expect(nextStep(state({ status, dueAt }), NOW - 1)).toEqual({ do: "wait", until: NOW });
      expect(nextStep(state({ status, dueAt }), NOW)).toEqual({ do: "archive" });
      expect(nextStep(state({ status, dueAt: null }), NOW)).toEqual({ do: "rest" });
    },
  );

  it("only ever makes transitions of the table, from any state at any time", () => {
    const time = fc.option(fc.integer({ min: NOW - DAY, max: NOW + DAY }));
    fc.assert(
      fc.property(
        fc.constantFrom(...STATUSES),
        time,
        time,
        time,
        fc.integer({ min: NOW - DAY, max: NOW + DAY }),
        (status, start, scheduledStart, scheduledEnd, now) => {
          const step = nextStep({ status, start, scheduledStart, scheduledEnd, duration: null }, now);
          if (step.do !== "transition") return step.do !== "wait" || step.until === null || step.until > now;
          return step.transition.from === status && isTransition(status, step.transition.to);
        },
      ),
    );
  });
});

describe("the transition to RUNNING", () => {
  it("counts the duration of an immediate capture from when it really started", () => {
    expect(run(state({ duration: MINUTE }), NOW)).toMatchObject({ start: NOW, scheduledEnd: NOW + MINUTE });
  });

  it("keeps the scheduled end of a scheduled capture", () => {
    const transition = run(
      state({ duration: MINUTE, scheduledStart: NOW - 5000, scheduledEnd: NOW + 55_000 }),
      NOW,
    );
    expect(transition).toEqual({ from: "STARTING", to: "RUNNING", start: NOW });
  });

  it("fails when the scheduled end passed while AWS was asked, rather than start after it ended", () => {
    const late = state({ status: "STARTING", scheduledStart: NOW - MINUTE, scheduledEnd: NOW });
    expect(run(late, NOW - 1)).toMatchObject({ to: "RUNNING", start: NOW - 1 });
    expect(run(late, NOW)).toMatchObject({ from: "STARTING", to: "FAILED", reason: expect.any(String) });
  });

  it("keeps the start that a back-dated capture was given", () => {
    expect(run(state({ start: NOW - DAY }), NOW)).toEqual({ from: "STARTING", to: "RUNNING" });
  });
});

describe("stopping", () => {
  it.each([
    ["SCHEDULED", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STARTED", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STARTING", "Cannot stop a capture until it has started completely. Try again soon."],
    ["STOPPING", "This capture has already been stopped"],
    ["DONE", "This capture has already been stopped"],
    ["FAILED", "This capture failed and is no longer running"],
  ] as const)("is refused while %s", (status, message) => {
    const refused = stopRefusal(status);
    if (refused === null) throw new Error("It is refused");
    expect(refuseStop(refused)).toMatchObject({ status: 409, message });
  });

  it("is possible while RUNNING only", () => {
    expect(STATUSES.filter((status) => stopRefusal(status) === null)).toEqual(["RUNNING"]);
  });
});

describe("cron's safety net", () => {
  it.each(STATUSES)("comes to a capture that stays %s, within minutes", (status) => {
    for (const scheduledEnd of [null, NOW + DAY]) {
      const due = dueAt(status, { scheduledStart: NOW, scheduledEnd }, NOW);
      expect(due).toBeGreaterThan(NOW);
      expect(due).toBeLessThan(NOW + 10 * MINUTE);
    }
  });

  it("comes to a running capture at its end, if that is sooner", () => {
    expect(dueAt("RUNNING", { scheduledStart: null, scheduledEnd: NOW + MINUTE }, NOW)).toBe(
      NOW + MINUTE + 5000,
    );
  });

  it("comes to a scheduled capture after its start only", () => {
    expect(dueAt("SCHEDULED", { scheduledStart: NOW + DAY, scheduledEnd: null }, NOW)).toBeGreaterThan(
      NOW + DAY,
    );
  });
});

describe("a running capture's heartbeat", () => {
  const running = (scheduledEnd: number | null) => {
    const schedule = { scheduledStart: null, scheduledEnd };
    return { ...schedule, status: "RUNNING" as const, dueAt: dueAt("RUNNING", schedule, NOW) };
  };

  it("is written once for several readings of the log, and before cron would come", () => {
    for (const every of [100, 10_000, 60_000]) {
      const capture = running(null);
      let readings = 0;
      let signs = 0;
      for (let now = NOW; now < NOW + 60 * MINUTE; now += every) {
        expect(capture.dueAt).toBeGreaterThan(now);
        readings++;
        const due = heartbeat(capture, now);
        if (due === null) continue;
        signs++;
        capture.dueAt = due;
      }
      expect(signs).toBeGreaterThanOrEqual(60 / 3);
      expect(signs).toBeLessThanOrEqual(Math.min(60, readings / 2));
    }
  });

  it("is not needed any more once cron would come at the end", () => {
    expect(heartbeat(running(NOW + MINUTE), NOW + MINUTE - 1)).toBeNull();
    expect(heartbeat(running(NOW + 4 * MINUTE), NOW + 2 * MINUTE)).toBe(NOW + 4 * MINUTE + 5000);
  });

  it("is written by a capture that is stopping for long, whose scheduled end has passed", () => {
    expect(heartbeat({ ...running(NOW - MINUTE), status: "STOPPING" }, NOW)).toBeGreaterThan(NOW + MINUTE);
  });

  it("is written for a capture without a due time", () => {
    expect(heartbeat({ ...running(null), dueAt: null }, NOW)).toBeGreaterThan(NOW);
  });
});
