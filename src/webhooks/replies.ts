import * as z from "zod";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { EVENT_TYPES, TOLD_TYPES } from "./events.ts";
import { KINDS } from "./kinds.ts";

/** A webhook. */
export const webhookSchema = z
  .object({
    id: id("Its id."),
    envId: id("The environment whose events it is told."),
    kind: z.enum(KINDS).meta({
      description: "`standard`: Standard Webhooks; `slack`: an incoming webhook of Slack; `email`.",
    }),
    name: text("Its name."),
    address: textOrNull(
      "Where it is sent, without what may be secret: its host, and the end of a long path, not of Slack's; null for e-mail.",
    ),
    recipient: z
      .nullable(
        z.object({ id: z.string(), name: textOrNull("Null once there is no such account any more.") }),
      )
      .meta({ description: "The member who gets the e-mails; null for the other kinds." }),
    events: z.array(z.enum(EVENT_TYPES)).meta({ description: "What it is told." }),
    state: z.enum(["active", "failing", "paused", "disabled"]).meta({
      description:
        "`failing`: its last attempts have failed; `paused`: a person has paused it; `disabled`: the service has switched it off.",
    }),
    failingSince: timeOrNull("Since when no delivery has succeeded; null while none fails."),
    pausedAt: timeOrNull("Since when it is paused."),
    disabledAt: timeOrNull("Since when it is switched off."),
    disabledReason: textOrNull("Why, in words."),
    createdAt: time("When it was made."),
    updatedAt: time("When it was changed last."),
  })
  .meta({ id: "Webhook", description: "Where an environment's events are told." });

/** A webhook as the API shows it. */
export type Webhook = z.output<typeof webhookSchema>;

/** A webhook with its secret. */
export const webhookWithSecretSchema = webhookSchema
  .extend({
    secret: textOrNull("The secret that it is signed with, shown only now; null where nothing is signed."),
    previousUntil: timeOrNull("Until when the secret before it signs too; null when there was none."),
  })
  .meta({ id: "WebhookWithSecret", description: "A webhook, and the secret that it is signed with." });

/** A webhook with its secret, as the API shows it once. */
export type WebhookWithSecret = z.output<typeof webhookWithSecretSchema>;

const attemptSchema = z
  .object({
    time: time("When it began."),
    duration: z.number().nonnegative().meta({ description: "How long it took, in milliseconds." }),
    status: z
      .nullable(z.int())
      .meta({ description: "The HTTP status of the answer; null where there was none." }),
    error: textOrNull("Why it failed, in words; null when it has not."),
  })
  .meta({ id: "WebhookAttempt", description: "An attempt to deliver something." });

/** An event for a webhook. */
export const deliverySchema = z
  .object({
    id: id("Its id."),
    messageId: text("What every attempt sends as `webhook-id`."),
    type: z.enum(TOLD_TYPES).meta({ description: "What is told." }),
    captureId: z.nullable(id("The capture that it is about.")).meta({ description: "Null for a test." }),
    sequence: z.int().positive().meta({ description: "Counts the events of the capture for this webhook." }),
    time: time("When it happened."),
    status: z.enum(["pending", "delivered", "dead"]).meta({
      description:
        "`pending`: not delivered yet; `dead`: given up. One that is dead or delivered can be sent again.",
    }),
    attempts: count("How many attempts there were."),
    nextAttempt: timeOrNull("When it is tried next, of one that is pending."),
    lastAttempts: z
      .array(attemptSchema)
      .meta({ description: "The last attempts, at most 20, oldest first." }),
  })
  .meta({ id: "WebhookDelivery", description: "An event for a webhook, and how its delivery went." });

/** A delivery as the API shows it. */
export type WebhookDelivery = z.output<typeof deliverySchema>;

const named = (what: string) =>
  z.object({ id: id("Its id."), name: text("Its name.") }).meta({ description: what });

/** What a receiver is sent. */
export const payloadSchema = z
  .object({
    type: z.enum(TOLD_TYPES).meta({ description: "What has happened." }),
    timestamp: time("When it happened; the same in every attempt."),
    data: z.object({
      version: z.literal(1).meta({ description: "Of this form. Fields may be added to it without another." }),
      sequence: z.int().positive().meta({
        description:
          "Counts the events of the capture for this webhook, in their order: the next is not sent before this was delivered or given up.",
      }),
      url: text("The page of the console."),
      environment: named("The environment."),
      capture: z
        .object({
          id: id("Its id."),
          name: text("Its name."),
          log: text("Which logs it records."),
          schedule: z.nullable(id("Its id.")).meta({ description: "The schedule that it was made of." }),
          start: timeOrNull("When it began."),
          end: timeOrNull("When it ended."),
        })
        .optional()
        .meta({ description: "The capture; absent from a test." }),
      reason: z
        .string()
        .optional()
        .meta({ description: "Why the capture ended as it did, or why the log is still on, in words." }),
      counts: z
        .object({
          records: count("Records."),
          statements: count("Statements."),
          bytes: count("Bytes of NDJSON before compression."),
          gapCount: count("Gaps."),
        })
        .optional()
        .meta({ description: "What a capture that is done has recorded." }),
      gaps: z
        .object({
          log: text("The log that they are in."),
          count: count("How many there are since the last event."),
          first: z.array(
            z.object({ from: time("Its begin."), to: time("Its end."), cause: text("Its cause.") }),
          ),
        })
        .optional()
        .meta({ description: "The gaps that are new, of which the first ten are described." }),
      base: named("The capture that it was compared with.").optional(),
      statements: z
        .object({
          count: count("How many are new."),
          first: z.array(
            z.object({
              fingerprint: text("Its fingerprint."),
              digest: text("The statement without its values."),
              calls: count("How often it ran."),
            }),
          ),
        })
        .optional()
        .meta({ description: "The statements that are new, of which the ten that ran most are described." }),
      parameterGroup: z
        .string()
        .optional()
        .meta({ description: "The parameter group that is not restored." }),
    }),
  })
  .meta({ id: "WebhookPayload", description: "What a receiver is sent." });

/** What a receiver is sent. */
export type WebhookPayload = z.output<typeof payloadSchema>;
