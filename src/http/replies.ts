import * as z from "zod";
import { text } from "../lib/reply-fields.ts";

/** The body of every refusal. */
export const errorSchema = z
  .object({
    code: z.int().meta({ description: "The HTTP status.", minimum: 400, maximum: 599 }),
    message: text("What is wrong and where, in words a person can act on."),
  })
  .meta({ id: "Error", description: "A refusal." });

/** The body of every refusal. Its message never has a stack, SQL or a secret. */
export type ErrorBody = z.output<typeof errorSchema>;

/** What a monitor is answered while all is well. */
export const healthSchema = z
  .object({ status: z.literal("ok"), database: z.literal("ok") })
  .meta({ id: "Healthy", description: "The service and its database answer." });

/** What a monitor is answered while the database does not answer. */
export const unhealthySchema = z
  .object({ status: z.literal("unavailable"), database: z.literal("unavailable") })
  .meta({ id: "Unavailable", description: "The database does not answer." });

/** What a monitor is answered. */
export type Health = z.output<typeof healthSchema> | z.output<typeof unhealthySchema>;
