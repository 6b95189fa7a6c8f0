import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { environments } from "./environments.ts";

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

/** Mails to admins that the service has switched a webhook off: a row for each, until it is sent or given up (webhooks/notices.ts). */
export const webhookNotices = sqliteTable(
  "webhook_notices",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    /** No foreign keys: the webhook and the account may be deleted first, and then nobody is told. */
    webhookId: integer("webhook_id").notNull(),
    userId: text("user_id").notNull(),
    /** The `disabled_at` that it tells of. */
    disabledAt: integer("disabled_at").notNull(),
    /** What every attempt names the mail by. */
    messageId: text("message_id").notNull(),
    attempts: integer("attempts").notNull().default(0),
    /** When it is tried next; while it is tried, when who does so is surely gone. */
    nextAt: integer("next_at").notNull(),
  },
  (table) => [
    uniqueIndex("webhook_notices_once").on(table.webhookId, table.disabledAt, table.userId),
    index("webhook_notices_next_at").on(table.nextAt),
  ],
);
