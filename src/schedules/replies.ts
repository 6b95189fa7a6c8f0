import * as z from "zod";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import { SCHEDULE_STATES } from "./schedule-row.ts";

/** A schedule. */
export const scheduleSchema = z
  .object({
    id: id("Its id."),
    name: text("Its name, unique in its environment."),
    envId: id("The environment that its captures belong to."),
    owner: z.object({ id: z.string(), name: z.nullable(z.string()) }).meta({
      description: "Who owns it, and its captures; the name is null once there is no such account any more.",
    }),
    cron: textOrNull("Its rule as a cron expression of five fields; null if it has an `rrule`."),
    rrule: textOrNull("Its rule as iCalendar writes it (RFC 5545); null if it has a `cron`."),
    timeZone: text("The time zone in which the rule is read."),
    start: textOrNull(
      "The local date and time, in its time zone, from which on its rule comes and is counted; null for the moment when it was made.",
    ),
    captureName: text("What its captures are called, with placeholders."),
    duration: z.int().positive().meta({ description: "How long its captures run, in seconds." }),
    log: z.enum(CAPTURED_LOGS).meta({ description: "Which logs they record." }),
    minDuration: z.nullable(z.number().nonnegative()).meta({
      description:
        "Of the slow log they record only statements that took at least so many milliseconds; null for the general log.",
    }),
    redact: z
      .enum(["secrets", "literals"])
      .meta({ description: "What is taken out of statements: always secrets, or every literal." }),
    maxBytes: z
      .nullable(z.int().positive())
      .meta({ description: "The most bytes that one records; null for as many as the service allows." }),
    labels: z.record(z.string(), z.string()).meta({ description: "The labels of its captures." }),
    notes: textOrNull("The notes of its captures."),
    compare: z.boolean().meta({ description: "Whether each capture is to be compared with the one before." }),
    keepLast: z
      .nullable(z.int().positive())
      .meta({ description: "How many of its captures that are DONE are kept; null for all." }),
    captures: count("How many captures were made of it."),
    state: z.enum(SCHEDULE_STATES).meta({
      description:
        "Whether it makes captures, is paused, or is over: the last occurrence of its rule has been.",
    }),
    next: z.array(time("When a capture begins.")).meta({
      description: "Its next occurrences, up to five; none while it is paused, and when it is over.",
    }),
    pausedAt: timeOrNull("Since when it is paused; null if it is not."),
    problem: textOrNull(
      "Why the service has paused it, or could not make a capture; null if nothing is wrong.",
    ),
    createdAt: time("When it was made."),
    updatedAt: time("When it was changed last."),
  })
  .meta({ id: "Schedule", description: "Captures that are made again and again, by a rule." });

/** A schedule as the API shows it. */
export type Schedule = z.output<typeof scheduleSchema>;

/** Occurrences of a rule. */
export const occurrencesSchema = z
  .object({
    occurrences: z.array(time("When one begins.")),
    timeZone: text("The time zone in which the rule is read."),
  })
  .meta({ id: "Occurrences", description: "When captures of a rule begin, from now on." });

/** Occurrences of a rule, as the API shows them. */
export type Occurrences = z.output<typeof occurrencesSchema>;

/** What was done to a schedule. */
export const scheduleEventSchema = z
  .object({
    time: time("When."),
    what: z
      .enum(["created", "changed", "paused", "resumed", "deleted"])
      .meta({ description: "What was done." }),
    actor: z
      .union([
        z.object({ type: z.literal("user"), id: z.string(), name: z.nullable(z.string()) }),
        z.object({ type: z.literal("cleanup") }),
      ])
      .meta({
        description: "Who did it: a person, or the service, once the owner has lost the environment.",
      }),
  })
  .meta({ id: "ScheduleEvent", description: "What was done to a schedule." });

/** What was done to a schedule, as the API shows it. */
export type ScheduleEvent = z.output<typeof scheduleEventSchema>;

/** Whether a calendar has an address. */
export const calendarFeedSchema = z
  .object({ createdAt: timeOrNull("When the address was made; null when there is none.") })
  .meta({
    id: "CalendarFeed",
    description: "Whether your calendar has a secret address, which is not kept.",
  });

/** Whether a calendar has an address. */
export type CalendarFeed = z.output<typeof calendarFeedSchema>;

/** A calendar's new address. */
export const newCalendarFeedSchema = z
  .object({
    url: text("The secret address, for a calendar program. It is shown once."),
    createdAt: time("When it was made."),
  })
  .meta({ id: "NewCalendarFeed", description: "The secret address of your calendar." });

/** A calendar's new address. */
export type NewCalendarFeed = z.output<typeof newCalendarFeedSchema>;
