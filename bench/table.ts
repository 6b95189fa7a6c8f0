import { execFileSync } from "node:child_process";
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
  return cells.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** The machine and the programs, in a line. */
export function machine(): string {
  const [first] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
  return `${cpus().length} cores of ${first?.model}, ${gib} GiB, Linux ${release()}, Node ${process.version}, commit ${commit}`;
}

/** The value that half of them are below. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value that such a part of them are at or below. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  if (value === undefined) throw new Error("Nothing was measured");
  return value;
}
