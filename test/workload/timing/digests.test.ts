import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/sql-text/normalize/normalize.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { type DigestsState, digestsFormat } from "../../../src/workload/digests-state.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { slowRecord as ran } from "./records.ts";

/** The number of a digest, and how long it took. */
type Run = [digest: number, micros: number];
const statement = (n: number) => `SELECT c${n} FROM t WHERE x = 1`;
const count = (digests: Digests, runs: readonly Run[]) => {
  for (const [n, micros] of runs) expect(digests.addTimed(ran(statement(n), micros))).toBe(true);
};

const fingerprints = new Map<number, string>();
const fingerprintOf = (n: number): string => {
  const known = fingerprints.get(n) ?? digestOf(statement(n)).fingerprint;
  fingerprints.set(n, known);
  return known;
};

/** How often each digest ran, and how long. */
const exactly = (runs: readonly Run[]) => {
  const sums = new Map<string, { calls: number; micros: number }>();
  for (const [n, micros] of runs) {
    const fingerprint = fingerprintOf(n);
    const { calls, micros: before } = sums.get(fingerprint) ?? { calls: 0, micros: 0 };
    sums.set(fingerprint, { calls: calls + 1, micros: before + micros });
  }
  return sums;
};

/** What is promised of counts and of times, checked against exact sums. */
const expectBounds = ({ total, entries, totalMicros = 0, capacity }: DigestsState, runs: readonly Run[]) => {
  const exact = exactly(runs);
  expect(total).toBe(runs.length);
  expect(totalMicros).toBe(runs.reduce((sum, [, micros]) => sum + micros, 0));
  expect(entries.length).toBeLessThanOrEqual(2 * capacity);
  const found = new Set(entries.map(({ fingerprint }) => fingerprint));
  for (const [fingerprint, { calls, micros }] of exact) {
    if (calls > total / capacity) expect(found).toContain(fingerprint);
    if (micros > totalMicros / capacity) expect(found).toContain(fingerprint);
  }
  for (const { fingerprint, count, overcount, timed } of entries) {
    const { calls, micros } = exact.get(fingerprint) ?? { calls: 0, micros: 0 };
    const { overMicros = 0, figures: stored } = timed ?? {};
    const figures = new Figures(stored);
    expect(overcount).toBeLessThanOrEqual(total / capacity);
    expect(count).toBeGreaterThanOrEqual(calls);
    expect(count - overcount).toBe(figures.calls);
    expect(figures.calls).toBeLessThanOrEqual(calls);
    expect(overMicros).toBeGreaterThanOrEqual(0);
    expect(overMicros).toBeLessThanOrEqual(totalMicros / capacity);
    expect(overMicros + figures.totalMicros).toBeGreaterThanOrEqual(micros);
    expect(figures.totalMicros).toBeLessThanOrEqual(micros);
  }
};

const digest = fc.oneof(fc.nat(3), fc.nat(10), fc.nat(100));
const micros = fc.oneof(fc.constant(0), fc.constant(1), fc.nat(10), fc.nat(10_000), fc.nat(10_000_000));
/** Streams of which each part is hard on a table of few places in its own way. */
const part: fc.Arbitrary<Run[]> = fc.oneof(
  fc.array(fc.tuple(digest, micros), { maxLength: 100 }),
  // Statements that come once each.
  fc
    .tuple(fc.nat(200), fc.nat(60), micros)
    .map(([first, length, each]) => Array.from({ length }, (_, n): Run => [first + n, each])),
  // A round of so many that each has just lost its place when it comes again.
  fc
    .tuple(fc.integer({ min: 1, max: 25 }), fc.nat(100), micros)
    .map(([round, length, each]) => Array.from({ length }, (_, n): Run => [n % round, each])),
  // Rare and long ones among short ones that are always new.
  fc
    .tuple(fc.nat(5), fc.nat(80), fc.integer({ min: 2, max: 12 }))
    .map(([n, length, every]) =>
      Array.from({ length }, (_, at): Run => (at % every === 0 ? [n, 1000] : [300 + at, at % 7])),
    ),
  // Ever longer, so that each new one is the longest.
  fc.nat(40).map((length) => Array.from({ length }, (_, n): Run => [n, 2 ** (n % 30)])),
);
const stream = fc.array(part, { maxLength: 5 }).map((parts) => parts.flat());
const capacity = fc.integer({ min: 1, max: 20 });

