import { sql } from "drizzle-orm";
import {
  type AnySQLiteColumn,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { date, user } from "./identity-tables.ts";
import { KEY_SCOPES } from "./key-scopes.ts";
import { ROLES } from "./roles.ts";
import { IS_LIVE } from "./states.ts";

export * from "./identity-tables.ts";

/*
 * Every table of the service. Times are integers, milliseconds since the Unix epoch. No foreign key cascades: the table
 * rebuilds of later migrations would fire them on D1 (drizzle-orm issue 4938).
 */

// --- identity: what is not in identity-tables.ts ----------------------------------------------------------------------

/** A program that asks to be signed in, until it has its API key; of its codes only hashes are kept (identity/device/codes.ts). */
export const deviceCodes = sqliteTable(
  "device_codes",
  {
    deviceHash: text("device_hash").primaryKey(),
    userHash: text("user_hash").notNull().unique(),
    /** What the program calls itself, and its key's name once it has one. */
    client: text("client").notNull(),
    /** The address that it asked from; null where none is known. */
    address: text("address"),
    status: text("status", { enum: ["pending", "approved", "denied"] })
      .notNull()
      .default("pending"),
    /** Who approved or denied it; null before. */
    decidedBy: text("decided_by").references(() => user.id),
    /** How long its key is to be valid, in seconds; null before it is approved. */
    keySeconds: integer("key_seconds"),
    /** What its key is to be allowed: as the program asks, and then as the person decides. */
    scope: text("scope", { enum: KEY_SCOPES }).notNull().default("write"),
    /** The environment that its key is to be for; null for all. */
    keyEnvId: integer("key_env_id"),
    /** How many seconds are to be between two of its polls. */
    interval: integer("interval").notNull(),
    polledAt: integer("polled_at"),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [index("device_codes_expires_at").on(table.expiresAt)],
);

/**
 * The networks from which somebody has signed in: their tries are counted by themselves (identity/wrong-passwords.ts). No foreign key:
 * it is purged by its age.
 */
export const knownNetworks = sqliteTable(
  "known_networks",
  {
    userId: text("user_id").notNull(),
    /** An IPv4 address, or the /56 of an IPv6 address. */
    network: text("network").notNull(),
    /** When somebody last signed in from there. */
    seenAt: integer("seen_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.network] }),
    index("known_networks_seen_at").on(table.seenAt),
  ],
);

/**
 * A link that was mailed, or that an operator has made, until it is used: whoever has it owns the address. Of its token only a hash
 * is kept (identity/links/store.ts).
 */
export const emailLinks = sqliteTable(
  "email_links",
  {
    tokenHash: text("token_hash").primaryKey(),
    /** What it is for: a new password, the proof that an address is the account's owner's, or another address. */
    purpose: text("purpose", { enum: ["reset", "verify", "change"] }).notNull(),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    /** The address that it proves: the account's as it was then, or the one that the account is to have. */
    email: text("email").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    index("email_links_user_id").on(table.userId),
    index("email_links_expires_at").on(table.expiresAt),
  ],
);

// --- environments -----------------------------------------------------------------------------------------------------

/** One RDS instance and the way to reach it. */
export const environments = sqliteTable(
  "environments",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    name: text("name").notNull(),
    region: text("region").notNull(),
    instance: text("instance").notNull(),
    engine: text("engine").notNull(),
    engineVersion: text("engine_version").notNull(),
    parameterGroup: text("parameter_group").notNull(),
    /** The sealed credentials (credentials.ts). Null until they are sealed, and again once the environment is deleted. */
    credentials: text("credentials"),
    /** What a reply may show of the credentials: `****` and four characters of the access key id, or the role's ARN. */
    credentialsHint: text("credentials_hint").notNull(),
    /** The external id of its role that this service made for it. Null when a person chose it, or it has no role. */
    externalId: text("external_id"),
    /** The DBClusterIdentifier of the cluster that the instance is a member of; null when it is of none. */
    cluster: text("cluster"),
    /** The AWS account of the instance. Null when AWS was not asked since it is kept. */
    accountId: text("account_id"),
    /** Whether nothing was found, when AWS was last asked, that keeps captures from working. */
    isReady: integer("is_ready").notNull().default(1),
    /** What was found then, in JSON with its version. Null when it was not asked since these are kept. */
    checks: text("checks"),
    checkedAt: integer("checked_at"),
    /** How many days after its end a capture's workload is erased; null while workloads are kept. */
    retentionDays: integer("retention_days"),
    /** Whether the metrics of such a capture are kept. */
    retainsMetrics: integer("retains_metrics").notNull().default(1),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
    /** Whether what its captures record is sealed from their next start on: workload/stored/sealed-object.ts. */
    sealed: integer("sealed").notNull().default(0),
    /** Since when it, and all that is its, is to be erased at once; null where it is kept, or erased in its time. */
    erasingAt: integer("erasing_at"),
  },
  (table) => [
    index("environments_erasing_at").on(table.erasingAt).where(sql`erasing_at is not null`),
    index("environments_retention").on(table.id).where(sql`retention_days is not null`),
    index("environments_deleted_at").on(table.deletedAt).where(sql`deleted_at is not null`),
  ],
);

/**
 * A program's key: `key` is its SHA-256 in base64url, `referenceId` the user whose it is. The columns are those that better-auth's plugin
 * had once, and what this service needs: nothing reads the plugin's limits and permissions.
 */
export const apikey = sqliteTable(
  "apikey",
  {
    id: text("id").primaryKey(),
    configId: text("config_id").notNull(),
    name: text("name"),
    start: text("start"),
    prefix: text("prefix"),
    key: text("key").notNull().unique(),
    referenceId: text("reference_id")
      .notNull()
      .references(() => user.id),
    refillInterval: integer("refill_interval"),
    refillAmount: integer("refill_amount"),
    lastRefillAt: date("last_refill_at"),
    enabled: integer("enabled", { mode: "boolean" }),
    rateLimitEnabled: integer("rate_limit_enabled", { mode: "boolean" }),
    rateLimitTimeWindow: integer("rate_limit_time_window"),
    rateLimitMax: integer("rate_limit_max"),
    requestCount: integer("request_count"),
    remaining: integer("remaining"),
    /** The day on which it was last used, at its beginning in UTC; null before. */
    lastRequest: date("last_request"),
    expiresAt: date("expires_at"),
    /** Whether it may also change something. */
    scope: text("scope", { enum: KEY_SCOPES }).notNull().default("write"),
    /** The environment that it is for; null for all of its owner's. */
    envId: integer("env_id").references(() => environments.id),
    permissions: text("permissions"),
    metadata: text("metadata"),
    createdAt: date("created_at").notNull(),
    updatedAt: date("updated_at").notNull(),
  },
  (table) => [
    index("apikey_reference_id").on(table.referenceId),
    index("apikey_config_id").on(table.configId),
    // Few keys are for one environment.
    index("apikey_env_id").on(table.envId).where(sql`env_id is not null`),
    index("apikey_expires_at").on(table.expiresAt).where(sql`expires_at is not null`),
  ],
);

/** An external id that was made for a role before its environment, for one user to register it with. */
export const pendingExternalIds = sqliteTable("pending_external_ids", {
  userId: text("user_id")
    .primaryKey()
    .references(() => user.id),
  externalId: text("external_id").notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

/** Who may use an environment. */
export const members = sqliteTable(
  "members",
  {
    envId: integer("env_id")
      .notNull()
      .references(() => environments.id),
    userId: text("user_id")
      .notNull()
      .references(() => user.id),
    role: text("role", { enum: ROLES }).notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.envId] }), index("members_env_id").on(table.envId)],
);

/** A single-use invitation; only the SHA-256 of its code is kept. */
export const invites = sqliteTable(
  "invites",
  {
    codeHash: text("code_hash").primaryKey(),
    envId: integer("env_id")
      .notNull()
      .references(() => environments.id),
    role: text("role", { enum: ROLES }).notNull(),
    /** The one address whose owner may use it, in lower case; null for whoever has the code. */
    email: text("email"),
    createdBy: text("created_by").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** Where sign-up is by invite: the one address that may sign up with this code. */
    claimedBy: text("claimed_by"),
    acceptedBy: text("accepted_by"),
    acceptedAt: integer("accepted_at"),
  },
  (table) => [index("invites_env_id").on(table.envId), index("invites_expires_at").on(table.expiresAt)],
);

// --- captures ---------------------------------------------------------------------------------------------------------

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
    /** The next occurrence that has no capture yet; null while it is paused. */
    nextAt: integer("next_at"),
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

/** The secret address at which a user's calendar program reads what is scheduled; of its token only the SHA-256 is kept. */
export const calendarFeeds = sqliteTable("calendar_feeds", {
  // No foreign key: a user may be deleted, and the address is of no use then.
  userId: text("user_id").primaryKey(),
  tokenHash: text("token_hash").notNull().unique(),
  createdAt: integer("created_at").notNull(),
});

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

/** A stretch of an environment's life that is, was or will be recorded. */
export const captures = sqliteTable(
  "captures",
  {
    // Never reused: a capture's Durable Object and its stored data are named after its id.
    id: integer("id").primaryKey({ autoIncrement: true }),
    envId: integer("env_id")
      .notNull()
      .references((): AnySQLiteColumn => environments.id),
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

/**
 * The keys that seal the workloads of an environment, each sealed itself by one of CREDENTIALS_KEYS (environments/seal-keys.ts). The one
 * with the greatest number seals, all of them open.
 */
export const sealKeys = sqliteTable(
  "seal_keys",
  {
    envId: integer("env_id").notNull(),
    number: integer("number").notNull(),
    sealed: text("sealed").notNull(),
    createdAt: integer("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.envId, table.number] })],
);

/** Environments that were deleted, for those who may still ask what was erased of them. */
export const deletedEnvironments = sqliteTable(
  "deleted_environments",
  {
    envId: integer("env_id").primaryKey(),
    name: text("name").notNull(),
    deletedBy: text("deleted_by").notNull(),
    deletedAt: integer("deleted_at").notNull(),
    /** Its admins at that time: a list of users' ids, in JSON. */
    admins: text("admins").notNull(),
    /** When its row was erased, the last of what there was of it. */
    erasedAt: integer("erased_at"),
  },
  (table) => [index("deleted_environments_erased_at").on(table.erasedAt).where(sql`erased_at is not null`)],
);

/**
 * How much each capture has recorded in each month, for the limit of its environment. No foreign keys: what was recorded counts for
 * its month, though the capture may be erased.
 */
export const recordedBytes = sqliteTable(
  "recorded_bytes",
  {
    captureId: integer("capture_id").notNull(),
    /** The beginning of the month in UTC. */
    month: integer("month").notNull(),
    envId: integer("env_id").notNull(),
    /** Of NDJSON before compression. */
    bytes: integer("bytes").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.captureId, table.month] }),
    index("recorded_bytes_env_id_month").on(table.envId, table.month),
    index("recorded_bytes_month").on(table.month),
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

// --- webhooks ---------------------------------------------------------------------------------------------------------

/** Where an environment's events are told: an address of people's own, Slack, or a member by e-mail. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    envId: integer("env_id")
      .notNull()
      .references(() => environments.id),
    kind: text("kind", { enum: ["standard", "slack", "email"] }).notNull(),
    name: text("name").notNull(),
    /** The types of its events: texts in a JSON array. */
    events: text("events").notNull(),
    /** The sealed address and secrets (webhooks/target.ts); null for e-mail. */
    target: text("target"),
    /** What a reply may show of the address; null for e-mail. */
    addressHint: text("address_hint"),
    /** The member who gets the e-mails; null for the other kinds. No foreign key: an account may be erased first. */
    recipient: text("recipient"),
    /** Where the console is, for links: the origin of the request that made it. */
    origin: text("origin").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    pausedAt: integer("paused_at"),
    /** Since when no delivery has succeeded; null while none fails. */
    failingSince: integer("failing_since"),
    /** When the service has switched it off, and why, in words. */
    disabledAt: integer("disabled_at"),
    disabledReason: text("disabled_reason"),
  },
  (table) => [index("webhooks_env_id").on(table.envId)],
);

/** The outbox: an event for a webhook, written by the batch that makes the event true. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    // The order of the events of a capture.
    id: integer("id").primaryKey({ autoIncrement: true }),
    webhookId: integer("webhook_id")
      .notNull()
      .references(() => webhooks.id),
    /** Null for a test. No foreign key: the capture may be erased first. */
    captureId: integer("capture_id"),
    type: text("type").notNull(),
    /** Tells several events of a type apart that one capture has, so that each is written once. */
    key: text("key").notNull().default(""),
    /** Counts the events of the capture for this webhook, from 1. */
    sequence: integer("sequence").notNull(),
    /** What every attempt sends as webhook-id. */
    messageId: text("message_id").notNull(),
    time: integer("time").notNull(),
    /** What is to be told, in JSON with its version (webhooks/facts.ts). */
    facts: text("facts").notNull(),
    status: text("status", { enum: ["pending", "delivered", "dead"] })
      .notNull()
      .default("pending"),
    attempts: integer("attempts").notNull().default(0),
    firstTriedAt: integer("first_tried_at"),
    /** When it is to be tried next; null once it is delivered or dead. */
    nextAt: integer("next_at"),
    /** Who is trying it just now: only they may say what came of it. */
    claim: text("claim"),
    /** When cron has put it into the queue again; null if it has not. */
    requeuedAt: integer("requeued_at"),
    /** The last attempts, in JSON with its version (webhooks/attempts.ts). Null before the first. */
    tried: text("tried"),
  },
  (table) => [
    uniqueIndex("webhook_deliveries_event").on(table.webhookId, table.captureId, table.type, table.key),
    index("webhook_deliveries_capture_id").on(table.captureId, table.webhookId, table.id),
    index("webhook_deliveries_webhook_id").on(table.webhookId, table.id),
    index("webhook_deliveries_next_at").on(table.nextAt).where(sql`next_at is not null`),
    index("webhook_deliveries_time").on(table.time),
  ],
);

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
    /** The user's name then, which is all that is left of a user who is deleted. */
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
