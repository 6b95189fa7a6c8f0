import { Cron } from "croner";
import { describe, expect, it } from "vitest";
import { localTimeAt, nextMoment } from "../../src/schedules/local-time.ts";
import { nextOccurrence, nextOccurrences } from "../../src/schedules/recurrence.ts";

const HOUR = 3_600_000;
/** A schedule without a start. */
const SINCE = { start: null, createdAt: 0 };

/** Zones that put their clocks forward and back in 2026, in both hemispheres: by an hour, by half an hour, at midnight, and for Ramadan. */
const ZONES = [
  "UTC",
  "Europe/Vienna",
  "America/New_York",
  "America/Havana",
  "America/St_Johns",
  "Australia/Lord_Howe",
  "Pacific/Chatham",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Asia/Kathmandu",
];

/** All occurrences in 2026, a little longer than the year. */
const inYear = (cron: string, timeZone: string): number[] => {
  const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 2)];
  const found: number[] = [];
  for (let at = nextOccurrence({ cron, rrule: null, ...SINCE, timeZone }, from); at !== null && at < to; ) {
    found.push(at);
    at = nextOccurrence({ cron, rrule: null, ...SINCE, timeZone }, at);
  }
  return found;
};

describe.each(ZONES)("through a year of %s", (timeZone) => {
  // Rules that name one hour, and rules of every hour: there croner agrees about what a gap and an hour that comes twice mean.
  it.each([
    "30 2 * * *",
    "15 2 * * *",
    "45 1 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "0 3 * * MON-FRI",
    "7 * * * *",
    "0 12 1 * *",
    "59 23 31 12 *",
    "10 0 13 * FRI",
  ])("%s comes when another library says so", (cron) => {
    const to = Date.UTC(2027, 0, 2);
    const theirs: number[] = [];
    const other = new Cron(cron, { timezone: timeZone, paused: true });
    for (let at = other.nextRun(new Date(Date.UTC(2026, 0, 1))); at !== null && at.getTime() < to; ) {
      theirs.push(at.getTime());
      at = other.nextRun(at);
    }
    expect(inYear(cron, timeZone)).toEqual(theirs);
    expect(theirs.length).toBeGreaterThan(0);
  });

  it("a rule of one time comes once on each day of the calendar", () => {
    const days = inYear("30 2 * * *", timeZone).map((at) =>
      new Date(localTimeAt(timeZone, at)).toISOString().slice(0, 10),
    );
    expect(new Set(days).size).toBe(days.length);
    expect(days.length).toBeGreaterThanOrEqual(365);
  });

  it("a rule of every hour comes once in each hour that passes", () => {
    const all = inYear("*/30 * * * *", timeZone);
    const steps = new Set(all.slice(1).map((at, i) => at - (all[i] as number)));
    expect([...steps]).toEqual([HOUR / 2]);
  });
});

describe("a local time that there is not", () => {
  it.each([
    ["Europe/Vienna", "30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00:00.000Z"],
    ["Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00Z", "2026-10-03T15:30:00.000Z"],
    ["America/Havana", "0 0 * * *", "2026-03-07T12:00Z", "2026-03-08T05:00:00.000Z"],
  ])("comes at once after the gap (%s)", (timeZone, cron, after, expected) => {
    const [first, second] = nextOccurrences(
      { cron, rrule: null, ...SINCE, timeZone },
      Date.parse(after),
      2,
    ) as [number, number];
    expect(new Date(first).toISOString()).toBe(expected);
    // The day after as always: 23 hours later and a part of one, or as much less as clocks were moved.
    expect(second - first).toBeLessThan(24 * HOUR);
    expect(second - first).toBeGreaterThanOrEqual(23 * HOUR);
  });

  it("comes once, however many of a rule's times are in the gap", () => {
    const found = nextOccurrences(
      { cron: "0,20,40 2 * * *", rrule: null, ...SINCE, timeZone: "Europe/Vienna" },
      Date.parse("2026-03-28T12:00Z"),
      2,
    );
    expect(found.map((at) => new Date(at).toISOString())).toEqual([
      "2026-03-29T01:00:00.000Z",
      "2026-03-30T00:00:00.000Z",
    ]);
  });
});

