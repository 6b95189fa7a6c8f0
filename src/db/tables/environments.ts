import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { ROLES } from "../roles.ts";
import { user } from "./accounts.ts";

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

/** An external id that was made for a role before its environment, for one user to register it with. */
export const pendingExternalIds = sqliteTable("pending_external_ids", {
  userId: text("user_id")
    .primaryKey()
    .references(() => user.id),
  externalId: text("external_id").notNull(),
  createdAt: integer("created_at").notNull(),
  expiresAt: integer("expires_at").notNull(),
});

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
