import { describe, expect, it } from "vitest";
import { digestOf } from "../../../src/sql-text/normalize/normalize.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { pairDigests, rankDigests } from "../../../src/workload/timing/ranking.ts";
import { slowRecord } from "./records.ts";

/** A table of the slow log: statements, how often they ran and how long each time. */
const slowOf = (runs: readonly [string, number, number][], capacity?: number) => {
  const digests = new Digests(capacity);
  for (const [statement, times, micros] of runs) {
    for (let at = 0; at < times; at++) digests.addTimed(slowRecord(statement, micros, { errno: 0 }));
  }
  return digests.toJSON();
};
const generalOf = (runs: readonly [string, number][]) => {
  const digests = new Digests();
  for (const [statement, times] of runs) {
    for (let at = 0; at < times; at++) digests.add({ command: "Query", statement, timeMicros: at });
  }
  return digests.toJSON();
};

describe("statements in an order", () => {
  it("of the slow log say how long they took", () => {
    const [first, ...others] = rankDigests(
      slowOf([
        ["SELECT 1", 3, 100],
        ["COMMIT", 1, 700],
      ]),
      "time",
      10,
    );
    expect(first).toMatchObject({
      digest: "COMMIT",
      count: 1,
      share: 0.25,
      timedShare: 1,
      timed: { calls: 1, overcalls: 0, totalMicros: 700, overTotalMicros: 0, timeShare: 0.7 },
    });
    expect(others).toMatchObject([
      {
        fingerprint: digestOf("SELECT 1").fingerprint,
        digest: "SELECT ?",
        count: 3,
        overcount: 0,
        share: 0.75,
        firstSeenMicros: 1_000_000,
        lastSeenMicros: 1_000_000,
        example: "SELECT 1",
        tables: { reads: [], writes: [] },
        timedShare: 1,
        timed: {
          calls: 3,
          overcalls: 0,
          totalMicros: 300,
          overTotalMicros: 0,
          meanMicros: 100,
          minMicros: 100,
          maxMicros: 100,
          p50Micros: 100,
          p95Micros: 100,
          p99Micros: 100,
          timeShare: 0.3,
          lockMicros: 6,
          rowsExamined: 30,
          rowsSent: 3,
          errors: 0,
        },
      },
    ]);
  });

  it("of the general log are not timed", () => {
    const ranked = rankDigests(
      generalOf([
        ["SELECT 1", 2],
        ["COMMIT", 6],
      ]),
      "time",
      10,
    );
    expect(ranked.map(({ digest, share, timed, timedShare }) => [digest, share, timed, timedShare])).toEqual([
      ["COMMIT", 0.75, null, null],
      ["SELECT ?", 0.25, null, null],
    ]);
    expect(rankDigests({ capacity: 0, total: 0, entries: [] }, "calls", 10)).toEqual([]);
  });

  it("do not say that there were no errors where the log does not tell", () => {
    const digests = new Digests();
    digests.addTimed(slowRecord("SELECT 1", 5, { server: "mariadb" }));
    expect(rankDigests(digests.toJSON(), "time", 1)[0]?.timed?.errors).toBeNull();
  });

  it("say by how much a figure may be too high where there were more than there is room for", () => {
    const state = slowOf(
      [
        ["SELECT a", 5, 100],
        ["SELECT b", 3, 10],
      ],
      1,
    );
    const [only] = rankDigests(state, "calls", 10);
    expect(only).toMatchObject({ count: 8, overcount: 5 });
    expect(only?.timed).toMatchObject({ calls: 8, overcalls: 5, meanMicros: 10, maxMicros: 10 });
    expect(only?.timed?.totalMicros).toBe((only?.timed?.overTotalMicros ?? 0) + 30);
  });
});

describe("statements of both logs", () => {
  const general = generalOf([
    ["SELECT 1", 10],
    ["COMMIT", 30],
    ["GRANT x TO y", 1],
  ]);
  const slow = slowOf([
    ["SELECT 2", 4, 100],
    ["COMMIT", 31, 1],
    ["GRANT x TO 'y'", 1, 9],
  ]);

  it("have their counts from the general log, and say what part of their calls was timed", () => {
    const ranked = pairDigests(general, slow, "time", 10);
    expect(
      ranked.map(({ digest, count, timedShare, timed }) => [
        digest,
        count,
        timedShare,
        timed?.calls,
        timed?.totalMicros,
      ]),
    ).toEqual([
      ["SELECT ?", 10, 0.4, 4, 400],
      // One that began before the capture ended in it.
      ["COMMIT", 30, 1, 31, 31],
      ["GRANT x TO ?", 1, null, 1, 9],
      ["GRANT x TO y", 1, 0, undefined, undefined],
    ]);
    expect(ranked[0]).toMatchObject({ share: 10 / 41, example: "SELECT 1" });
    expect(ranked[0]?.timed?.timeShare).toBeCloseTo(400 / 440);
  });

  it("are in the order that is asked for, as many as are asked for", () => {
    expect(pairDigests(general, slow, "calls", 2).map(({ digest }) => digest)).toEqual([
      "COMMIT",
      "SELECT ?",
    ]);
    expect(pairDigests(general, slow, "mean", 1).map(({ digest }) => digest)).toEqual(["SELECT ?"]);
  });
});