describe("a local time that comes twice", () => {
  it.each([
    [
      "Europe/Vienna",
      "30 2 * * *",
      "2026-10-24T12:00Z",
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ],
    [
      "Australia/Lord_Howe",
      "45 1 * * *",
      "2026-04-04T00:00Z",
      "2026-04-04T14:45:00.000Z",
      "2026-04-05T15:15:00.000Z",
    ],
  ])("counts the first time (%s)", (timeZone, cron, after, first, second) => {
    const found = nextOccurrences({ cron, rrule: null, ...SINCE, timeZone }, Date.parse(after), 2);
    expect(found.map((at) => new Date(at).toISOString())).toEqual([first, second]);
  });

  it("does not count the second time when it is asked for between the two", () => {
    const recurrence = { cron: "30 2 * * *", rrule: null, ...SINCE, timeZone: "Europe/Vienna" };
    const found = nextOccurrence(recurrence, Date.parse("2026-10-25T01:10:00Z")) as number;
    expect(new Date(found).toISOString()).toBe("2026-10-26T01:30:00.000Z");
  });

  it("counts both times for a rule of every hour", () => {
    const recurrence = { cron: "30 * * * *", rrule: null, ...SINCE, timeZone: "Europe/Vienna" };
    const found = nextOccurrences(recurrence, Date.parse("2026-10-25T00:00:00Z"), 3);
    expect(found.map((at) => new Date(at).toISOString())).toEqual([
      "2026-10-25T00:30:00.000Z",
      "2026-10-25T01:30:00.000Z",
      "2026-10-25T02:30:00.000Z",
    ]);
  });
});

it("an occurrence is after the time that is asked about, never at it", () => {
  const recurrence = { cron: "0 2 * * *", rrule: null, ...SINCE, timeZone: "UTC" };
  const at = Date.parse("2026-11-28T02:00:00Z");
  expect(nextOccurrence(recurrence, at - 1)).toBe(at);
  expect(nextOccurrence(recurrence, at)).toBe(at + 24 * HOUR);
});

it("a day that there is not never comes, and a leap day in four years", () => {
  const after = Date.parse("2026-11-28T00:00:00Z");
  expect(nextOccurrence({ cron: "0 0 30 2 *", rrule: null, ...SINCE, timeZone: "UTC" }, after)).toBeNull();
  expect(nextOccurrence({ cron: "0 0 29 2 *", rrule: null, ...SINCE, timeZone: "UTC" }, after)).toBe(
    Date.parse("2028-02-29T00:00:00Z"),
  );
});

describe("a rule that comes seldom", () => {
  // A leap day is a Friday in 2036 only.
  const SELDOM = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=FR;BYHOUR=2";
  const after = Date.parse("2026-11-28T00:00:00Z");

  it.each(["UTC", "Australia/Lord_Howe"])("is not looked for behind five years (%s)", (timeZone) => {
    const recurrence = { cron: null, rrule: SELDOM, ...SINCE, timeZone };
    expect(nextOccurrences(recurrence, after, 100)).toEqual([]);
    expect(nextOccurrence(recurrence, Date.parse("2031-02-28T00:00:00Z"))).toBeNull();
    const found = nextOccurrence(recurrence, Date.parse("2031-03-02T00:00:00Z")) as number;
    expect(new Date(localTimeAt(timeZone, found)).toISOString()).toBe("2036-02-29T02:00:00.000Z");
  });

  it("comes as often as there is time for in five years", () => {
    const recurrence = { cron: "0 2 1 1 *", rrule: null, ...SINCE, timeZone: "Australia/Lord_Howe" };
    const found = nextOccurrences(recurrence, after, 100);
    expect(found.map((at) => new Date(localTimeAt(recurrence.timeZone, at)).toISOString())).toEqual(
      [2027, 2028, 2029, 2030, 2031].map((year) => `${year}-01-01T02:00:00.000Z`),
    );
  });

  it("is asked about once, however often clocks are moved until it comes", () => {
    const asked: number[] = [];
    const rule = (local: number) => {
      asked.push(local);
      return Date.parse("2031-07-01T02:00:00Z");
    };
    const found = nextMoment("Australia/Lord_Howe", rule, false, after) as number;
    expect(new Date(found).toISOString()).toBe("2031-06-30T15:30:00.000Z");
    expect(asked).toHaveLength(1);
  });
});
