import { beforeAll, describe, expect, it } from "vitest";
import type { ShownStatement } from "../../../src/workload/compare/replies.ts";
import { type Cast, createCast } from "../../support/api.ts";
import { START } from "../../support/stored-workload.ts";
import { compare, type Ran, type Recorded, recorded } from "./support.ts";

/* What a comparison says, of captures that are stored. Who may ask for one, and what is refused: routes.test.ts. */

let cast: Cast;
beforeAll(async () => {
  cast = await createCast();
});

const capture = (stored: Recorded) => recorded(cast, stored);
const digests = (statements: readonly ShownStatement[]) => statements.map(({ digest }) => digest);

/** The comparison of a capture with a base. */
async function compared(base: Recorded, other: Recorded, query = "") {
  const [baseId, id] = [await capture(base), await capture(other)];
  return { ...(await compare(cast.member, id, baseId, query)), baseId, id };
}

/** The comparison of one statement that both have. */
async function changeOf(base: Partial<Ran>, other: Partial<Ran>, recordedOf: [Recorded?, Recorded?] = []) {
  const of = (ran: Partial<Ran>) => [{ sql: "SELECT 1", calls: 200, ...ran }];
  const { changed } = await compared(
    { slow: of(base), ...recordedOf[0] },
    { slow: of(other), ...recordedOf[1] },
    "&minChange=0",
  );
  return changed[0] as ShownStatement;
}

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
      envId: cast.environment.id,
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
    expect(digests(added)).toEqual(["UPDATE c SET d = ?", "UPDATE e SET d = ?"]);
    expect(added.map(({ isSure }) => isSure)).toEqual([true, false]);
    expect(added[0]).toMatchObject({
      part: "new",
      base: null,
      this: { calls: 30, callsPerMinute: 3 },
      changes: [],
    });
    expect(digests(gone)).toEqual(["DELETE FROM a", "DELETE FROM b"]);
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
    const of = async (query: string) => (await compare(cast.member, id, base, query)).changed.length;
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
    const first = await compare(cast.member, id, base, query);
    expect(first.counts).toMatchObject({ new: 31, gone: 25, changed: 12, unknown: 0, below: 0 });
    for (const [part, count] of [
      ["new", 31],
      ["gone", 25],
      ["changed", 12],
    ] as const) {
      const seen = digests(first[part]);
      for (let cursor = first.next[part]; cursor !== null; ) {
        const page = await compare(cast.member, id, base, `${query}&cursor=${cursor}`);
        expect(
          ["new", "gone", "changed", "unknown"].filter((name) => page[name as typeof part].length > 0),
        ).toEqual([part]);
        seen.push(...digests(page[part]));
        cursor = page.next[part];
      }
      expect(new Set(seen).size).toBe(count);
    }
    expect(digests(first.new)[0]).toBe("SELECT fresh30 FROM t");
  });

  it("go on from their place when the statement of the cursor is there no more", async () => {
    const [base, id] = [await capture({ slow: [] }), await capture({ slow: named(5, "a") })];
    const page = await compare(cast.member, id, base, "&cursor=new.3.0000000000000000&order=calls");
    expect(digests(page.new)).toEqual(["SELECT a1 FROM t", "SELECT a0 FROM t"]);
    expect(page.next.new).toBeNull();
  });

  it("have statements with a change only, in an order", async () => {
    const slow = (factor: number): Ran[] => [
      { sql: "SELECT a FROM t", calls: 300, micros: 1000 * factor },
      { sql: "SELECT b FROM t", calls: 300, micros: 4000 / factor },
      { sql: "SELECT c FROM t", calls: 300, micros: 10_000 * factor },
    ];
    const [base, id] = [await capture({ slow: slow(1) }), await capture({ slow: slow(2) })];
    const of = async (query: string) => digests((await compare(cast.member, id, base, query)).changed);
    expect(await of("&change=slower")).toEqual(["SELECT c FROM t", "SELECT a FROM t"]);
    expect(await of("&change=faster")).toEqual(["SELECT b FROM t"]);
    expect(await of("&change=more-calls")).toEqual([]);
    for (const order of ["time", "p50", "p95"]) {
      expect(await of(`&order=${order}`)).toEqual(["SELECT c FROM t", "SELECT b FROM t", "SELECT a FROM t"]);
    }
    expect(await of("&order=rows")).toHaveLength(3);
  });
});

