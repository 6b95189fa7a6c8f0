import { useRef } from "preact/hooks";
import { readSeries } from "../api/client.ts";
import type { WorkloadSeries } from "../api/types.ts";
import { formatAmount, formatClock } from "../lib/format.ts";
import { useResource, useSeen } from "../lib/hooks.ts";
import { atMost } from "../lib/queue.ts";
import { smallLine } from "../lib/workload-charts.ts";

/** What the small charts of a table share. */
export interface SmallAxis {
  captureId: number;
  /** In seconds, as all of it. */
  step: number;
  from: number;
  to: number;
  /** Changes when there is more to show. */
  version: string;
}

const WIDTH = 120;
const HEIGHT = 28;

/** Few, so that what the reader asks for meanwhile does not wait. */
const inTurn = atMost(3);

/** The course of one statement. It is read once it can be seen, and again while it can be seen. */
export function Sparkline({ axis, fingerprint }: { axis: SmallAxis; fingerprint: string }) {
  const place = useRef<HTMLDivElement>(null);
  const isSeen = useSeen(place);
  const asked = useRef<SmallAxis | null>(null);
  if (isSeen) asked.current = axis;
  const { captureId, step, version } = asked.current ?? axis;
  const series = useResource(
    asked.current === null ? null : `spark/${captureId}/${fingerprint}`,
    (signal) => inTurn(() => readSeries(captureId, { step, fingerprint }, signal), signal),
    `${step} ${version}`,
  );
  return (
    <div class="sparkline" ref={place}>
      {series.data != null && series.data.points.length > 0 && <Drawing axis={axis} series={series.data} />}
    </div>
  );
}

function Drawing({ axis: { from, to }, series }: { axis: SmallAxis; series: WorkloadSeries }) {
  const { times, values, isTimed } = smallLine(series);
  const most = Math.max(...values);
  const x = (time: number) => ((time - from) / (to - from)) * WIDTH;
  const y = (value: number) => HEIGHT - 1 - (most === 0 ? 0 : (value / most) * (HEIGHT - 2));
  // Each step is as wide as it is long: one alone can be seen, too.
  const path = times.map((time, i) => {
    const height = round(y(values[i] ?? 0));
    return `${i === 0 ? "M" : "L"}${round(x(time))} ${height}H${round(x(time + series.step))}`;
  });
  const peak = times[values.indexOf(most)];
  const amount = isTimed ? `${formatAmount(most)} s per second` : `${formatAmount(most)} per second`;
  const words = peak === undefined ? "" : `Most at ${formatClock(peak * 1000)}: ${amount}`;
  return (
    <svg role="img" aria-label={words} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
      <title>{words}</title>
      <path d={path.join("")} />
    </svg>
  );
}

const round = (value: number): number => Math.round(value * 10) / 10;
