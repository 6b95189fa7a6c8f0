import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Brush } from "../lib/brush.ts";
import {
  type AxisModel,
  axisOf,
  type ChartModel,
  chartOf,
  formatOffset,
  type MeasuredCapture,
} from "../lib/chart-model.ts";
import {
  formatAmount,
  formatClock,
  formatMinute,
  formatMoment,
  formatScaled,
  formatSecond,
} from "../lib/format.ts";
import { plotOptions, readPalette } from "../lib/plot.ts";
import type { TimeRange } from "../lib/range.ts";
import { type Aligned, align, summarise } from "../lib/series.ts";
import { useColours } from "../lib/theme.ts";

const HEIGHT = 150;
const DAY_SECONDS = 86_400;

interface Range {
  from: number;
  to: number;
}

/** Where the crosshair is. Moved by keys, it stays on its moment whatever the charts show; moved by a pointer, under the pointer. */
interface Crosshair {
  time: number;
  by: "keys" | "pointer";
}

/**
 * Small multiples on one axis, with one crosshair, and one zoom: by dragging, or by keys.
 * @param types the metrics
 * @param workload charts of the workload, which come first
 * @param brush whose range is the zoom, on an axis of time; without it the charts keep their own
 */
export function ChartGrid({
  types,
  workload,
  captures,
  axis,
  brush,
}: {
  types: string[];
  workload: ChartModel[];
  captures: MeasuredCapture[];
  axis: "time" | "offset";
  brush?: Brush | undefined;
}) {
  const charts = useMemo(
    () => [...workload, ...types.map((type) => chartOf(type, captures, axis))],
    [types.join(), workload, captures, axis],
  );
  const aligned = useMemo(
    () => align(charts.flatMap(({ times, lines }) => lines.map(({ values }) => ({ times, values })))),
    [charts],
  );
  const whole = useMemo(() => axisOf(charts, captures, axis), [charts, captures, axis]);
  const [own, setOwn] = useState<Range | null>(null);
  const zoom = brush === undefined ? own : zoomOf(brush.range, whole);
  const sync = useMemo(() => uPlot.sync(crypto.randomUUID()), []);
  const shown = zoom ?? whole;
  const [crosshair, setCrosshair] = useState<Crosshair | null>(null);
  const inside = useMemo(
    () => aligned.times.filter((time) => time >= shown.from && time <= shown.to),
    [aligned, shown.from, shown.to],
  );
  const index = Math.max(
    0,
    inside.findLastIndex((time) => crosshair !== null && time <= crosshair.time),
  );
  const pinned = crosshair?.by === "keys" ? (inside[index] ?? null) : null;
  const isWithinDay = whole.to - whole.from <= DAY_SECONDS;
  const brief = (seconds: number, isExact: boolean) => {
    if (axis === "offset") return formatOffset(seconds);
    return isExact && isWithinDay ? formatClock(seconds * 1000) : formatMoment(seconds * 1000, isWithinDay);
  };
  const chartsFrom = (source: ChartModel["source"]) =>
    charts
      .filter((chart) => chart.source === source)
      .map((chart) => (
        <Chart
          key={chart.type}
          chart={chart}
          whole={whole}
          shown={shown}
          axis={axis}
          sync={sync}
          pinned={pinned}
          onPoint={pointAt}
          onZoom={zoomTo}
          brief={brief}
        />
      ));
  const isFine = aligned.times.some(isBetweenMinutes);
  const label = (seconds: number) => {
    if (axis === "offset") return formatOffset(seconds);
    return (isFine ? formatSecond : formatMinute)(seconds * 1000);
  };
  // Kept, since it can be long, and neither zoom nor crosshair changes it.
  const table = useMemo(
    () => <MetricsTable charts={charts} aligned={aligned} label={label} />,
    [charts, aligned, axis],
  );

  const pointAt = (time: number) =>
    setCrosshair((before) =>
      before?.time === time && before.by === "pointer" ? before : { time, by: "pointer" },
    );
  const zoomTo = (from: number, to: number) => {
    const left = Math.max(whole.from, from);
    const right = Math.min(whole.to, to);
    if (right - left < 1) return;
    const isWhole = left <= whole.from && right >= whole.to;
    if (brush === undefined) setOwn(isWhole ? null : { from: left, to: right });
    // The last point stands for the time after it, too: at the end there is no bound.
    else brush.choose(isWhole ? null : rangeOf({ from: left, to: right }, whole));
  };
  const showAll = () => (brush === undefined ? setOwn(null) : brush.choose(null));
  const around = (factor: number) => {
    const middle = (shown.from + shown.to) / 2;
    const half = ((shown.to - shown.from) / 2) * factor;
    zoomTo(middle - half, middle + half);
  };
  const aside = (part: number) => {
    const width = shown.to - shown.from;
    const from = Math.min(Math.max(whole.from, shown.from + width * part), whole.to - width);
    zoomTo(from, from + width);
  };

  return (
    <>
      <div class="chart-tools">
        <span role="status">
          {label(shown.from)} to {label(shown.to)}
        </span>
        <fieldset class="zoom">
          <legend class="visually-hidden">What the charts show</legend>
          <button type="button" aria-label="Zoom in" onClick={() => around(0.5)}>
            +
          </button>
          <button type="button" aria-label="Zoom out" disabled={zoom === null} onClick={() => around(2)}>
            −
          </button>
          <button type="button" aria-label="Earlier" disabled={zoom === null} onClick={() => aside(-0.5)}>
            ←
          </button>
          <button type="button" aria-label="Later" disabled={zoom === null} onClick={() => aside(0.5)}>
            →
          </button>
          <button type="button" disabled={zoom === null} onClick={showAll}>
            Show all
          </button>
        </fieldset>
        <label class="moment">
          <span>Crosshair</span>
          <input
            type="range"
            min={0}
            max={Math.max(0, inside.length - 1)}
            value={index}
            aria-valuetext={label(inside[index] ?? shown.from)}
            onInput={({ currentTarget }) => {
              const time = inside[Number(currentTarget.value)];
              if (time !== undefined) setCrosshair({ time, by: "keys" });
            }}
          />
        </label>
        <span class="muted">
          {brush === undefined ? "Drag in a chart to zoom" : "Drag in a chart to choose a time"}
        </span>
      </div>
      {captures.length > 1 && (
        <ul class="legend">
          {captures.map(({ id, name }, i) => (
            <li key={id} class={`line-${i}`}>
              <a href={`/captures/${id}`}>{name}</a>
            </li>
          ))}
        </ul>
      )}
      {workload.length > 0 && (
        <>
          {types.length > 0 && <h3>From the workload</h3>}
          <div class="charts">{chartsFrom("workload")}</div>
        </>
      )}
      {types.length > 0 && (
        <>
          {workload.length > 0 && <h3>From CloudWatch</h3>}
          <div class="charts">{chartsFrom("cloudwatch")}</div>
        </>
      )}
      {table}
    </>
  );
}

