import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/**
 * What was done in environments, and who read what captures have recorded: see src/audit. Without foreign keys, since it outlives what
 * it is about: it is kept for `AUDIT_RETENTION_DAYS`.
 */
export const auditEvents = sqliteTable(
  "audit_events",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    envId: integer("env_id").notNull(),
    time: integer("time").notNull(),
    /** One of `ACTIONS` (audit/actions.ts), or of another version of this service. */
    action: text("action").notNull(),
    /** A user's id, or which part of the service acted, such as `runner`. */
    actor: text("actor").notNull(),
    /** The user's name then. It is not shown: who has deleted their account is a deleted user everywhere. */
    actorName: text("actor_name"),
    via: text("via", { enum: ["session", "apiKey", "service"] }).notNull(),
    /** The id of the session or the API key, and that key's name then. */
    credentialId: text("credential_id"),
    credentialName: text("credential_name"),
    address: text("address"),
    /** What it was done to, by its id, and what that was called then; null where it is the environment itself. */
    subjectId: text("subject_id"),
    subjectName: text("subject_name"),
    /** What else there is to say, in JSON with its version: audit/details.ts. */
    details: text("details"),
    /** Of a reading: what makes it the same as another one, of which only the first is noted. Null for all else. */
    once: text("once"),
  },
  (table) => [
    index("audit_events_env_id_time").on(table.envId, table.time, table.id),
    uniqueIndex("audit_events_once").on(table.once).where(sql`once is not null`),
  ],
);