describe("the digests of a slow log", () => {
  it("have what was summed of each", () => {
    const digests = new Digests();
    digests.addTimed(ran("SELECT 1", 100, { errno: 0 }));
    digests.addTimed(ran("select 2", 300, { errno: 1062, timeMicros: 2_000_000 }));
    digests.addTimed(ran("COMMIT", 50));
    expect(digests.top(1)).toMatchObject([
      {
        fingerprint: digestOf("SELECT 1").fingerprint,
        digest: "SELECT ?",
        count: 2,
        overcount: 0,
        firstSeenMicros: 1_000_000,
        lastSeenMicros: 2_000_000,
        example: "SELECT 1",
        tables: { reads: [], writes: [] },
        timed: { overMicros: 0, figures: [2, 400, 100, 300, 4, 20, 2, 1, 2, 120, 1, 29, 1] },
      },
    ]);
    expect(digests.counted?.fingerprint).toBe(digestOf("COMMIT").fingerprint);
    expect(digests.toJSON()).toMatchObject({ total: 3, totalMicros: 450 });
  });

  it("count no administrator commands, empty queries, comments and records that repeat another", () => {
    const digests = new Digests();
    for (const record of [
      ran("Quit", 5, { command: "Administrator command" }),
      ran("", 5),
      ran("/* ping */", 5),
      ran("EXECUTE IMMEDIATE 'SELECT 1'", 5, { repeats: true }),
    ]) {
      expect(digests.addTimed(record)).toBe(false);
    }
    expect(digests.toJSON()).toMatchObject({ capacity: 2000, total: 0, entries: [], users: { groups: [] } });
  });

  it("are exact while there is room", () => {
    fc.assert(
      fc.property(stream, (runs) => {
        const digests = new Digests(1000);
        count(digests, runs);
        for (const { fingerprint, count, overcount, timed } of digests.top(1000)) {
          const { calls, micros } = exactly(runs).get(fingerprint) ?? {};
          expect([count, overcount, timed?.overMicros, timed?.figures[1]]).toEqual([calls, 0, 0, micros]);
        }
        expect(digests.size).toBe(exactly(runs).size);
      }),
      { numRuns: 30 },
    );
  });

  it("have each that ran often and each that ran long, and say by how much a figure may be too high", () => {
    fc.assert(
      fc.property(stream, capacity, (runs, size) => {
        const digests = new Digests(size);
        count(digests, runs);
        expectBounds(digests.toJSON(), runs);
      }),
      { numRuns: 300 },
    );
  });

  it("merged from two are within the same bounds, and can be counted on, also when they were stored", () => {
    fc.assert(
      fc.property(stream, stream, stream, capacity, capacity, (a, b, more, size, otherSize) => {
        for (const [ofFirst, ofSecond] of [
          [size, size],
          [Math.min(size, otherSize), Math.max(size, otherSize)],
          [1000, 1000],
        ] as const) {
          const [first, second] = [new Digests(ofFirst), new Digests(ofSecond)];
          count(first, a);
          count(second, b);
          first.merge(second);
          expectBounds(first.toJSON(), [...a, ...b]);
          const stored = new Digests(digestsFormat.parse(digestsFormat.stringify(first.toJSON())));
          expect(stored.toJSON()).toEqual(first.toJSON());
          for (const table of [first, stored]) {
            count(table, more);
            expectBounds(table.toJSON(), [...a, ...b, ...more]);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("merged are those of the whole where there is room", () => {
    fc.assert(
      fc.property(stream, stream, (a, b) => {
        const [first, second, whole] = [new Digests(), new Digests(), new Digests()];
        count(first, a);
        count(second, b);
        count(whole, [...a, ...b]);
        first.merge(second);
        // Which of its statements are kept beside the first depends on where a step ends.
        const withoutExamples = ({ entries, ...rest }: DigestsState) => ({
          ...rest,
          entries: entries.map(({ examples: _, ...entry }) => entry),
        });
        expect(withoutExamples(first.toJSON())).toEqual(withoutExamples(whole.toJSON()));
      }),
      { numRuns: 30 },
    );
  });

  it("with more digests than a thousand places have those of a thousandth, of calls and of time", () => {
    const runs: Run[] = [];
    for (let n = 0; n < 20_000; n++) {
      runs.push([1000 + (n % 5000), n % 3]);
      // Rare ones of which each takes 0.11 % of all time, and frequent ones of no time.
      if (n % 1000 < 40) runs.push([n % 1000, 50]);
      if (n % 800 === 0) for (let times = 0; times < 2; times++) runs.push([500 + (n % 7), 0]);
    }
    const digests = new Digests();
    count(digests, runs);
    const state = digests.toJSON();
    expectBounds(state, runs);
    expect(exactly(runs).size).toBeGreaterThan(5000);
  });

  it("are in the order that is asked for", () => {
    const digests = new Digests();
    const add = (n: number, times: number, durationMicros: number, rowsExamined: number) => {
      for (let at = 0; at < times; at++)
        digests.addTimed(ran(statement(n), durationMicros, { rowsExamined }));
    };
    add(1, 100, 10, 0);
    add(2, 10, 500, 3);
    add(3, 1, 4000, 50);
    // One of a hundred is long.
    add(4, 199, 1, 0);
    add(4, 3, 900, 0);
    const numbersBy = (order: Parameters<Digests["top"]>[1]) =>
      digests
        .top(10, order)
        .map(({ fingerprint }) => [1, 2, 3, 4].find((n) => fingerprintOf(n) === fingerprint));
    expect(numbersBy("time")).toEqual([2, 3, 4, 1]);
    expect(numbersBy("calls")).toEqual([4, 1, 2, 3]);
    expect(numbersBy("mean")).toEqual([3, 2, 4, 1]);
    expect(numbersBy("p99")).toEqual([3, 4, 2, 1]);
    expect(numbersBy("rows")).toEqual([3, 2, 4, 1]);
    expect(digests.leading(2)).toEqual([fingerprintOf(2), fingerprintOf(3)]);
  });
});

describe("a stored table of digests", () => {
  it("is of version 1 without times and of version 2 with them, so that older code reads it, too", () => {
    const general = new Digests();
    general.add({ command: "Query", statement: "SELECT 1", timeMicros: 10 });
    const first = digestsFormat.stringify(general.toJSON());
    expect(JSON.parse(first)).toMatchObject({ version: 1, total: 1 });
    expect(new Digests(digestsFormat.parse(first)).toJSON()).toEqual(general.toJSON());

    const slow = new Digests();
    slow.addTimed(ran("SELECT 1", 100));
    const second = digestsFormat.stringify(slow.toJSON());
    expect(JSON.parse(second)).toMatchObject({ version: 2, total: 1, totalMicros: 100 });
    expect(new Digests(digestsFormat.parse(second)).toJSON()).toEqual(slow.toJSON());
  });

  it("from before it had tables, examples and sources goes on, with the tables that its digests say", () => {
    const general =
      '{"capacity":1000,"total":1,"entries":[{"fingerprint":"0011223344556677","digest":"SELECT a FROM shop.orders WHERE id = ?",' +
      '"count":1,"overcount":0,"firstSeenMicros":10,"lastSeenMicros":10,"example":"SELECT a FROM shop.orders WHERE id = 1"}],"version":1}';
    const slow =
      '{"capacity":1000,"total":1,"entries":[{"fingerprint":"0011223344556677","digest":"DELETE FROM t WHERE id = ?",' +
      '"count":1,"overcount":0,"firstSeenMicros":1000000,"lastSeenMicros":1000000,"example":"DELETE FROM t WHERE id = 1",' +
      '"timed":{"overMicros":0,"figures":[1,100,100,100,2,10,1,0,0,120,1]}}],"totalMicros":100,"version":2}';
    expect(new Digests(digestsFormat.parse(general)).toJSON()).toMatchObject({
      total: 1,
      entries: [{ count: 1, tables: { reads: ["shop.orders"], writes: [] } }],
    });
    expect(new Digests(digestsFormat.parse(slow)).toJSON()).toMatchObject({
      totalMicros: 100,
      entries: [{ count: 1, tables: { reads: [], writes: ["t"] } }],
    });
  });

  it("of the first version continues with the same results", () => {
    const stored = digestsFormat.parse(
      '{"version":1,"capacity":2,"total":7,"entries":[' +
        '{"fingerprint":"ef247dc17ac69a7e","digest":"SELECT ?","count":4,"overcount":1,"firstSeenMicros":5,"lastSeenMicros":9,"example":"SELECT 1"},' +
        '{"fingerprint":"00000000000000ff","digest":"COMMIT","count":3,"overcount":0,"firstSeenMicros":6,"lastSeenMicros":8,"example":"commit"}]}',
    );
    const digests = new Digests(stored);
    digests.add({ command: "Query", statement: "SELECT 2", timeMicros: 12 });
    digests.add({ command: "Query", statement: "SELECT a", timeMicros: 13 });
    expect(digests.top(9).map(({ digest, count, overcount }) => [digest, count, overcount])).toEqual([
      ["SELECT ?", 5, 1],
      ["SELECT a", 4, 3],
    ]);
    expect(digests.toJSON()).toMatchObject({ total: 9, capacity: 2 });
  });
});
