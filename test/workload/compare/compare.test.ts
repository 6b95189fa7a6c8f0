import { describe, expect, it } from "vitest";
import { START } from "../../support/stored-workload.ts";
import { comparing, digestsOf } from "./comparing.ts";
import { compare, type Ran } from "./support.ts";

/* What a comparison says, of captures that are stored. Who may ask for one, and what is refused: routes.test.ts. */

const { capture, compared, changeOf, cast } = comparing();

describe("a comparison", () => {
  it("has the totals of both, and rates by the minute that was recorded", async () => {
    const gap = { from: START + 60_000, to: START + 180_000, cause: "The log was gone" };
    const {
      base,
      this: other,
      notes,
      isTimed,
      counts,
      ...lists
    } = await compared(
      { slow: [{ sql: "SELECT 1", calls: 80 }], manifest: { gaps: [gap], gapCount: 1 }, hasSeries: true },
      { slow: [{ sql: "SELECT 1", calls: 40 }], minutes: 4, hasSeries: true },
    );
    expect(base).toEqual({
      id: lists.baseId,
      name: expect.any(String),
      envId: cast().environment.id,
      status: "DONE",
      start: "2026-11-23T05:00:00.000Z",
      end: "2026-11-23T05:10:00.000Z",
      log: "slow",
      minutes: 8,
      timedMinutes: 8,
      statements: 80,
      totalMicros: 80_000,
      rowsExamined: 800,
      errors: null,
      p50Micros: expect.closeTo(1000, -2),
      p95Micros: expect.closeTo(1000, -2),
      perMinute: { statements: 10, totalMicros: 10_000, rowsExamined: 100, errors: null },
      missing: { calls: 0, totalMicros: 0 },
    });
    expect(other).toMatchObject({ id: lists.id, minutes: 4, perMinute: { statements: 10 } });
    expect(notes).toEqual([]);
    expect(isTimed).toBe(true);
    expect(counts).toMatchObject({ new: 0, gone: 0, changed: 0, unknown: 0, below: 1 });
    expect(lists).toMatchObject({ new: [], gone: [], changed: [], unknown: [] });
    expect(lists.next).toEqual({ new: null, gone: null, changed: null, unknown: null });
  });

  it("has new, gone and changed statements, and says of which the absence may be chance", async () => {
    const both = { sql: "SELECT a FROM t", calls: 300 };
    const {
      new: added,
      gone,
      changed,
      counts,
    } = await compared(
      { slow: [both, { sql: "DELETE FROM a", calls: 50 }, { sql: "DELETE FROM b", calls: 1 }] },
      {
        slow: [
          { ...both, micros: 5000 },
          { sql: "UPDATE c SET d = 1", calls: 30 },
          { sql: "UPDATE e SET d = 1", calls: 2 },
        ],
      },
    );
    expect(digestsOf(added)).toEqual(["UPDATE c SET d = ?", "UPDATE e SET d = ?"]);
    expect(added.map(({ isSure }) => isSure)).toEqual([true, false]);
    expect(added[0]).toMatchObject({
      part: "new",
      base: null,
      this: { calls: 30, callsPerMinute: 3 },
      changes: [],
    });
    expect(digestsOf(gone)).toEqual(["DELETE FROM a", "DELETE FROM b"]);
    expect(gone.map(({ isSure }) => isSure)).toEqual([true, false]);
    expect(changed).toHaveLength(1);
    expect(changed[0]).toMatchObject({
      digest: "SELECT a FROM t",
      changes: ["slower", "more-time"],
      ratios: { calls: 1, time: 5, rows: 1 },
      base: { calls: 300, overcalls: 0, meanMicros: 1000, rowsExaminedPerCall: 10, rowsSentPerCall: 1 },
      this: { meanMicros: 5000, totalMicros: 1_500_000, overTotalMicros: 0, microsPerMinute: 150_000 },
    });
    expect(counts).toMatchObject({
      new: 2,
      gone: 2,
      changed: 1,
      below: 0,
      changes: { slower: 1, faster: 0 },
    });
  });

  it("takes absence in a short capture for nothing sure", async () => {
    const { new: added } = await compared(
      { slow: [{ sql: "SELECT 1", calls: 5 }], minutes: 1 },
      {
        slow: [
          { sql: "SELECT 1", calls: 300 },
          { sql: "DELETE FROM a", calls: 30 },
        ],
        minutes: 60,
      },
    );
    expect(added).toMatchObject([{ digest: "DELETE FROM a", isSure: false }]);
  });
});

