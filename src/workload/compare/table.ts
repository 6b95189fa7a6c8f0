import type { Column } from "../../lib/csv.ts";
import type { ComparedRun, ShownStatement } from "./replies.ts";

/* Compared statements as CSV: a line for each, with a column for each field of both captures. */

const RUN: (keyof ComparedRun)[] = [
  "calls",
  "overcalls",
  "callsPerMinute",
  "totalMicros",
  "overTotalMicros",
  "microsPerMinute",
  "meanMicros",
  "p50Micros",
  "p95Micros",
  "rowsExaminedPerCall",
  "rowsSentPerCall",
];

const runOf = (side: "base" | "this"): Column<ShownStatement>[] =>
  RUN.map((name) => [`${side}.${name}`, (statement) => statement[side]?.[name]]);

const RATIOS = ["calls", "time", "p50", "p95", "rows"] as const;

/** Compared statements. */
export const COMPARED_COLUMNS: readonly Column<ShownStatement>[] = [
  ["fingerprint", ({ fingerprint }) => fingerprint],
  ["part", ({ part }) => part],
  ["unknown", ({ unknown }) => unknown],
  ["isSure", ({ isSure }) => isSure],
  ["changes", ({ changes }) => changes.join(" ")],
  ...RATIOS.map((name): Column<ShownStatement> => [`ratios.${name}`, ({ ratios }) => ratios[name]]),
  ...runOf("base"),
  ...runOf("this"),
  ["digest", ({ digest }) => digest],
];
