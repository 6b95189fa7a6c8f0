import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { user } from "./accounts.ts";
import { environments } from "./environments.ts";

/** Captures that are to be made again and again: one for each occurrence of a rule. */
export const schedules = sqliteTable(
  "schedules",
  {
    // Never reused: captures have it for as long as they are kept.
    id: integer("id").primaryKey({ autoIncrement: true }),
    envId: integer("env_id")
      .notNull()
      .references(() => environments.id),
    /** Who owns its captures. It is paused once they are no longer a member of the environment. */
    ownerId: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    /** The rule: one of the two, and the time zone in which it is read. */
    cron: text("cron"),
    rrule: text("rrule"),
    timeZone: text("time_zone").notNull(),
    /** The local time from which on the rule comes, such as `2026-11-30T09:00`; null for the moment when it was made. */
    start: text("start"),
    /** What its captures are called: see schedules/capture-name.ts. */
    captureName: text("capture_name").notNull(),
    /** How long they run, in milliseconds, and what they record, as in captures. */
    duration: integer("duration").notNull(),
    redact: text("redact", { enum: ["secrets", "literals"] }).notNull(),
    log: text("log", { enum: ["general", "slow", "both"] }).notNull(),
    minDurationMicros: integer("min_duration_micros").notNull(),
    maxBytes: integer("max_bytes"),
    labels: text("labels").notNull(),
    notes: text("notes"),
    /** Whether each capture is to be compared with the one before. */
    compares: integer("compares").notNull(),
    /** How many of its captures that are DONE are kept; null for all. */
    keepLast: integer("keep_last"),
    /** How many captures were made of it: what numbers them. */
    number: integer("number").notNull().default(0),
    /** The next occurrence that has no capture yet; null while it is paused, and when its rule has none. */
    nextAt: integer("next_at"),
    /** The last occurrence, once there is no next one. */
    lastAt: integer("last_at"),
    /** When that capture is to be made. */
    makeAt: integer("make_at"),
    pausedAt: integer("paused_at"),
    /** Why the service has paused it, or has not made a capture, in words. Null when nothing is wrong. */
    problem: text("problem"),
    /** Counted up by every change that people make, and when it is paused. */
    version: integer("version").notNull().default(1),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    uniqueIndex("schedules_env_id_name").on(table.envId, table.name).where(sql`deleted_at is null`),
    // Not partial, so that the foreign key of an environment that is erased is checked through it too.
    index("schedules_env_id_deleted_at_id").on(table.envId, table.deletedAt, table.id),
    index("schedules_make_at").on(table.makeAt).where(sql`make_at is not null`),
    index("schedules_deleted_at").on(table.deletedAt).where(sql`deleted_at is not null`),
  ],
);

/** What people, or the service, did to a schedule. */
export const scheduleEvents = sqliteTable(
  "schedule_events",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    scheduleId: integer("schedule_id")
      .notNull()
      .references(() => schedules.id),
    time: integer("time").notNull(),
    what: text("what", { enum: ["created", "changed", "paused", "resumed", "deleted"] }).notNull(),
    /** A user's id, or `cleanup`. */
    actor: text("actor").notNull(),
  },
  (table) => [index("schedule_events_schedule_id").on(table.scheduleId, table.id)],
);

/** The secret address at which a user's calendar program reads what is scheduled; of its token only the SHA-256 is kept. */
export const calendarFeeds = sqliteTable("calendar_feeds", {
  // No foreign key: a user may be deleted, and the address is of no use then.
  userId: text("user_id").primaryKey(),
  tokenHash: text("token_hash").notNull().unique(),
  createdAt: integer("created_at").notNull(),
});
