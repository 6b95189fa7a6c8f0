import * as z from "zod";
import { text, time } from "../lib/reply-fields.ts";

/** One metric of a capture: the specification's shape. */
export const metricSchema = z
  .object({
    label: text("CloudWatch's name."),
    type: text("The API's name."),
    displayName: text("The name to show."),
    dataPoints: z.array(
      z.object({
        Timestamp: time("The beginning of the point's period."),
        Maximum: z.number().meta({ description: "The maximum of the period." }),
        Unit: text("As CloudWatch names units."),
      }),
    ),
  })
  .meta({ id: "Metric", description: "One CloudWatch metric of a capture." });

/** One metric of a capture. */
export type Metric = z.output<typeof metricSchema>;
/** One point of a metric: the maximum of the period that begins at `Timestamp`. */
export type DataPoint = Metric["dataPoints"][number];
