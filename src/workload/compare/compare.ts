import { changesOf, isAbsenceSure } from "./change.ts";
import type { Change, ComparedOrder, Part, Unknown } from "./names.ts";
import { type Ran, type Side, tookAtLeast } from "./side.ts";

/* What has changed from one capture to another: which statements are new, gone or changed, and of which that can't be said. */

/** A statement of one of two captures, or of both. */
export interface ComparedStatement {
  fingerprint: string;
  digest: string;
  part: Part;
  /** As each capture has it; null where it has not. */
  base: Ran | null;
  other: Ran | null;
  /** Of one that is new or gone: whether it would hardly be missing by chance. Of one that has changed: whether something has for sure. */
  isSure: boolean;
  changes: Change[];
  /** Why it is not known whether it is new or gone; null where it is. */
  unknown: Unknown | null;
}

/** From where on something is a change. */
export interface Thresholds {
  /** How often a statement has to have run in one of the captures. */
  minCalls: number;
  /** By what part of it something has to have changed: 0.2 stands for 1.2 times as much, or as little. */
  minChange: number;
}

/** All statements of two captures that are not below the thresholds, in no order, and how many are. */
export function compareSides(
  base: Side,
  other: Side,
  thresholds: Thresholds,
): { statements: ComparedStatement[]; below: number } {
  const fingerprints = new Set([...base.statements.keys(), ...other.statements.keys()]);
  const statements: ComparedStatement[] = [];
  for (const fingerprint of fingerprints) {
    const [before, after] = [
      base.statements.get(fingerprint) ?? null,
      other.statements.get(fingerprint) ?? null,
    ];
    const calls = Math.max(before?.calls ?? 0, after?.calls ?? 0);
    if (calls < thresholds.minCalls) continue;
    const compared = compareStatement(before, after, base, other, thresholds);
    if (compared !== null) statements.push(compared);
  }
  return { statements, below: fingerprints.size - statements.length };
}

function compareStatement(
  before: Ran | null,
  after: Ran | null,
  base: Side,
  other: Side,
  { minChange }: Thresholds,
): ComparedStatement | null {
  const { fingerprint, digest } = (after ?? before) as Ran;
  const statement = { fingerprint, digest, base: before, other: after };
  if (before !== null && after !== null) {
    const changes = changesOf([before, base], [after, other], minChange);
    if (changes.length === 0 && minChange > 0) return null;
    return { ...statement, part: "changed", changes, isSure: changes.length > 0, unknown: null };
  }
  const [ran, there, away] = before === null ? [after as Ran, other, base] : [before, base, other];
  const unknown = whyUnknown(ran, there, away);
  if (unknown !== null) return { ...statement, part: "unknown", changes: [], isSure: false, unknown };
  const part = before === null ? "new" : "gone";
  return { ...statement, part, changes: [], isSure: isAbsenceSure(ran, there, away), unknown: null };
}

/** Why a statement may have run in the capture that does not have it; null when it did not. */
function whyUnknown(ran: Ran, there: Side, away: Side): Unknown | null {
  if (away.callsMs <= 0) return "not-recorded";
  if (there.rules?.digestVersion !== away.rules?.digestVersion) return "other-rules";
  if (away.callsThreshold > there.callsThreshold && !tookAtLeast(ran, away.callsThreshold))
    return "too-short";
  return away.missing.calls > 0 ? "full-table" : null;
}

/** Puts statements in an order: those with the most, or that changed most, first. */
export function inOrder(
  statements: readonly ComparedStatement[],
  order: ComparedOrder,
  base: Side,
  other: Side,
): ComparedStatement[] {
  return statements
    .map((statement) => {
      const [before, after] = [
        weightOf(statement.base, base, order),
        weightOf(statement.other, other, order),
      ];
      return { statement, weight: Math.abs(after - before) };
    })
    .sort((a, b) => b.weight - a.weight || (a.statement.fingerprint < b.statement.fingerprint ? -1 : 1))
    .map(({ statement }) => statement);
}

function weightOf(ran: Ran | null, { callsMs, timesMs }: Side, order: ComparedOrder): number {
  if (ran === null) return 0;
  const { calls, figures, overMicros } = ran;
  if (order === "calls") return ratePerMinute(calls, callsMs) ?? 0;
  if (figures === null) return 0;
  switch (order) {
    case "time":
      return ratePerMinute(figures.totalMicros + overMicros, timesMs) ?? 0;
    case "rows":
      return ratePerMinute(figures.rowsExamined, timesMs) ?? 0;
    case "p50":
      return figures.percentiles()?.p50Micros ?? 0;
    case "p95":
      return figures.percentiles()?.p95Micros ?? 0;
  }
}

/** So much a minute; null where no time was recorded. */
export const ratePerMinute = (amount: number, milliseconds: number): number | null =>
  milliseconds > 0 ? (amount * 60_000) / milliseconds : null;
