import { describe, expect, test } from "vitest";
import { parseDuration, parseMoment } from "../../src/cli/times.ts";

describe("a duration", () => {
  test.each([
    ["90", 90_000],
    ["90s", 90_000],
    ["10m", 600_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["0.5ms", 0.5],
    ["0", 0],
  ])("%s is %d milliseconds", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    "",
    " ",
    "m",
    "10 m",
    "10x",
    "10M",
    "1m1h",
    "1h1h",
    "-5m",
    "+5m",
    "1e3",
    "1.5",
    "1.h",
    "ten",
    "10m!",
    "99999999999",
  ])("%j is refused, with an example", (text) => {
    expect(() => parseDuration(text)).toThrow(/is no duration, such as 90s/);
  });
});

describe("a moment", () => {
  // The tests run in UTC.
  const now = new Date("2026-11-28T14:30:00Z");
  const read = (text: string, direction: "next" | "last" = "next") =>
    parseMoment(text, now, direction).toISOString();

  test.each([
    ["now", "2026-11-28T14:30:00.000Z"],
    ["in 2h", "2026-11-28T16:30:00.000Z"],
    ["in 90", "2026-11-28T14:31:30.000Z"],
    ["5m ago", "2026-11-28T14:25:00.000Z"],
    ["18:00", "2026-11-28T18:00:00.000Z"],
    ["9:05", "2026-11-29T09:05:00.000Z"],
    ["14:30", "2026-11-29T14:30:00.000Z"],
    ["18:00:30", "2026-11-28T18:00:30.000Z"],
    ["today 09:00", "2026-11-28T09:00:00.000Z"],
    ["tomorrow 02:00", "2026-11-29T02:00:00.000Z"],
    ["yesterday 23:59", "2026-11-27T23:59:00.000Z"],
    ["2026-12-01", "2026-12-01T00:00:00.000Z"],
    ["2026-12-01 02:00", "2026-12-01T02:00:00.000Z"],
    ["2026-12-01T02:00:03", "2026-12-01T02:00:03.000Z"],
    ["2026-12-01T02:00:00Z", "2026-12-01T02:00:00.000Z"],
    ["2026-12-01T02:00:00.1234567Z", "2026-12-01T02:00:00.123Z"],
    ["2026-12-01T02:00:00+05:30", "2026-11-30T20:30:00.000Z"],
    ["2026-12-01T00:30-01:00", "2026-12-01T01:30:00.000Z"],
    ["2028-02-29", "2028-02-29T00:00:00.000Z"],
  ])("%s is %s", (text, moment) => {
    expect(read(text)).toBe(moment);
  });

  test("a time of day alone is the last one where the past is asked for", () => {
    expect(read("18:00", "last")).toBe("2026-11-27T18:00:00.000Z");
    expect(read("14:30", "last")).toBe("2026-11-28T14:30:00.000Z");
    expect(read("09:05", "last")).toBe("2026-11-28T09:05:00.000Z");
  });

  test("a day alone is its beginning where the past is asked for, and refused otherwise", () => {
    expect(read("yesterday", "last")).toBe("2026-11-27T00:00:00.000Z");
    expect(read("today", "last")).toBe("2026-11-28T00:00:00.000Z");
    expect(() => read("yesterday", "next")).toThrow("is no time");
    expect(() => read("toString 18:00", "last")).toThrow("is no time");
  });

  test("a day that is counted may be of another month or year", () => {
    const eve = new Date("2026-12-31T20:00:00Z");
    expect(parseMoment("tomorrow 02:00", eve, "next").toISOString()).toBe("2027-01-01T02:00:00.000Z");
    expect(parseMoment("19:00", eve, "next").toISOString()).toBe("2027-01-01T19:00:00.000Z");
  });

  test.each([
    "",
    "soon",
    "24:00",
    "12:60",
    "12:00:60",
    "12",
    "12.30",
    "5pm",
    "in",
    "in two hours",
    "ago",
    "tomorrow",
    "tomorrow 25:00",
    "someday 02:00",
    "2026-02-30",
    "2026-02-29",
    "2026-13-01",
    "2026-02-30T00:00:00Z",
    "2026-12-01T25:00:00Z",
    "2026-12-01T02:60:00Z",
    "2026-12-01T02:00:00+15:00",
    "2026-12-1",
    "01.12.2026",
    "12/01/2026",
    "1764338400",
  ])("%j is refused, with an example", (text) => {
    expect(() => read(text)).toThrow(/is no (time|duration), such as/);
  });
});
