import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_TABLES } from "../../../src/sql-text/tables.ts";
import { Figures } from "../../../src/workload/timing/figures.ts";
import { type Counted, MAX_POINTS, SeriesDelta, WHOLE } from "../../../src/workload/timing/series.ts";
import { slowRecord } from "./records.ts";

const SECOND = 1_000_000;
const NOW = 4_000_000_000;
const counted = (fingerprint: string): Counted => ({ fingerprint, tables: NO_TABLES, cell: null });

/** What a delta has, as text that can be compared. */
const cellsOf = (delta: SeriesDelta, statements: string[]): Record<string, number[]> =>
  Object.fromEntries(
    [...delta.cells(new Set(statements))].map(({ fingerprint, start, figures }) => [
      `${fingerprint} ${start}`,
      figures.toJSON(),
    ]),
  );

describe("what a step adds to a series", () => {
  it("is counted by steps of ten seconds, of the whole and of each statement", () => {
    const delta = new SeriesDelta();
    const [a, b] = [counted("a"), counted("b")];
    for (const [second, statement] of [
      [100, a],
      [109.999999, a],
      [110, a],
      [105, b],
      [100, a],
    ] as const) {
      delta.add({ timeMicros: second * SECOND }, statement);
    }
    expect(cellsOf(delta, ["a"])).toEqual({ " 100": [4], "a 100": [3], " 110": [1], "a 110": [1] });
    expect(delta.range).toEqual({ first: 100, last: 110 });
  });

  it("has times of the slow log", () => {
    const delta = new SeriesDelta();
    const statement = counted("a");
    const records = [100, 2000, 30].map((micros) =>
      slowRecord("SELECT 1", micros, { timeMicros: 100 * SECOND }),
    );
    const figures = new Figures();
    for (const record of records) {
      delta.addTimed(record, statement);
      figures.add(record);
    }
    expect(cellsOf(delta, ["a"])).toEqual({ " 100": figures.toJSON(), "a 100": figures.toJSON() });
  });

  const records = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.nat(1000), fc.nat(1_000_000)), {
    maxLength: 50,
  });

  it("with longer steps is what it would be had they been long from the beginning", () => {
    fc.assert(
      fc.property(records, records, fc.integer({ min: 0, max: 6 }), (before, after, doublings) => {
        const step = 10 * 2 ** doublings;
        const [first, second] = [new SeriesDelta(), new SeriesDelta(step)];
        for (const [delta, isCoarsened] of [
          [first, true],
          [second, false],
        ] as const) {
          const handles = { a: counted("a"), b: counted("b"), c: counted("c") };
          const add = (list: typeof before) => {
            for (const [fingerprint, second, micros] of list) {
              const record = slowRecord("", micros, { timeMicros: second * SECOND });
              delta.addTimed(record, handles[fingerprint as "a"]);
            }
          };
          add(before);
          if (isCoarsened) delta.coarsen(step);
          add(after);
        }
        expect(cellsOf(first, ["a", "b", "c"])).toEqual(cellsOf(second, ["a", "b", "c"]));
        expect(first.step).toBe(step);
      }),
    );
  });

  it("has no more than 1,440 steps from the first to the last, however long it is", () => {
    const delta = new SeriesDelta(10, [], NOW * 1000);
    const statement = counted("a");
    let total = 0;
    for (let second = 0; second < 10_000_000; second += 997) {
      delta.add({ timeMicros: second * SECOND }, statement);
      total++;
    }
    const { first = 0, last = 0 } = delta.range ?? {};
    expect((last - first) / delta.step + 1).toBeLessThanOrEqual(MAX_POINTS);
    expect((last - first) / delta.step + 1).toBeGreaterThan(MAX_POINTS / 2);
    const wholes = [...delta.cells(new Set())];
    expect(wholes.reduce((sum, { figures }) => sum + figures.calls, 0)).toBe(total);
  });

  it("leaves out records of a time that has not come", () => {
    const delta = new SeriesDelta(10, [], 1_000_000 * 1000);
    delta.add({ timeMicros: 4_000_000_000 * SECOND }, counted("a"));
    expect(delta.range).toBeNull();
    delta.add({ timeMicros: 1_000_100 * SECOND }, counted("a"));
    expect(delta.range).toEqual({ first: 1_000_100, last: 1_000_100 });
    expect(delta.step).toBe(10);
  });

  it("is bounded with ever new statements, and always has room for those that have a series", () => {
    const delta = new SeriesDelta(10, ["kept"]);
    for (let n = 0; n < 60_000; n++) delta.add({ timeMicros: n }, counted(`s${n}`));
    delta.add({ timeMicros: 0 }, counted("kept"));
    const all = Array.from({ length: 60_000 }, (_, n) => `s${n}`);
    const cells = [...delta.cells(new Set([...all, "kept"]))];
    expect(cells.length).toBe(1 + 50_000 + 1);
    expect(cells.find(({ fingerprint }) => fingerprint === "kept")?.figures.calls).toBe(1);
    expect(cells.find(({ fingerprint }) => fingerprint === WHOLE)?.figures.calls).toBe(60_001);
  });
});
