import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { lazy } from "../lib/lazy.ts";
import { nameSchema } from "../lib/names.ts";
import { idSchema, limitSchema, MAX_PAGE, once, timeSchema, word } from "../lib/values.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import {
  type CaptureRequest,
  INITIAL_STATUSES,
  MAX_DURATION_MS,
  MAX_THRESHOLD_MS,
  MIN_DURATION_MS,
} from "./plan.ts";

const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? null);

/** The body of POST /api/captures. An unknown field is refused: a mistyped `scheduledStart` must not start a capture now. */
export const createSchema = lazy(() =>
  z
    .strictObject({
      name: nameSchema(),
      envId: z.number().refine((id) => Number.isSafeInteger(id) && id > 0, "must be a positive integer"),
      status: optional(word(INITIAL_STATUSES)),
      start: optional(timeSchema()),
      scheduledStart: optional(timeSchema()),
      redact: optional(z.literal("literals", 'must be "literals", or absent')),
      maxBytes: optional(
        z.number().refine((bytes) => Number.isSafeInteger(bytes) && bytes > 0, "must be a positive integer"),
      ),
      log: optional(z.enum(CAPTURED_LOGS, `must be one of ${CAPTURED_LOGS.join(", ")}`)),
      // In milliseconds; the servers know microseconds.
      minDuration: optional(
        z
          .number()
          .refine(
            (ms) => ms >= 0 && ms <= MAX_THRESHOLD_MS && Number(ms.toFixed(3)) === ms,
            `must be milliseconds from 0 to ${MAX_THRESHOLD_MS}, with at most three decimals`,
          ),
      ),
      // One that is too short or too long is refused for that, whole or not (planCapture).
      duration: optional(
        z
          .number()
          .refine(
            (seconds) =>
              Number.isInteger(seconds) ||
              seconds * 1000 < MIN_DURATION_MS ||
              seconds * 1000 > MAX_DURATION_MS,
            "must be a whole number of seconds",
          ),
      ),
      end: optional(z.unknown()).refine(
        (end) => end === null,
        "is set when the capture ends; give a duration instead",
      ),
    })
    .refine(({ log, minDuration }) => minDuration === null || log === "slow" || log === "both", {
      path: ["minDuration"],
      message: "is of the slow log: log must be slow or both",
    })
    .transform(
      ({ end: _, duration, redact, log, minDuration, ...rest }): CaptureRequest => ({
        ...rest,
        redact: redact ?? "secrets",
        duration: duration === null ? null : duration * 1000,
        ...(log !== null &&
          log !== "general" && { log, minDurationMicros: Math.round((minDuration ?? 0) * 1000) }),
      }),
    ),
);

/** The body of PUT /api/captures/{id}. */
export const renameSchema = lazy(() => z.strictObject({ name: nameSchema() }));

/** The query of GET /api/captures. */
export const listSchema = lazy(() =>
  z.strictObject({
    envId: once(idSchema()),
    status: once(word(STATUSES)),
    name: once(z.string()),
    limit: once(limitSchema()).default(MAX_PAGE),
    cursor: once(idSchema()),
  }),
);

/** Which captures to list, and where to go on. */
export type CaptureFilter = z.output<ReturnType<typeof listSchema>>;
