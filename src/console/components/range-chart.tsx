import { useMemo, useState } from "preact/hooks";
import { readSeries } from "../api/client.ts";
import type { Capture } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { workloadCharts } from "../lib/workload-charts.ts";
import { Loaded } from "./loading.tsx";
import { MetricsSection, NOT_READ } from "./metrics-section.tsx";

/** Charts of the whole workload to choose a range of time in, for pages that have none; read once they are opened. */
export function RangeChart({ capture }: { capture: Capture }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Choose a time in a chart</summary>
      {isOpen && <RangeCharts capture={capture} />}
    </details>
  );
}

/** The charts alone. */
export function RangeCharts({ capture: { id, name, start, end, status } }: { capture: Capture }) {
  const series = useResource(`series/${id}`, (signal) => readSeries(id, {}, signal));
  const captures = useMemo(() => [{ id, name, start, end, read: NOT_READ }], [id, name, start, end]);
  const isOver = !isLive(status);
  const charts = useMemo(() => {
    if (series.data == null) return [];
    return workloadCharts(series.data, { start, end: isOver ? end : null, gaps: [] }).slice(0, 2);
  }, [series.data, start, end, isOver]);
  const brush = useBrush();
  return (
    <div class="range-chart">
      <Loaded resource={series} what="the charts" lines={5}>
        {() =>
          charts.length === 0 ? (
            <p class="muted">There is no chart of this capture.</p>
          ) : (
            <MetricsSection captures={captures} workload={charts} axis="time" brush={brush} />
          )
        }
      </Loaded>
    </div>
  );
}
