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
/** The part of the time in which memory is only being filled: caches, compiled code, V8's heap limit. */
const WARM = 0.4;
/** How long each of the stretches is that are compared. */
const STRETCH = 0.2;
/** How much more the late stretch may have: what V8 has not collected yet varies. */
const TOLERANCE = { part: 0.2, mib: 48 };

/**
 * Compares the memory of the last stretch of a soak with that of the first one after it was warm.
 * @returns null when it was too short for that
 */
export function memoryGrowth(samples: readonly Sample[]): Growth | null {
  const length = samples.at(-1)?.at ?? 0;
  if (length < SHORTEST_MS) return null;
  const between = (from: number, to: number) =>
    median(samples.filter(({ at }) => at >= from * length && at <= to * length).map(({ mib }) => mib));
  const early = between(WARM, WARM + STRETCH);
  const late = between(1 - STRETCH, 1);
  return { early, late, isFlat: late <= early * (1 + TOLERANCE.part) + TOLERANCE.mib };
}
