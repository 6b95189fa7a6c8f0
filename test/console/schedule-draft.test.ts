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
    ...{ labels, notes, compare, keepLast, start: null },
  });
});

it("the form of a schedule has the end of its rule, and its start, in fields of their own", () => {
  const forms = [
    ["FREQ=DAILY;COUNT=7;BYHOUR=3", { rule: "FREQ=DAILY;BYHOUR=3", ending: "count", count: "7" }],
    ["COUNT=7;FREQ=DAILY", { rule: "FREQ=DAILY", ending: "count", count: "7" }],
    ["FREQ=DAILY;UNTIL=20270131", { rule: "FREQ=DAILY", ending: "until", until: "2027-01-31" }],
    // This is no day: it stays as it is.
    ["FREQ=DAILY;UNTIL=20270131T080000Z", { rule: "FREQ=DAILY;UNTIL=20270131T080000Z", ending: "none" }],
  ] as const;
  for (const [rrule, fields] of forms) {
    const draft = draftOfSchedule({ ...schedule, rrule, start: "2026-11-30T09:00" });
    expect(draft).toMatchObject({ ...fields, start: "2026-11-30T09:00" });
    const asked = scheduleRequest(draft);
    expect(asked.start).toBe("2026-11-30T09:00");
    expect(asked.rrule?.split(";").toSorted()).toEqual(rrule.split(";").toSorted());
  }
});

it("a cron expression is asked for without an end, whatever was chosen before", () => {
  const draft = {
    ...draftOfSchedule({ ...schedule, rrule: "FREQ=DAILY;COUNT=7" }),
    kind: "cron",
    rule: "0 3 * * *",
  } as const;
  const asked = scheduleRequest(draft);
  expect([asked.cron, asked.rrule]).toEqual(["0 3 * * *", undefined]);
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
