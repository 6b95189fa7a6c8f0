import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { KEY_SCOPES } from "../key-scopes.ts";
import { date, user } from "./accounts.ts";
import { environments } from "./environments.ts";

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
