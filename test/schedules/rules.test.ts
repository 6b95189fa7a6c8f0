import { describe, expect, it } from "vitest";
import { captureName, namesToTry, unknownPlaceholders } from "../../src/schedules/capture-name.ts";
import { isTimeZone } from "../../src/schedules/local-time.ts";
import { nextOccurrences } from "../../src/schedules/recurrence.ts";

const AFTER = Date.parse("2026-11-28T00:00:00Z");

const times = (rule: { cron?: string; rrule?: string; start?: string }, count = 3, timeZone = "UTC") =>
  nextOccurrences(
    { cron: null, rrule: null, start: null, createdAt: AFTER, ...rule, timeZone },
    AFTER,
    count,
  ).map((at) => new Date(at).toISOString().slice(0, 16));

describe("a rule of iCalendar", () => {
  it.each([
    ["FREQ=HOURLY", ["2026-11-28T01:00", "2026-11-28T02:00", "2026-11-28T03:00"]],
    ["FREQ=HOURLY;BYMINUTE=10,40", ["2026-11-28T00:10", "2026-11-28T00:40", "2026-11-28T01:10"]],
    ["FREQ=DAILY;BYHOUR=2;BYMINUTE=30", ["2026-11-28T02:30", "2026-11-29T02:30", "2026-11-30T02:30"]],
    ["FREQ=DAILY;BYHOUR=2,14;INTERVAL=1", ["2026-11-28T02:00", "2026-11-28T14:00", "2026-11-29T02:00"]],
    ["FREQ=DAILY;BYDAY=MO;BYHOUR=9", ["2026-11-30T09:00", "2026-12-07T09:00", "2026-12-14T09:00"]],
    [
      "FREQ=WEEKLY;BYDAY=TU,TH;BYHOUR=9;WKST=SU",
      ["2026-12-01T09:00", "2026-12-03T09:00", "2026-12-08T09:00"],
    ],
    ["FREQ=MONTHLY;BYMONTHDAY=1,15;BYHOUR=0", ["2026-12-01T00:00", "2026-12-15T00:00", "2027-01-01T00:00"]],
    ["FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=0", ["2026-11-30T00:00", "2026-12-31T00:00", "2027-01-31T00:00"]],
    ["FREQ=MONTHLY;BYDAY=1MO;BYHOUR=3", ["2026-12-07T03:00", "2027-01-04T03:00", "2027-02-01T03:00"]],
    ["FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=3", ["2026-12-25T03:00", "2027-01-29T03:00", "2027-02-26T03:00"]],
    [
      "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;BYHOUR=3",
      ["2027-08-13T03:00", "2028-10-13T03:00", "2029-04-13T03:00"],
    ],
    [
      "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=1",
      // The next ones are further away than five years.
      ["2028-02-29T01:00"],
    ],
    [
      "FREQ=YEARLY;BYMONTH=1,7;BYDAY=2TU;BYHOUR=1",
      ["2027-01-12T01:00", "2027-07-13T01:00", "2028-01-11T01:00"],
    ],
    ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1", []],
  ])("%s", (rrule, expected) => {
    expect(times({ rrule })).toEqual(expected);
  });

  it.each([
    ["", "must be parts such as FREQ=DAILY;BYHOUR=2;BYMINUTE=30"],
    ["daily", "must be parts such as"],
    ["BYHOUR=2", "FREQ must be one of MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY"],
    ["FREQ=SECONDLY;BYHOUR=2", "FREQ must be one of"],
    ["FREQ=DAILY;BYHOUR=2;UNTIL=", "UNTIL has no value"],
    ["FREQ=DAILY;FREQ=DAILY", "FREQ is there twice"],
    ["FREQ=DAILY", "BYHOUR is needed with FREQ=DAILY, unless there is a start"],
    ["FREQ=DAILY;BYHOUR=2;INTERVAL=0", "INTERVAL must be a number from 1 to 999999"],
    ["FREQ=DAILY;BYHOUR=2;INTERVAL=-1", "INTERVAL must be a number from 1"],
    ["FREQ=DAILY;BYHOUR=2;INTERVAL=1,2", "INTERVAL must be a number from 1"],
    ["FREQ=DAILY;BYHOUR=2;COUNT=0", "COUNT must be a number from 1 to 999999"],
    ["FREQ=DAILY;BYHOUR=2;COUNT=1000000", "COUNT must be a number from 1 to 999999"],
    ["FREQ=DAILY;BYHOUR=2;COUNT=3;UNTIL=20270101", "COUNT and UNTIL can't both be there"],
    ["FREQ=DAILY;BYHOUR=2;UNTIL=20270230", "UNTIL must be a time in UTC such as 20270101T000000Z, or a date"],
    ["FREQ=DAILY;BYHOUR=2;UNTIL=20270101T250000Z", "UNTIL must be a time in UTC"],
    ["FREQ=DAILY;BYHOUR=2;UNTIL=2027-01-01", "UNTIL must be a time in UTC"],
    ["FREQ=DAILY;BYHOUR=2;UNTIL=20270101T0000Z", "UNTIL must be a time in UTC"],
    ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=2;WKST=XX", "WKST must be one of SU, MO, TU, WE, TH, FR, SA"],
    ["FREQ=DAILY;BYHOUR=24", "BYHOUR must be numbers from 0 to 23"],
    ["FREQ=DAILY;BYHOUR=2;BYMINUTE=60", "BYMINUTE must be numbers from 0 to 59"],
    ["FREQ=DAILY;BYHOUR=2;BYSECOND=30", "BYSECOND can only be 0"],
    ["FREQ=DAILY;BYHOUR=2;BYDAY=1MO", "BYDAY can't have numbers with FREQ=DAILY"],
    ["FREQ=WEEKLY;BYHOUR=2", "BYDAY is needed with FREQ=WEEKLY"],
    ["FREQ=WEEKLY;BYHOUR=2;BYDAY=MO;BYMONTHDAY=1", "BYMONTHDAY is not possible with FREQ=WEEKLY"],
    ["FREQ=MONTHLY;BYHOUR=2", "BYMONTHDAY or BYDAY is needed with FREQ=MONTHLY"],
    ["FREQ=MONTHLY;BYHOUR=2;BYMONTHDAY=0", "BYMONTHDAY must be numbers from 1 to 31, or -31 to -1"],
    ["FREQ=MONTHLY;BYHOUR=2;BYDAY=XX", "BYDAY must be days such as MO,TU"],
    ["FREQ=MONTHLY;BYHOUR=2;BYDAY=MO,TU;BYSETPOS=1", "BYSETPOS is not possible: name the days"],
    ["FREQ=YEARLY;BYHOUR=2;BYMONTHDAY=1", "BYMONTH is needed with FREQ=YEARLY"],
    ["FREQ=DAILY;BYHOUR=2;X-MINE=1", "must be parts such as"],
    ["FREQ=DAILY;BYHOUR=2;BYEASTER=1", "BYEASTER is not known"],
  ])("%s is refused: %s", (rrule, message) => {
    expect(() => times({ rrule })).toThrow(message);
  });
});

