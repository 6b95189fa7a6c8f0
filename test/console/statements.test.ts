import { describe, expect, it } from "vitest";
import type { WorkloadDigest } from "../../src/console/api/types.ts";
import {
  isOrderOfAll,
  nextSort,
  orderFor,
  readSort,
  rowsOf,
  rowsPerCall,
  type Sort,
} from "../../src/console/lib/statements.ts";

const counted = (digest: string, count: number, more: Partial<WorkloadDigest> = {}): WorkloadDigest => ({
  fingerprint: digest,
  digest,
  count,
  overcount: 0,
  share: count / 1000,
  firstSeen: "2026-11-23T10:00:00Z",
  lastSeen: "2026-11-23T11:00:00Z",
  example: digest,
  tables: { reads: [], writes: [] },
  examples: [],
  sources: [],
  moreSources: 0,
  tags: [],
  moreTags: 0,

  ...more,
});

const timed = (
  digest: string,
  count: number,
  meanMicros: number,
  more: Partial<WorkloadDigest> = {},
): WorkloadDigest =>
  counted(digest, count, {
    calls: count,
    overcalls: 0,
    totalMicros: count * meanMicros,
    overTotalMicros: 0,
    meanMicros,
    p95Micros: 2 * meanMicros,
    p99Micros: 3 * meanMicros,
    timeShare: 0.1,
    rowsExamined: 10 * count,
    timedShare: 1,
    ...more,
  });

const by = (key: Sort["key"], ascending = false): Sort => ({ key, ascending });
const names = (statements: WorkloadDigest[], sort: Sort) => rowsOf(statements, sort).map(({ name }) => name);

describe("the order of statements", () => {
  const statements = [timed("a", 1, 500), timed("b", 100, 2), counted("c", 7)];

  it("is by each column, down or up, with those that have no value last", () => {
    expect(names(statements, by("time"))).toEqual(["a", "b", "c"]);
    expect(names(statements, by("time", true))).toEqual(["b", "a", "c"]);
    expect(names(statements, by("calls"))).toEqual(["b", "c", "a"]);
    expect(names(statements, by("p95"))).toEqual(["a", "b", "c"]);
    expect(names(statements, by("statement", true))).toEqual(["a", "b", "c"]);
    expect(names(statements, by("statement"))).toEqual(["c", "b", "a"]);
  });

  it("is read from the address, and is the default where the address has none that fits", () => {
    expect(readSort(new URLSearchParams("sort=p95&dir=asc"), true)).toEqual(by("p95", true));
    expect(readSort(new URLSearchParams(""), true)).toEqual(by("time"));
    expect(readSort(new URLSearchParams("sort=constructor"), true)).toEqual(by("time"));
    expect(readSort(new URLSearchParams("sort=mean"), false)).toEqual(by("calls"));
    expect(readSort(new URLSearchParams("sort=statement&dir=asc"), false)).toEqual(by("statement", true));
  });

  it("changes direction when a column is pressed again", () => {
    expect(nextSort("mean", by("time"))).toEqual({ sort: "mean", dir: "" });
    expect(nextSort("mean", by("mean"))).toEqual({ sort: "mean", dir: "asc" });
    expect(nextSort("mean", by("mean", true))).toEqual({ sort: "mean", dir: "" });
    expect(nextSort("statement", by("mean"))).toEqual({ sort: "statement", dir: "asc" });
  });

  it("is the API's where it has that order, else that of the loaded statements", () => {
    expect(isOrderOfAll(by("p99"))).toBe(true);
    expect(isOrderOfAll(by("p99", true))).toBe(false);
    expect(isOrderOfAll(by("p95"))).toBe(false);
    expect(isOrderOfAll(by("rows"))).toBe(false);
    expect(["p95", "rows", "statement"].map((key) => orderFor(by(key as Sort["key"])))).toEqual([
      "p99",
      "rows",
      null,
    ]);
  });
});

describe("statements of transactions", () => {
  it("are one row with their sums, which has its place in the order", () => {
    const rows = rowsOf(
      [timed("SELECT ?", 10, 100), timed("COMMIT", 30, 20), timed("BEGIN", 10, 60), timed("DO ?", 1, 1)],
      by("time"),
    );
    expect(rows.map(({ key }) => key)).toEqual(["transactions", "SELECT ?", "DO ?"]);
    expect(rows[0]).toMatchObject({
      calls: 40,
      statement: null,
      members: [{ name: "COMMIT" }, { name: "BEGIN" }],
      time: { totalMicros: 1200, meanMicros: 30, p95Micros: 120, p99Micros: 180, areBounds: true },
    });
  });

  it.each([
    "BEGIN",
    "BEGIN WORK",
    "START TRANSACTION READ ONLY",
    "COMMIT",
    "ROLLBACK TO SAVEPOINT `a`",
    "SAVEPOINT `a`",
    "RELEASE SAVEPOINT `a`",
    "SET `autocommit` = ?",
    "set NAMES utf8mb4",
  ])("%s is one", (digest) => {
    expect(
      names([counted(digest, 1), counted("COMMIT", 2), counted("SELECT ?", 3)], by("calls")),
    ).toHaveLength(2);
  });

  it.each(["BEGIN NOT ATOMIC SELECT ? ; END", "SETTLE", "START REPLICA", "SELECT ?"])(
    "%s is none",
    (digest) => {
      const rows = rowsOf([counted(digest, 1), counted("COMMIT", 2), counted("ROLLBACK", 2)], by("calls"));
      expect(rows.map(({ name }) => name)).toContain(digest);
    },
  );

  it("stay as they are where there is one only", () => {
    expect(names([counted("COMMIT", 2), counted("SELECT ?", 1)], by("calls"))).toEqual([
      "COMMIT",
      "SELECT ?",
    ]);
  });
});

describe("the rows of a call", () => {
  it("are of the calls that were timed", () => {
    const [row] = rowsOf([timed("a", 100, 1, { calls: 60, overcalls: 10, rowsExamined: 200 })], by("time"));
    expect(row && rowsPerCall(row)).toBe(4);
  });

  it("are not known without time, nor where no call was timed", () => {
    const rows = rowsOf([counted("a", 2), timed("b", 1, 1, { calls: 0 })], by("calls"));
    expect(rows.map(rowsPerCall)).toEqual([null, null]);
  });
});