describe("what can't be said", () => {
  it("of a full table: what is missing from it is not known to be new or gone", async () => {
    const many = Array.from({ length: 6 }, (_, at) => ({ sql: `SELECT c${at} FROM t`, calls: 10 }));
    const {
      new: added,
      gone,
      unknown,
      notes,
      base,
    } = await compared({ slow: many, capacity: 4 }, { slow: [{ sql: "DELETE FROM a", calls: 50 }] });
    expect(added).toEqual([]);
    expect(gone.length).toBeGreaterThanOrEqual(4);
    expect(unknown).toMatchObject([
      { digest: "DELETE FROM a", unknown: "full-table", base: null, isSure: false },
    ]);
    expect(base.missing.calls).toBeGreaterThan(0);
    expect(base.missing.totalMicros).toBeGreaterThan(0);
    expect(notes).toEqual([
      expect.stringMatching(/more different statements .* up to \d+ times, and took up to [\d.]+ ms/),
    ]);
  });

  it("of a count that may be too high: it has changed only if its least has", async () => {
    const many = Array.from({ length: 400 }, (_, at) => ({ sql: `SELECT c${at} FROM t`, calls: 1 }));
    const { changed } = await compared(
      { general: [{ sql: "SELECT z FROM t", calls: 40 }], log: "general" },
      { general: [...many, { sql: "SELECT z FROM t", calls: 40 }], log: "general", capacity: 4 },
      "&minChange=0",
    );
    expect(changed).toMatchObject([{ this: { calls: 140, overcalls: 100 }, changes: [] }]);
  });

  it("of captures that were counted by different rules", async () => {
    const one = { slow: [{ sql: "SELECT 1", calls: 50 }] };
    const {
      new: added,
      unknown,
      notes,
    } = await compared(
      { ...one, manifest: { digestVersion: 1 } },
      { slow: [...one.slow, { sql: "DELETE FROM a", calls: 50 }] },
    );
    expect(added).toEqual([]);
    expect(unknown).toMatchObject([{ digest: "DELETE FROM a", unknown: "other-rules" }]);
    expect(notes).toEqual([expect.stringMatching(/^The captures were counted by different rules/)]);
  });

  it("of captures that were redacted in different ways", async () => {
    const one = { slow: [{ sql: "SELECT 1", calls: 50 }] };
    const { notes } = await compared({ ...one, manifest: { redact: "literals" } }, one);
    expect(notes).toEqual([expect.stringMatching(/^Literals were removed from one/)]);
  });

  it("of a slow log without short statements: they are missing, and not compared", async () => {
    const long = { sql: "SELECT long FROM t", calls: 200, micros: 80_000 };
    const { gone, unknown, changed, notes } = await compared(
      { slow: [{ sql: "SELECT a FROM t", calls: 300 }, { sql: "SELECT b FROM t", calls: 300 }, long] },
      {
        slow: [
          { sql: "SELECT b FROM t", calls: 20, micros: 60_000 },
          { ...long, micros: 160_000 },
        ],
        minDurationMicros: 50_000,
      },
      "&minChange=0",
    );
    expect(gone).toEqual([]);
    expect(unknown).toMatchObject([{ digest: "SELECT a FROM t", unknown: "too-short" }]);
    const changes = Object.fromEntries(changed.map(({ digest, changes }) => [digest, changes]));
    expect(changes).toEqual({ "SELECT b FROM t": [], "SELECT long FROM t": ["slower", "more-time"] });
    expect(notes).toEqual([expect.stringMatching(/all calls took at least 50 ms are compared/)]);
  });

  it("of a long statement that the slow log of long ones has not: that it is gone", async () => {
    const { gone } = await compared(
      { slow: [{ sql: "SELECT long FROM t", calls: 200, micros: 80_000 }] },
      { slow: [{ sql: "SELECT b FROM t", calls: 20, micros: 60_000 }], minDurationMicros: 50_000 },
    );
    expect(digests(gone)).toEqual(["SELECT long FROM t"]);
  });

  it("of a capture that has not begun: nothing is gone", async () => {
    const {
      gone,
      unknown,
      notes,
      this: other,
    } = await compared({ slow: [{ sql: "SELECT 1", calls: 50 }] }, { minutes: null, status: "SCHEDULED" });
    expect(gone).toEqual([]);
    expect(unknown).toMatchObject([{ unknown: "not-recorded", this: null }]);
    expect(other).toMatchObject({
      minutes: 0,
      statements: 0,
      perMinute: { statements: null, totalMicros: null },
    });
    expect(notes).toEqual([expect.stringMatching(/has recorded nothing/)]);
  });

  it("of two that have not begun: nothing at all", async () => {
    const nothing = { minutes: null, status: "SCHEDULED" };
    expect(await compared(nothing, nothing)).toMatchObject({ new: [], gone: [], changed: [], unknown: [] });
  });

  it("of short captures, of more gaps than are described, and of sessions from before", async () => {
    const slow = [{ sql: "SELECT 1", calls: 50 }];
    const timing = { completeSince: START + 1000, before: {} };
    const { notes } = await compared({ slow, minutes: 0.5 }, { slow, manifest: { gapCount: 2, timing } });
    expect(notes).toEqual([
      expect.stringMatching(/less than a minute/),
      expect.stringMatching(/more gaps than are described/),
      expect.stringMatching(/connected before 2026-11-23T05:00:01.000Z may be missing/),
    ]);
  });
});

