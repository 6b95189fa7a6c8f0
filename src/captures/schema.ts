import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { lazy } from "../lib/lazy.ts";
import { nameSchema } from "../lib/names.ts";
import { idSchema, limitSchema, MAX_PAGE, once, timeSchema, word } from "../lib/values.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import { type Labels, labelFilterSchema, labelsSchema, MAX_LABELS, notesSchema } from "./labels.ts";
import { cursorSchema, SORTS } from "./paging.ts";
import {
  type CaptureRequest,
  INITIAL_STATUSES,
  MAX_DURATION_MS,
  MAX_THRESHOLD_MS,
  MIN_DURATION_MS,
} from "./plan.ts";

/** A duration in seconds. One that is too short or too long is refused for that, whole or not (plan.ts). */
const durationSchema = lazy(() =>
  z
    .number()
    .refine(
      (seconds) =>
        Number.isInteger(seconds) || seconds * 1000 < MIN_DURATION_MS || seconds * 1000 > MAX_DURATION_MS,
      "must be a whole number of seconds",
    ),
);

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
      duration: optional(durationSchema()),
      labels: optional(labelsSchema()),
      notes: optional(notesSchema()),
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
      ({ end: _, duration, redact, log, minDuration, labels, notes, ...rest }): CaptureRequest => ({
        ...rest,
        redact: redact ?? "secrets",
        duration: duration === null ? null : duration * 1000,
        ...(log !== null &&
          log !== "general" && { log, minDurationMicros: Math.round((minDuration ?? 0) * 1000) }),
        ...(labels !== null && Object.keys(labels).length > 0 && { labels }),
        ...(notes !== null && { notes }),
      }),
    ),
);

/** What to change of a capture: absent fields stay. Times in milliseconds. */
export interface CaptureChanges {
  name?: string;
  labels?: Labels;
  notes?: string | null;
  scheduledStart?: number;
  /** Null to run until it is stopped. */
  duration?: number | null;
}

/** The body of PUT /api/captures/{id}. */
export const changeSchema = lazy(() =>
  z
    .strictObject({
      name: nameSchema().optional(),
      labels: labelsSchema().nullish(),
      notes: notesSchema().nullish(),
      scheduledStart: timeSchema().optional(),
      duration: durationSchema().nullish(),
    })
    .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
      path: ["name"],
      message: "is required, unless labels, notes, scheduledStart or duration is to be changed",
    })
    .transform(
      ({ name, labels, notes, scheduledStart, duration }): CaptureChanges => ({
        ...(name !== undefined && { name }),
        ...(labels !== undefined && { labels: labels ?? {} }),
        ...(notes !== undefined && { notes }),
        ...(scheduledStart !== undefined && { scheduledStart }),
        ...(duration !== undefined && { duration: duration === null ? null : duration * 1000 }),
      }),
    ),
);

/** What of captures is shown: `full` has more than the specification's fields. */
const viewSchema = lazy(() => z.literal("full", "must be full, or absent"));

/** The longest that a request waits for a change, in seconds. */
export const MAX_WAIT_S = 60;

const WAIT = `must be a whole number of seconds from 0 to ${MAX_WAIT_S}`;

/** The query of GET /api/captures/{id}. */
export const getSchema = lazy(() =>
  z.strictObject({
    view: once(viewSchema()),
    wait: once(
      z
        .string()
        .regex(/^\d{1,2}$/, WAIT)
        .transform(Number)
        .pipe(z.int().min(0, WAIT).max(MAX_WAIT_S, WAIT)),
    ),
  }),
);

/** The query of GET /api/captures. */
export const listSchema = lazy(() =>
  z.strictObject({
    envId: once(idSchema()),
    status: once(word(STATUSES)),
    name: once(z.string()),
    search: once(z.string().max(100, "must be at most 100 characters long")),
    owner: once(z.string().max(100, "must be at most 100 characters long")),
    schedule: once(idSchema()),
    label: z.array(labelFilterSchema()).max(MAX_LABELS, `may be given ${MAX_LABELS} times only`).optional(),
    from: once(timeSchema()),
    to: once(timeSchema()),
    sort: once(z.enum(SORTS, `must be one of ${SORTS.join(", ")}`)),
    view: once(viewSchema()),
    limit: once(limitSchema()).default(MAX_PAGE),
    cursor: once(cursorSchema()),
  }),
);

/** Which captures to list, and where to go on. */
export type CaptureFilter = z.output<ReturnType<typeof listSchema>>;
