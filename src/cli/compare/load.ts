import type { ComparedSide, Comparison } from "../../client/index.ts";
import { amountText, countText, microsText, minutesText, ratioText } from "../../workload/report/format.ts";

/** A figure of both captures, in words; a dash where one does not have it. */
export interface LoadFigure {
  title: string;
  base: string;
  capture: string;
  /** How the second is to the first; empty where that says nothing, or is not known. */
  change: string;
}

/** The load of two captures: those figures first that say most, and only those that one of them has. */
export function loadOf({ base, this: other }: Pick<Comparison, "base" | "this">): LoadFigure[] {
  const figure = (
    title: string,
    of: (side: ComparedSide) => number | null,
    format: (value: number) => string,
    isRate = true,
  ): LoadFigure | null => {
    const [before, after] = [of(base), of(other)];
    if (before === null && after === null) return null;
    // What adds up over time says nothing of captures that may be of different lengths.
    const isComparable = isRate && before !== null && after !== null && before > 0;
    return {
      title,
      base: before === null ? "–" : format(before),
      capture: after === null ? "–" : format(after),
      change: isComparable ? ratioText(after / before) : "",
    };
  };
  return [
    figure("Statements a minute", ({ perMinute }) => perMinute.statements, amountText),
    figure("Time a minute", ({ perMinute }) => perMinute.totalMicros, microsText),
    figure("Median time of a statement", ({ p50Micros }) => p50Micros, microsText),
    figure("95 of 100 took at most", ({ p95Micros }) => p95Micros, microsText),
    figure("Rows examined a minute", ({ perMinute }) => perMinute.rowsExamined, amountText),
    figure("Errors a minute", ({ perMinute }) => perMinute.errors, amountText),
    figure("Statements in all", ({ statements }) => statements, countText, false),
    figure("Recorded", ({ minutes }) => minutes, minutesText, false),
  ].filter((one) => one !== null);
}
