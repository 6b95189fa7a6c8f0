import type { FullCapture, LiveMessage, WorkloadDigest } from "../client/index.ts";
import type { DigestOrder } from "../workload/timing/order.ts";
import { progressOf } from "./capture-progress.ts";
import { formatAmount, formatCount, formatMicros, formatShare } from "./terminal/format.ts";
import { type Column, tableText } from "./terminal/table.ts";
import { clean, cut } from "./terminal/text.ts";

/** What `captures top` knows at a moment. */
export interface TopState {
  capture: FullCapture;
  live: LiveMessage;
  digest: readonly WorkloadDigest[];
  order: DigestOrder;
  /** When it was asked, in milliseconds. */
  at: number;
}

/** A statement, and how often it runs now. */
export interface TopRow extends WorkloadDigest {
  /** Calls a second since the time before; null where it was not listed then. */
  rate: number | null;
}

/** The statements of a moment with what has come since another; nothing is known of the first one. */
export function rowsOf(state: TopState, before: TopState | null): TopRow[] {
  const seconds = before === null ? 0 : (state.at - before.at) / 1000;
  const counts = new Map(before?.digest.map(({ fingerprint, count }) => [fingerprint, count]));
  return state.digest.map((statement) => {
    const count = counts.get(statement.fingerprint);
    // A count that may be too high can be corrected.
    const rate = count === undefined || seconds <= 0 ? null : Math.max(0, statement.count - count) / seconds;
    return { ...statement, rate };
  });
}

const micros = (value: number | undefined): string => (value === undefined ? "-" : formatMicros(value));
const RATE: Column<TopRow> = {
  title: "CALLS/S",
  of: ({ rate }) => (rate === null ? "-" : formatAmount(rate)),
  align: "right",
};
const CALLS: Column<TopRow> = { title: "CALLS", of: ({ count }) => formatCount(count), align: "right" };
const STATEMENT: Column<TopRow> = { title: "STATEMENT", of: ({ digest }) => digest, shrinks: true };

/** The columns of a capture with times, and of one without. @param isLive whether there is a moment before */
export function topColumns(log: FullCapture["log"], isLive: boolean): Column<TopRow>[] {
  const rate = isLive ? [RATE] : [];
  if (log === "general") {
    const share: Column<TopRow> = {
      title: "CALLS%",
      of: ({ share: one }) => formatShare(one),
      align: "right",
    };
    return [share, CALLS, ...rate, STATEMENT];
  }
  return [
    {
      title: "TIME%",
      of: ({ timeShare }) => (timeShare === undefined ? "-" : formatShare(timeShare)),
      align: "right",
    },
    { title: "TIME", of: ({ totalMicros }) => micros(totalMicros), align: "right" },
    CALLS,
    ...rate,
    { title: "MEAN", of: ({ meanMicros }) => micros(meanMicros), align: "right" },
    { title: "P99", of: ({ p99Micros }) => micros(p99Micros), align: "right" },
    STATEMENT,
  ];
}

/** How `captures top` is shown: on a screen of so many rows and columns, its titles in these colours. */
export interface TopLook {
  rows: number;
  columns: number;
  title: (text: string) => string;
  isPaused: boolean;
}

/** What `captures top` shows. */
export function topLines(
  state: TopState,
  before: TopState | null,
  { rows, columns, title, isPaused }: TopLook,
): string[] {
  const { capture, live, order, at } = state;
  const { label, details } = progressOf({ ...live, behindBy: null }, at);
  const head = [
    `${clean(capture.name)} (${capture.id})  ${[label, ...details].join("  ")}`,
    `by ${order}${isPaused ? ", paused" : ""}   q quit  s order  space pause`,
  ].map((line) => cut(line, columns));
  const shown = rowsOf(state, before).slice(0, Math.max(0, rows - head.length - 2));
  const table = tableText(topColumns(capture.log, true), shown, columns).split("\n");
  return [...head, "", ...table.map((line, at) => (at === 0 ? title(line) : line))].slice(0, rows);
}
