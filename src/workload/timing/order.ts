import type { Figures } from "./figures.ts";

/** By what statements can be ordered: their time in all, how often they ran, their mean time, the 99th percentile, rows examined. */
export const DIGEST_ORDERS = ["time", "calls", "mean", "p99", "rows"] as const;
export type DigestOrder = (typeof DIGEST_ORDERS)[number];

/** What of a statement it is ordered by. */
export interface Ordered {
  fingerprint: string;
  count: number;
  /** Null where its times are not known: it stands behind those that are, by its count. */
  figures: Figures | null;
  /** As it is shown: with what may be too much. */
  totalMicros: number;
}

/** The statements with the most first, and always in the same order. */
export function inOrder<T extends Ordered>(statements: Iterable<T>, order: DigestOrder): T[] {
  return [...statements]
    .map((statement) => ({ statement, weight: weightOf(statement, order) }))
    .sort((a, b) => b.weight - a.weight || byCount(a.statement, b.statement))
    .map(({ statement }) => statement);
}

/** The most frequent first, and always in the same order. */
export function byCount(
  a: Pick<Ordered, "count" | "fingerprint">,
  b: Pick<Ordered, "count" | "fingerprint">,
): number {
  return b.count - a.count || (a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0);
}

function weightOf({ count, figures, totalMicros }: Ordered, order: DigestOrder): number {
  if (order === "calls") return count;
  if (figures === null) return -1;
  switch (order) {
    case "time":
      return totalMicros;
    case "mean":
      return figures.totalMicros / figures.calls;
    case "p99":
      return figures.percentiles()?.p99Micros ?? -1;
    case "rows":
      return figures.rowsExamined;
  }
}
