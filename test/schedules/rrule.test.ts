import { describe, expect, it } from "vitest";
import { nextOccurrence, nextOccurrences, type Recurrence } from "../../src/schedules/recurrence.ts";

const DAY = 24 * 60 * 60 * 1000;

const rule = (rrule: string, more: Partial<Recurrence> = {}): Recurrence => ({
  ...{ cron: null, rrule, timeZone: "UTC", start: null, createdAt: Date.parse("2026-11-28T14:37:20Z") },
  ...more,
});

/** Occurrences after a time, or after the making, to the minute in UTC. */
const times = (recurrence: Recurrence, count = 4, after?: string): string[] =>
  nextOccurrences(recurrence, after === undefined ? recurrence.createdAt : Date.parse(after), count).map(
    (at) => new Date(at).toISOString().slice(0, 16),
  );

/** The days of occurrences in New York, such as `970902`. */
function daysOf(rrule: string, count: number, start = "1997-09-02T09:00"): string[] {
  const recurrence = rule(rrule, { timeZone: "America/New_York", start });
  const day = new Intl.DateTimeFormat("sv", { timeZone: "America/New_York", dateStyle: "short" });
  return nextOccurrences(recurrence, Date.parse(`${start}Z`) - DAY, count).map((at) =>
    day.format(at).slice(2).replaceAll("-", ""),
  );
}

