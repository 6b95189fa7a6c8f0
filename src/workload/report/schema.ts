import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { idSchema, once } from "../../lib/values.ts";

/** What a report can be. */
const FORMATS = ["html", "md"] as const;

/** The query of GET /api/captures/{id}/workload/report. */
export const reportQuerySchema = lazy(() =>
  z.strictObject({
    format: once(z.enum(FORMATS, `must be one of ${FORMATS.join(", ")}`)).default("html"),
    with: once(idSchema()),
  }),
);
