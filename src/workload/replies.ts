import * as z from "zod";
import { count, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { CAPTURED_LOGS, LOG_NAMES } from "../logs/names.ts";

/** Why a running capture's log can't be read, and since when; null while it can. */
export const problemSchema = z
  .nullable(z.object({ since: time("Since when."), reason: text("In words a person can act on.") }))
  .meta({
    description:
      "Why the log can't be read now, or has nothing to read; null while it can. Reading is retried, and what is missing in the end is a gap.",
  });

/** Why a running capture's log can't be read, and since when. */
export type ShownProblem = NonNullable<z.output<typeof problemSchema>>;

const logName = (description: string) => z.enum(LOG_NAMES).meta({ description });

const gapSchema = z.object({
  from: time("The last moment before it."),
  to: time("The first moment after it."),
  cause: z.string(),
  log: logName("The log that it is in."),
});

/** A part of a log that could not be read. */
export type LoggedGap = z.output<typeof gapSchema>;

const workloadLogSchema = z.object({
  log: logName("Which log."),
  records: count("How many of its records were recorded."),
  statements: count("How many of them ran a statement."),
  bytes: count("As NDJSON, before compression."),
  strayBytes: count("Bytes of it that could not be read as a record."),
  storedBytes: count("As stored, compressed."),
  fragments: count("How many objects hold it."),
  firstRecord: timeOrNull("The time of its earliest record, with microseconds."),
  lastRecord: timeOrNull("The time of its latest record, with microseconds."),
  gapCount: count("How many gaps it has."),
});

/** What a capture recorded of one log, in numbers. */
export type WorkloadLog = z.output<typeof workloadLogSchema>;

const leftOutSchema = z.object({
  total: count("How many statements they ran. With both logs, those of the general log."),
  users: z.array(
    z.object({ user: text("One of the users that AWS reserves."), statements: count("How many it ran.") }),
  ),
});

/** What a capture recorded of its logs, in numbers. */
export const workloadSchema = z
  .object({
    log: z.enum(CAPTURED_LOGS).meta({ description: "Which logs the capture is made of." }),
    minDuration: z.nullable(z.number().nonnegative()).meta({
      description:
        "Of the slow log only statements that took at least so many milliseconds were recorded; null without it.",
    }),
    records: count("How many records of the logs were recorded."),
    statements: count(
      "How many of the records ran a statement: as many as the digests count. A record of comments only does not count, nor does `EXECUTE`, whose statement has a record of its own. With both logs, those of the general log.",
    ),
    commands: z
      .record(z.string(), z.int().positive())
      .meta({ description: "Records by command, such as `Query`." }),
    bytes: count("As NDJSON, before compression."),
    strayBytes: count("Bytes of the logs that could not be read as a record; a gap says when."),
    storedBytes: count("As stored, compressed."),
    fragments: count("How many objects hold it."),
    firstRecord: timeOrNull("The time of the earliest record, with microseconds."),
    lastRecord: timeOrNull("The time of the latest record, with microseconds."),
    gaps: z.array(gapSchema).meta({
      description:
        "The parts of the logs that could not be read, in the order of time: the first thousand of each log.",
    }),
    gapCount: count("How many gaps there are."),
    logs: z
      .array(workloadLogSchema)
      .meta({ description: "The same numbers of each log. Those above are of all of them." }),
    timing: z
      .nullable(
        z.object({
          completeSince: timeOrNull(
            "Sessions that connect after this are in the slow log with all that the capture is to have. Null where sessions were so before any capture changed a parameter.",
          ),
          before: z.record(z.string(), z.nullable(z.string())).meta({
            description:
              "What the slow log's parameters were before captures changed them; null for one that the parameter group had no value of.",
          }),
          sessions: text("What may be missing of sessions, in words."),
        }),
      )
      .meta({ description: "How the slow log was switched on. Null without it, and until it is." }),
    leftOut: z.nullable(leftOutSchema).meta({
      description:
        "What Amazon's own users ran, which is in none of these numbers, nor in anything else of the workload. Null for captures of before it was counted.",
    }),
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
        description: "While the capture runs: by how far the logs may be ahead. Null once it has ended.",
      }),
  })
  .meta({ id: "Workload", description: "What a capture recorded, in numbers." });

/** What a capture recorded, in numbers. */
export type Workload = z.output<typeof workloadSchema>;

