import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { refuseWorkload } from "../refusals.ts";
import type { MissingFragments } from "../stored/fragments-in-range.ts";
import type { Gap, Manifest } from "../stored/manifest.ts";
import { parseTime } from "../stored/time.ts";
import type { AnyRecord } from "./fingerprints.ts";
import type { Transaction, WorkloadSession } from "./replies.ts";
import type { Found } from "./search-options.ts";
import { Transactions, transactionsSchema } from "./transactions.ts";

/* One session, page by page: what the pages before knew of it goes from each to the next in the cursor. */

const knownSchema = lazy(() =>
  z.object({
    user: z.string().nullable(),
    host: z.string().nullable(),
    first: z.string().nullable(),
    last: z.string().nullable(),
    transactions: transactionsSchema(),
  }),
);

/** What is known of a session from the pages before. */
export type KnownSession = z.output<ReturnType<typeof knownSchema>>;

/** What is known of a session before its first page. */
const NOTHING: KnownSession = {
  user: null,
  host: null,
  first: null,
  last: null,
  transactions: { autocommit: true, open: null },
};

/** Reads what a cursor has of it. @throws ApiError 400 when it is something else */
export function readKnown(more: unknown): KnownSession {
  const { success, data } = knownSchema().safeParse(more);
  if (!success) throw refuseWorkload.otherCursor();
  return data;
}

/** A page of a session, but for the records, which are shown as they are. */
export type SessionPage = Pick<
  WorkloadSession,
  "threadId" | "log" | "user" | "host" | "first" | "last" | "transactions"
>;

/**
 * Makes a page of a session.
 * @param known what the pages before knew; null for the first page
 * @returns the page, and what the next one is to know
 */
export function sessionOf(
  { log, gaps, minDurationMicros }: Manifest,
  threadId: number,
  { lines, missing, next }: Found,
  known: KnownSession | null,
): { page: SessionPage; known: KnownSession } {
  let { user, host, first, last, transactions: before } = known ?? NOTHING;
  const transactions = new Transactions(before);
  const ended: Transaction[] = [];
  const isLost = lossesOf(gaps, missing);
  for (const { json } of lines) {
    const record = JSON.parse(json) as AnyRecord;
    const lost =
      last !== null && isLost(parseTime(last), parseTime(record.time)) ? transactions.lose() : null;
    const done = transactions.see(record);
    ended.push(...[lost, done].filter((transaction) => transaction !== null));
    user = record.user ?? user;
    host = record.host ?? host;
    first ??= record.time;
    last = record.time;
  }
  // What is missing behind the last record is told on this page, and the next record is on another.
  const lastMicros = last === null ? null : parseTime(last);
  if (missing.some(({ afterMicros }) => lastMicros !== null && lastMicros <= (afterMicros ?? -Infinity))) {
    const lost = transactions.lose();
    if (lost !== null) ended.push(lost);
  }
  const { open } = transactions;
  if (next === null && open !== null) ended.push(open);
  return {
    page: {
      threadId,
      log,
      user,
      host,
      first,
      last,
      transactions: minDurationMicros === undefined ? ended : null,
    },
    known: { user, host, first, last, transactions: transactions.toJSON() },
  };
}

/** Whether records may be missing between two of a session's, whose times are in microseconds. */
function lossesOf(gaps: readonly Gap[], missing: readonly MissingFragments[]) {
  return (before: number, after: number): boolean =>
    // A gap's bounds are in milliseconds, rounded down.
    gaps.some(({ from, to }) => before < (from + 1) * 1000 && after >= to * 1000) ||
    missing.some(({ afterMicros, beforeMicros }) => {
      const [from, to] = [afterMicros ?? -Infinity, beforeMicros ?? Infinity];
      return (before <= from && after >= to) || Math.max(before, from) < Math.min(after, to);
    });
}
