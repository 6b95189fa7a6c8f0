import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";

/** So many requests in so many seconds. */
export interface Rule {
  window: number;
  max: number;
}

/** Whether a row of `rate_limit` counts still, at `:now` in a window of `:window` milliseconds. */
export const IS_IN_WINDOW = "last_request > :now - :window";
/**
 * Behind an insert of a row into `rate_limit` that counts one: counts it with those of the same key, in a window that begins with the
 * first of them. `last_request` is when the window began.
 */
export const COUNT_WITH_OTHERS = `on conflict (key) do update set
     count = case when ${IS_IN_WINDOW} then count + 1 else 1 end,
     last_request = case when ${IS_IN_WINDOW} then last_request else :now end`;

/** In how many seconds a window ends. */
export const secondsLeft = (begunAt: number, windowMs: number, now: number): number =>
  Math.max(1, Math.ceil((begunAt + windowMs - now) / 1000));

/** Counts a request, also one that is refused: in one statement, so that none of many that come at once passes uncounted. */
const COUNT = statement(
  `insert into rate_limit (id, key, count, last_request) values (:id, :key, 1, :now)
   ${COUNT_WITH_OTHERS} returning count, last_request as begunAt`,
);

/**
 * Counts a request in D1, the only place that isolates share. A window begins with the first request in it; if each began it anew,
 * requests that come steadily, however slowly, would be refused in the end.
 * @param key what it is counted by
 * @returns null within the limit, and else in how many seconds the window ends
 */
export async function countInWindow(db: Db, key: string, { window, max }: Rule): Promise<number | null> {
  const now = Date.now();
  const windowMs = window * 1000;
  const values = { id: crypto.randomUUID(), key, now, window: windowMs };
  const counted = await COUNT(db, values).first<{ count: number; begunAt: number }>();
  if (counted === null) throw new Error("A count of requests was not returned");
  return counted.count <= max ? null : secondsLeft(counted.begunAt, windowMs, now);
}
