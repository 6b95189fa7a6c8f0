import type { Db } from "../db/types.ts";

/** So many requests in so many seconds. */
interface Rule {
  window: number;
  max: number;
}

/**
 * Counts the requests of a key in a window that begins with the first of them, also those that are refused: one statement, so
 * that none of many that come at once passes uncounted. `last_request` is when the window began.
 */
const COUNT = `insert into rate_limit (id, key, count, last_request) values (?1, ?2, 1, ?3)
   on conflict (key) do update set
     count = case when last_request > ?3 - ?4 then count + 1 else 1 end,
     last_request = case when last_request > ?3 - ?4 then last_request else ?3 end
   returning count, last_request as begunAt`;

/**
 * The storage of better-auth's limits (its `rateLimit.customStorage`), in D1: the only place that isolates share. Its own storage
 * begins the window anew with each request that it lets through (better-auth 1.7.25, `api/rate-limiter`), so that requests which
 * come steadily, however slowly, are refused in the end.
 */
export function addressLimits(db: Db) {
  return {
    /** Counts a request. @returns whether it is within the limit, and else in how many seconds the window ends */
    async consume(
      key: string,
      { window, max }: Rule,
    ): Promise<{ allowed: boolean; retryAfter: number | null }> {
      const now = Date.now();
      const length = window * 1000;
      const counted = await db
        .prepare(COUNT)
        .bind(crypto.randomUUID(), key, now, length)
        .first<{ count: number; begunAt: number }>();
      if (counted === null) throw new Error("A count of requests was not returned");
      const { count, begunAt } = counted;
      if (count <= max) return { allowed: true, retryAfter: null };
      return { allowed: false, retryAfter: Math.max(1, Math.ceil((begunAt + length - now) / 1000)) };
    },
  };
}
