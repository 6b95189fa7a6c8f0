import type { Block, ChartBlock, Report, StatementsBlock } from "../../workload/report/blocks.ts";
import { amountText } from "../../workload/report/format.ts";
import { plainText } from "../../workload/report/text.ts";
import { cut, widthOf } from "./text.ts";

const BARS = "▁▂▃▄▅▆▇█";
/** How wide a chart is, in characters. */
const CHART = 60;
/** How wide a report is that no terminal shows. */
const WIDTH = 100;
/** What is left of a column that has no room, and of a value behind its name. */
const LEAST = 20;
const GAP = "  ";
/** A figure as reports write it, with its unit. */
const FIGURE = /^(?:[\d.,]+(?: ?(?:%|[mµ]?s|min|h|times))?|–|the same|)$/;

/**
 * A report as text for a terminal or a file: without colours, with nothing that could steer a terminal.
 * @param width of the terminal, in columns
 */
export function toText({ title, blocks }: Report, width = WIDTH): string {
  return `${[line(title), ...blocks.map((block) => partOf(block, width))].join("\n\n")}\n`;
}

/** A text on one line. */
const line = (text: string): string => plainText(text).replace(/\s+/g, " ").trim();

function partOf(block: Block, width: number): string {
  switch (block.kind) {
    case "heading":
      return line(block.text).toUpperCase();
    case "text":
      return wrapped(line(block.text), width).join("\n");
    case "facts":
      return factsOf(block.facts, width);
    case "notes":
      return block.notes
        .map((note) => wrapped(line(note), width - 2).join("\n  "))
        .map((note) => `! ${note}`)
        .join("\n");
    case "table":
      return columns(block.names, block.rows, width).join("\n");
    case "statements":
      return statementsOf(block, width);
    case "chart":
      return chartOf(block);
  }
}

/** Breaks a text into lines at its spaces; a word that is longer than a line stays whole. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function factsOf(facts: readonly (readonly [name: string, value: string])[], width: number): string {
  const known = facts.map(([name, value]) => [line(name), line(value)] as const);
  const widest = Math.max(0, ...known.map(([name]) => widthOf(name))) + GAP.length;
  return known
    .map(([name, value]) => {
      const lines = wrapped(value, Math.max(LEAST, width - widest));
      return `${padEnd(name, widest)}${lines.join(`\n${" ".repeat(widest)}`)}`.trimEnd();
    })
    .join("\n");
}

/** Each statement below its figures. */
function statementsOf({ names, statements }: StatementsBlock, width: number): string {
  const numbers = statements.map((_, at) => `${at + 1}.`);
  const indent = Math.max(0, ...numbers.map(({ length }) => length)) + 1;
  const [head, ...rows] = columns(
    names,
    statements.map(({ figures }) => figures),
    width - indent,
  );
  const shown = statements.map(({ sql }, at) => {
    const number = padEnd(numbers[at] as string, indent);
    return `${number}${rows[at]}\n${" ".repeat(indent)}${cut(line(sql), Math.max(LEAST, width - indent))}`;
  });
  return [(head as string).replace(/^/gm, " ".repeat(indent)), ...shown].join("\n");
}

/**
 * A head and rows whose columns line up: figures at the right, texts at the left. Where they have no room, first the names are broken
 * into lines, then the widest texts are cut.
 */
function columns(names: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const cells = rows.map((row) => row.map(line));
  const own = names.map((_, at) => Math.max(0, ...cells.map((row) => widthOf(row[at] ?? ""))));
  // Where rows begin with a figure all is compared; numbers behind texts, such as a session's, only name something.
  const areFigures = names.map((_, at) => cells.every((row) => FIGURE.test(row[at] ?? "")));
  const areNames = areFigures.every((is, at) => !is || at > 0) && names[0] !== "" && names.length > 2;
  const isRight = areFigures.map((is) => is && !areNames);
  const total = (widths: readonly number[]) =>
    widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length);
  let heads = names.map((name) => [line(name)]);
  const widths = () => heads.map((lines, at) => Math.max(own[at] ?? 0, ...lines.map(widthOf)));
  if (total(widths()) > width) heads = names.map((name, at) => wrapped(line(name), own[at] ?? 0));
  const fitting = widths();
  while (total(fitting) > width) {
    const texts = fitting.map((one, at) => (areFigures[at] ? 0 : one));
    const widest = texts.indexOf(Math.max(...texts));
    const others = total(fitting) - (fitting[widest] as number);
    const room = Math.max(LEAST, width - others);
    if ((texts[widest] as number) <= room) break;
    fitting[widest] = room;
  }
  // Figures are never cut: they move together.
  const gap = total(fitting) > width ? " " : GAP;
  const rowOf = (row: readonly string[]) =>
    fitting
      .map((room, at) => {
        const cell = cut(row[at] ?? "", room);
        return isRight[at] ? padStart(cell, room) : padEnd(cell, room);
      })
      .join(gap)
      .trimEnd();
  const height = Math.max(...heads.map(({ length }) => length));
  const head = Array.from({ length: height }, (_, at) =>
    rowOf(heads.map((lines) => lines[at - height + lines.length] ?? "")),
  );
  return [head.join("\n"), ...cells.map(rowOf)];
}

const padEnd = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - widthOf(text)));
const padStart = (text: string, width: number): string =>
  " ".repeat(Math.max(0, width - widthOf(text))) + text;

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
