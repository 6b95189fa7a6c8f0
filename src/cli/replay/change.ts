import { percentileInterval } from "../../workload/compare/statistics.ts";
import type { Figures } from "../../workload/timing/figures.ts";
import { RELATIVE_ERROR } from "../../workload/timing/histogram.ts";

/** By how much one of two equal percentiles may be read higher than the other. */
const MAX_ERROR = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
/** The parts that are compared. */
const PARTS = [0.5, 0.95];
/** A change is one from a fifth on, as in a comparison of captures. */
const MIN_CHANGE = 0.2;

/**
 * Whether a statement became slower or faster, by a fifth at least and by more than chance: by the intervals of its median and its
 * 95th percentile.
 * @returns null where neither is so, or where there are too few calls to say
 */
export function changeOf(base: Figures, other: Figures): "slower" | "faster" | null {
  for (const part of PARTS) {
    if (isAbove(other, base, part)) return "slower";
    if (isAbove(base, other, part)) return "faster";
  }
  return null;
}

function isAbove(high: Figures, low: Figures, part: number): boolean {
  if (!high.isTimed || !low.isTimed) return false;
  const [above, below] = [percentileInterval(high, part), percentileInterval(low, part)];
  if (above === null || below === null || above.low <= below.high * MAX_ERROR) return false;
  const [one = 0] = high.quantiles([part]) ?? [];
  const [other = 0] = low.quantiles([part]) ?? [];
  return one > other && one >= other * (1 + MIN_CHANGE);
}
