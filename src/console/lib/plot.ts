import type uPlot from "uplot";
import type { AxisModel, ChartModel } from "./chart-model.ts";
import { formatOffset } from "./chart-model.ts";
import { formatShort, formatTicks } from "./format.ts";
import { amountTicks } from "./ticks.ts";

/** What a chart is painted with, from the style sheet. */
export interface Palette {
  text: string;
  grid: string;
  lines: string[];
  hatch: string;
  mark: string;
  font: string;
  /** The reader's font size relative to the usual one: lengths scale with it. */
  zoom: number;
}

/** Reads the palette from the styles in force. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const zoom = textZoom();
  const colour = (name: string) => {
    // A custom property is read as it was written; only a real property has the computed colour.
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  return {
    text: colour("--muted"),
    grid: colour("--line"),
    lines: [colour("--series-a"), colour("--series-b"), colour("--series-c")],
    hatch: colour("--hatch"),
    mark: colour("--muted"),
    font: `${11 * zoom}px ${style.fontFamily}`,
    zoom,
  };
}

/** The page's font size, relative to the usual 16 pixels. */
function textZoom(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

/** How the second line of a chart is dashed, and the third. */
const DASHES = [
  [6, 3],
  [2, 3],
];

/** Steps of the axis, in seconds: none below a minute, so that times without seconds are enough. */
const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800];

/** How uPlot is to draw a chart. */
export function plotOptions(
  chart: ChartModel,
  axisModel: AxisModel,
  axis: "time" | "offset",
  palette: Palette,
  size: { width: number; height: number },
  sync: uPlot.SyncPubSub,
  on: {
    cursor: (index: number | null) => void;
    drawn: (plot: uPlot) => void;
    zoom: (from: number, to: number) => void;
  },
): uPlot.Options {
  const { zoom } = palette;
  const ticks = { stroke: palette.grid, width: 1, size: 4 };
  return {
    ...size,
    legend: { show: false },
    cursor: {
      sync: { key: sync.key, setSeries: false },
      // Other charts have other values at that height.
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: axis === "time", range: (_, from, to) => [from, to] },
      // From zero: an axis that begins higher exaggerates small changes.
      y: {
        range: (_, least, most) => {
          const ticks = amountTicks(least, most);
          return [ticks[0] ?? 0, ticks.at(-1) ?? 1];
        },
      },
    },
    axes: [
      {
        stroke: palette.text,
        font: palette.font,
        grid: { stroke: palette.grid, width: 1 },
        ticks,
        size: 28 * zoom,
        space: 70 * zoom,
        incrs: STEPS,
        values: (_, splits) => (axis === "time" ? formatTicks(splits) : splits.map(formatOffset)),
      },
      {
        stroke: palette.text,
        font: palette.font,
        grid: { stroke: palette.grid, width: 1 },
        ticks,
        size: 52 * zoom,
        splits: (_, __, least, most) => amountTicks(least, most),
        values: (_, splits) => splits.map(formatShort),
      },
    ],
    series: [
      {},
      ...chart.lines.map(({ name }, i): uPlot.Series => {
        const stroke = palette.lines[i] ?? palette.text;
        return {
          label: name,
          stroke,
          width: 1.75,
          spanGaps: false,
          ...(i > 0 && { dash: DASHES[i - 1] ?? [] }),
          points: { size: 5, stroke, fill: stroke },
        };
      }),
    ],
    hooks: {
      // What a workload's series has is final.
      drawClear: chart.source === "cloudwatch" ? [(plot) => shadeProvisional(plot, axisModel, palette)] : [],
      drawAxes: [(plot) => drawMarks(plot, axisModel, palette)],
      draw: [on.drawn],
      setCursor: [(plot) => on.cursor(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width } = plot.select;
          if (width < 4) return;
          on.zoom(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function shadeProvisional(plot: uPlot, { provisionalFrom }: AxisModel, palette: Palette): void {
  if (provisionalFrom === null) return;
  const { ctx, bbox } = plot;
  const left = Math.max(bbox.left, plot.valToPos(provisionalFrom, "x", true));
  const right = bbox.left + bbox.width;
  if (left >= right) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.strokeStyle = palette.hatch;
  ctx.lineWidth = devicePixelRatio;
  const step = 7 * devicePixelRatio;
  for (let x = left - bbox.height; x < right; x += step) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}

function drawMarks(plot: uPlot, { marks }: AxisModel, palette: Palette): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = palette.mark;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const mark of marks) {
    const x = Math.round(plot.valToPos(mark, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
