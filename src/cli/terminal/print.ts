import type { Cli } from "../cli.ts";
import { type Column, tabbedText, tableText } from "./table.ts";

/** Prints a line of a result. */
export const print = (cli: Cli, line: string): void => void cli.out.write(`${line}\n`);

/** Says what goes on, beside the result; nothing with `--quiet`. */
export function say(cli: Cli, line: string): void {
  if (!cli.global.quiet) cli.err.write(`${line}\n`);
}

/** Prints a result as JSON: one value, indented for people where it is a terminal. */
export function printJson(cli: Cli, value: unknown): void {
  print(cli, JSON.stringify(value, null, cli.out.isTTY ? 2 : 0));
}

/** Prints rows as a table: in a terminal with columns that line up, else with a tab between them, so that cut and awk read it. */
export function printTable<Row>(cli: Cli, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const { isTTY, columns: width = 80 } = cli.out;
  print(cli, isTTY ? tableText(columns, rows, width) : tabbedText(columns, rows));
}

/** Prints facts as lines of a name and a value, lined up in a terminal; what is null is left out. */
export function printFacts(cli: Cli, facts: readonly (readonly [string, string | null])[]): void {
  const known = facts.filter(([, value]) => value !== null);
  const widest = Math.max(...known.map(([name]) => name.length)) + 2;
  for (const [name, value] of known) {
    print(cli, cli.out.isTTY ? `${name.padEnd(widest)}${value}` : `${name}\t${value}`);
  }
}
