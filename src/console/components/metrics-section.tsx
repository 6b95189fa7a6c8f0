import { useEffect, useState } from "preact/hooks";
import type { ReadMetrics } from "../api/types.ts";
import type { Brush } from "../lib/brush.ts";
import {
  type ChartModel,
  hasPoints,
  type MeasuredCapture,
  metricsOf,
  SETTLE_MS,
} from "../lib/chart-model.ts";
import { metricTitle } from "../lib/format.ts";
import { Failure, Skeleton } from "./loading.tsx";

type Charts = typeof import("./charts.tsx");

const NO_CHARTS: ChartModel[] = [];

/** Metrics that are not read yet, or can't be: the workload's charts do not wait for them. */
export const NOT_READ: ReadMetrics = {
  metrics: [],
  source: "archive",
  period: null,
  incomplete: null,
  readAt: 0,
};

/**
 * The metrics of a capture, or of two laid over each other, with notes. The charts are a bundle of their own, loaded when there is
 * something to draw.
 * @param workload charts of the workload, above the metrics
 * @param axis `time` of the day, or `offset` from each capture's start
 * @param brush the range that is chosen for the page; without it the charts have a zoom of their own
 */
export function MetricsSection({
  captures,
  workload = NO_CHARTS,
  axis,
  brush,
}: {
  captures: MeasuredCapture[];
  workload?: ChartModel[];
  axis: "time" | "offset";
  brush?: Brush;
}) {
  const [charts, setCharts] = useState<Charts>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    import("./charts.tsx").then((loaded) => setCharts(() => loaded), setProblem);
  }, []);

  const { withPoints, without } = metricsOf(captures);
  return (
    <>
      {captures.map(({ id, name, end, read }) => (
        <Notes key={id} name={captures.length > 1 ? name : null} end={end} read={read} />
      ))}
      {problem !== undefined && (
        <Failure
          error={new Error("The charts could not be loaded")}
          // A deployment renames the bundle, and only a new page knows the name; browsers also cache a failed import.
          retry={() => location.reload()}
        />
      )}
      {withPoints.length === 0 && captures.some(({ read }) => read !== NOT_READ) && (
        <p class="muted">CloudWatch has no points of this time yet. It publishes a minute when it is over.</p>
      )}
      {withPoints.length === 0 && workload.length === 0 ? null : charts === undefined ? (
        problem === undefined && <Skeleton what="the charts" lines={6} />
      ) : (
        <charts.ChartGrid
          types={withPoints.map(({ type }) => type)}
          workload={workload}
          captures={captures}
          axis={axis}
          brush={brush}
        />
      )}
      {withPoints.length > 0 && without.length > 0 && (
        <p class="muted">
          Without points: {without.map(({ displayName }) => metricTitle(displayName)).join(", ")}.
        </p>
      )}
    </>
  );
}

function Notes({ name, end, read }: { name: string | null; end: string | null; read: ReadMetrics }) {
  const whose = name === null ? "" : `${name}: `;
  return (
    <>
      {read.metrics.some(hasPoints) &&
        read.source !== "archive" &&
        (end === null || Date.parse(end) > read.readAt - SETTLE_MS) && (
          <p class="muted">
            {whose}
            <span class="hatch" aria-hidden="true" /> The hatched last minutes are provisional and may still
            grow.
          </p>
        )}
      {read.incomplete !== null && (
        <p class="note">
          {whose}
          {read.incomplete}.
        </p>
      )}
    </>
  );
}
