import * as z from "zod";
import { count, text, time, timeOrNull } from "../lib/reply-fields.ts";

/** Why a running capture's log can't be read, and since when; null while it can. */
export const problemSchema = z
  .nullable(z.object({ since: time("Since when."), reason: text("In words a person can act on.") }))
  .meta({
    description:
      "Why the log can't be read now, or has nothing to read; null while it can. Reading is retried, and what is missing in the end is a gap.",
  });

/** Why a running capture's log can't be read, and since when. */
export type ShownProblem = NonNullable<z.output<typeof problemSchema>>;

/** The manifest of a capture's workload. */
export const workloadSchema = z
  .object({
    records: count("How many records of the log were recorded."),
    statements: count(
      "How many of the records ran a statement: as many as the digests count. A record of comments only does not count, nor does `EXECUTE`, whose statement has a record of its own.",
    ),
    commands: z
      .record(z.string(), z.int().positive())
      .meta({ description: "Records by command, such as `Query`." }),
    bytes: count("As NDJSON, before compression."),
    strayBytes: count("Bytes of the log that could not be read as a record; a gap says when."),
    storedBytes: count("As stored, compressed."),
    fragments: count("How many objects hold it."),
    firstRecord: timeOrNull("The time of the earliest record, with microseconds."),
    lastRecord: timeOrNull("The time of the latest record, with microseconds."),
    gaps: z
      .array(
        z.object({
          from: time("The last moment before it."),
          to: time("The first moment after it."),
          cause: z.string(),
        }),
      )
      .meta({
        description: "The parts of the log that could not be read: the first thousand of `gapCount`.",
      }),
    gapCount: count("How many gaps there are."),
    redact: z
      .enum(["secrets", "literals"])
      .meta({ description: "What was removed from statements before they were stored." }),
    digestVersion: z.int().positive().meta({
      description:
        "The version of the rules by which statements were normalised: fingerprints of two versions can't be compared.",
    }),
    live: z
      .nullable(
        z.object({
          behindBy: z
            .nullable(z.int().nonnegative())
            .meta({ description: "Seconds; null until the log was read once." }),
          problem: problemSchema,
        }),
      )
      .meta({
        description: "While the capture runs: by how far the log may be ahead. Null once it has ended.",
      }),
  })
  .meta({ id: "Workload", description: "What a capture recorded, in numbers." });

/** What a capture recorded, in numbers. */
export type Workload = z.output<typeof workloadSchema>;

/** One normalised statement. */
export const workloadDigestSchema = z
  .object({
    fingerprint: text("64 bits in hexadecimal that stand for the normalised statement."),
    digest: text(
      "The normalised statement. Of more than 4 KB the middle is left out, but counts for the fingerprint.",
    ),
    count: count("How often it ran, or up to `overcount` more."),
    overcount: count("By how much `count` may be too high."),
    share: z.number().min(0).max(1).meta({ description: "Of all statements, from 0 to 1." }),
    firstSeen: time("When it was seen first, with microseconds."),
    lastSeen: time("When it was seen last, with microseconds."),
    example: text("One of the statements, cut at 1,024 characters."),
  })
  .meta({ id: "WorkloadDigest", description: "One normalised statement and how often it ran." });

/** One normalised statement and how often it ran. */
export type WorkloadDigest = z.output<typeof workloadDigestSchema>;