/** What was left out of a workload because it is Amazon's own, in detail. */
export const workloadAmazonSchema = leftOutSchema
  .extend({
    statements: z
      .array(
        z.object({
          user: text("Who ran it."),
          fingerprint: text("64 bits in hexadecimal that stand for the normalised statement."),
          digest: text("The normalised statement, cut at 1,024 characters."),
          count: count("How often it ran."),
          firstSeen: time("When it was seen first, with microseconds."),
          lastSeen: time("When it was seen last."),
        }),
      )
      .meta({ description: "The fifty that were seen first, those that ran most at the beginning." }),
    others: count("How many statements are none of these."),
  })
  .meta({ id: "WorkloadAmazon", description: "What Amazon's own users ran while a capture recorded." });

/** What was left out of a workload because it is Amazon's own, in detail. */
export type WorkloadAmazon = z.output<typeof workloadAmazonSchema>;

const micros = (description: string) => z.int().nonnegative().meta({ description });

/** How long one statement took, as far as the slow log has it. */
const timedSchema = z.object({
  calls: count("How often it is in the slow log, or up to `overcalls` more."),
  overcalls: count("By how much `calls` may be too high."),
  totalMicros: micros("How long it ran in all, or up to `overTotalMicros` more."),
  overTotalMicros: micros("By how much `totalMicros` may be too high."),
  meanMicros: z.number().nonnegative().meta({ description: "How long it ran in the mean." }),
  minMicros: micros("The shortest time."),
  maxMicros: micros("The longest time."),
  p50Micros: z.number().nonnegative().meta({ description: "The median, at most 2 % off." }),
  p95Micros: z.number().nonnegative().meta({ description: "The 95th percentile, at most 2 % off." }),
  p99Micros: z.number().nonnegative().meta({ description: "The 99th percentile, at most 2 % off." }),
  timeShare: z.number().min(0).max(1).meta({ description: "Of all statements' time, from 0 to 1." }),
  lockMicros: micros(
    "`Lock_time` of the server in all: in MySQL how long it waited for locks, in MariaDB how long it took to get its table locks.",
  ),
  rowsExamined: count("How many rows the server read for it in all."),
  rowsSent: count("How many rows it sent in all."),
  errors: count("How many calls ended with an error; absent where the log does not say."),
});

const whoseFields = {
  user: textOrNull("Who; null where the log does not say it, empty for an anonymous user."),
  host: textOrNull("From where; null where the log does not say it."),
  db: textOrNull("The default database; null without one, and where it is not known."),
};

const exampleSchema = z.object({
  time: time("When it began, in the general log, or ended, in the slow log; with microseconds."),
  ...whoseFields,
  durationMicros: z
    .nullable(z.int().nonnegative())
    .meta({ description: "How long it took; null without the slow log." }),
  statement: text("The statement, cut at 1,024 characters."),
});

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
    example: textOrNull("One of the statements, cut at 1,024 characters; null to a viewer."),
    tables: z
      .object({
        reads: z.array(z.string()).readonly().meta({ description: "Those that it reads." }),
        writes: z
          .array(z.string())
          .readonly()
          .meta({ description: "Those that it changes; what it only changes is not among `reads`." }),
      })
      .meta({
        description:
          "The tables of the statement, as its text names them: `orders`, or `shop.orders` where it says whose it is. Of a statement with more than 2,048 characters of names the first.",
      }),
    examples: z.array(exampleSchema).meta({
      description:
        "Some of the statements, in the order of time: the first, the slowest and a late one. Empty for a capture of before they were kept, and to a viewer.",
    }),
    sources: z.array(z.object({ ...whoseFields, count: count("How often.") })).meta({
      description:
        "Who ran it, from where and in which database: the first 16 that did since it was counted, the most frequent first.",
    }),
    moreSources: count("How often others than those of `sources` ran it."),
    tags: z.array(z.object({ key: z.string(), value: z.string(), count: count("How often.") })).meta({
      description:
        "The tags that its statements had in the manner of sqlcommenter: the first 16, the most frequent first.",
    }),
    moreTags: count("How often it had others than those of `tags`."),
    mayMatch: z.boolean().optional().meta({
      description:
        "True where whether it is what was asked for is not known: it had more sources or tags than are kept, or was counted before they were. Else absent.",
    }),
    ...timedSchema.partial().shape,
    timedShare: z.number().min(0).max(1).optional().meta({
      description:
        "What part of its calls was timed, from 0 to 1; of those are the figures of time. Absent without the slow log, and with both logs for a statement that only the slow log has, whose `count` is of that.",
    }),
  })
  .meta({
    id: "WorkloadDigest",
    description:
      "One normalised statement, how often it ran, and where it was timed how long it took, in microseconds.",
  });

/** One normalised statement and how often it ran. */
export type WorkloadDigest = z.output<typeof workloadDigestSchema>;

const percentile = (which: string) =>
  z.nullable(z.number().nonnegative()).meta({
    description: `${which} of their times, at most 2 % off. Null without the slow log, and where none ended.`,
  });

