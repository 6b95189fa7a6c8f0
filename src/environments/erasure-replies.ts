import * as z from "zod";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { ERASURE_REASONS } from "./erasure-reasons.ts";

/** The erasure of one capture's workload. */
export const erasureSchema = z
  .object({
    capture: id("The capture's id."),
    name: textOrNull("Its name; null once the capture itself is erased."),
    why: z.enum(ERASURE_REASONS).meta({
      description:
        "By the environment's `retention`, at the `request` of an admin, or since its `deletion` was long enough ago.",
    }),
    by: z
      .nullable(z.object({ id: z.string(), name: z.nullable(z.string()) }))
      .meta({ description: "Who asked for it; null where nobody did. The name is null without an account." }),
    requestedAt: time("Since when nobody can read it."),
    metrics: z.boolean().meta({ description: "Whether its metrics are erased too." }),
    objects: count("How many objects were deleted."),
    bytes: count("How many bytes they had."),
    finishedAt: timeOrNull("When the storage had nothing left of it; null while it is being erased."),
  })
  .meta({ id: "CaptureErasure", description: "The erasure of one capture's workload." });

/** The erasure of one capture's workload, as the API shows it. */
export type CaptureErasure = z.output<typeof erasureSchema>;

/** What was erased of an environment, and what is left. */
export const environmentErasureSchema = z
  .object({
    environment: z
      .object({
        id: id("Its id."),
        name: text("Its name."),
        deletedAt: timeOrNull("When it was deleted; null if it is not."),
        erasedAt: timeOrNull("When the last of what there was of it was erased; null before."),
      })
      .meta({ description: "The environment." }),
    erased: z
      .object({
        captures: count("Of how many captures the workload is erased."),
        objects: count("How many objects were deleted of them."),
        bytes: count("How many bytes those had."),
        firstAt: timeOrNull("When the first was; null before."),
        lastAt: timeOrNull("When the last was; null before."),
      })
      .meta({ description: "What is erased." }),
    left: z
      .object({
        pending: count("Captures that are being erased: nobody can read their workloads any more."),
        kept: count("Captures that have ended and whose workload is kept."),
        live: count("Captures that have not ended."),
      })
      .meta({ description: "What is left. All 0: nothing." }),
    captures: z.array(erasureSchema).meta({ description: "Each erasure, in the order of captures' ids." }),
    next: z
      .nullable(z.int().positive())
      .meta({ description: "The `after` of the next page; null when there is none." }),
    outOfReach: z
      .array(z.string())
      .meta({ description: "What this service can't erase, and for how long it may be kept." }),
  })
  .meta({ id: "EnvironmentErasure", description: "What was erased of an environment, and what is left." });

/** What was erased of an environment, and what is left, as the API shows it. */
export type EnvironmentErasure = z.output<typeof environmentErasureSchema>;
