import { aboveBy, COMPARED_PARTS, isSlower } from "../../workload/compare/slower.ts";
import type { Figures } from "../../workload/timing/figures.ts";

/** A change is one from a fifth on, as in a comparison of captures. */
const isAbove = aboveBy(0.2);

/**
 * Whether a statement became slower or faster, by a fifth at least and by more than chance: by the intervals of its median and its
 * 95th percentile.
 * @returns null where neither is so, or where there are too few calls to say
 */
export function changeOf(base: Figures, other: Figures): "slower" | "faster" | null {
  for (const part of COMPARED_PARTS) {
    if (isSlower(other, base, part, isAbove)) return "slower";
    if (isSlower(base, other, part, isAbove)) return "faster";
  }
  return null;
}
