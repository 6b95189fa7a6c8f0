import type { Comparison, ShownStatement } from "../../client/index.ts";
import { amountText, microsText, orDash, ratioText } from "../../workload/report/format.ts";

/* Compared statements in the order in which people look at them. Each stands once, where it says most. */

type Change = ShownStatement["changes"][number];

/** Some compared statements, and what they have in common. */
export interface Section {
  title: string;
  statements: ShownStatement[];
}

const CHANGED: readonly (readonly [title: string, changes: readonly Change[]])[] = [
  ["Slower", ["slower"]],
  ["More calls, time or rows", ["more-calls", "more-time", "more-rows"]],
  ["Faster", ["faster"]],
  ["Fewer calls, less time or rows", ["fewer-calls", "less-time", "fewer-rows"]],
];

/** The statements of a comparison in sections, those first that a change for the worse is in; no empty section. */
export function sectionsOf(comparison: Pick<Comparison, "new" | "gone" | "changed">): Section[] {
  let left = comparison.changed;
  const changed = CHANGED.map(([title, changes]): Section => {
    const isOne = (one: ShownStatement) => one.changes.some((change) => changes.includes(change));
    const statements = left.filter(isOne);
    left = left.filter((one) => !isOne(one));
    return { title, statements };
  });
  const [slower, more, ...better] = changed as [Section, Section, ...Section[]];
  return [
    { title: "New", statements: comparison.new },
    slower,
    more,
    { title: "Gone", statements: comparison.gone },
    ...better,
  ].filter(({ statements }) => statements.length > 0);
}

/** What a compared statement is told apart by: the same statement can be in two parts. */
export const keyOf = ({ part, fingerprint }: ShownStatement): string => `${part} ${fingerprint}`;

/** Statements with those first that were looked for. @param found their keys */
export const foundFirst = (
  statements: readonly ShownStatement[],
  found: ReadonlySet<string>,
): ShownStatement[] => [
  ...statements.filter((one) => found.has(keyOf(one))),
  ...statements.filter((one) => !found.has(keyOf(one))),
];

/** What a statement's figures were and are: of one that is new or gone those of the capture that has it. */
export function figuresOf({ base, this: other, ratios, isSure, part }: ShownStatement): string[] {
  const one = (
    title: string,
    of: (run: NonNullable<ShownStatement["this"]>) => number | null,
    ratio: number | null,
    format: (value: number) => string,
  ): string | null => {
    const [before, after] = [base && of(base), other && of(other)];
    if (before === null && after === null) return null;
    if (base === null || other === null) return `${title} ${format((before ?? after) as number)}`;
    const change = ratioText(ratio);
    const both = `${orDash(before, format)} → ${orDash(after, format)}`;
    return `${title} ${both}${change === "" ? "" : ` (${change})`}`;
  };
  return [
    one("calls a minute", ({ callsPerMinute }) => callsPerMinute, ratios.calls, amountText),
    one("median", ({ p50Micros }) => p50Micros, ratios.p50, microsText),
    one("p95", ({ p95Micros }) => p95Micros, ratios.p95, microsText),
    one("time a minute", ({ microsPerMinute }) => microsPerMinute, ratios.time, microsText),
    one("rows a call", ({ rowsExaminedPerCall }) => rowsExaminedPerCall, ratios.rows, amountText),
    (part === "new" || part === "gone") && !isSure ? "perhaps by chance" : null,
  ].filter((figure) => figure !== null);
}