describe("captures of different kinds", () => {
  const ran = [{ sql: "SELECT 1", calls: 100 }];
  const more = [{ sql: "SELECT 1", calls: 300, micros: 5000 }];

  it("of both logs have calls by the general log, and times by the slow one", async () => {
    const both = (slow: Ran[]): Recorded => ({ log: "both", general: ran, slow });
    const { changed, base, isTimed, notes } = await compared(
      both(ran),
      both([{ ...more[0], calls: 100 } as Ran]),
    );
    expect(isTimed).toBe(true);
    expect(base.log).toBe("general");
    expect(changed).toMatchObject([
      { changes: ["slower", "more-time"], this: { calls: 100, meanMicros: 5000 } },
    ]);
    expect(notes).toEqual([]);
  });

  it("has what only the slow log of both words so", async () => {
    const slow = [...ran, { sql: "GRANT SELECT ON a TO b", calls: 20 }];
    const { new: added } = await compared(
      { log: "both", general: ran, slow: ran },
      { log: "both", general: ran, slow },
    );
    expect(added).toMatchObject([{ this: { calls: 20, meanMicros: 1000 } }]);
  });

  /** Of both logs, of which the slow one has statements of at least a second. */
  const ofBoth = (calls: number, slow: Partial<Ran> | null, rest: Recorded = {}): Recorded => ({
    log: "both",
    general: [{ sql: "SELECT 1", calls }],
    slow: slow === null ? [] : [{ sql: "SELECT 1", calls, micros: 5_000_000, ...slow }],
    minDurationMicros: 1_000_000,
    ...rest,
  });

  it("of both logs find what had no call as long as the slow log's, and has many", async () => {
    const [none, many] = [ofBoth(1000, null), ofBoth(1000, { calls: 900 })];
    expect(await compared(none, many)).toMatchObject({
      counts: { below: 0, changes: { slower: 1, "more-time": 1, "more-calls": 0 } },
      changed: [
        {
          changes: ["slower", "more-time"],
          base: { calls: 1000, totalMicros: 0, microsPerMinute: 0, meanMicros: null, p95Micros: null },
          this: { calls: 1000, meanMicros: 5_000_000 },
        },
      ],
    });
    expect(await compared(many, none)).toMatchObject({
      changed: [{ changes: ["faster", "less-time"], ratios: { time: 0 } }],
    });
  });

  it("of both logs are slower by the calls of the general log, when the slow one has too few", async () => {
    const of = async (slow: number) =>
      (await compared(ofBoth(2000, { calls: 5 }), ofBoth(2000, { calls: slow }))).changed[0]?.changes;
    // The 95th percentile of 2000 calls is the 100th from the top.
    expect(await of(200)).toEqual(["slower", "more-time"]);
    expect(await of(60)).toEqual(["more-time"]);
  });

  it("of both logs do not take the slow log's count for all calls when the general log's table was full", async () => {
    const one = { sql: "SELECT 1", calls: 5, micros: 5_000_000 };
    const others = Array.from({ length: 3 }, (_, at) => ({ sql: `SELECT c${at} FROM t`, calls: 3000 }));
    const full = ofBoth(0, null, { general: others, slow: [one], capacity: 3 });
    const base = ofBoth(1000, { calls: 5 });
    const { changed, this: other } = await compared(base, full, "&minChange=0");
    expect(other.missing.calls).toBe(3000);
    expect(changed).toMatchObject([{ changes: [], isSure: false, this: { calls: 3000, overcalls: 2995 } }]);
    const { changed: back } = await compared(full, base, "&minChange=0");
    expect(back).toMatchObject([{ changes: [], isSure: false }]);
    const { new: added } = await compared(ofBoth(1000, null, { general: [] }), full);
    expect(added.map(({ digest, isSure }) => [digest, isSure])).toContainEqual(["SELECT ?", false]);
  });

  it("of both logs say nothing of times where the slow log does not say that there was no long call", async () => {
    const many = ofBoth(1000, { calls: 900 });
    const slow = [{ sql: "SELECT b FROM t", calls: 5, micros: 2_000_000 }];
    const full = ofBoth(1000, null, { slow, capacity: 1 });
    const { slow: _, ...unread } = ofBoth(1000, null);
    // A slow log of all statements that has not this one was not given it, such as an administrative one: it took some time.
    const unlogged = ofBoth(1000, null, { minDurationMicros: 0 });
    const pairs: [Recorded, Recorded][] = [
      [full, many],
      [unread, many],
      [unlogged, ofBoth(1000, { calls: 900 }, { minDurationMicros: 0 })],
    ];
    for (const [base, other] of pairs) {
      const { changed } = await compared(base, other, "&minChange=0&order=calls");
      expect(changed).toMatchObject([{ changes: [], base: { totalMicros: null } }]);
    }
  });

  it.each<[string, Recorded, Recorded, string, boolean]>([
    [
      "both and general",
      { log: "both", general: ran, slow: ran },
      { log: "general", general: more },
      "general",
      false,
    ],
    ["both and slow", { log: "both", general: ran, slow: ran }, { log: "slow", slow: more }, "slow", true],
    ["slow and both", { log: "slow", slow: ran }, { log: "both", general: ran, slow: more }, "slow", true],
  ])("are compared by the log that they share: %s", async (_, base, other, log, timed) => {
    const { changed, isTimed, notes, base: shown, this: that } = await compared(base, other);
    expect([shown.log, that.log]).toEqual([log, log]);
    expect(isTimed).toBe(timed);
    expect(changed[0]?.changes).toContain("more-calls");
    expect(changed[0]?.this?.meanMicros ?? null).toBe(timed ? 5000 : null);
    expect(notes).toEqual([expect.stringMatching(`compared is the ${log} log`)]);
  });

  it("of a general log and a slow one are compared by calls", async () => {
    const {
      changed,
      isTimed,
      notes,
      base,
      this: other,
    } = await compared({ log: "general", general: ran }, { log: "slow", slow: more });
    expect([base.log, other.log, isTimed]).toEqual(["general", "slow", false]);
    expect(changed).toMatchObject([{ changes: ["more-calls"], this: { meanMicros: null } }]);
    expect(other).toMatchObject({ totalMicros: null, timedMinutes: null, missing: { totalMicros: null } });
    expect(notes).toEqual([
      expect.stringMatching(/^One capture is of the general log and one of the slow log/),
    ]);
  });

  it("of a general log and a slow one of long statements say what is new, and not what is gone", async () => {
    const {
      gone,
      new: added,
      unknown,
      changed,
    } = await compared(
      { log: "general", general: [...ran, { sql: "DELETE FROM a", calls: 50 }] },
      { log: "slow", slow: [...more, { sql: "DELETE FROM b", calls: 50 }], minDurationMicros: 1000 },
      "&minChange=0",
    );
    expect(gone).toEqual([]);
    expect(digests(added)).toEqual(["DELETE FROM b"]);
    expect(unknown).toMatchObject([{ digest: "DELETE FROM a", unknown: "too-short" }]);
    expect(changed).toMatchObject([{ changes: [] }]);
  });
});
