import type { Outcome } from "../../../src/cli/replay/outcome.ts";
import type { ReplayResult } from "../../../src/cli/replay/result.ts";
import { type ReplayRun, ReplayTally } from "../../../src/cli/replay/tally.ts";

/** When the recordings of these tests begin: 2026-11-28 12:00 UTC, in microseconds. */
export const RECORDED = Date.UTC(2026, 10, 28, 12) * 1000;

/** A statement that was run at once, in a millisecond. */
export const outcome = (fields: Partial<Outcome> = {}): Outcome => ({
  session: "7",
  isPartial: false,
  fingerprint: "0123456789abcdef",
  statement: "SELECT * FROM orders WHERE id = 1",
  recordedAt: RECORDED,
  recordedMicros: null,
  lateMicros: 0,
  micros: 1000,
  error: null,
  ...fields,
});

/** A whole replay of ten seconds. */
export const run = (fields: Partial<ReplayRun> = {}): ReplayRun => ({
  source: { capture: 7, name: "nightly" },
  target: "mysql://localhost:3306/shop",
  speed: 1,
  writes: false,
  options: [],
  startedAt: Date.UTC(2026, 10, 28, 13),
  endedAt: Date.UTC(2026, 10, 28, 13, 0, 10),
  endedBy: null,
  sessions: 1,
  partialSessions: 0,
  notes: [],
  ...fields,
});

/** The result of a replay that told these outcomes. */
export function resultOf(outcomes: readonly Outcome[], fields: Partial<ReplayRun> = {}): ReplayResult {
  const tally = new ReplayTally(fields.speed !== null, () => 0);
  for (const one of outcomes) tally.onOutcome(one);
  return tally.result(run(fields));
}
