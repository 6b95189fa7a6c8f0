import type { Block, ChartBlock, Report } from "../../workload/report/blocks.ts";
import { amountText } from "../../workload/report/format.ts";
import { plainText } from "../../workload/report/text.ts";

/** How much of a statement a line shows, in characters. */
const MAX_STATEMENT = 200;
const BARS = "▁▂▃▄▅▆▇█";
/** How wide a chart is, in characters. */
const CHART = 60;

/** A report as text for a terminal or a file: without colours, with nothing that could steer a terminal. */
export function toText({ title, blocks }: Report): string {
  return `${[line(title), ...blocks.map(partOf)].join("\n\n")}\n`;
}

/** A text on one line. */
const line = (text: string): string => plainText(text).replace(/\s+/g, " ").trim();

function partOf(block: Block): string {
  switch (block.kind) {
    case "heading":
      return line(block.text).toUpperCase();
    case "text":
      return line(block.text);
    case "facts":
      return columns(
        block.facts.map(([name, value]) => [name, value]),
        false,
      );
    case "notes":
      return block.notes.map((note) => `! ${line(note)}`).join("\n");
    case "table":
      return columns([block.names, ...block.rows], true);
    case "statements": {
      const rows = block.statements.map(({ figures }, at) => [String(at + 1), ...figures]);
      const texts = block.statements.map(({ sql }, at) => `${at + 1}. ${shortened(line(sql))}`);
      return `${columns([["No.", ...block.names], ...rows], true)}\n\n${texts.join("\n")}`;
    }
    case "chart":
      return chartOf(block);
  }
}

const shortened = (text: string): string =>
  text.length > MAX_STATEMENT ? `${text.slice(0, MAX_STATEMENT - 1).toWellFormed()}…` : text;

/** Rows whose columns line up: the first at the left, the others at the right where they are figures. */
function columns(rows: readonly (readonly string[])[], areFigures: boolean): string {
  const cells = rows.map((row) => row.map(line));
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          return at > 0 && areFigures ? cell.padStart(width) : cell.padEnd(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Values over time as a line of bars, each the most of its part. */
function chartOf({ title, unit, values }: ChartBlock): string {
  const known = values.filter((value) => value !== null);
  const most = Math.max(0, ...known);
  const per = Math.max(1, Math.ceil(values.length / CHART));
  let bars = "";
  for (let at = 0; at < values.length; at += per) {
    const part = values.slice(at, at + per).filter((value) => value !== null);
    const height = most > 0 ? Math.max(0, ...part) / most : 0;
    bars += part.length === 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor(height * BARS.length))];
  }
  return `${line(title)} (most: ${amountText(most)} ${line(unit)})\n${bars}`;
}
