import * as z from "zod";
import { KEY_SCOPES } from "../../db/key-scopes.ts";
import { errorSchema } from "../../http/replies.ts";
import { text, textOrNull, time } from "../../lib/reply-fields.ts";

/** What a program that asks to be signed in is answered (RFC 8628, section 3.2). */
export const deviceCodeSchema = z
  .object({
    device_code: text("The program's own secret, by which it asks for its key. It is not to be shown."),
    user_code: text("The code that a person types, or compares with what the page shows."),
    verification_uri: text("The page where it is typed."),
    verification_uri_complete: text("The same page, with the code filled in."),
    expires_in: z.int().positive().meta({ description: "In how many seconds both codes expire." }),
    interval: z.int().positive().meta({ description: "How many seconds are to be between two polls." }),
  })
  .meta({ id: "DeviceCode", description: "A login that waits for a person's approval." });
/** What a program that asks to be signed in is answered. */
export type DeviceCode = z.output<typeof deviceCodeSchema>;

/** What a program is answered once, after it was approved (RFC 6749, section 5.1). */
export const deviceTokenSchema = z
  .object({
    access_token: text("An API key of the person who has approved. It is shown once."),
    token_type: z.literal("Bearer"),
    expires_in: z.int().positive().meta({ description: "In how many seconds the key expires." }),
    scope: z
      .enum(KEY_SCOPES)
      .meta({ description: "What the key may do: the person may have decided otherwise than asked." }),
    user: z
      .object({ id: z.string(), name: z.string(), email: z.string().meta({ format: "email" }) })
      .meta({ description: "Who has approved." }),
  })
  .meta({ id: "DeviceToken", description: "The key of a program that was approved." });
/** What a program is answered once, after it was approved. */
export type DeviceToken = z.output<typeof deviceTokenSchema>;

/** Why a program has no key, in the words of RFC 8628, section 3.5, and of RFC 6749, section 5.2. */
export const deviceErrorSchema = errorSchema
  .extend({
    error: z
      .enum([
        "authorization_pending",
        "slow_down",
        "access_denied",
        "expired_token",
        "invalid_grant",
        "invalid_request",
      ])
      .meta({ description: "The code of the refusal in RFC 8628 and RFC 6749." }),
  })
  .meta({ id: "DeviceError", description: "A refusal with its code in RFC 8628." });
/** The code of such a refusal. */
export type DeviceErrorCode = z.output<typeof deviceErrorSchema>["error"];

/** Who asks to be signed in, for the person who decides. */
export const deviceRequestSchema = z
  .object({
    client: text("What the program calls itself. Nobody has checked it."),
    address: textOrNull("The network address that it asked from; null if that is not known."),
    isYourNetwork: z.boolean().meta({
      description: "Whether you ask from the same address: of IPv6, from the same /56.",
    }),
    scope: z
      .enum(KEY_SCOPES)
      .meta({ description: "What its key is to be allowed: to read, or also to change." }),
    requestedAt: time("When it asked."),
    expiresAt: time("Until when it can be approved."),
  })
  .meta({ id: "DeviceRequest", description: "A program that asks to be signed in." });
/** Who asks to be signed in. */
export type DeviceRequest = z.output<typeof deviceRequestSchema>;

/** What was decided. */
export const deviceDecisionSchema = z
  .object({ client: text("What the program calls itself."), status: z.enum(["approved", "denied"]) })
  .meta({ id: "DeviceDecision", description: "What was decided of a program that asked to be signed in." });
/** What was decided. */
export type DeviceDecision = z.output<typeof deviceDecisionSchema>;