/** The part of the axis that a range is; null where it is all of it, or none. */
function zoomOf(range: TimeRange | null, whole: AxisModel): Range | null {
  if (range === null) return null;
  const from = Math.max(whole.from, (range.from ?? Number.NEGATIVE_INFINITY) / 1000);
  const to = Math.min(whole.to, (range.to ?? Number.POSITIVE_INFINITY) / 1000);
  return to - from < 1 || (from === whole.from && to === whole.to) ? null : { from, to };
}

/** The range that a part of the axis is, in whole seconds. */
const rangeOf = ({ from, to }: Range, whole: AxisModel): TimeRange => ({
  from: from <= whole.from ? null : Math.floor(from) * 1000,
  to: to >= whole.to ? null : Math.ceil(to) * 1000,
});

function Chart({
  chart,
  whole,
  shown,
  axis,
  sync,
  pinned,
  onPoint,
  onZoom,
  brief,
}: {
  chart: ChartModel;
  whole: AxisModel;
  shown: Range;
  axis: "time" | "offset";
  sync: uPlot.SyncPubSub;
  /** The moment that the crosshair stays on; null while it follows the pointer. */
  pinned: number | null;
  onPoint: (time: number) => void;
  onZoom: (from: number, to: number) => void;
  /** A moment in short; exact where minutes are not fine enough. */
  brief: (seconds: number, isExact: boolean) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLSpanElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ shown, pinned, onPoint, onZoom });
  latest.current = { shown, pinned, onPoint, onZoom };
  const colours = useColours();

  // A change of colours draws the charts again.
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const isFine = chart.times.some(isBetweenMinutes);
    const say = (index: number | null) => {
      if (readout.current === null) return;
      const values = index === null ? [] : chart.lines.map(({ values }) => values[index]);
      const said = values.map((value) => (value == null ? "–" : formatAmount(value)));
      const at = index === null ? undefined : chart.times[index];
      readout.current.textContent = at === undefined ? "" : `${brief(at, isFine)}: ${said.join(" · ")}`;
    };
    const point = () => {
      const time = chart.times[drawn.cursor.idx ?? -1];
      if (time !== undefined) latest.current.onPoint(time);
    };
    const palette = readPalette(element);
    const height = HEIGHT * palette.zoom;
    const size = { width: element.clientWidth, height };
    const drawn = new uPlot(
      plotOptions(chart, whole, axis, palette, size, sync, {
        cursor: say,
        drawn: (plot) => pin(plot, latest.current.pinned),
        zoom: (from, to) => latest.current.onZoom(from, to),
      }),
      [chart.times, ...chart.lines.map(({ values }) => values)] as uPlot.AlignedData,
      element,
    );
    drawn.setScale("x", { min: latest.current.shown.from, max: latest.current.shown.to });
    plot.current = drawn;
    // After uPlot's own listener, which finds the point that is nearest.
    drawn.over.addEventListener("mousemove", point);
    const resizing = new ResizeObserver(() => {
      if (element.clientWidth > 0) drawn.setSize({ width: element.clientWidth, height });
    });
    resizing.observe(element);
    return () => {
      resizing.disconnect();
      plot.current = null;
      drawn.destroy();
    };
  }, [chart, whole, axis, sync, colours]);

  useEffect(() => {
    plot.current?.setScale("x", { min: shown.from, max: shown.to });
  }, [shown.from, shown.to]);

  useEffect(() => pin(plot.current, pinned), [pinned]);

  const isPair = chart.lines.length > 1;
  const isNamed = isPair && chart.source === "workload";
  const summaries = chart.lines.map(({ values }) => {
    const summary = summarise(
      values.filter((_, i) => {
        const time = chart.times[i] as number;
        return time >= shown.from && time <= shown.to;
      }),
    );
    if (summary === null) return "no points";
    const { least, mean, most } = summary;
    if (least === most) return format(chart, most);
    // A mean of percentiles says nothing.
    if (isNamed) return `${formatAmount(least)} to ${format(chart, most)}`;
    return `${formatAmount(least)} to ${format(chart, most)}, mean ${format(chart, mean)}`;
  });
  const words = chart.lines.map(({ name }, i) => (isPair ? `${name}: ${summaries[i]}` : summaries[i]));
  return (
    <figure class="chart">
      <figcaption>
        <strong>
          {chart.title}
          {chart.scale.unit !== "" && <span class="muted"> {chart.scale.unit}</span>}
        </strong>
        <span class="readout" ref={readout} aria-hidden="true" />
      </figcaption>
      <div ref={place} role="img" aria-label={`${chart.title}. ${words.join(". ")}`} />
      <p class="summary" aria-hidden="true">
        {chart.lines.map(({ name }, i) => (
          <span key={name} class={isPair ? `line-${i}` : undefined}>
            {isNamed && `${name} `}
            {summaries[i]}
          </span>
        ))}
      </p>
    </figure>
  );
}

