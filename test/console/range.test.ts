import { describe, expect, it } from "vitest";
import type { SeriesPoint, WorkloadSeries } from "../../src/console/api/types.ts";
import { fieldOf, figuresIn, momentOfField, rangeQuery, readRange } from "../../src/console/lib/range.ts";

const at = (text: string) => Date.parse(`2026-11-23T${text}Z`);

describe("the range of time in the address", () => {
  const read = (search: string) => readRange(new URLSearchParams(search));

  it("has both bounds, or one", () => {
    expect(read("from=2026-11-23T10:00:00Z&to=2026-11-23T10:05:00.5Z")).toEqual({
      from: at("10:00:00"),
      to: at("10:05:00.5"),
    });
    expect(read("to=2026-11-23T10:05:00Z")).toEqual({ from: null, to: at("10:05:00") });
  });

  it.each(["", "from=yesterday", "from=2026-11-23T10:00:00Z&to=2026-11-23T10:00:00Z"])(
    "is none where it says %j",
    (search) => {
      expect(read(search)).toBeNull();
    },
  );

  it("is written as short as it can be, and read again as the same", () => {
    const range = { from: at("10:00:00"), to: at("10:05:00.25") };
    expect(rangeQuery(range)).toEqual({ from: "2026-11-23T10:00:00Z", to: "2026-11-23T10:05:00.25Z" });
    expect(readRange(new URLSearchParams(rangeQuery(range)))).toEqual(range);
    expect(rangeQuery(null)).toEqual({ from: "", to: "" });
    expect(rangeQuery({ from: null, to: at("20:30:00") }).to).toBe("2026-11-23T20:30:00Z");
  });
});

describe("the figures of a range", () => {
  const point = (time: string, statements: number, more: Partial<SeriesPoint> = {}): SeriesPoint => ({
    time: `2026-11-23T${time}.000Z`,
    statements,
    timed: null,
    totalMicros: null,
    p50Micros: null,
    p95Micros: null,
    p99Micros: null,
    rowsExamined: null,
    errors: null,
    ...more,
  });
  const series: WorkloadSeries = {
    step: 10,
    points: [
      point("10:00:00", 1),
      point("10:00:10", 20, { timed: 2, totalMicros: 5, rowsExamined: 7 }),
      point("10:00:20", 300, { timed: 3, totalMicros: 6, rowsExamined: 8, errors: 1 }),
      point("10:00:30", 4000),
    ],
  };

  it("are of the steps that are in it at least in part, which count whole", () => {
    expect(figuresIn(series, { from: at("10:00:15"), to: at("10:00:21") })).toEqual({
      from: at("10:00:10"),
      to: at("10:00:30"),
      statements: 320,
      timed: 5,
      totalMicros: 11,
      rowsExamined: 15,
      errors: 1,
    });
    expect(figuresIn(series, { from: at("10:00:10"), to: at("10:00:20") })?.statements).toBe(20);
    expect(figuresIn(series, { from: null, to: at("10:00:05") })).toMatchObject({
      statements: 1,
      totalMicros: null,
    });
    expect(figuresIn(series, { from: at("10:00:39"), to: null })?.statements).toBe(4000);
  });

  it("are none where there is no step", () => {
    expect(figuresIn(series, { from: at("10:00:40"), to: null })).toBeNull();
    expect(figuresIn({ step: 10, points: [] }, { from: null, to: null })).toBeNull();
  });
});

describe("a field of date and time", () => {
  it("has the moment in the reader's time zone, and says the same moment again", () => {
    for (const time of [at("10:00:00"), at("23:59:59")]) expect(momentOfField(fieldOf(time))).toBe(time);
    expect(fieldOf(at("10:00:00"))).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
    expect(fieldOf(null)).toBe("");
    expect(momentOfField("")).toBeNull();
  });
});
