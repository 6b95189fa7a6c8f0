import type { Load } from "./load.ts";
import { median, quantile } from "./statistics.ts";
import type { Workerd } from "./workerd.ts";

/** One of two that are compared. */
export interface Side {
  /** Runs a slice of load, of so many milliseconds. */
  load(milliseconds: number): Promise<Load>;
  /** What has to be done before a slice, and is not measured. */
  prepare?(): Promise<void>;
}

/** How one side did against the other. */
export interface Comparison {
  /** Requests a second of the first side for each of the second: the median of all pairs of slices. */
  ratio: number;
  /** The middle half of the pairs' ratios. */
  spread: [number, number];
  /** The same ratio of CPU time of workerd per request, which load on the machine disturbs less. */
  cpuRatio: number;
  /** Requests a second, medians. */
  first: number;
  second: number;
}

interface Slice {
  rate: number;
  /** Requests per second of CPU time. */
  perCpu: number;
}

/** Lets two sides take turns, which of them goes first at random, so that other load on the machine affects both alike. */
export async function alternate(
  workerd: Workerd,
  first: Side,
  second: Side,
  { rounds, sliceMs }: { rounds: number; sliceMs: number },
): Promise<Comparison> {
  const slice = async (side: Side): Promise<Slice> => {
    await side.prepare?.();
    const before = workerd.cpuMs();
    const { requests, seconds } = await side.load(sliceMs);
    return { rate: requests / seconds, perCpu: requests / (workerd.cpuMs() - before) };
  };
  // Until the code is compiled and the caches are filled.
  for (let i = 0; i < Math.min(3, rounds); i++) {
    await slice(first);
    await slice(second);
  }
  const pairs: [Slice, Slice][] = [];
  for (let i = 0; i < rounds; i++) {
    if (Math.random() < 0.5) pairs.push([await slice(first), await slice(second)]);
    else {
      const later = await slice(second);
      pairs.push([await slice(first), later]);
    }
  }
  const ratios = pairs.map(([a, b]) => a.rate / b.rate);
  return {
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    cpuRatio: median(pairs.map(([a, b]) => a.perCpu / b.perCpu)),
    first: median(pairs.map(([a]) => a.rate)),
    second: median(pairs.map(([, b]) => b.rate)),
  };
}
