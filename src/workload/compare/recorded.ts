/** A stretch of time in milliseconds since the epoch. */
export interface Stretch {
  from: number;
  to: number;
}

/**
 * How long of a window was really recorded, in milliseconds: without the gaps, which may overlap or reach beyond it.
 * @param window null when nothing was recorded
 */
export function recordedMs(window: Stretch | null, gaps: readonly Stretch[]): number {
  if (window === null) return 0;
  let recorded = Math.max(0, window.to - window.from);
  let counted = window.from;
  for (const { from, to } of gaps.toSorted((a, b) => a.from - b.from)) {
    const begin = Math.max(from, counted);
    const end = Math.min(to, window.to);
    if (end <= begin) continue;
    recorded -= end - begin;
    counted = end;
  }
  return recorded;
}
