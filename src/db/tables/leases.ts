import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { captures } from "./captures.ts";

/**
 * Captures that need their instance's general log: each has, or is about to ask for, a lease of the Durable Object `LogLease`
 * that is named here. A row is written before the lease is asked for and deleted once it is released, so that cron finds
 * the leases of captures that have ended. A capture with a row is not erased, nor its environment deleted, unless an admin has
 * abandoned what is owed; the row is then erased with the capture.
 */
export const logLeases = sqliteTable(
  "log_leases",
  {
    captureId: integer("capture_id")
      .primaryKey()
      .references(() => captures.id),
    leaseName: text("lease_name").notNull(),
    acquiredAt: integer("acquired_at").notNull(),
    /** When cron last tried it; null before. Those tried longest ago come first. */
    triedAt: integer("tried_at"),
    /**
     * Until when cron leaves it to the lease's Durable Object, which keeps the log on for a while after the capture has ended; null
     * while the capture needs it, or where it is released at once.
     */
    keptUntil: integer("kept_until"),
    /** Since when its release is pending; null while the capture needs it. */
    owedSince: integer("owed_since"),
    /** Why the last attempt to release it failed, in words; null before. */
    owedReason: text("owed_reason"),
    /** The settings to restore in the group, in JSON: see environments/pending-changes.ts. */
    owedSettings: text("owed_settings"),
    abandonedAt: integer("abandoned_at"),
    /** The user's id; `cleanup` where no admin was left. */
    abandonedBy: text("abandoned_by"),
  },
  (table) => [
    // Few or none, and every read of environments asks for them.
    index("log_leases_owed_since")
      .on(table.owedSince)
      .where(sql`owed_since is not null and abandoned_at is null`),
  ],
);
