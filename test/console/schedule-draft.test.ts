import { expect, it } from "vitest";
import type { Schedule } from "../../src/client/schedules.ts";
import { draftOfSchedule, emptySchedule, scheduleRequest } from "../../src/console/lib/schedule-draft.ts";

const schedule: Schedule = {
  id: 1,
  name: "nightly",
  envId: 2,
  owner: { id: "u", name: "Demo" },
  cron: null,
  rrule: "FREQ=DAILY;BYHOUR=3",
  timeZone: "Europe/Vienna",
  start: null,
  captureName: "{schedule} {number}",
  duration: 5400,
  log: "slow",
  minDuration: 0.25,
  redact: "literals",
  maxBytes: 2_500_000_000,
  labels: { team: "orders" },
  notes: "by night",
  compare: true,
  keepLast: 7,
  captures: 3,
  state: "active",
  next: [],
  pausedAt: null,
  problem: null,
  createdAt: "2026-11-28T00:00:00.000Z",
  updatedAt: "2026-11-28T00:00:00.000Z",
};

it("the form of a schedule asks for what it was made of", () => {
  const { name, rrule, timeZone, captureName, duration, log, minDuration, redact, maxBytes } = schedule;
  const { labels, notes, compare, keepLast } = schedule;
  expect(scheduleRequest(draftOfSchedule(schedule))).toEqual({
    ...{ name, rrule, timeZone, captureName, duration, log, minDuration, redact, maxBytes },
    ...{ labels, notes, compare, keepLast },
  });
});

it("what is left empty in the form is asked for as nothing, so that a change takes it away", () => {
  const draft = draftOfSchedule(schedule);
  const emptied = {
    ...draft,
    log: "general",
    redact: false,
    maxGigabytes: "",
    labels: "",
    notes: " ",
    keepLast: "",
  };
  expect(scheduleRequest({ ...emptied, log: "general" })).toMatchObject({
    ...{
      log: "general",
      minDuration: null,
      redact: null,
      maxBytes: null,
      labels: {},
      notes: null,
      keepLast: null,
    },
  });
});

it("a new one is in the reader's time zone, and always ends by itself", () => {
  const draft = emptySchedule("5");
  expect(draft.timeZone).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const request = scheduleRequest({ ...draft, length: { ...draft.length, isTimed: false } });
  expect(request).toMatchObject({ cron: "30 2 * * *", duration: 3600 });
});
