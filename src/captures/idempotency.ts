import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import type { CaptureRow } from "./capture-row.ts";

const capturedSchema = lazy(
  () =>
    z.object({
      id: z.number(),
      name: z.string(),
      start: z.number().nullable(),
      scheduledStart: z.number().nullable(),
      scheduledEnd: z.number().nullable(),
      end: z.number().nullable(),
      status: z.enum(STATUSES),
      envId: z.number(),
      reason: z.string().nullable(),
      redact: z.enum(["secrets", "literals"]),
      // Absent in what was stored before captures could be made of the slow log.
      log: z.enum(CAPTURED_LOGS).default("general"),
      minDurationMicros: z.number().default(0),
      version: z.number(),
    }) satisfies z.ZodType<CaptureRow>,
);

/**
 * How the answer to the key of a request for a capture is stored: the capture as it was made. Before there were versions it was
 * the capture itself, whose `version` is another: how often it has changed.
 */
export const answerFormat = storedFormat("answer to an Idempotency-Key", 1, () =>
  z.union([z.object({ capture: capturedSchema() }), capturedSchema().transform((capture) => ({ capture }))]),
);
