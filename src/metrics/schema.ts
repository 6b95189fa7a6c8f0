import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { once } from "../lib/values.ts";
import { ALL_METRICS, metricAt } from "./cloudwatch-metrics.ts";

const metricTypeSchema = lazy(() =>
  z.string().transform((text, ctx) => {
    const wanted = text.trim().toUpperCase();
    const index = ALL_METRICS.findIndex(
      ({ type, label }) => type === wanted || label.toUpperCase() === wanted,
    );
    if (index >= 0) return index;
    ctx.addIssue({ code: "custom", message: unknownMetric(text, [...ALL_METRICS.keys()]) });
    return z.NEVER;
  }),
);

/** Says that a metric is not one of some, which are indexes of ALL_METRICS. */
export const unknownMetric = (name: string, known: readonly number[]): string =>
  `${JSON.stringify(name.slice(0, 40))} is not one of ${known.map((index) => metricAt(index).type).join(", ")}`;

const PERIOD = "must be a multiple of 60 seconds";
/** The longest period that fits its nine digits, in seconds. */
const MAX_PERIOD = 999_999_960;

/** The query of GET /api/captures/{id}/metrics. */
export const metricsQuerySchema = lazy(() =>
  z.strictObject({
    type: z
      .array(metricTypeSchema())
      // In the order of ALL_METRICS and each once, however they were asked for.
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

/** Which metrics (indexes of ALL_METRICS), in which period (seconds). */
export type MetricsQuery = z.output<ReturnType<typeof metricsQuerySchema>>;
