import * as z from "zod";
import { count, text, textOrNull, time, timeOrNull } from "../../lib/reply-fields.ts";
import { LOG_NAMES } from "../../logs/names.ts";

const flag = (description: string) => z.boolean().optional().meta({ description });
const figure = (description: string) => z.int().nonnegative().optional().meta({ description });

/** One record, as the download has it. */
export const workloadRecordSchema = z
  .object({
    time: time("When the statement began, or in the slow log ended, with microseconds."),
    threadId: count("The connection's id."),
    user: textOrNull("Whose connection it is; null where the log that was read does not say it."),
    host: textOrNull("From where it is; null where the log that was read does not say it."),
    db: z.nullable(z.string()).optional().meta({
      description:
        "The connection's default database, as far as the log says it: the general log does not behind a `USE` that was sent as a query.",
    }),
    command: text("What the client asked for, as the log has it."),
    fingerprint: z.string().optional().meta({
      description: "That of the statement's digest. Absent where no statement ran.",
    }),
    statement: text("The statement, or what the command says of itself."),
    truncated: z.literal(true).optional().meta({ description: "The statement has lost its end." }),
    tags: z.record(z.string(), z.string()).optional().meta({
      description: "The statement's tags in the manner of sqlcommenter. Absent where there are none.",
    }),
    log: z.literal("slow").optional().meta({ description: "Of the slow log, as is all that follows." }),
    timeIs: z.literal("end").optional(),
    precisionMicros: figure("How fine the time is."),
    server: z.enum(["mysql", "mariadb"]).optional(),
    durationMicros: figure("How long it ran."),
    innerMicros: figure("How much of what was logged as its time is in other records."),
    lockMicros: figure("`Lock_time` of the server."),
    rowsSent: figure("How many rows it sent."),
    rowsExamined: figure("How many rows the server read for it."),
    rowsAffected: figure("How many rows it changed."),
    bytesSent: figure("How many bytes it sent."),
    bytesReceived: figure("How many bytes were received."),
    errno: figure("The number of the error that it ended with; 0 for none."),
    killed: figure("Whether it was killed, and how."),
    fullScan: flag("Whether it read a whole table."),
    fullJoin: flag("Whether it joined without an index."),
    tmpTables: figure("How many temporary tables it made."),
    tmpDiskTables: figure("How many of them on disk."),
    filesort: flag("Whether it sorted without an index."),
    queryCacheHit: flag("Whether the query cache had the answer."),
    routine: z.string().optional().meta({ description: "The procedure or event that it ran in." }),
    repeats: flag("Whether it says again what the record before it said."),
  })
  .meta({
    id: "WorkloadRecord",
    description:
      "One record of a log, as the download has it, with the fingerprint of its statement. What the log does not say is absent.",
  });

/** One record of a log. */
export type WorkloadRecord = z.output<typeof workloadRecordSchema>;

const missingSchema = z
  .object({
    fragments: count("How many of the objects that hold records."),
    after: timeOrNull("The time of the record before them; null where there is none."),
    before: timeOrNull("The time of the record after them; null where there is none."),
  })
  .meta({ id: "MissingRecords", description: "Records that were stored and are lost." });

/** Records that were stored and are lost. */
export type MissingRecords = z.output<typeof missingSchema>;

const pageFields = {
  next: textOrNull(
    "The `cursor` of the next page; null when there is none. A page may have few records or none, and yet a next one: it has looked at as much as one request does.",
  ),
  missing: z
    .array(missingSchema)
    .meta({ description: "What is lost of what the page has looked through, in its order." }),
};

/** A page of records. */
export const workloadRecordsSchema = z
  .object({
    records: z.array(workloadRecordSchema).meta({ description: "In the order that was asked for." }),
    ...pageFields,
  })
  .meta({ id: "WorkloadRecords", description: "A page of a capture's records." });

/** A page of records. */
export type WorkloadRecords = z.output<typeof workloadRecordsSchema>;

const transactionSchema = z.object({
  begin: time("When it began: the time of BEGIN, or with autocommit off of its first statement."),
  end: timeOrNull("The time of the record that ended it; null where none was recorded."),
  statements: count("How many statements ran in it, without those that began and ended it."),
  durationMicros: z
    .nullable(z.int().nonnegative())
    .meta({ description: "From `begin` to `end`, in microseconds." }),
  outcome: z.enum(["commit", "rollback", "implicit commit", "open", "unknown"]).meta({
    description:
      "What ended it: COMMIT; ROLLBACK, a deadlock, or the end of the session; a statement that commits before it runs, such as DDL or another BEGIN. `open` where it had not ended in what was recorded, `unknown` where records are missing in it.",
  }),
});

/** A transaction of a session. */
export type Transaction = z.output<typeof transactionSchema>;

/** A page of a session. */
export const workloadSessionSchema = z
  .object({
    threadId: count("The connection's id."),
    log: z.enum(LOG_NAMES).meta({ description: "The log that the records are of." }),
    user: textOrNull("Whose session it is; null where the log that was read does not say it."),
    host: textOrNull("From where it is; null where the log that was read does not say it."),
    first: timeOrNull("The time of its first record, with microseconds."),
    last: timeOrNull("The time of its last record on this page, with microseconds."),
    records: z.array(workloadRecordSchema).meta({ description: "Oldest first." }),
    transactions: z.nullable(z.array(transactionSchema)).meta({
      description:
        "Those that ended on this page, and on the last page the one that is open. A statement that commits by itself is none. Null where the capture has statements of a least duration only.",
    }),
    ...pageFields,
  })
  .meta({ id: "WorkloadSession", description: "A page of what one connection did." });

/** A page of a session. */
export type WorkloadSession = z.output<typeof workloadSessionSchema>;
