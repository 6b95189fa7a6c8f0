import type { Db } from "./types.ts";

/*
 * A clock for decisions that can't be undone, such as the end of a capture. An alarm or a cron may run on a machine whose
 * clock is wrong: it is compared with the database's, which is read along with the data.
 */

/** How far apart two clocks may be and still agree. It includes the time that a query takes. */
export const MAX_SKEW_MS = 5000;

/** The database's clock in SQL, in milliseconds since the epoch. */
export const DATABASE_NOW = "round(unixepoch('subsec') * 1000)";

/**
 * A clock to use after a read of the database: this machine's own where the two agree, else the database's.
 * @param databaseNow what `DATABASE_NOW` gave, just now
 */
export function checkedClock(databaseNow: number): () => number {
  const skew = Date.now() - databaseNow;
  return Math.abs(skew) <= MAX_SKEW_MS ? () => Date.now() : () => Date.now() - skew;
}

/**
 * The earlier of a time and the database's, so that nothing is done early because one clock is ahead. In milliseconds since
 * the epoch.
 */
export async function earlierNow(db: Db, now: number): Promise<number> {
  const databaseNow = await db.prepare(`select ${DATABASE_NOW} as now`).first<number>("now");
  return Math.min(now, databaseNow ?? now);
}
