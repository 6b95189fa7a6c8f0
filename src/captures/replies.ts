import * as z from "zod";
import { STATUSES } from "../db/states.ts";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
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

/** One transition of a capture. */
export const captureEventSchema = z
  .object({
    time: time("When."),
    from: z.nullable(statusSchema).meta({ description: "Null for the event that made the capture." }),
    to: statusSchema,
    actor: z
      .union([
        z.object({ type: z.literal("user"), id: z.string(), name: z.nullable(z.string()) }),
        z.object({ type: z.enum(["runner", "cleanup"]) }),
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
  .meta({ id: "LiveMessage", description: "A capture, and what it has recorded so far." });

/** A message of a capture's live connection: the capture as GET shows it, and what it has recorded so far. */
export type LiveMessage = z.output<typeof liveMessageSchema>;
