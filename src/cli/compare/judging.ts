import type { ComparedSide, Comparison, ShownStatement } from "../../client/index.ts";
import { rateDifference, SURE } from "../../workload/compare/statistics.ts";
import type { Condition, FigureCondition } from "./conditions.ts";

/* Whether a comparison has what somebody looks for. What is a change, and what is chance, the comparison itself says. */

/** What was found of a condition. */
export interface Verdict {
  condition: Condition;
  isFound: boolean;
  /** The statements that it is found in; none for errors, which are of the whole workload. */
  statements: ShownStatement[];
  /** What could not be judged, or was not counted, in words; null when nothing is left open. */
  left: string | null;
}

/** Which change of a statement a condition is about. */
const CHANGE_OF = { slower: "slower", rate: "more-calls", time: "more-time", rows: "more-rows" } as const;

/**
 * Why a condition can't be judged at all by a comparison; null when it can. A pipeline must not pass because nothing was measured.
 */
export function whyNotJudged({ kind }: Condition, comparison: Comparison): string | null {
  const { base, this: other, isTimed } = comparison;
  const empty = [base, other].find(({ minutes }) => minutes === 0);
  if (empty !== undefined) return `${empty.name} (capture ${empty.id}) has recorded nothing`;
  if (comparison.unknown.some(({ unknown }) => unknown === "other-rules"))
    return "the captures were counted by different rules of what is the same statement";
  if (kind === "errors" && (base.errors === null || other.errors === null))
    return "it is not known of both captures how many statements failed: MySQL's slow log says it with log_slow_extra";
  if ((kind === "slower" || kind === "time" || kind === "rows") && !isTimed)
    return "times are not compared: both captures need a slow log";
  return null;
}

/**
 * Judges a condition.
 * @param comparison with all pages, made with the condition's `minChange`
 */
export function judge(condition: Condition, comparison: Comparison): Verdict {
  const { kind } = condition;
  if (kind === "errors") return judgeErrors(condition, comparison);
  if (kind === "new" || kind === "gone") {
    const all = comparison[kind];
    const statements = condition.isAny ? all : all.filter(({ isSure }) => isSure);
    const left = leftOpen(kind, all.length - statements.length, unknownOf(kind, comparison));
    return { condition, isFound: statements.length > 0, statements, left };
  }
  const change = CHANGE_OF[kind];
  const statements = comparison.changed.filter(({ changes }) => changes.includes(change));
  return { condition, isFound: statements.length > 0, statements, left: null };
}

/** How many statements may be new, or gone, without that being known. */
const unknownOf = (kind: "new" | "gone", { unknown }: Comparison): number =>
  unknown.filter((one) => (kind === "new" ? one.base === null : one.this === null)).length;

function leftOpen(kind: "new" | "gone", byChance: number, unknown: number): string | null {
  const parts = [
    byChance === 0 ? null : `${byChance} ${kind} by chance perhaps (${kind}:any counts them)`,
    unknown === 0 ? null : `${unknown} of which it is not known whether they are ${kind}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

/** Errors a minute of all statements: a rate of its own, by the test that the comparison makes of calls. */
function judgeErrors(condition: FigureCondition, { base, this: other }: Comparison): Verdict {
  const [before, after] = [base, other].map(errorsOf) as [Errors, Errors];
  const [from, to] = [before.events / before.exposure, after.events / after.exposure];
  const isMore = to > from && to >= from * (condition.factor ?? DEFAULT_FACTOR);
  const isFound = isMore && rateDifference(after, before) >= SURE;
  return { condition, isFound, statements: [], left: null };
}

/** By how much errors have to grow where nothing else is asked for: as much as the comparison calls a change. */
const DEFAULT_FACTOR = 1.2;

interface Errors {
  events: number;
  exposure: number;
}

const errorsOf = ({ errors, timedMinutes }: ComparedSide): Errors => ({
  events: errors ?? 0,
  exposure: timedMinutes ?? 0,
});
