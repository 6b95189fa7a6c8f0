import { lazy } from "../../lib/lazy.ts";

/* How a report writes figures and times: in English, and times in UTC, since it is sent to people anywhere. */

// The first of them loads the data of a language, which takes milliseconds.
const amounts = lazy(() => new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }));
const counts = lazy(() => new Intl.NumberFormat("en"));

/** A whole number, grouped. */
export const countText = (count: number): string => counts().format(count);

/** A number, to three digits. */
export const amountText = (amount: number): string => amounts().format(amount);

/** A length of time, in the unit that keeps it short. */
export function microsText(micros: number): string {
  if (micros === 0) return "0 s";
  if (micros < 1000) return `${amountText(micros)} µs`;
  if (micros < 1e6) return `${amountText(micros / 1000)} ms`;
  if (micros < 120e6) return `${amountText(micros / 1e6)} s`;
  return minutesText(micros / 60e6);
}

/** Minutes, in the unit that keeps them short. */
export function minutesText(minutes: number): string {
  if (minutes < 2) return `${amountText(minutes * 60)} s`;
  return minutes < 120 ? `${amountText(minutes)} min` : `${amountText(minutes / 60)} h`;
}

/** A share, from 0 to 1: a small one is not said to be nothing. */
export const shareText = (share: number): string =>
  share > 0 && share < 0.001 ? "<0.1 %" : `${amountText(Math.round(share * 1000) / 10)} %`;

/** A moment in UTC, to the second. */
export const momentText = (milliseconds: number): string =>
  `${new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** How a figure is to another one; empty where that is not known. */
export function ratioText(ratio: number | null): string {
  if (ratio === null) return "";
  if (ratio >= 2 || ratio <= 0.5) return `${amountText(ratio)} times`;
  return Math.abs(ratio - 1) < 0.0005
    ? "the same"
    : `${ratio > 1 ? "+" : "−"}${shareText(Math.abs(ratio - 1))}`;
}

/** A figure, or a dash where there is none. */
export const orDash = (value: number | null | undefined, format: (value: number) => string): string =>
  value == null ? "–" : format(value);
