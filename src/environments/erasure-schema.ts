import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { once } from "../lib/values.ts";

/** The body of POST /api/environments/{id}/erasure. */
export const erasureBodySchema = lazy(() =>
  z.strictObject({
    what: z.enum(["workloads", "environment"], "must be workloads or environment"),
    keepMetrics: z.boolean().optional(),
  }),
);

/** The query of GET /api/environments/{id}/erasure. */
export const erasureQuerySchema = lazy(() =>
  z.strictObject({
    after: once(
      z
        .string()
        .regex(/^\d{1,15}$/, "must be the id of a capture")
        .transform(Number),
    ),
  }),
);
