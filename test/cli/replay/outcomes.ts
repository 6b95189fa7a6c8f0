import type { Outcome, ReplayEnd } from "../../../src/cli/replay/outcome.ts";
import type { ReplayResult } from "../../../src/cli/replay/result.ts";
import { type ReplayPlan, ReplayTally } from "../../../src/cli/replay/tally.ts";

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
  via: "text",
  error: null,
  ...fields,
});

/** What was asked for. */
export const plan = (fields: Partial<ReplayPlan> = {}): ReplayPlan => ({
  source: { capture: 7, name: "nightly" },
  target: "mysql://localhost:3306/shop",
  speed: 1,
  writes: false,
  options: [],
  endedBy: null,
  notes: [],
  ...fields,
});

/** A whole replay of ten seconds. */
export const end = (fields: Partial<ReplayEnd> = {}): ReplayEnd => ({
  isWhole: true,
  startedAt: Date.UTC(2026, 10, 28, 13) * 1000,
  endedAt: Date.UTC(2026, 10, 28, 13, 0, 10) * 1000,
  recordedFrom: RECORDED,
  recordedTo: RECORDED + 10_000_000,
  sessions: 1,
  partialSessions: 0,
  spilledBytes: 0,
  ...fields,
});

/** The result of a replay that told these outcomes. */
export function resultOf(
  outcomes: readonly Outcome[],
  planned: Partial<ReplayPlan> = {},
  ended: Partial<ReplayEnd> = {},
): ReplayResult {
  const tally = new ReplayTally(planned.speed !== null, () => 0);
  for (const one of outcomes) tally.onOutcome(one);
  return tally.result(plan(planned), end(ended));
}
