import * as z from "zod";
import { limitSchema, timeSchema } from "../captures/schema.ts";
import { once } from "../lib/values.ts";

/** The query of GET /api/captures/{id}/workload/digest. */
export const digestQuerySchema = z.strictObject({ limit: once(limitSchema) });

/** How a workload can be downloaded. */
export const FORMATS = ["ndjson", "log"] as const;

/** The query of GET /api/captures/{id}/workload/download: `from` is included, `to` is not. */
export const downloadQuerySchema = z
  .strictObject({
    format: once(
      z
        .string()
        .transform((text) => FORMATS.find((known) => known === text))
        .refine((known) => known !== undefined, `must be one of ${FORMATS.join(", ")}`)
        .transform((known) => known as (typeof FORMATS)[number]),
    ),
    from: once(timeSchema),
    to: once(timeSchema),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["from"],
    message: "must not be after to",
  });