describe("a statement that both captures have", () => {
  it.each<[string, Partial<Ran>, Partial<Ran>, string[]]>([
    ["slower", {}, { micros: 2000 }, ["slower", "more-time"]],
    ["faster", { micros: 2000 }, {}, ["faster", "less-time"]],
    ["more often", { calls: 200 }, { calls: 400 }, ["more-calls", "more-time"]],
    ["more seldom", { calls: 400 }, { calls: 200 }, ["fewer-calls", "less-time"]],
    ["more rows", {}, { rest: { rowsExamined: 20 } }, ["more-rows"]],
    ["fewer rows", { rest: { rowsExamined: 20 } }, {}, ["fewer-rows"]],
    [
      "slower at its worst",
      {},
      { micros: (call) => (call % 10 === 0 ? 9000 : 1000) },
      ["slower", "more-time"],
    ],
    ["the same", {}, {}, []],
  ])("has changed: %s", async (_, base, other, changes) => {
    expect(await changeOf(base, other)).toMatchObject({ changes, isSure: changes.length > 0 });
  });

  it.each<[string, Partial<Ran>, Partial<Ran>]>([
    ["of a few calls more", { calls: 5 }, { calls: 10 }],
    ["of few calls that each took longer", { calls: 4 }, { calls: 4, micros: 2000 }],
    [
      "of one long call among few",
      { calls: 20 },
      { calls: 20, micros: (call) => (call === 3 ? 900_000 : 1000) },
    ],
    ["of rows of few calls", { calls: 9 }, { calls: 9, rest: { rowsExamined: 100 } }],
  ])("has not changed for sure: %s", async (_, base, other) => {
    expect(await changeOf(base, other)).toMatchObject({ changes: [], isSure: false });
  });

  it("has not changed when it only ran longer in all, in a longer capture", async () => {
    const statement = await changeOf({ calls: 100 }, { calls: 1000 }, [{ minutes: 3 }, { minutes: 30 }]);
    expect(statement).toMatchObject({ changes: [], ratios: { calls: 1, time: 1 } });
  });

  it("is listed by the threshold, and with that of 0 in any case", async () => {
    const stored = (micros: number) => ({ slow: [{ sql: "SELECT 1", calls: 5000, micros }] });
    const [base, id] = [await capture(stored(1000)), await capture(stored(1150))];
    const of = async (query: string) => (await compare(cast().member, id, base, query)).changed.length;
    expect(await of("")).toBe(0);
    expect(await of("&minChange=0.1")).toBe(1);
    expect(await of("&minChange=0")).toBe(1);
    expect(await of("&minChange=0.1&minCalls=5000")).toBe(1);
    expect(await of("&minChange=0.1&minCalls=5001")).toBe(0);
  });

  it("has no ratio to nothing", async () => {
    const statement = await changeOf({ rest: { rowsExamined: 0 } }, {});
    expect(statement).toMatchObject({ changes: ["more-rows"], ratios: { rows: null } });
  });
});

describe("pages", () => {
  const named = (count: number, of: string): Ran[] =>
    Array.from({ length: count }, (_, at) => ({ sql: `SELECT ${of}${at} FROM t`, calls: 1 + at }));

  it("lead to every statement of every list", async () => {
    const [base, id] = [
      await capture({ slow: [...named(25, "gone"), ...named(12, "both")] }),
      await capture({ slow: [...named(31, "fresh"), ...named(12, "both")] }),
    ];
    const query = "&limit=10&minChange=0&order=calls";
    const first = await compare(cast().member, id, base, query);
    expect(first.counts).toMatchObject({ new: 31, gone: 25, changed: 12, unknown: 0, below: 0 });
    for (const [part, count] of [
      ["new", 31],
      ["gone", 25],
      ["changed", 12],
    ] as const) {
      const seen = digestsOf(first[part]);
      for (let cursor = first.next[part]; cursor !== null; ) {
        const page = await compare(cast().member, id, base, `${query}&cursor=${cursor}`);
        expect(
          ["new", "gone", "changed", "unknown"].filter((name) => page[name as typeof part].length > 0),
        ).toEqual([part]);
        seen.push(...digestsOf(page[part]));
        cursor = page.next[part];
      }
      expect(new Set(seen).size).toBe(count);
    }
    expect(digestsOf(first.new)[0]).toBe("SELECT fresh30 FROM t");
  });

  it("go on from their place when the statement of the cursor is there no more", async () => {
    const [base, id] = [await capture({ slow: [] }), await capture({ slow: named(5, "a") })];
    const page = await compare(cast().member, id, base, "&cursor=new.3.0000000000000000&order=calls");
    expect(digestsOf(page.new)).toEqual(["SELECT a1 FROM t", "SELECT a0 FROM t"]);
    expect(page.next.new).toBeNull();
  });

  it("have statements with a change only, in an order", async () => {
    const slow = (factor: number): Ran[] => [
      { sql: "SELECT a FROM t", calls: 300, micros: 1000 * factor },
      { sql: "SELECT b FROM t", calls: 300, micros: 4000 / factor },
      { sql: "SELECT c FROM t", calls: 300, micros: 10_000 * factor },
    ];
    const [base, id] = [await capture({ slow: slow(1) }), await capture({ slow: slow(2) })];
    const of = async (query: string) => digestsOf((await compare(cast().member, id, base, query)).changed);
    expect(await of("&change=slower")).toEqual(["SELECT c FROM t", "SELECT a FROM t"]);
    expect(await of("&change=faster")).toEqual(["SELECT b FROM t"]);
    expect(await of("&change=more-calls")).toEqual([]);
    for (const order of ["time", "p50", "p95"]) {
      expect(await of(`&order=${order}`)).toEqual(["SELECT c FROM t", "SELECT b FROM t", "SELECT a FROM t"]);
    }
    expect(await of("&order=rows")).toHaveLength(3);
  });
});
