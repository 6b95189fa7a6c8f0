import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Jobs of the daily run that are not finished: cron goes on with them in the minutes after it (cleanup/unfinished.ts). */
export const unfinishedJobs = sqliteTable("unfinished_jobs", {
  /** One of `JOBS` (cleanup/daily.ts), or of another version of this service. */
  name: text("name").primaryKey(),
  /** Where it goes on: after the row with this id. */
  after: integer("after").notNull(),
  /** When it goes on; while a run is at it, when that run has surely ended. */
  nextAt: integer("next_at").notNull(),
});