/** What ran in a step of time, or in several. */
const stepFigures = {
  statements: count("How many statements ran; of the slow log, those that ended."),
  timed: z.nullable(z.int().nonnegative()).meta({
    description: "How many statements the slow log has; all that follows is of those. Null without it.",
  }),
  totalMicros: z
    .nullable(z.int().nonnegative())
    .meta({ description: "How long they ran in all. Null without the slow log." }),
  p50Micros: percentile("The median"),
  p95Micros: percentile("The 95th percentile"),
  p99Micros: percentile("The 99th percentile"),
  rowsExamined: z
    .nullable(z.int().nonnegative())
    .meta({ description: "How many rows the server read for them. Null without the slow log." }),
  errors: z
    .nullable(z.int().nonnegative())
    .meta({ description: "How many ended with an error. Null where the log does not say." }),
};

/** How a workload went over time. */
export const workloadSeriesSchema = z
  .object({
    step: z.int().positive().meta({ description: "Seconds from one point to the next." }),
    points: z.array(z.object({ time: time("When the step begins."), ...stepFigures })).meta({
      description: "One for each step from the first to the last record, without a hole: at most 1,440.",
    }),
  })
  .meta({
    id: "WorkloadSeries",
    description: "How a workload, or one of its statements, went over time. Times in microseconds.",
  });

/** How a workload went over time. */
export type WorkloadSeries = z.output<typeof workloadSeriesSchema>;

/** What ran in a part of a capture's time. */
export const workloadSpanSchema = z
  .object({
    step: z.int().positive().meta({ description: "How long the steps are that were added up, in seconds." }),
    from: timeOrNull("When the first of these steps begins. Null where the capture has none in that time."),
    to: timeOrNull("When the last of them ends."),
    whole: z.object(stepFigures).meta({ description: "All statements." }),
    statements: z
      .array(
        z.object({
          fingerprint: text("That of the digest."),
          since: time(
            "Since when the statement has a series: what it ran before is not counted. It may be later than `from`.",
          ),
          ...stepFigures,
        }),
      )
      .meta({
        description:
          "The statements that ran then and have a series: at most 128 of each log, those with most time first, without the slow log those with most calls. What `whole` has more is of others.",
      }),
  })
  .meta({
    id: "WorkloadSpan",
    description: "What ran in a part of a capture's time, and which statements. Times in microseconds.",
  });

/** What ran in a part of a capture's time. */
export type WorkloadSpan = z.output<typeof workloadSpanSchema>;

const groupFields = {
  statements: count("How many statements, or up to `overcount` more."),
  overcount: count("By how much `statements` may be too high."),
  share: z.number().min(0).max(1).meta({ description: "Of all statements, from 0 to 1." }),
  ...timedSchema.partial().shape,
};

const groupSchema = z.object({
  name: textOrNull("Its name; null where the log does not say it."),
  ...groupFields,
});

/** A workload's figures by something that its records say. */
export const workloadGroupsSchema = z
  .object({
    groups: z.array(groupSchema).meta({
      description: "Those with most time first, and of those whose time is not known with most statements.",
    }),
    others: z.nullable(groupSchema).meta({
      description: "All that are not among the first thousand that were seen; null where there are none.",
    }),
    total: count("How many statements ran in all."),
    uncounted: count(
      "Of how many it is not known: those of before the service grouped them, and by a tag those without it.",
    ),
  })
  .meta({
    id: "WorkloadGroups",
    description: "A workload's figures by user, host, or the values of a tag. Times in microseconds.",
  });

/** A workload's figures by something that its records say. */
export type WorkloadGroups = z.output<typeof workloadGroupsSchema>;

const tableGroupSchema = z.object({
  name: text("Its name, as statements write it: `orders`, or `shop.orders` where they say whose it is."),
  ...groupFields,
  digests: count("How many different statements name it."),
  reads: count("How many statements read it."),
  writes: count("How many statements change it."),
});

/** A workload's figures by table. */
export const workloadTablesSchema = z
  .object({
    groups: z.array(tableGroupSchema).meta({
      description:
        "Those with most time first, and of those whose time is not known with most statements. A statement counts for each of its tables, with all of its time and rows.",
    }),
    others: z
      .nullable(tableGroupSchema.extend({ name: z.null() }))
      .meta({ description: "All behind the first thousand; null where there are none." }),
    total: count(
      "How many statements ran in all. Those of statements that are not counted have no table here.",
    ),
  })
  .meta({ id: "WorkloadTables", description: "A workload's figures by table. Times in microseconds." });

/** A workload's figures by table. */
export type WorkloadTables = z.output<typeof workloadTablesSchema>;
