import { useId, useMemo, useState } from "preact/hooks";
import type { Capture, WorkloadDigest, WorkloadSeries } from "../api/types.ts";
import { formatCount } from "../lib/format.ts";
import { navigate, usePlace, withQuery } from "../lib/router.ts";
import { useRoving } from "../lib/roving.ts";
import {
  isOrderOfAll,
  nextSort,
  orderFor,
  readSort,
  rowsOf,
  type Sort,
  type SortKey,
} from "../lib/statements.ts";
import { smallStep } from "../lib/workload-charts.ts";
import type { SmallAxis } from "./sparkline.tsx";
import { StatementRows } from "./statement-row.tsx";

/** How many rows are shown until more are asked for. */
const FEW = 10;

interface Column {
  key: SortKey;
  title: string;
  /** What the title leaves out. */
  more?: string;
}

const STATEMENT: Column = { key: "statement", title: "Statement" };
const OF_GENERAL: Column[] = [STATEMENT, { key: "calls", title: "Calls" }];
const OF_TIMED: Column[] = [
  STATEMENT,
  { key: "time", title: "Time", more: "in all, and its share of the time of all statements" },
  { key: "calls", title: "Calls" },
  { key: "mean", title: "Mean" },
  { key: "p95", title: "p95", more: "95 of 100 calls took no longer" },
  { key: "p99", title: "p99", more: "99 of 100 calls took no longer" },
  { key: "rows", title: "Rows per call", more: "rows examined" },
];

/** What the API's order of the loaded statements is by. */
const MOST = {
  time: "most time",
  calls: "most calls",
  mean: "the highest mean",
  p99: "the highest p99",
  rows: "most rows examined",
};

/** Statements with their figures, those of transactions folded into one row. */
export function StatementTable({
  capture,
  statements,
  hasMore,
  isWhole,
  onWhole,
  series,
  isOfRange = false,
  isFiltered = false,
}: {
  capture: Capture;
  statements: WorkloadDigest[];
  /** Whether the capture may have others. */
  hasMore: boolean;
  /** Whether all rows are shown. */
  isWhole: boolean;
  onWhole: () => void;
  series: WorkloadSeries | null;
  /** Whether they are those of a range of time. */
  isOfRange?: boolean;
  /** Whether they are those that were looked for only. */
  isFiltered?: boolean;
}) {
  const place = usePlace();
  const [isUnfolded, setUnfolded] = useState(false);
  const isTimed = statements.some(({ totalMicros }) => totalMicros != null);
  const sort = readSort(place.query, isTimed);
  const rows = useMemo(() => rowsOf(statements, sort), [statements, sort.key, sort.ascending]);
  const axis = useMemo(() => axisOf(capture.id, series), [capture.id, series]);
  const shown = isWhole ? rows : rows.slice(0, FEW);
  const keys = shown.flatMap(({ key, members }) => [
    key,
    ...(isUnfolded ? members.map(({ key }) => key) : []),
  ]);
  const roving = useRoving(shown[0] === undefined ? null : [shown[0].key, "link"], keys);
  const hintId = useId();
  if (rows.length === 0) {
    const what = isFiltered ? "No such statement was recorded" : "No statement was recorded";
    return (
      <p class="muted" role="status">
        {what}
        {isOfRange && " in this time"}.
      </p>
    );
  }
  const columns = isTimed ? OF_TIMED : OF_GENERAL;
  return (
    <>
      <div class="table-wrap">
        <table class={isTimed ? "statements timed" : "statements"} aria-describedby={hintId}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  class={column.key === "statement" ? undefined : "number"}
                  aria-sort={
                    column.key === sort.key ? (sort.ascending ? "ascending" : "descending") : undefined
                  }
                >
                  <button
                    type="button"
                    class="sort"
                    title={column.more}
                    onClick={() => navigate(withQuery(place, nextSort(column.key, sort)), { replace: true })}
                  >
                    {column.title}
                    <span aria-hidden="true">
                      {column.key === sort.key ? (sort.ascending ? "▲" : "▼") : ""}
                    </span>
                  </button>
                </th>
              ))}
              {!isTimed && <th scope="col">Share</th>}
              {axis !== null && <th scope="col">{isTimed ? "Time as it ran" : "Calls as it ran"}</th>}
            </tr>
          </thead>
          <tbody {...roving.body}>
            {shown.map((row) => (
              <StatementRows
                key={row.key}
                captureId={capture.id}
                row={row}
                isTimed={isTimed}
                axis={axis}
                columns={columns.length + Number(!isTimed) + Number(axis !== null)}
                stop={roving.stop}
                isUnfolded={isUnfolded}
                onFold={() => setUnfolded(!isUnfolded)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p class="visually-hidden" id={hintId}>
        Arrow keys go from statement to statement.
      </p>
      <p class="hint" role="status">
        {isFiltered && `${formatCount(statements.length)} found${hasMore ? " on this page" : ""}. `}
        {statements.some(({ mayMatch }) => mayMatch) &&
          "Of those with “perhaps” not all users and tags are known. "}
        {isOfRange
          ? `The ${formatCount(statements.length)} statements of this time that have figures over time.`
          : describeOrder(sort, statements.length, hasMore, isTimed)}
      </p>
      {!isWhole && (hasMore || rows.length > FEW) && (
        <button type="button" onClick={onWhole}>
          {hasMore ? "Show up to 200" : `Show all ${formatCount(rows.length)}`}
        </button>
      )}
    </>
  );
}

/** Says which statements were sorted: all of the capture, or those that were loaded. */
function describeOrder(sort: Sort, loaded: number, hasMore: boolean, isTimed: boolean): string {
  if (isOrderOfAll(sort)) return "In the order of all statements of the capture.";
  if (!hasMore) return `In the order of all ${formatCount(loaded)} statements.`;
  const most = MOST[orderFor(sort) ?? (isTimed ? "time" : "calls")];
  return `In the order of the ${formatCount(loaded)} statements with ${most}, which were loaded.`;
}

/** The axis that the small charts share: that of the whole series, in larger steps. */
function axisOf(captureId: number, series: WorkloadSeries | null): SmallAxis | null {
  const step = series && smallStep(series);
  const last = series?.points.at(-1);
  if (series === null || step === null || last === undefined) return null;
  return {
    captureId,
    step,
    from: Date.parse(series.points[0]?.time ?? last.time) / 1000,
    to: Date.parse(last.time) / 1000 + series.step,
    version: last.time,
  };
}
