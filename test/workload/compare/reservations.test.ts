import { describe, expect, it } from "vitest";
import { START } from "../../support/stored-workload.ts";
import { comparing, digestsOf } from "./comparing.ts";
import type { Ran, Recorded } from "./support.ts";

/* What a comparison can't say, and of captures of different kinds what it can. */

const { compared } = comparing();

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
    expect(digestsOf(gone)).toEqual(["SELECT long FROM t"]);
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
    expect(digestsOf(added)).toEqual(["DELETE FROM b"]);
    expect(unknown).toMatchObject([{ digest: "DELETE FROM a", unknown: "too-short" }]);
    expect(changed).toMatchObject([{ changes: [] }]);
  });
});
