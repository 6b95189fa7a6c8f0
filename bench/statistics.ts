/** The median. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A percentile: the value that this share of them are at or below. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  if (value === undefined) throw new Error("Nothing was measured");
  return value;
}