/** Whether a moment of an axis is not at a full minute. */
const isBetweenMinutes = (seconds: number): boolean => seconds % 60 !== 0;

/** Puts a plot's crosshair on a moment. To be called again after the plot is drawn at another scale. */
function pin(plot: uPlot | null, moment: number | null): void {
  if (moment !== null) plot?.setCursor({ left: plot.valToPos(moment, "x"), top: 0 });
}

/** A value that is in the chart's unit already. */
const format = ({ scale: { unit } }: ChartModel, value: number): string =>
  formatScaled(value, { divisor: 1, unit });

/** The same as a table, made when it is opened. */
function MetricsTable({
  charts,
  aligned: { times, values },
  label,
}: {
  charts: ChartModel[];
  /** Every line of every chart, on one axis. */
  aligned: Aligned;
  label: (seconds: number) => string;
}) {
  const [open, setOpen] = useState(false);
  const columns = charts.flatMap((chart) =>
    chart.lines.map(({ name }, i) => ({ key: `${chart.type} ${i}`, chart, name })),
  );
  return (
    // The whole of it scrolls: keys can scroll it from its summary, which takes the focus (WCAG 2.1.1).
    <details class="figures" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The same as a table</summary>
      {open && (
        <table aria-label="The metrics as a table">
          <thead>
            <tr>
              <th scope="col">Time</th>
              {columns.map(({ key, chart, name }) => (
                <th scope="col" key={key}>
                  {chart.title} {chart.scale.unit !== "" && `(${chart.scale.unit})`}{" "}
                  {chart.lines.length > 1 && name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {times.map((time, row) => (
              <tr key={time}>
                <th scope="row">{label(time)}</th>
                {columns.map(({ key, chart }, i) => {
                  const value = values[i]?.[row];
                  return <td key={key}>{value == null ? "" : format(chart, value)}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}
