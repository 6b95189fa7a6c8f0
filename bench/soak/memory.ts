import { median } from "../statistics.ts";

/** What a process held at a moment. */
export interface Sample {
  /** Milliseconds since the soak began. */
  at: number;
  mib: number;
}

/** How memory developed. */
export interface Growth {
  /** The medians of the early and the late stretch, in MiB. */
  early: number;
  late: number;
  isFlat: boolean;
}

/** Shorter soaks are not judged: V8 takes all memory that it may before it collects, which here takes some three minutes. */
const SHORTEST_MS = 4 * 60_000;
/**
 * How long memory is only being filled: caches, compiled code, V8's heap limit. In a short soak this part of it, so that enough is
 * left to compare.
 */
const WARM = { ms: 10 * 60_000, part: 0.4 };
/** The parts of the rest that are compared: the first and the last. */
const STRETCH = 0.25;
/** How much more the late stretch may have: what V8 has not collected yet varies. */
const TOLERANCE = { part: 0.2, mib: 48 };

/**
 * Compares the memory of the first and the last quarter of a soak, from when it was warm.
 * @returns null when it was too short for that
 */
export function memoryGrowth(samples: readonly Sample[]): Growth | null {
  const length = samples.at(-1)?.at ?? 0;
  if (length < SHORTEST_MS) return null;
  const warm = Math.min(WARM.ms, WARM.part * length);
  const stretch = STRETCH * (length - warm);
  const between = (from: number, to: number) =>
    median(samples.filter(({ at }) => at >= from && at <= to).map(({ mib }) => mib));
  const early = between(warm, warm + stretch);
  const late = between(length - stretch, length);
  return { early, late, isFlat: late <= early * (1 + TOLERANCE.part) + TOLERANCE.mib };
}
