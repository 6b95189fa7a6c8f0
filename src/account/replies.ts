import * as z from "zod";
import { KEY_SCOPES } from "../db/key-scopes.ts";
import { ROLES } from "../db/roles.ts";
import { STATUSES } from "../db/states.ts";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";

const envId = id("Of which environment.");

/** All that the service has of somebody, as a file that they take along. Without secrets: passwords, tokens and keys. */
export const accountExportSchema = z
  .object({
    version: z.literal(1).meta({ description: "Of this shape." }),
    exportedAt: time("When it was made."),
    account: z.object({
      id: text("Its id."),
      name: text("Your name."),
      email: z.string().meta({ format: "email", description: "Your address." }),
      emailVerified: z.boolean().meta({ description: "Whether it was shown to be yours." }),
      createdAt: time("When you signed up."),
      updatedAt: time("When it was last changed."),
      signIns: z
        .array(z.object({ provider: text("`credential` is a password."), createdAt: time("Since when.") }))
        .meta({ description: "The ways in which you sign in." }),
    }),
    environments: z
      .array(
        z.object({
          id: id("Its id."),
          name: text("Its name."),
          region: text("The AWS region of its instance."),
          instance: text("Its instance."),
          role: z.enum(ROLES).meta({ description: "Yours." }),
          joinedAt: time("Since when."),
        }),
      )
      .meta({ description: "Those that you are a member of." }),
    apiKeys: z
      .array(
        z.object({
          id: text("Its id."),
          name: textOrNull("Its name."),
          start: text("Its first characters."),
          scope: z.enum(KEY_SCOPES).meta({ description: "What it may do." }),
          envId: z.nullable(envId).meta({ description: "The one environment that it is for; null for all." }),
          enabled: z.boolean(),
          createdAt: time("When it was made."),
          lastUsedAt: timeOrNull("The day on which it was last used; null when it was not."),
          expiresAt: timeOrNull("When it expires; null for never."),
        }),
      )
      .meta({ description: "Your API keys, without the keys themselves." }),
    sessions: z
      .array(
        z.object({
          createdAt: time("When you signed in."),
          lastSeenAt: time("When it was last seen, to the day."),
          expiresAt: time("When it ends."),
          address: textOrNull("The address that you signed in from."),
          userAgent: textOrNull("What the browser or program called itself."),
          signedInBy: z
            .enum(["password", "sso"])
            .meta({ description: "How you signed in: by a password or a provider." }),
          isThis: z.boolean().meta({ description: "Whether it is the one that asked for this." }),
        }),
      )
      .meta({ description: "Where you are signed in." }),
    captureCount: count("How many captures you own; 10,000 are listed at most, the newest."),
    captures: z.array(
      z.object({
        id: id("Its id."),
        name: text("Its name."),
        envId,
        status: z.enum(STATUSES),
        labels: z.record(z.string(), z.string()),
        notes: textOrNull("What was written about it."),
        createdAt: time("When it was made."),
        startedAt: timeOrNull("When it began."),
        endedAt: timeOrNull("When it ended."),
      }),
    ),
    scheduleCount: count("How many schedules you own; 10,000 are listed at most, the newest."),
    schedules: z.array(
      z.object({
        id: id("Its id."),
        name: text("Its name."),
        envId,
        createdAt: time("When it was made."),
      }),
    ),
    calendar: z.nullable(z.object({ createdAt: time("When it was made.") })).meta({
      description: "The secret address of your calendar, without the address itself; null for none.",
    }),
    knownNetworks: z
      .array(
        z.object({
          network: text("An IPv4 address, or the /56 of an IPv6 address; `unknown` where it was not known."),
          seenAt: time("When you last signed up or in from there by a password."),
        }),
      )
      .meta({ description: "From where wrong passwords are counted by themselves, the last one first." }),
    webhooks: z
      .array(
        z.object({
          id: id("Its id."),
          name: text("Its name."),
          envId,
          createdAt: time("When it was made."),
        }),
      )
      .meta({ description: "The webhooks that send e-mails to you." }),
  })
  .meta({ id: "AccountExport", description: "What the service has of you." });

/** What deleting an account is answered with. */
export const accountDeletedSchema = z
  .object({ success: z.literal(true) })
  .meta({ id: "AccountDeleted", description: "The account is deleted." });
