import Table from "cli-table3";
import { clean, cut, widthOf } from "./text.ts";

/** A column of a table: its title, and what stands in it. */
export interface Column<Row> {
  title: string;
  of: (row: Row) => string | number;
  /** Numbers stand at the right. */
  align?: "right";
  /** In a terminal, what has no room is cut off here, and not broken into lines. One column of a table at most. */
  shrinks?: boolean;
  /** Colours a cell's text, in a terminal. */
  paint?: (text: string, row: Row) => string;
}

const GAP = "  ";
/** The borders of a table: none, but a gap between the columns. */
const PLAIN = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: GAP,
};

/** What is left of a column that has no room. */
const LEAST_SHRUNK = 20;

const cellsOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[][] =>
  rows.map((row) => columns.map(({ of }) => clean(String(of(row)))));

/** A table of lines with a tab between the columns, the first line their titles. */
export function tabbedText<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const titles = columns.map(({ title }) => title);
  return [titles, ...cellsOf(columns, rows)].map((line) => line.join("\t")).join("\n");
}

/** A table for a terminal of so many columns. */
export function tableText<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): string {
  const titles = columns.map(({ title }) => title);
  const cells = cellsOf(columns, rows);
  const widths = columns.map((_, at) =>
    Math.max(...[titles, ...cells].map((line) => widthOf(line[at] ?? ""))),
  );
  const shrinking = columns.findIndex(({ shrinks }) => shrinks);
  if (shrinking !== -1) {
    const others = widths.reduce((sum, one, at) => sum + (at === shrinking ? 0 : one + GAP.length), 0);
    for (const line of cells)
      line[shrinking] = cut(line[shrinking] ?? "", Math.max(LEAST_SHRUNK, width - others));
  }
  const table = new Table({
    head: titles,
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: PLAIN,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  table.push(
    ...cells.map((line, at) =>
      line.map((cell, column) => columns[column]?.paint?.(cell, rows[at] as Row) ?? cell),
    ),
  );
  // Without the spaces that fill the last column.
  return table.toString().replaceAll(/ +$/gm, "");
}
