import { isoTime } from "../../lib/values.ts";
import { type ComparedStatement, compareSides, inOrder, ratePerMinute } from "./compare.ts";
import { CHANGES, PARTS, type Part } from "./names.ts";
import { notesOf } from "./notes.ts";
import type { ComparedRun, ComparedSide, Comparison, ShownStatement } from "./replies.ts";
import { type CompareQuery, cursorText, parseCursor } from "./schema.ts";
import { basisOf, type Ran, type Recording, type Side, sideOf } from "./side.ts";

/** How many statements a page of each list has, unless more or fewer are asked for. */
const PAGE = 100;

/** What a comparison may be asked for; see CompareQuery. */
type Asked = Pick<CompareQuery, "minCalls" | "minChange"> & Partial<CompareQuery>;

/**
 * Shows what has changed in a capture since another.
 * @param limit how many statements a page of each list has; with a cursor, of the list that it is of
 */
export function toComparison(
  baseRecording: Recording,
  recording: Recording,
  { minCalls, minChange, order, change, cursor: from, limit = PAGE }: Asked,
): Comparison {
  const cursor = from === undefined ? undefined : parseCursor(from);
  const basis = basisOf(baseRecording.capture, recording.capture);
  const base = sideOf(baseRecording, basis.calls[0], basis.isTimed);
  const other = sideOf(recording, basis.calls[1], basis.isTimed);
  const { statements, below } = compareSides(base, other, { minCalls, minChange });
  const asked = statements.filter(
    ({ part, changes }) => change === undefined || part !== "changed" || changes.includes(change),
  );
  const ordered = inOrder(asked, order ?? (basis.isTimed ? "time" : "calls"), base, other);
  const lists = Object.fromEntries(
    PARTS.map((part) => [part, ordered.filter((one) => one.part === part)]),
  ) as Record<Part, ComparedStatement[]>;
  const pages = PARTS.map((part) => {
    if (cursor !== undefined && cursor.part !== part) return [part, [], null] as const;
    const list = lists[part];
    const at = cursor && list.findIndex(({ fingerprint }) => fingerprint === cursor.fingerprint);
    // While a capture runs, its statements move: one that is there no more has left its place.
    const start = cursor === undefined || at === undefined ? 0 : at === -1 ? cursor.position : at + 1;
    const page = list.slice(start, start + limit);
    const position = start + page.length;
    const last = page.at(-1);
    const next =
      last === undefined || position >= list.length
        ? null
        : cursorText({ part, position, fingerprint: last.fingerprint });
    return [part, page.map((statement) => toStatement(statement, base, other)), next] as const;
  });
  return {
    base: toSide(base),
    this: toSide(other),
    notes: notesOf(base, other),
    isTimed: basis.isTimed,
    counts: {
      ...(Object.fromEntries(PARTS.map((part) => [part, lists[part].length])) as Record<Part, number>),
      below,
      changes: Object.fromEntries(
        CHANGES.map((change) => [
          change,
          statements.filter(({ changes }) => changes.includes(change)).length,
        ]),
      ) as Comparison["counts"]["changes"],
    },
    ...(Object.fromEntries(pages.map(([part, page]) => [part, page])) as Record<Part, ShownStatement[]>),
    next: Object.fromEntries(pages.map(([part, , next]) => [part, next])) as Comparison["next"],
  };
}

/** Shows one of two captures that are compared. */
export function toSide(side: Side): ComparedSide {
  const { capture, callsMs, timesMs, totalMicros, whole, missing } = side;
  const percentiles = whole?.percentiles() ?? null;
  const errors = whole === null || whole.outcomes === 0 ? null : whole.errors;
  const rowsExamined = whole?.rowsExamined ?? null;
  const timedRate = (amount: number | null) =>
    amount === null ? null : rounded(ratePerMinute(amount, timesMs));
  return {
    id: capture.id,
    name: capture.name,
    envId: capture.envId,
    status: capture.status,
    start: isoTime(capture.start),
    end: isoTime(capture.end),
    log: side.log,
    minutes: minutesOf(callsMs),
    timedMinutes: totalMicros === null ? null : minutesOf(timesMs),
    statements: side.total,
    totalMicros,
    rowsExamined,
    errors,
    p50Micros: percentiles?.p50Micros ?? null,
    p95Micros: percentiles?.p95Micros ?? null,
    perMinute: {
      statements: rounded(ratePerMinute(side.total, callsMs)),
      totalMicros: timedRate(totalMicros),
      rowsExamined: timedRate(rowsExamined),
      errors: timedRate(errors),
    },
    missing: { calls: missing.calls, totalMicros: totalMicros === null ? null : missing.micros },
  };
}

const minutesOf = (milliseconds: number): number => rounded(milliseconds / 60_000);

function toStatement(
  { fingerprint, digest, part, base, other, isSure, changes, unknown }: ComparedStatement,
  baseSide: Side,
  otherSide: Side,
): ShownStatement {
  const [before, after] = [base && toRun(base, baseSide), other && toRun(other, otherSide)];
  const ratio = (of: (run: ComparedRun) => number | null): number | null => {
    const [from, to] = [before && of(before), after && of(after)];
    return from === null || to === null || from === 0 ? null : rounded(to / from);
  };
  return {
    fingerprint,
    digest,
    part,
    base: before,
    this: after,
    isSure,
    changes,
    ratios: {
      calls: ratio(({ callsPerMinute }) => callsPerMinute),
      time: ratio(({ microsPerMinute }) => microsPerMinute),
      p50: ratio(({ p50Micros }) => p50Micros),
      p95: ratio(({ p95Micros }) => p95Micros),
      rows: ratio(({ rowsExaminedPerCall }) => rowsExaminedPerCall),
    },
    unknown,
  };
}

function toRun({ calls, overcalls, figures, overMicros }: Ran, { callsMs, timesMs }: Side): ComparedRun {
  const totalMicros = figures === null ? null : figures.totalMicros + overMicros;
  const percentiles = figures?.percentiles() ?? null;
  const perCall = (amount: number | undefined) =>
    figures === null || amount === undefined || figures.calls === 0 ? null : rounded(amount / figures.calls);
  return {
    calls,
    overcalls,
    callsPerMinute: rounded(ratePerMinute(calls, callsMs)),
    totalMicros,
    overTotalMicros: figures === null ? null : overMicros,
    microsPerMinute: totalMicros === null ? null : rounded(ratePerMinute(totalMicros, timesMs)),
    meanMicros: perCall(figures?.totalMicros),
    p50Micros: percentiles?.p50Micros ?? null,
    p95Micros: percentiles?.p95Micros ?? null,
    rowsExaminedPerCall: perCall(figures?.rowsExamined),
    rowsSentPerCall: perCall(figures?.rowsSent),
  };
}

/** To six digits: more of a rate is noise. */
function rounded(value: number): number;
function rounded(value: number | null): number | null;
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
