import type { ComparedRun, ComparedSide, Comparison, ShownStatement } from "../../../src/client/index.ts";

/** One of two captures: ten minutes of the slow log, unless said otherwise. */
export function side(id: number, fields: Partial<ComparedSide> = {}): ComparedSide {
  return {
    id,
    name: `capture ${id}`,
    envId: 1,
    status: "DONE",
    start: "2026-11-23T08:00:00.000Z",
    end: "2026-11-23T08:10:00.000Z",
    log: "slow",
    minutes: 10,
    timedMinutes: 10,
    statements: 12_000,
    totalMicros: 60_000_000,
    rowsExamined: 120_000,
    errors: 0,
    p50Micros: 1000,
    p95Micros: 9000,
    perMinute: { statements: 1200, totalMicros: 6_000_000, rowsExamined: 12_000, errors: 0 },
    missing: { calls: 0, totalMicros: 0 },
    ...fields,
  };
}

/** How a statement ran in one of them. */
export const run = (callsPerMinute: number, p95Micros = 5000): ComparedRun => ({
  calls: callsPerMinute * 10,
  overcalls: 0,
  callsPerMinute,
  totalMicros: callsPerMinute * 10_000,
  overTotalMicros: 0,
  microsPerMinute: callsPerMinute * 1000,
  meanMicros: 1000,
  p50Micros: 900,
  p95Micros,
  rowsExaminedPerCall: 3,
  rowsSentPerCall: 1,
});

/** A statement that both have. */
export const statement = (digest: string, fields: Partial<ShownStatement> = {}): ShownStatement => ({
  fingerprint: "00000000000000aa",
  digest,
  part: "changed",
  base: run(10),
  this: run(20, 15_000),
  isSure: true,
  changes: ["slower"],
  ratios: { calls: 2, time: 2, p50: 1, p95: 3, rows: 1 },
  unknown: null,
  ...fields,
});

/** A statement that only the second has. */
export const added = (digest: string, fields: Partial<ShownStatement> = {}): ShownStatement =>
  statement(digest, {
    fingerprint: "00000000000000bb",
    part: "new",
    base: null,
    changes: [],
    ratios: { calls: null, time: null, p50: null, p95: null, rows: null },
    ...fields,
  });

/** A comparison of captures 1 and 2. */
export function comparison(fields: Partial<Comparison> = {}): Comparison {
  const counts = { new: 0, gone: 0, changed: 0, unknown: 0, below: 0 };
  return {
    base: side(1),
    this: side(2),
    notes: [],
    isTimed: true,
    counts: { ...counts, changes: {} as Comparison["counts"]["changes"] },
    new: [],
    gone: [],
    changed: [],
    unknown: [],
    next: { new: null, gone: null, changed: null, unknown: null },
    ...fields,
  };
}
