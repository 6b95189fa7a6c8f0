import type { Db } from "./types.ts";

/*
 * What time it is, where an error can't be undone: a capture that was ended a day early stays ended. An alarm or a cron may run
 * on a machine whose clock is wrong, so that it is held against the database's, which comes with what is read anyway.
 */

/** How far two clocks may be apart that agree. The time that a question to the database takes is in it. */
export const MAX_SKEW_MS = 5000;

/** The database's clock in SQL, in milliseconds since the epoch. */
export const DATABASE_NOW = "round(unixepoch('subsec') * 1000)";

/**
 * A clock to go on by after a reading of the database: this machine's own where the two agree, else the database's.
 * @param databaseNow what `DATABASE_NOW` gave, just now
 */
export function checkedClock(databaseNow: number): () => number {
  const skew = Date.now() - databaseNow;
  return Math.abs(skew) <= MAX_SKEW_MS ? () => Date.now() : () => Date.now() - skew;
}

/** The earlier of a time and the database's: what is late for both is late. In milliseconds since the epoch. */
export async function earlierNow(db: Db, now: number): Promise<number> {
  const databaseNow = await db.prepare(`select ${DATABASE_NOW} as now`).first<number>("now");
  return Math.min(now, databaseNow ?? now);
}
