import Table from "cli-table3";
import type { Cli } from "../cli.ts";

/** Prints a line of a result. */
export const print = (cli: Cli, line: string): void => void cli.out.write(`${line}\n`);

/** Says what goes on, beside the result. */
export const say = (cli: Cli, line: string): void => void cli.err.write(`${line}\n`);

/** Prints a result as JSON: one value, indented for people where it is a terminal. */
export function printJson(cli: Cli, value: unknown): void {
  print(cli, JSON.stringify(value, null, cli.out.isTTY ? 2 : 0));
}

/** A column of a table: its title, and what stands in it. */
export interface Column<Row> {
  title: string;
  of: (row: Row) => string | number;
  /** Numbers stand at the right. */
  align?: "right";
}

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
  middle: "  ",
};

/** Prints rows as a table: in a terminal with columns that line up, else with a tab between them, so that cut and awk read it. */
export function printTable<Row>(cli: Cli, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const cells = rows.map((row) => columns.map(({ of }) => clean(String(of(row)))));
  if (!cli.out.isTTY) {
    for (const line of [columns.map(({ title }) => title), ...cells]) print(cli, line.join("\t"));
    return;
  }
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? "left"),
    chars: PLAIN,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  table.push(...cells);
  print(cli, table.toString());
}

/** A text that a server or a log wrote, without what would steer a terminal: control characters are shown, not sent. */
export function clean(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) =>
    character === "\n" || character === "\t"
      ? " "
      : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
