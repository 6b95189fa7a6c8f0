import { median, quantile } from "./statistics.ts";

/** How one of two figures that were taken in turns did against the other. */
export interface Turns {
  /** The first figure for each of the second: the median of all pairs. */
  ratio: number;
  /** The middle half of the pairs' ratios. */
  spread: [number, number];
  /** Both figures, medians. */
  first: number;
  second: number;
}

/** Takes two figures in turns, which of them first at random, so that other load on the machine affects both alike. */
export async function takeTurns(
  first: () => Promise<number>,
  second: () => Promise<number>,
  rounds: number,
): Promise<Turns> {
  const pairs: [number, number][] = [];
  for (let i = 0; i < rounds; i++) {
    if (Math.random() < 0.5) pairs.push([await first(), await second()]);
    else {
      const later = await second();
      pairs.push([await first(), later]);
    }
  }
  const ratios = pairs.map(([a, b]) => a / b);
  return {
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    first: median(pairs.map(([a]) => a)),
    second: median(pairs.map(([, b]) => b)),
  };
}

/** The middle half of the ratios, as the table has it. */
export function middleHalf({ spread: [low, high] }: Turns, digits: number): string {
  return `middle half ${low.toFixed(digits)} to ${high.toFixed(digits)}`;
}