// Where a list is longer than what is asked for, the RFC says "...".
describe("an example of RFC 5545, section 3.8.5.3", () => {
  it.each([
    ["FREQ=DAILY;COUNT=10", "970902 970903 970904 970905 970906 970907 970908 970909 970910 970911"],
    ["FREQ=DAILY;INTERVAL=2", "970902 970904 970906 970908 970910"],
    ["FREQ=DAILY;INTERVAL=10;COUNT=5", "970902 970912 970922 971002 971012"],
    [
      "FREQ=WEEKLY;UNTIL=19971224T000000Z",
      "970902 970909 970916 970923 970930 971007 971014 971021 971028 971104 971111 971118 971125 971202 971209 971216 971223",
    ],
    ["FREQ=WEEKLY;INTERVAL=2;WKST=SU", "970902 970916 970930 971014 971028 971111 971125"],
    [
      "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH",
      "970902 970904 970909 970911 970916 970918 970923 970925 970930 971002",
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
      "970902 970904 970916 970918 970930 971002 971014 971016",
    ],
    [
      "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
      "970910 970911 970912 970913 970914 970915 990310 990311 990312 990313",
      "1997-09-10T09:00",
    ],
    ["FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", "970902 970909 970916 970923 970930 971104 971111 971118 971125"],
    [
      "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15",
      "970902 970915 971002 971015 971102 971115 971202 971215 980102 980115",
    ],
    [
      "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1",
      "970930 971001 971031 971101 971130 971201 971231 980101 980131 980201",
    ],
    [
      "FREQ=YEARLY;COUNT=10;BYMONTH=6,7",
      "970610 970710 980610 980710 990610 990710 000610 000710 010610 010710",
      "1997-06-10T09:00",
    ],
    [
      "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3",
      "970310 990110 990210 990310 010110 010210 010310",
      "1997-03-10T09:00",
    ],
    ["FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "980213 980313 981113 990813 001013"],
    [
      "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
      "961105 001107",
      "1996-11-05T09:00",
    ],
    ["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "970805 970810 970819 970824", "1997-08-05T09:00"],
    ["FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "970805 970817 970819 970831", "1997-08-05T09:00"],
  ] as [string, string, string?][])("%s", (rrule, expected, start) => {
    const days = expected.split(" ");
    // One more where the rule ends by itself, to see that it does.
    const more =
      rrule.includes("UNTIL") ||
      rrule.includes(`COUNT=${days.length};`) ||
      rrule.endsWith(`COUNT=${days.length}`);
    expect(daysOf(rrule, days.length + (more ? 1 : 0), start)).toEqual(days);
  });
});

describe("a rule without a start", () => {
  it.each([
    ["FREQ=HOURLY;COUNT=3", ["2026-11-28T15:00", "2026-11-28T16:00", "2026-11-28T17:00"]],
    [
      "FREQ=HOURLY;INTERVAL=6",
      ["2026-11-28T20:00", "2026-11-29T02:00", "2026-11-29T08:00", "2026-11-29T14:00"],
    ],
    ["FREQ=MINUTELY;INTERVAL=90;COUNT=3", ["2026-11-28T16:07", "2026-11-28T17:37", "2026-11-28T19:07"]],
    ["FREQ=DAILY;INTERVAL=3;BYHOUR=2;COUNT=2", ["2026-12-01T02:00", "2026-12-04T02:00"]],
    [
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;BYHOUR=9",
      ["2026-11-29T09:00", "2026-12-07T09:00", "2026-12-13T09:00", "2026-12-21T09:00"],
    ],
    [
      "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;BYHOUR=9;WKST=SU",
      ["2026-12-06T09:00", "2026-12-07T09:00", "2026-12-20T09:00", "2026-12-21T09:00"],
    ],
    [
      "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1;BYHOUR=0",
      ["2027-02-01T00:00", "2027-05-01T00:00", "2027-08-01T00:00", "2027-11-01T00:00"],
    ],
    [
      "FREQ=YEARLY;INTERVAL=2;BYMONTH=12;BYMONTHDAY=24;BYHOUR=0;COUNT=2",
      ["2026-12-24T00:00", "2028-12-24T00:00"],
    ],
  ])("is counted from its making: %s", (rrule, expected) => {
    expect(times(rule(rrule))).toEqual(expected);
  });

  it("means the same however late it is asked", () => {
    const recurrence = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=9");
    const all = times(recurrence, 40);
    for (const [i, time] of all.slice(0, 30).entries()) {
      expect(times(recurrence, 3, `${time}Z`)).toEqual(all.slice(i + 1, i + 4));
    }
  });
});

describe("a start", () => {
  const START = "2026-12-02T09:30";

  it.each([
    ["FREQ=MINUTELY;INTERVAL=20", ["2026-12-02T09:30", "2026-12-02T09:50", "2026-12-02T10:10"]],
    ["FREQ=HOURLY;INTERVAL=8", ["2026-12-02T09:30", "2026-12-02T17:30", "2026-12-03T01:30"]],
    ["FREQ=DAILY", ["2026-12-02T09:30", "2026-12-03T09:30", "2026-12-04T09:30"]],
    ["FREQ=DAILY;BYHOUR=8,10", ["2026-12-02T10:30", "2026-12-03T08:30", "2026-12-03T10:30"]],
    ["FREQ=WEEKLY;INTERVAL=2", ["2026-12-02T09:30", "2026-12-16T09:30", "2026-12-30T09:30"]],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", ["2026-12-14T09:30", "2026-12-28T09:30", "2027-01-11T09:30"]],
    ["FREQ=MONTHLY", ["2026-12-02T09:30", "2027-01-02T09:30", "2027-02-02T09:30"]],
    ["FREQ=YEARLY", ["2026-12-02T09:30", "2027-12-02T09:30", "2028-12-02T09:30"]],
    ["FREQ=YEARLY;BYMONTH=3,4", ["2027-03-02T09:30", "2027-04-02T09:30", "2028-03-02T09:30"]],
  ])("says what a rule leaves out: %s", (rrule, expected) => {
    expect(times(rule(rrule, { start: START }), 3)).toEqual(expected);
  });

  it("that is to come is the first occurrence, and one that has been is none", () => {
    expect(times(rule("FREQ=DAILY", { start: START }), 1)).toEqual([START]);
    expect(times(rule("FREQ=DAILY", { start: "2026-11-01T09:30" }), 1)).toEqual(["2026-11-29T09:30"]);
  });

  it("holds back a cron expression", () => {
    const cron = {
      ...rule("", { start: START, timeZone: "Europe/Vienna" }),
      rrule: null,
      cron: "30 9 * * *",
    };
    expect(times(cron, 2)).toEqual(["2026-12-02T08:30", "2026-12-03T08:30"]);
  });

  it("of the 31st leaves out months that have none", () => {
    const expected = ["2027-01-31T09:30", "2027-03-31T09:30", "2027-05-31T09:30"];
    expect(times(rule("FREQ=MONTHLY", { start: "2027-01-31T09:30" }), 3)).toEqual(expected);
  });

  it("that is further away than five years has no occurrences", () => {
    expect(times(rule("FREQ=DAILY", { start: "2032-01-01T00:00" }))).toEqual([]);
  });
});

describe("the end of a rule", () => {
  const start = "2026-12-01T09:00";
  const vienna = (rrule: string) => times(rule(rrule, { start, timeZone: "Europe/Vienna" }), 9);

  it.each([
    // Nine in Vienna is eight in UTC.
    ["a moment, included", "UNTIL=20261203T080000Z", 3],
    ["a moment just before", "UNTIL=20261203T075959Z", 2],
    ["a day, all of it, where the schedule is", "UNTIL=20261203", 3],
    ["a local time, included", "UNTIL=20261203T090000", 3],
    ["a local time just before", "UNTIL=20261203T085959", 2],
    ["a number", "COUNT=3", 3],
  ])("is %s: %s", (_, end, count) => {
    const all = ["2026-12-01T08:00", "2026-12-02T08:00", "2026-12-03T08:00"];
    expect(vienna(`FREQ=DAILY;${end}`)).toEqual(all.slice(0, count));
  });

  it("is counted from the start, whatever is asked", () => {
    const recurrence = rule("FREQ=DAILY;COUNT=5", { start: "2026-11-26T09:00" });
    expect(times(recurrence)).toEqual(["2026-11-29T09:00", "2026-11-30T09:00"]);
    expect(times(recurrence, 5, "2026-11-29T09:00Z")).toEqual(["2026-11-30T09:00"]);
    expect(times(recurrence, 5, "2026-11-30T09:00Z")).toEqual([]);
    expect(times(recurrence, 9, "2026-11-01T00:00Z")).toHaveLength(5);
  });

  it.each([
    ["Europe/Vienna", "FREQ=HOURLY", "2026-03-28T20:00"],
    ["Europe/Vienna", "FREQ=HOURLY", "2026-10-24T20:00"],
    ["Europe/Vienna", "FREQ=HOURLY;BYMINUTE=0,20,40;BYHOUR=1,2,3", "2026-03-20T02:20"],
    ["Europe/Vienna", "FREQ=HOURLY;BYMINUTE=0,20,40;BYHOUR=1,2,3", "2026-10-20T02:20"],
    ["America/Havana", "FREQ=DAILY;BYHOUR=0;BYMINUTE=0,30", "2026-03-01T00:30"],
    ["America/Havana", "FREQ=MINUTELY;INTERVAL=90", "2026-10-31T00:30"],
    ["Australia/Lord_Howe", "FREQ=MINUTELY;INTERVAL=7", "2026-04-04T20:00"],
    ["Australia/Lord_Howe", "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0,15,30,45", "2026-09-25T20:00"],
    ["Africa/Casablanca", "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "2026-02-10T02:30"],
  ])("by number is that occurrence in %s (%s from %s), though clocks are moved", (timeZone, rrule, from) => {
    const endless = rule(rrule, { timeZone, start: from });
    const after = Date.parse(`${from}Z`) - 2 * DAY;
    const all = nextOccurrences(endless, after, 100);
    for (const count of [1, 2, 5, 11, 12, 13, 23, 24, 25, 38, 39, 40, 55, 56, 77, 99]) {
      const counted = { ...endless, rrule: `${rrule};COUNT=${count}` };
      expect(nextOccurrences(counted, after, 100)).toEqual(all.slice(0, count));
    }
  });

  it("counts from a start in the hour that comes twice once", () => {
    // Made in the second hour of two: its half past two is no occurrence.
    const createdAt = Date.parse("2026-10-25T01:10:00Z");
    const recurrence = rule("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;COUNT=2", {
      createdAt,
      timeZone: "Europe/Vienna",
    });
    expect(times(recurrence)).toEqual(["2026-10-26T01:30", "2026-10-27T01:30"]);
  });
});

describe("intervals through a year of changing clocks", () => {
  it.each(["Europe/Vienna", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])(
    "stay at their local time (%s)",
    (timeZone) => {
      const recurrence = rule("FREQ=HOURLY;INTERVAL=6", { timeZone, start: "2026-01-01T05:00" });
      const clock = new Intl.DateTimeFormat("sv", { timeZone, timeStyle: "short" });
      const all = nextOccurrences(recurrence, Date.parse("2026-01-02T00:00Z"), 4 * 365);
      expect(new Set(all.map((at) => clock.format(at)))).toEqual(
        new Set(["05:00", "11:00", "17:00", "23:00"]),
      );
      const steps = new Set(all.slice(1).map((at, i) => (at - (all[i] ?? 0)) / 3_600_000));
      expect([...steps].every((hours) => hours >= 5 && hours <= 7)).toBe(true);
    },
  );
});

describe("the work that a rule makes", () => {
  it("does not grow with the time since its start", () => {
    const rrule = "FREQ=MINUTELY;INTERVAL=7;BYDAY=MO";
    const days = new Set<number>();
    const original = Date.prototype.getUTCDay;
    Date.prototype.getUTCDay = function () {
      days.add(this.getTime());
      return original.call(this);
    };
    try {
      nextOccurrence(rule(rrule, { start: "2016-12-01T00:00" }), Date.parse("2026-11-28T00:00Z"));
    } finally {
      Date.prototype.getUTCDay = original;
    }
    expect(days.size).toBeLessThan(10);
  });

  it("is bounded for one that never comes", () => {
    for (const never of [
      "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0",
      "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=31",
      "FREQ=MINUTELY;INTERVAL=14;BYMINUTE=31",
      "FREQ=HOURLY;INTERVAL=9;BYHOUR=17",
      "FREQ=WEEKLY;INTERVAL=999999;BYDAY=MO;BYHOUR=0",
    ]) {
      expect([never, times(rule(never, { start: "2026-11-26T00:00" }))]).toEqual([never, []]);
    }
  });

  it("is bounded for a high count from long ago", () => {
    const recurrence = rule("FREQ=MINUTELY;COUNT=999999", { start: "2025-01-01T00:00" });
    // 999,998 minutes after the start.
    expect(times(recurrence, 2, "2026-11-26T10:37Z")).toEqual(["2026-11-26T10:38"]);
  });
});
