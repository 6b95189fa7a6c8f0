import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { ERASURE_REASONS } from "../environments/erasure-reasons.ts";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import { problemSchema } from "../workload/replies.ts";

const statusSchema = z.enum(STATUSES).meta({
  id: "CaptureStatus",
  description:
    "The state of a capture: SCHEDULED → STARTED → STARTING → RUNNING → STOPPING → DONE, and FAILED from any state but DONE.",
});

/** A capture: exactly the ten fields of the specification. */
export const captureSchema = z
  .object({
    id: id("Its id."),
    name: text("Its name, unique in its environment."),
    start: timeOrNull("When it began to record; null before."),
    scheduledStart: timeOrNull("When it was told to start; null if at once."),
    scheduledEnd: timeOrNull("When it is to end by itself; null if it has no duration."),
    end: timeOrNull("When it ended; null before."),
    status: statusSchema,
    envId: id("The environment that it belongs to."),
    type: z.literal("CAPTURE"),
    reason: textOrNull("Why it failed, ended early, or lacks the end of its log, if it does."),
  })
  .meta({ id: "Capture", description: "A capture: what an instance does between a start and an end." });

/** A capture as the API shows it. */
export type Capture = z.output<typeof captureSchema>;

const obstacleField = () =>
  textOrNull(
    "What stands in the way while it is `STARTING`, as of the last attempt; null when nothing is known to. It is tried again, and the capture can be cancelled.",
  );

const clusterRoleName = () => z.nullable(z.enum(["writer", "reader"]));

const clusterRoleField = () =>
  z
    .nullable(
      z.object({
        atStart: clusterRoleName().meta({ description: "When it began to run; null where AWS did not say." }),
        now: clusterRoleName().meta({
          description: "As AWS said last, while it ran: after a failover another than at the start.",
        }),
      }),
    )
    .meta({
      description:
        "What the instance is in its cluster. The capture goes on with its instance after a failover. Null for an instance of no cluster, and where the environment's credentials may not ask.",
    });

/** A capture with all that is known of it but its workload. */
export const fullCaptureSchema = captureSchema
  .extend({
    owner: z
      .object({ id: z.string(), name: z.nullable(z.string()) })
      .meta({ description: "Who made it; the name is null once there is no such account any more." }),
    createdAt: time("When it was made."),
    duration: z
      .nullable(z.int().positive())
      .meta({ description: "How long it is to run, in seconds; null if until it is stopped." }),
    backDated: z.boolean().meta({ description: "Whether it was told to begin in the past." }),
    log: z.enum(CAPTURED_LOGS).meta({ description: "Which logs it records." }),
    minDuration: z.nullable(z.number().nonnegative()).meta({
      description:
        "Of the slow log it records only statements that took at least so many milliseconds; null for the general log.",
    }),
    redact: z
      .enum(["secrets", "literals"])
      .meta({ description: "What is taken out of statements: always secrets, or every literal." }),
    maxBytes: z
      .nullable(z.int().positive())
      .meta({ description: "The most bytes that it records; null for as many as the service allows." }),
    labels: z
      .record(z.string(), z.string())
      .meta({ description: "What people have put on it to find it by." }),
    notes: textOrNull("What people have written about it."),
    failedFrom: z
      .nullable(statusSchema)
      .meta({ description: "The state in which it failed; null if it has not." }),
    obstacle: obstacleField(),
    clusterRole: clusterRoleField(),
    schedule: z
      .nullable(
        z.object({
          id: id("Its id."),
          name: text("Its name."),
          base: z.nullable(z.int().positive()).meta({
            description:
              "The capture to compare this one with: the last finished one before it. Null when there is none, or the schedule does not compare.",
          }),
        }),
      )
      .meta({ description: "The schedule that it was made of; null if of none." }),
    erased: z
      .nullable(
        z.object({
          at: time("Since when its workload can't be read any more. It is erased within minutes of that."),
          why: z.enum(ERASURE_REASONS).meta({
            description:
              "By the environment's `retention`, at the `request` of an admin, or since its `deletion` was long enough ago.",
          }),
          metricsAt: timeOrNull("The same of its metrics; null while they are kept."),
        }),
      )
      .meta({ description: "That its workload was erased; null while it is kept." }),
    deletedAt: timeOrNull("When it was deleted; null if it is not."),
    restorableUntil: timeOrNull("Until when it can be brought back; null if it is not deleted."),
  })
  .meta({ id: "FullCapture", description: "A capture with all that is known of it but its workload." });

/** A capture with all that is known of it but its workload, as the API shows it. */
export type FullCapture = z.output<typeof fullCaptureSchema>;

/** One transition of a capture. */
export const captureEventSchema = z
  .object({
    time: time("When."),
    from: z.nullable(statusSchema).meta({ description: "Null for the event that made the capture." }),
    to: statusSchema,
    actor: z
      .union([
        z.object({ type: z.literal("user"), id: z.string(), name: z.nullable(z.string()) }),
        z.object({ type: z.enum(["runner", "cleanup", "schedule"]) }),
      ])
      .meta({ description: "Who did it: a person, or the part of the service that acted." }),
    reason: textOrNull("The reason, if there is one."),
  })
  .meta({ id: "CaptureEvent", description: "One transition of a capture." });

/** One transition of a capture as the API shows it. */
export type CaptureEvent = z.output<typeof captureEventSchema>;

/** A message of a capture's live connection. */
export const liveMessageSchema = z
  .object({
    capture: captureSchema,
    obstacle: obstacleField(),
    clusterRole: clusterRoleField(),
    workload: z
      .nullable(
        z.object({
          records: count("How many records there are so far."),
          statements: count("How many of them are statements."),
          bytes: count("Their size as NDJSON."),
          gapCount: count("How many parts of the log could not be read."),
          problem: problemSchema,
        }),
      )
      .meta({ description: "What it has recorded so far; null before it began." }),
  })
  .meta({ id: "LiveMessage", description: "A capture, how it gets on, and what it has recorded so far." });

/** A message of a capture's live connection: the capture as GET shows it, how it gets on, and what it has recorded so far. */
export type LiveMessage = z.output<typeof liveMessageSchema>;
