import * as z from "zod";
import { createSchema as captureSchema } from "../captures/schema.ts";
import { lazy } from "../lib/lazy.ts";
import { nameSchema } from "../lib/names.ts";
import { idSchema, limitUpTo, once, timeSchema } from "../lib/values.ts";
import { PLACEHOLDERS, unknownPlaceholders } from "./capture-name.ts";
import { SCHEDULE_STATES } from "./schedule-row.ts";

/** The most characters of a rule. */
const MAX_RULE = 500;
/** The most schedules that an environment may have. */
export const MAX_SCHEDULES = 100;
/** The most captures of a schedule that can be kept by number. */
export const MAX_KEEP = 1000;
/** The most schedules on a page, and the most occurrences in a reply. */
export const MAX_LISTED = 100;

const text = () => z.string().trim().max(MAX_RULE, `must be at most ${MAX_RULE} characters long`);
/** One space between fields. */
const cronSchema = lazy(() => text().transform((cron) => cron.replace(/\s+/g, " ")));
const rruleSchema = lazy(() => text().transform((rule) => rule.toUpperCase().replace(/^RRULE:/, "")));
const zoneSchema = lazy(() => z.string().trim().max(64, "must be at most 64 characters long"));
/** A start that is asked for, in milliseconds: a moment, or a local time, as if that were UTC. */
export interface WantedStart {
  at: number;
  isMoment: boolean;
}

/** A time whose zone is said. */
const ZONED = /:\d\d.*(?:Z|[+-]\d\d(?::?\d\d)?)$/i;
const startSchema = lazy(() =>
  z.string().transform((text, ctx): WantedStart => {
    const { success, data } = timeSchema().safeParse(text);
    if (success) return { at: data, isMoment: ZONED.test(text.trim()) };
    ctx.addIssue({
      code: "custom",
      message: 'must be a local date and time such as "2026-11-30T09:00", or a date',
    });
    return z.NEVER;
  }),
);
const captureNameSchema = lazy(() =>
  nameSchema().refine(
    (template) => unknownPlaceholders(template).length === 0,
    `must have no other placeholders than ${PLACEHOLDERS.map((name) => `{${name}}`).join(", ")}`,
  ),
);
const KEEP = `must be an integer from 1 to ${MAX_KEEP}`;
const keepSchema = lazy(() => z.int(KEEP).min(1, KEEP).max(MAX_KEEP, KEEP));

/** The fields of a capture that a schedule has too, as POST /api/captures takes them, but that what is absent or null stays so. */
export const recordedFields = lazy(() => {
  const { duration, redact, maxBytes, log, minDuration, labels, notes } = captureSchema().in.shape;
  return {
    duration: duration.in,
    redact: redact.in,
    maxBytes: maxBytes.in,
    log: log.in,
    minDuration: minDuration.in,
    labels: labels.in,
    notes: notes.in,
  };
});

const fields = lazy(() => ({
  name: nameSchema(),
  cron: cronSchema().nullish(),
  rrule: rruleSchema().nullish(),
  timeZone: zoneSchema().nullish(),
  start: startSchema().nullish(),
  captureName: captureNameSchema().nullish(),
  compare: z.boolean().nullish(),
  keepLast: keepSchema().nullish(),
  ...recordedFields(),
}));

/** The body of POST /api/schedules. Whether all of it fits together, and its rule can be read, is judged by plan.ts. */
export const createSchema = lazy(() =>
  z.strictObject({ ...fields(), envId: captureSchema().in.shape.envId }),
);

/** The body of PUT /api/schedules/{id}: what is absent stays. */
export const changeSchema = lazy(() =>
  z
    .strictObject({ ...fields(), name: nameSchema().optional() })
    .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
      path: ["name"],
      message: "is required, unless something else is to be changed",
    }),
);

/** What to change of a schedule: null for what it is to have no more. */
export type ScheduleChanges = z.output<ReturnType<typeof changeSchema>>;
/** A schedule that is asked for. */
export type ScheduleRequest = z.output<ReturnType<typeof createSchema>>;

const limitSchema = lazy(() => limitUpTo(MAX_LISTED));

const stateSchema = lazy(() =>
  z
    .string()
    .transform((text) => text.trim().toLowerCase())
    .pipe(z.enum(SCHEDULE_STATES, `must be one of ${SCHEDULE_STATES.join(", ")}`)),
);

/** The query of GET /api/schedules. */
export const listSchema = lazy(() =>
  z.strictObject({
    envId: once(idSchema()),
    state: once(stateSchema()),
    name: once(z.string()),
    search: once(z.string().max(100, "must be at most 100 characters long")),
    limit: once(limitSchema()).default(MAX_LISTED),
    cursor: once(idSchema()),
  }),
);

/** Which schedules to list, and after which of them. */
export type ScheduleFilter = z.output<ReturnType<typeof listSchema>>;

/** How many occurrences are shown unless more are asked for. */
const FIVE = 5;

/** The query of GET /api/schedules/{id}/occurrences. */
export const occurrencesSchema = lazy(() => z.strictObject({ limit: once(limitSchema()).default(FIVE) }));

/** The query of GET /api/schedules/occurrences: those of a rule that need not be a schedule's. */
export const previewSchema = lazy(() =>
  z.strictObject({
    cron: once(cronSchema()),
    rrule: once(rruleSchema()),
    timeZone: once(zoneSchema()),
    start: once(startSchema()),
    createdAt: once(timeSchema()),
    limit: once(limitSchema()).default(FIVE),
  }),
);
