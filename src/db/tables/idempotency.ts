import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { user } from "./accounts.ts";

/**
 * Answers to requests with an Idempotency-Key, so that a repeated request gets the same answer. Two columns are named after
 * captures, the first that could be made so; the fingerprint tells kinds of requests apart.
 */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    key: text("key").notNull(),
    /** The SHA-256 of what was asked for. */
    fingerprint: text("fingerprint").notNull(),
    /** The id of what was made. No foreign key: it may be erased first. */
    madeId: integer("capture_id").notNull(),
    /** What was made as it was then, in JSON: later changes do not change the reply. */
    made: text("capture").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.key] }),
    index("idempotency_keys_expires_at").on(table.expiresAt),
  ],
);
