import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { once } from "../lib/values.ts";
import { METRICS } from "./cloudwatch-metrics.ts";

const metricTypeSchema = lazy(() =>
  z.string().transform((text, ctx) => {
    const wanted = text.trim().toUpperCase();
    const index = METRICS.findIndex(({ type, label }) => type === wanted || label.toUpperCase() === wanted);
    if (index >= 0) return index;
    const known = METRICS.map(({ type }) => type).join(", ");
    ctx.addIssue({ code: "custom", message: `${JSON.stringify(text.slice(0, 40))} is not one of ${known}` });
    return z.NEVER;
  }),
);

const PERIOD = "must be a multiple of 60 seconds";
/** The longest period that fits its nine digits, in seconds. */
const MAX_PERIOD = 999_999_960;

/** The query of GET /api/captures/{id}/metrics. */
export const metricsQuerySchema = lazy(() =>
  z.strictObject({
    type: z
      .array(metricTypeSchema())
      // In the order of METRICS and each once, however they were asked for.
      .transform((indexes) => [...new Set(indexes)].sort((a, b) => a - b))
      .optional(),
    period: once(
      z
        .string()
        .regex(/^\d{1,9}$/, "must be a number of seconds")
        .transform(Number)
        .pipe(z.int().min(60, PERIOD).max(MAX_PERIOD).multipleOf(60, PERIOD)),
    ),
  }),
);

/** Which metrics (indexes of METRICS), in which period (seconds). */
export type MetricsQuery = z.output<ReturnType<typeof metricsQuerySchema>>;
