import { useEffect, useState } from "preact/hooks";
import type { ReadMetrics } from "../api/client.ts";
import type { Metric } from "../api/types.ts";
import { type MeasuredCapture, SETTLE_MS } from "../lib/chart-model.ts";
import { metricTitle } from "../lib/format.ts";
import { Failure, Skeleton } from "./loading.tsx";

type Charts = typeof import("./charts.tsx");

/**
 * The metrics of a capture, or of two laid over each other, with notes. The charts are a bundle of their own, loaded when there is
 * something to draw.
 * @param axis `time` of the day, or `offset` from each capture's start
 */
export function MetricsSection({ captures, axis }: { captures: MeasuredCapture[]; axis: "time" | "offset" }) {
  const [charts, setCharts] = useState<Charts>();
  const [problem, setProblem] = useState<unknown>();
  useEffect(() => {
    import("./charts.tsx").then((loaded) => setCharts(() => loaded), setProblem);
  }, []);

  const [first] = captures;
  const metrics = first?.read.metrics ?? [];
  const drawn = new Set(
    captures.flatMap(({ read }) => read.metrics.filter(hasPoints).map(({ type }) => type)),
  );
  const withPoints = metrics.filter(({ type }) => drawn.has(type));
  const without = metrics.filter(({ type }) => !drawn.has(type));
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
      {withPoints.length === 0 ? (
        <p class="muted">CloudWatch has no points of this time yet. It publishes a minute when it is over.</p>
      ) : charts === undefined ? (
        problem === undefined && <Skeleton what="the charts" lines={6} />
      ) : (
        <charts.ChartGrid types={withPoints.map(({ type }) => type)} captures={captures} axis={axis} />
      )}
      {withPoints.length > 0 && without.length > 0 && (
        <p class="muted">
          Without points: {without.map(({ displayName }) => metricTitle(displayName)).join(", ")}.
        </p>
      )}
    </>
  );
}

const hasPoints = ({ dataPoints }: Metric): boolean => dataPoints.length > 0;

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
