import { describe, expect, it } from "vitest";
import type { WorkloadDigest, WorkloadSpan } from "../../src/console/api/types.ts";
import { limitedTo } from "../../src/console/lib/limited.ts";

const UNKNOWN = {
  timed: null,
  totalMicros: null,
  p50Micros: null,
  p95Micros: null,
  p99Micros: null,
  rowsExamined: null,
  errors: null,
};
const digest = (fingerprint: string, more: Partial<WorkloadDigest> = {}): WorkloadDigest => ({
  fingerprint,
  digest: `SELECT ${fingerprint}`,
  count: 1000,
  overcount: 3,
  share: 0.5,
  firstSeen: "2026-11-23T10:00:00Z",
  lastSeen: "2026-11-23T11:00:00Z",
  example: "SELECT 1",
  tables: { reads: [], writes: [] },
  examples: [],
  sources: [],
  moreSources: 0,
  tags: [],
  moreTags: 0,

  ...more,
});
const SINCE = { since: "2026-11-23T10:00:00Z" };
const span = (
  whole: Partial<WorkloadSpan["whole"]>,
  statements: Partial<WorkloadSpan["statements"][number]>[],
): WorkloadSpan => ({
  step: 10,
  from: "2026-11-23T10:00:00Z",
  to: "2026-11-23T10:01:00Z",
  whole: { statements: 0, ...UNKNOWN, ...whole },
  statements: statements.map((one) => ({ fingerprint: "", statements: 0, ...SINCE, ...UNKNOWN, ...one })),
});

describe("the statements of a range of time", () => {
  it("have their figures of that time, and shares of what ran then", () => {
    const { statements, others } = limitedTo(
      span({ statements: 40 }, [
        { fingerprint: "a", statements: 10 },
        { fingerprint: "b", statements: 5 },
      ]),
      [digest("c"), digest("b"), digest("a")],
    );
    expect(statements).toMatchObject([
      { fingerprint: "a", digest: "SELECT a", count: 10, overcount: 0, share: 0.25 },
      { fingerprint: "b", count: 5, share: 0.125 },
    ]);
    expect(others).toBe(25);
  });

  it("have their times where they were timed, and nothing of the whole capture's", () => {
    const times = {
      timed: 8,
      totalMicros: 800,
      p50Micros: 90,
      p95Micros: 200,
      p99Micros: 300,
      rowsExamined: 16,
    };
    const whole = digest("a", { minMicros: 1, maxMicros: 9000, lockMicros: 5, rowsSent: 7, errors: 4 });
    const { statements, others } = limitedTo(
      span({ statements: 10, timed: 8, totalMicros: 1600 }, [{ fingerprint: "a", statements: 10, ...times }]),
      [whole],
    );
    expect(statements).toEqual([
      digest("a", {
        count: 10,
        overcount: 0,
        share: 1,
        calls: 8,
        overcalls: 0,
        totalMicros: 800,
        overTotalMicros: 0,
        meanMicros: 100,
        p50Micros: 90,
        p95Micros: 200,
        p99Micros: 300,
        timeShare: 0.5,
        rowsExamined: 16,
        timedShare: 0.8,
      }),
    ]);
    expect(others).toBe(0);
  });

  it("have no times where none of their calls was timed then", () => {
    const [statement] = limitedTo(
      span({ statements: 1, timed: 0, totalMicros: 0 }, [
        { fingerprint: "a", statements: 1, timed: 0, totalMicros: 0 },
      ]),
      [digest("a", { totalMicros: 5, meanMicros: 5, p95Micros: 5, p99Micros: 5 })],
    ).statements;
    expect(statement?.totalMicros).toBeUndefined();
    expect(statement?.timedShare).toBe(0);
  });

  it("count those whose text is not known among the others", () => {
    expect(limitedTo(span({ statements: 4 }, [{ fingerprint: "a", statements: 4 }]), [])).toEqual({
      statements: [],
      others: 4,
    });
  });
});
