import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { IS_LIVE } from "../states.ts";
import { user } from "./accounts.ts";
import { environments } from "./environments.ts";

/** A stretch of an environment's life that is, was or will be recorded. */
export const captures = sqliteTable(
  "captures",
  {
    // Never reused: a capture's Durable Object and its stored data are named after its id.
    id: integer("id").primaryKey({ autoIncrement: true }),
    envId: integer("env_id")
      .notNull()
      .references(() => environments.id),
    ownerId: text("owner_id")
      .notNull()
      .references(() => user.id),
    name: text("name").notNull(),
    // The environment may be changed to another instance; the recording stays this one's.
    region: text("region").notNull(),
    instance: text("instance").notNull(),
    /** RDS's name of the instance's engine when the capture was made. Null for one that was made before this was kept. */
    engine: text("engine"),
    /** The instance's role in its cluster when the capture began, and as it was last seen. Null without a cluster. */
    clusterRoleAtStart: text("cluster_role_at_start", { enum: ["writer", "reader"] }),
    clusterRole: text("cluster_role", { enum: ["writer", "reader"] }),
    status: text("status").notNull(),
    /** What stands in the way of a capture that is starting, in words. Null when nothing is known to. */
    obstacle: text("obstacle"),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    scheduledStart: integer("scheduled_start"),
    scheduledEnd: integer("scheduled_end"),
    /** How long to run, in milliseconds; null until stopped. */
    duration: integer("duration"),
    reason: text("reason"),
    /** What is taken out of statements before they are stored: always passwords, on request every literal. */
    redact: text("redact", { enum: ["secrets", "literals"] })
      .notNull()
      .default("secrets"),
    /** Which logs are recorded. */
    log: text("log", { enum: ["general", "slow", "both"] })
      .notNull()
      .default("general"),
    /** Of the slow log only statements that took at least so long are recorded; 0 for a capture of the general log. */
    minDurationMicros: integer("min_duration_micros").notNull().default(0),
    /** How much of a workload to keep, in bytes of NDJSON. Null for no limit of its own. */
    maxBytes: integer("max_bytes"),
    /** What people have put on it to find it by: an object of texts by their keys, in JSON. */
    labels: text("labels").notNull().default("{}"),
    /** What people have written about it. */
    notes: text("notes"),
    /** The schedule that it was made of, and the occurrence of its rule. No foreign key: the schedule may be erased first. */
    scheduleId: integer("schedule_id"),
    occurrence: integer("occurrence"),
    /** Whether it was told to begin in the past. */
    backDated: integer("back_dated").notNull().default(0),
    createdAt: integer("created_at").notNull(),
    /** When it began, or is to begin: what lists are ordered by. */
    beginsAt: integer("begins_at").generatedAlwaysAs(sql`coalesce(started_at, scheduled_start, created_at)`, {
      mode: "virtual",
    }),
    /** Counted up by every change of what a reply shows: what its ETag is made of. */
    version: integer("version").notNull().default(1),
    /**
     * When cron is to wake the capture if its next transition, or the storing of its metrics, has not happened; null when none
     * is due.
     */
    dueAt: integer("due_at"),
    /** How often cron has woken the capture since its last transition. */
    rearmed: integer("rearmed").notNull().default(0),
    deletedAt: integer("deleted_at"),
    /** When its metrics were stored in R2; null while CloudWatch has to be asked. */
    metricsArchivedAt: integer("metrics_archived_at"),
    /** Whether its workload is sealed: as it was when it began to run. What is not sealed is not read then. */
    sealed: integer("sealed").notNull().default(0),
    /** Since when nobody can read its workload, because it is erased or about to be: see `erasures`. Null while it is kept. */
    workloadErasedAt: integer("workload_erased_at"),
    /** The same of its metrics. */
    metricsErasedAt: integer("metrics_erased_at"),
    /** Why its workload is erased. */
    erasedWhy: text("erased_why", { enum: ["retention", "request", "deletion"] }),
  },
  (table) => [
    uniqueIndex("captures_env_id_name").on(table.envId, table.name).where(sql`deleted_at is null`),
    // Not partial, so that the foreign key of an environment that is erased is checked through it too.
    index("captures_env_id_deleted_at_id").on(table.envId, table.deletedAt, table.id),
    // For lists in the order of time.
    index("captures_env_id_begins_at").on(table.envId, table.deletedAt, table.beginsAt, table.id),
    // One for each occurrence.
    uniqueIndex("captures_schedule_id_occurrence")
      .on(table.scheduleId, table.occurrence)
      .where(sql`schedule_id is not null and deleted_at is null`),
    // Deleted ones too: what somebody has deleted is not made again.
    index("captures_schedule_id").on(table.scheduleId, table.occurrence).where(sql`schedule_id is not null`),
    index("captures_live").on(table.envId).where(sql.raw(IS_LIVE)),
    index("captures_due_at").on(table.dueAt).where(sql`due_at is not null`),
    index("captures_deleted_at").on(table.deletedAt).where(sql`deleted_at is not null`),
    // What retention looks for.
    index("captures_env_id_ended_at")
      .on(table.envId, table.endedAt)
      .where(sql`ended_at is not null and workload_erased_at is null`),
  ],
);

/** The audit trail: every transition of every capture. */
export const captureEvents = sqliteTable(
  "capture_events",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    captureId: integer("capture_id")
      .notNull()
      .references(() => captures.id),
    time: integer("time").notNull(),
    /** Null for the first event, which makes the capture. */
    fromStatus: text("from_status"),
    toStatus: text("to_status").notNull(),
    /** A user's id, or which part of the service acted: `runner` or `cleanup`. */
    actor: text("actor").notNull(),
    reason: text("reason"),
  },
  (table) => [index("capture_events_capture_id").on(table.captureId, table.id)],
);

/**
 * What is erased of captures, and what proves it: a row is written before anything is erased, and finished once a listing of R2 has
 * found nothing. It outlives the capture and its environment, so that it has no foreign keys.
 */
export const erasures = sqliteTable(
  "erasures",
  {
    captureId: integer("capture_id").primaryKey(),
    envId: integer("env_id").notNull(),
    /** By the environment's retention, at the request of an admin, or because it was deleted long enough ago. */
    why: text("why", { enum: ["retention", "request", "deletion"] }).notNull(),
    /** The user's id; null where nobody asked for it. */
    requestedBy: text("requested_by"),
    requestedAt: integer("requested_at").notNull(),
    withMetrics: integer("with_metrics").notNull(),
    /** How many objects were erased, and their bytes. */
    objects: integer("objects").notNull().default(0),
    bytes: integer("bytes").notNull().default(0),
    /** How many there are to be erased now; null before they were counted, and once they are erased. */
    foundObjects: integer("found_objects"),
    foundBytes: integer("found_bytes"),
    /** When it was last tried; null before. */
    triedAt: integer("tried_at"),
    /** When nothing was found any more. */
    finishedAt: integer("finished_at"),
  },
  (table) => [
    index("erasures_env_id").on(table.envId, table.captureId),
    index("erasures_pending").on(table.triedAt).where(sql`finished_at is null`),
    index("erasures_finished_at").on(table.finishedAt).where(sql`finished_at is not null`),
  ],
);
