import type { WorkloadSeries, WorkloadSpan } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { formatAmount, formatClock, formatCount, formatDuration, formatMicros } from "../lib/format.ts";
import { figuresIn } from "../lib/range.ts";
import { FactRows } from "./fact-rows.tsx";

/** How long calls took in a range; null where that is not known. */
export type RangePercentiles = Pick<WorkloadSpan["whole"], "p50Micros" | "p95Micros" | "p99Micros">;

/**
 * What ran in the range of time that is chosen, by the series; nothing while none is chosen.
 * @param what is counted, in a word
 * @param percentiles of all its calls in that time, where they are known: a series has those of each step only
 */
export function RangeFigures({
  series,
  what,
  percentiles,
}: {
  series: WorkloadSeries;
  what: string;
  percentiles?: RangePercentiles | undefined;
}) {
  const { range } = useBrush();
  if (range === null) return null;
  const figures = figuresIn(series, range);
  if (figures === null) return <p class="muted">Nothing was recorded in this time.</p>;
  const { from, to, statements, timed, totalMicros, rowsExamined, errors } = figures;
  const shown: [string, string | null][] = [
    [what, formatCount(statements)],
    [`${what} per second`, formatAmount(statements / ((to - from) / 1000))],
    ["Time spent", totalMicros === null ? null : formatMicros(totalMicros)],
    ["Mean", totalMicros === null || !timed ? null : formatMicros(totalMicros / timed)],
    ...(["p50", "p95", "p99"] as const).map((name): [string, string | null] => {
      const micros = percentiles?.[`${name}Micros`];
      return [name, micros == null ? null : formatMicros(micros)];
    }),
    ["Rows examined", rowsExamined === null ? null : formatCount(rowsExamined)],
    ["Errors", errors === null ? null : formatCount(errors)],
  ];
  return (
    <div class="card">
      <dl class="facts">
        <FactRows facts={shown} valueClass="figure" />
      </dl>
      <p class="hint">
        From {formatClock(from)} to {formatClock(to)}: figures over time are kept in steps of{" "}
        {formatDuration(series.step * 1000)}, which count whole.
      </p>
    </div>
  );
}