describe("a cron expression", () => {
  it.each([
    ["30 2 * * *", ["2026-11-28T02:30", "2026-11-29T02:30", "2026-11-30T02:30"]],
    ["*/20 9-17 * jan-mar Mon-Fri", ["2027-01-01T09:00", "2027-01-01T09:20", "2027-01-01T09:40"]],
    ["0 0 * * 7", ["2026-11-29T00:00", "2026-12-06T00:00", "2026-12-13T00:00"]],
    ["0 0 13 * FRI", ["2026-12-04T00:00", "2026-12-11T00:00", "2026-12-13T00:00"]],
  ])("%s", (cron, expected) => {
    expect(times({ cron })).toEqual(expected);
  });

  it.each([
    ["", "must have five fields"],
    ["0 30 2 * * *", "must have five fields"],
    ["@daily", "must have five fields"],
    ["60 * * * *", "its minute must be"],
    ["0 24 * * *", "its hour must be"],
    ["0 0 0 * *", "its day of the month must be"],
    ["0 0 * 13 *", "its month must be"],
    ["0 0 * * 8", "its day of the week must be"],
    ["0 0 * mon *", "its month must be"],
    // A library would read these as something else than they say.
    ["5/15 * * * *", "its minute must be"],
    ["5x * * * *", "its minute must be"],
    ["0 22-2 * * *", "its hour must be"],
    ["*/0 * * * *", "its minute must be"],
    ["0 0 L * *", "its day of the month must be"],
    ["1,,2 * * * *", "its minute must be"],
  ])("%s is refused: %s", (cron, message) => {
    expect(() => times({ cron })).toThrow(message);
  });
});

it("time zones are IANA's, in any letter case", () => {
  for (const zone of ["UTC", "Europe/Vienna", "europe/vienna", "America/Argentina/Buenos_Aires"]) {
    expect([zone, isTimeZone(zone)]).toEqual([zone, true]);
  }
  for (const zone of ["", "Vienna", "Europe/Nowhere", "+02:00", "../etc", "x".repeat(100)]) {
    expect([zone, isTimeZone(zone)]).toEqual([zone, false]);
  }
});

describe("a capture's name", () => {
  const named = {
    schedule: "nightly",
    timeZone: "Europe/Vienna",
    occurrence: Date.parse("2026-11-28T23:30:00Z"),
    number: 7,
  };

  it("has local date and time, and the number", () => {
    expect(captureName("{schedule} {date} {time} #{number}", named)).toBe("nightly 2026-11-29 00:30 #7");
  });

  it("is cut, so that a number fits behind it", () => {
    const names = namesToTry("{schedule}", { ...named, schedule: "😀".repeat(100) });
    expect(names.every((name) => [...name].length <= 100 && name.isWellFormed())).toBe(true);
    expect(new Set(names).size).toBe(names.length);
    expect(names[1]).toBe(`${"😀".repeat(80)} (2)`);
  });

  it("knows no other placeholders", () => {
    expect(unknownPlaceholders("{schedule} {date}{time} {number}")).toEqual([]);
    expect(unknownPlaceholders("{day} {} {date")).toEqual(["{day}", "{}", "{date"]);
    expect(unknownPlaceholders("}")).toEqual(["}"]);
  });
});
