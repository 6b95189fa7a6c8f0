import { useMemo } from "preact/hooks";
import { readMetrics } from "../api/client.ts";
import type { Capture, ReadMetrics, Workload, WorkloadSeries } from "../api/types.ts";
import { useBrush } from "../lib/brush.ts";
import { type Resource, usePolling, useResource } from "../lib/hooks.ts";
import { isLive } from "../lib/list.ts";
import { workloadCharts } from "../lib/workload-charts.ts";
import { Failure, Skeleton } from "./loading.tsx";
import { MetricsSection, NOT_READ } from "./metrics-section.tsx";
import { RangeBar } from "./range-bar.tsx";
import { RangeFigures } from "./range-figures.tsx";

/** How often the metrics of a running capture are read again: CloudWatch has a point a minute. */
const POLL_MS = 60_000;
/** For how long after a capture's end its metrics are expected to become final. */
const RECENT_MS = 15 * 60_000;

/** The charts of a capture: its workload's series, and CloudWatch's metrics below. Each is shown without the other, too. */
export function CaptureCharts({
  capture,
  workload,
  series,
}: {
  capture: Capture;
  /** Undefined until it is read. */
  workload: Workload | undefined;
  series: Resource<WorkloadSeries | null>;
}) {
  const { id, status, start, end } = capture;
  // Read again when the status changes: there is more after the end.
  const metrics = useResource(
    start === null ? null : `metrics/${id}`,
    (signal) => readMetrics(id, signal),
    status,
  );
  // CloudWatch adds to them for some minutes after the end.
  const isRecent = end !== null && Date.now() - Date.parse(end) < RECENT_MS;
  const mayGrow = isLive(status) || (isRecent && metrics.data?.source !== "archive");
  usePolling(metrics.reload, start !== null && mayGrow ? POLL_MS : null);
  const isWaiting = metrics.data === undefined && metrics.error === undefined;
  return (
    <section aria-labelledby="metrics-title">
      <h2 id="metrics-title">Metrics</h2>
      {start === null ? (
        <p class="muted">
          {isLive(status)
            ? "There are metrics once the capture has started."
            : "It never started: there are no metrics of it."}
        </p>
      ) : (
        <>
          {[series, metrics].map(
            ({ error, reload, loading }, i) =>
              error !== undefined && (
                <Failure key={i ? "metrics" : "series"} error={error} retry={reload} busy={loading} />
              ),
          )}
          {isUnknown(capture, workload, series) && (
            <p class="muted">
              How this workload changed over time is not known: the capture was made before that was kept.
            </p>
          )}
          <RangeBar />
          {series.data != null && <RangeFigures series={series.data} what="Statements" />}
          <ChartsOf
            capture={capture}
            read={metrics.data ?? NOT_READ}
            series={series.data ?? null}
            gaps={workload?.gaps}
          />
          {isWaiting && <Skeleton what="the metrics" lines={6} />}
        </>
      )}
    </section>
  );
}

/** Whether statements were recorded, but no series of them. */
function isUnknown(
  { status }: Capture,
  workload: Workload | undefined,
  { data }: Resource<WorkloadSeries | null>,
): boolean {
  const hasNoPoints = data === null || data?.points.length === 0;
  return hasNoPoints && !isLive(status) && workload !== undefined && workload.statements > 0;
}

const NO_GAPS: Workload["gaps"] = [];

/** The charts are drawn again for other figures, not for every message of the live connection. */
function ChartsOf({
  capture: { id, name, start, end, status },
  read,
  series,
  gaps = NO_GAPS,
}: {
  capture: Capture;
  read: ReadMetrics;
  series: WorkloadSeries | null;
  gaps: Workload["gaps"] | undefined;
}) {
  const captures = useMemo(() => [{ id, name, start, end, read }], [id, name, start, end, read]);
  const isOver = !isLive(status);
  const charts = useMemo(
    () => (series === null ? [] : workloadCharts(series, { start, end: isOver ? end : null, gaps })),
    [series, start, end, isOver, gaps],
  );
  return <MetricsSection captures={captures} workload={charts} axis="time" brush={useBrush()} />;
}
