/** Amounts between two ticks, times a power of ten. */
const ROUND = [1, 2, 2.5, 5, 10];
const MOST_STEPS = 4;

/** Round amounts from zero, or what is below, to the first that no value exceeds: the ticks of a chart's axis. */
export function amountTicks(least: number | null, most: number | null): number[] {
  const bottom = Math.min(0, least ?? 0);
  const top = Math.max(0, most ?? 0);
  if (top === bottom) return [0, 1];
  const exact = (top - bottom) / MOST_STEPS;
  const power = 10 ** Math.floor(Math.log10(exact));
  // The tolerance is for rounding errors of floating point.
  const step = power * (ROUND.find((round) => round * power >= exact * (1 - 1e-9)) ?? 10);
  const first = Math.floor(bottom / step + 1e-9);
  const last = Math.ceil(top / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}
