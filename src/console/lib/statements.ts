import type { DigestOrder, WorkloadDigest } from "../api/types.ts";

/** What statements can be sorted by. */
export type SortKey = "statement" | "time" | "calls" | "mean" | "p95" | "p99" | "rows";

/** How statements are sorted. */
export interface Sort {
  key: SortKey;
  ascending: boolean;
}

/** A row of the table of statements: one statement, or several folded into one. */
export interface StatementRow {
  key: string;
  name: string;
  calls: number;
  /** By how much `calls` may be too high. */
  overCalls: number;
  /** Of all calls, from 0 to 1. */
  share: number;
  /** Null where nothing is known of its time. */
  time: RowTime | null;
  /** Null for folded statements. */
  statement: WorkloadDigest | null;
  /** What is folded into it, in the table's order. */
  members: StatementRow[];
}

/** The time of a row's statements, in microseconds. */
export interface RowTime {
  totalMicros: number;
  /** By how much `totalMicros` may be too high. */
  overMicros: number;
  /** Of the time of all statements, from 0 to 1. */
  share: number;
  meanMicros: number;
  p95Micros: number;
  p99Micros: number;
  /** Whether the percentiles may be lower: those of several statements together are not known, but not above the highest. */
  areBounds: boolean;
  /** Of how many calls the figures are. */
  timedCalls: number;
  rowsExamined: number;
}

/** How the API orders statements that are to be sorted by a column. */
interface ColumnOrder {
  order: DigestOrder | null;
  /** Whether the first in that order are also the first of the column. */
  isSame: boolean;
}

const ORDERS: Record<SortKey, ColumnOrder> = {
  statement: { order: null, isSame: false },
  time: { order: "time", isSame: true },
  calls: { order: "calls", isSame: true },
  mean: { order: "mean", isSame: true },
  p95: { order: "p99", isSame: false },
  p99: { order: "p99", isSame: true },
  // The API's is of the rows in all, the column's of those of a call.
  rows: { order: "rows", isSame: false },
};

/** The order that the API is asked for; null for its default. */
export const orderFor = ({ key }: Sort): DigestOrder | null => ORDERS[key].order;

/** Whether the API has sorted all statements like that; else those that were loaded are sorted. */
export const isOrderOfAll = ({ key, ascending }: Sort): boolean => ORDERS[key].isSame && !ascending;

/** What the address says of the order; what it does not know is the default. */
export function readSort(query: URLSearchParams, isTimed: boolean): Sort {
  const key = query.get("sort") ?? "";
  const isKnown = Object.hasOwn(ORDERS, key) && (isTimed || key === "statement" || key === "calls");
  if (!isKnown) return { key: isTimed ? "time" : "calls", ascending: false };
  return { key: key as SortKey, ascending: query.get("dir") === "asc" };
}

/** What the address is to say when a column's title is pressed: its natural direction, then the other. */
export function nextSort(key: SortKey, current: Sort): { sort: string; dir: string } {
  const ascending = key === current.key ? !current.ascending : key === "statement";
  return { sort: key, dir: ascending ? "asc" : "" };
}

/** Statements of transactions and sessions, which most applications send around every other statement. */
const OF_TRANSACTION =
  /^(BEGIN(?! NOT\b)|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE SAVEPOINT|XA|SET)\b/i;

/** The rows of a table: statements of transactions folded into one, where there are several. */
export function rowsOf(statements: WorkloadDigest[], sort: Sort): StatementRow[] {
  const rows = statements.map(rowOf);
  const isFolded = (row: StatementRow) => OF_TRANSACTION.test(row.name);
  const folded = rows.filter(isFolded);
  const shown = folded.length < 2 ? rows : [...rows.filter((row) => !isFolded(row)), fold(folded, sort)];
  return sorted(shown, sort);
}

function rowOf(statement: WorkloadDigest): StatementRow {
  const { fingerprint, digest, count, overcount, share } = statement;
  return {
    key: fingerprint,
    name: digest,
    calls: count,
    overCalls: overcount,
    share,
    time: timeOf(statement),
    statement,
    members: [],
  };
}

function timeOf(statement: WorkloadDigest): RowTime | null {
  const { totalMicros, meanMicros, p95Micros, p99Micros, calls = 0, overcalls = 0 } = statement;
  if (totalMicros == null || meanMicros == null || p95Micros == null || p99Micros == null) return null;
  return {
    totalMicros,
    overMicros: statement.overTotalMicros ?? 0,
    share: statement.timeShare ?? 0,
    meanMicros,
    p95Micros,
    p99Micros,
    areBounds: false,
    timedCalls: calls - overcalls,
    rowsExamined: statement.rowsExamined ?? 0,
  };
}

function fold(rows: StatementRow[], sort: Sort): StatementRow {
  const sum = <T>(of: T[], what: (part: T) => number) => of.reduce((total, part) => total + what(part), 0);
  const times = rows.flatMap(({ time }) => (time === null ? [] : [time]));
  const timedCalls = sum(times, (time) => time.timedCalls);
  return {
    key: "transactions",
    name: "Transactions and settings",
    calls: sum(rows, ({ calls }) => calls),
    overCalls: sum(rows, ({ overCalls }) => overCalls),
    share: Math.min(
      1,
      sum(rows, ({ share }) => share),
    ),
    time:
      times.length === 0
        ? null
        : {
            totalMicros: sum(times, ({ totalMicros }) => totalMicros),
            overMicros: sum(times, ({ overMicros }) => overMicros),
            share: Math.min(
              1,
              sum(times, ({ share }) => share),
            ),
            meanMicros: sum(times, (time) => time.meanMicros * time.timedCalls) / Math.max(1, timedCalls),
            p95Micros: Math.max(...times.map(({ p95Micros }) => p95Micros)),
            p99Micros: Math.max(...times.map(({ p99Micros }) => p99Micros)),
            areBounds: true,
            timedCalls,
            rowsExamined: sum(times, ({ rowsExamined }) => rowsExamined),
          },
    statement: null,
    members: sorted(rows, sort),
  };
}

/** The rows that a statement examined each time it ran; null where that is not known. */
export const rowsPerCall = ({ time }: StatementRow): number | null =>
  time === null || time.timedCalls <= 0 ? null : time.rowsExamined / time.timedCalls;

/** Rows in order; those without a value are last in both directions. */
function sorted(rows: StatementRow[], { key, ascending }: Sort): StatementRow[] {
  const direction = ascending ? 1 : -1;
  return [...rows].sort((a, b) => {
    if (key === "statement") return direction * (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    const [x, y] = [figureOf(a, key), figureOf(b, key)];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || b.calls - a.calls;
    return direction * (x - y) || b.calls - a.calls;
  });
}

function figureOf(row: StatementRow, key: Exclude<SortKey, "statement">): number | null {
  switch (key) {
    case "calls":
      return row.calls;
    case "rows":
      return rowsPerCall(row);
    case "time":
      return row.time?.totalMicros ?? null;
    case "mean":
      return row.time?.meanMicros ?? null;
    case "p95":
      return row.time?.p95Micros ?? null;
    case "p99":
      return row.time?.p99Micros ?? null;
  }
}
