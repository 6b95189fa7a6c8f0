import * as z from "zod";
import { id, text, textOrNull, time } from "../lib/reply-fields.ts";
import { ACTIONS, SUBJECTS } from "./actions.ts";

/** Something that was done in an environment. */
export const auditEventSchema = z
  .object({
    id: id("Its id."),
    time: time("When."),
    action: text(`What was done: ${Object.keys(ACTIONS).join(", ")}. Later versions may add others.`),
    actor: z
      .object({
        id: text("A user's id, or the part of the service that acted, such as `runner`."),
        name: textOrNull("The user's name, as last known; null for the service."),
        email: textOrNull("The user's address; null for the service, and once the account is gone."),
      })
      .meta({ description: "Who has done it." }),
    via: z
      .enum(["session", "apiKey", "service"])
      .meta({ description: "How that user was signed in, or that it was the service itself." }),
    credential: z
      .nullable(z.object({ id: z.string(), name: textOrNull("Of a key, its name then.") }))
      .meta({ description: "The session or API key, by its id; never its value. Null where there is none." }),
    address: textOrNull("The IP address that the request came from, as Cloudflare saw it."),
    subject: z
      .nullable(
        z.object({
          kind: z.enum(SUBJECTS),
          id: z.string(),
          name: textOrNull("What it was called then."),
        }),
      )
      .meta({ description: "What it was done to; null for the environment itself." }),
    details: z.record(z.string(), z.union([z.string(), z.array(z.string())])).meta({
      description:
        "What else there is to say, by the action: the role, the fields that were changed, the reason.",
    }),
  })
  .meta({ id: "AuditEvent", description: "Something that was done in an environment." });

/** Something that was done in an environment. */
export type AuditEvent = z.output<typeof auditEventSchema>;
