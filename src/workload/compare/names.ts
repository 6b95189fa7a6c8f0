/* The words of a comparison. The description of the API and the console use them too. */

/** What became of a statement from one capture to the other. */
export const PARTS = ["new", "gone", "changed", "unknown"] as const;
export type Part = (typeof PARTS)[number];

/** What of a statement has changed: how long a call takes, how often it runs, its time in all, the rows that a call examines. */
export const CHANGES = [
  "slower",
  "faster",
  "more-calls",
  "fewer-calls",
  "more-time",
  "less-time",
  "more-rows",
  "fewer-rows",
] as const;
export type Change = (typeof CHANGES)[number];

/** By what compared statements can be ordered: time a minute, calls a minute, median and 95th percentile of time, rows a minute. */
export const COMPARED_ORDERS = ["time", "calls", "p50", "p95", "rows"] as const;
export type ComparedOrder = (typeof COMPARED_ORDERS)[number];

/** Why it is not known whether a statement is new or gone: of the capture that does not have it. */
export const UNKNOWNS = ["not-recorded", "other-rules", "too-short", "full-table"] as const;
export type Unknown = (typeof UNKNOWNS)[number];
