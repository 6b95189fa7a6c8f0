import * as z from "zod";
import { STATUSES, type Status } from "../db/states.ts";
import { nameSchema } from "../lib/names.ts";
import { idSchema, isoTime, once } from "../lib/values.ts";
import {
  type CaptureRequest,
  INITIAL_STATUSES,
  MAX_DURATION_MS,
  MIN_DURATION_MS,
  type RecordingOptions,
} from "./lifecycle.ts";
import type { Capture } from "./replies.ts";

/** A capture as the database has it, times in milliseconds. */
export interface CaptureRow {
  id: number;
  name: string;
  start: number | null;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  end: number | null;
  status: Status;
  envId: number;
  reason: string | null;
  redact: RecordingOptions["redact"];
  /** How often what is shown has changed; see etags.ts. */
  version: number;
}

/** Shows a capture. */
export function toCapture(row: CaptureRow): Capture {
  return {
    id: row.id,
    name: row.name,
    start: isoTime(row.start),
    scheduledStart: isoTime(row.scheduledStart),
    scheduledEnd: isoTime(row.scheduledEnd),
    end: isoTime(row.end),
    status: row.status,
    envId: row.envId,
    type: "CAPTURE",
    reason: row.reason,
  };
}

const isoSchema = z.iso.datetime({ offset: true });

/** `day`, and if there is one the time `clock`, its seconds and its zone. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** A moment: ISO 8601, or `2018-05-19 12:00:00`; UTC where no zone is given. Comes out in milliseconds. */
export const timeSchema = z.string().transform((text, ctx) => {
  const [, day, clock = "00:00", seconds = ":00", zone = "Z"] = TIME.exec(text.trim()) ?? [];
  const offset = zone
    .toUpperCase()
    .replace(/^(...):?(\d\d)?$/, (_, hours, minutes) => `${hours}:${minutes ?? "00"}`);
  const iso = `${day}T${clock}${seconds}${offset}`;
  // The pattern gives the form; whether there is such a day and hour is zod's to say.
  if (day !== undefined && isoSchema.safeParse(iso).success) return Date.parse(iso);
  ctx.addIssue({
    code: "custom",
    message: 'must be a time such as "2026-05-19T22:06:53Z" or "2026-05-19 22:06:53"',
  });
  return z.NEVER;
});

const optional = <S extends z.ZodType>(schema: S) => schema.nullish().transform((value) => value ?? null);

/** Any letter case of one of the words. */
const word = <W extends string>(words: readonly W[]) =>
  z
    .string()
    .transform((text) => words.find((known) => known === text.trim().toUpperCase()))
    .refine((known) => known !== undefined, `must be one of ${words.join(", ")}`)
    .transform((known) => known as W);

/** The body of POST /api/captures. An unknown field is refused: a mistyped `scheduledStart` must not start a capture now. */
export const createSchema = z
  .strictObject({
    name: nameSchema,
    envId: z.number().refine((id) => Number.isSafeInteger(id) && id > 0, "must be a positive integer"),
    status: optional(word(INITIAL_STATUSES)),
    start: optional(timeSchema),
    scheduledStart: optional(timeSchema),
    redact: optional(z.literal("literals", 'must be "literals", or absent')),
    maxBytes: optional(
      z.number().refine((bytes) => Number.isSafeInteger(bytes) && bytes > 0, "must be a positive integer"),
    ),
    // One that is too short or too long is refused for that, whole or not (planCapture).
    duration: optional(
      z
        .number()
        .refine(
          (seconds) =>
            Number.isInteger(seconds) || seconds * 1000 < MIN_DURATION_MS || seconds * 1000 > MAX_DURATION_MS,
          "must be a whole number of seconds",
        ),
    ),
    end: optional(z.unknown()).refine(
      (end) => end === null,
      "is set when the capture ends; give a duration instead",
    ),
  })
  .transform(
    ({ end: _, duration, redact, ...rest }): CaptureRequest => ({
      ...rest,
      redact: redact ?? "secrets",
      duration: duration === null ? null : duration * 1000,
    }),
  );

/** The body of PUT /api/captures/{id}. */
export const renameSchema = z.strictObject({ name: nameSchema });

/** The most captures that one page of a list holds. */
export const MAX_PAGE = 1000;

/** How many of something to list. */
export const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/, `must be an integer from 1 to ${MAX_PAGE}`)
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= MAX_PAGE, `must be an integer from 1 to ${MAX_PAGE}`);

/** The query of GET /api/captures. */
export const listSchema = z.strictObject({
  envId: once(idSchema),
  status: once(word(STATUSES)),
  name: once(z.string()),
  limit: once(limitSchema),
  cursor: once(idSchema),
});

/** Which captures to list, and where to go on. */
export type CaptureFilter = z.output<typeof listSchema>;
