import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

/** A line of the table. */
export interface Row {
  measure: string;
  figure: string;
  /** Absent for what is only reported. */
  target?: string;
  isMet?: boolean;
}

/** A figure that has to be at least, or at most, so much. */
export function judged(
  measure: string,
  value: number,
  target: { atLeast: number } | { atMost: number },
  { unit = "", digits = 2, more = "" }: { unit?: string; digits?: number; more?: string } = {},
): Row {
  const [words, limit, isMet] =
    "atLeast" in target
      ? ["at least", target.atLeast, value >= target.atLeast]
      : ["at most", target.atMost, value <= target.atMost];
  const figure = `${value.toFixed(digits)}${unit}${more === "" ? "" : ` (${more})`}`;
  return { measure, figure, target: `${words} ${limit}${unit}`, isMet };
}

/** The whole as a table of Markdown. */
export function table(rows: readonly Row[]): string {
  const verdict = ({ isMet }: Row) => (isMet === undefined ? "reported" : isMet ? "ok" : "missed");
  const cells = [
    ["measure", "figure", "target", ""],
    ["---", "---", "---", "---"],
    ...rows.map((row) => [row.measure, row.figure, row.target ?? "", verdict(row)]),
  ];
  return markdown(cells);
}

/** Cells as Markdown writes a table. */
export function markdown(cells: readonly (readonly string[])[]): string {
  return cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** A text with something else between the comments of Markdown that name its place. */
export function insertBetween(text: string, place: string, inserted: string): string {
  const [before, after] = [`<!-- begin: ${place} -->\n`, `\n<!-- end: ${place} -->`];
  const [begin, end] = [text.indexOf(before), text.indexOf(after)];
  if (begin < 0 || end < 0) throw new Error(`There are no comments for ${place}`);
  return `${text.slice(0, begin)}${before}\n${inserted}\n${text.slice(end)}`;
}

/** The machine, the programs and the day, in a line. */
export function machine(): string {
  const [first] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  const installed = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
  const workerd = installed["node_modules/workerd"].version;
  const day = new Date().toISOString().slice(0, 10);
  return (
    `${day}: ${cpus().length} cores of ${first?.model}, ${gib} GiB, Linux ${release()}, workerd ${workerd}, ` +
    `Node ${process.version}, commit ${commit}`
  );
}
