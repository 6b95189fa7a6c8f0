import * as z from "zod";
import { STATUSES } from "../captures/lifecycle.ts";
import { ROLES } from "../environments/schema.ts";

/*
 * The shape of every reply. The reference describes replies with it, the client has its types from it, and the tests validate
 * every reply against it. That each is the shape that the API's own code makes, agreement.ts asks of the compiler.
 */

/** What the reference says of a schema: JSON Schema keywords. Those with an `id` are named there. */
export interface Documentation extends Record<string, unknown> {
  id?: string;
  description?: string;
  examples?: readonly unknown[];
}

/** What the reference says of the schemas of replies. */
export const replyDocumentation = z.registry<Documentation>();

/** Names the schema of a reply in the reference. */
export function named<S extends z.ZodType>(schema: S, id: string, description: string): S {
  replyDocumentation.add(schema, { id, description });
  return schema;
}

function described<S extends z.ZodType>(schema: S, documentation: Documentation): S {
  replyDocumentation.add(schema, documentation);
  return schema;
}

const time = (description: string) => described(z.string(), { format: "date-time", description });
const timeOrNull = (description: string) => z.nullable(time(description));
const id = (description: string) => described(z.int().positive(), { description });
const count = (description: string) => described(z.int().nonnegative(), { description });

/** The body of every refusal. */
export const errorSchema = named(
  z.object({
    code: described(z.int(), { description: "The HTTP status.", minimum: 400, maximum: 599 }),
    message: described(z.string(), { description: "What is wrong and where, in words a person can act on." }),
  }),
  "Error",
  "A refusal.",
);

const statusSchema = named(
  z.enum(STATUSES),
  "CaptureStatus",
  "Where a capture is in its life: SCHEDULED → STARTED → STARTING → RUNNING → STOPPING → DONE, and FAILED from any but DONE.",
);

export const captureSchema = named(
  z.object({
    id: id("Its id."),
    name: described(z.string(), { description: "Its name, unique in its environment." }),
    start: timeOrNull("When it began to record; null before."),
    scheduledStart: timeOrNull("When it was told to start; null if at once."),
    scheduledEnd: timeOrNull("When it is to end by itself; null if it has no duration."),
    end: timeOrNull("When it ended; null before."),
    status: statusSchema,
    envId: id("The environment that it belongs to."),
    type: z.literal("CAPTURE"),
    reason: described(z.nullable(z.string()), {
      description: "Why it failed, ended early, or lacks the end of its log, if it does.",
    }),
  }),
  "Capture",
  "A capture: what an instance does between a start and an end.",
);

export const captureEventSchema = named(
  z.object({
    time: time("When."),
    from: described(z.nullable(statusSchema), { description: "Null for the event that made the capture." }),
    to: statusSchema,
    actor: described(
      z.union([
        z.object({ type: z.literal("user"), id: z.string(), name: z.nullable(z.string()) }),
        z.object({ type: z.enum(["runner", "cleanup"]) }),
      ]),
      { description: "Who did it: a person, or the part of the service that acted." },
    ),
    reason: described(z.nullable(z.string()), { description: "Why, if there is more to say than who." }),
  }),
  "CaptureEvent",
  "One move of a capture.",
);

export const metricSchema = named(
  z.object({
    label: described(z.string(), { description: "CloudWatch's name." }),
    type: described(z.string(), { description: "The API's name." }),
    displayName: described(z.string(), { description: "The name to show." }),
    dataPoints: z.array(
      z.object({
        Timestamp: time("The beginning of the point's period."),
        Maximum: described(z.number(), { description: "The maximum of the period." }),
        Unit: described(z.string(), { description: "As CloudWatch names units." }),
      }),
    ),
  }),
  "Metric",
  "One CloudWatch metric of a capture.",
);

const problemSchema = described(
  z.nullable(
    z.object({
      since: time("Since when."),
      reason: described(z.string(), { description: "In words a person can act on." }),
    }),
  ),
  {
    description:
      "Why the log can't be read just now, or holds nothing to read; null while it can. It is tried on, and what is missing in the end is a gap.",
  },
);

export const workloadSchema = named(
  z.object({
    records: count("How many records of the log were recorded."),
    statements: count(
      "How many of the records ran a statement: as many as the digests count. No statement is a record of comments only, or `EXECUTE`, whose statement has a record of its own.",
    ),
    commands: described(z.record(z.string(), z.int().positive()), {
      description: "Records by command, such as `Query`.",
    }),
    bytes: count("As NDJSON, before compression."),
    strayBytes: count("Bytes of the log that belong to no record that could be read; a gap says when."),
    storedBytes: count("As stored, compressed."),
    fragments: count("How many objects hold it."),
    firstRecord: timeOrNull("The time of the earliest record, with microseconds."),
    lastRecord: timeOrNull("The time of the latest record, with microseconds."),
    gaps: described(
      z.array(
        z.object({
          from: time("The last moment before it."),
          to: time("The first moment after it."),
          cause: z.string(),
        }),
      ),
      { description: "What of the log could not be read: the first thousand of `gapCount`." },
    ),
    gapCount: count("How many gaps there are."),
    redact: described(z.enum(["secrets", "literals"]), {
      description: "What was taken out of statements before they were stored.",
    }),
    digestVersion: described(z.int().positive(), {
      description:
        "By which rules its statements were normalised: fingerprints of two versions are not to be compared.",
    }),
    live: described(
      z.nullable(
        z.object({
          behindBy: described(z.nullable(z.int().nonnegative()), {
            description: "Seconds; null until the log was read once.",
          }),
          problem: problemSchema,
        }),
      ),
      { description: "While the capture runs: by how far the log may be ahead. Null once it has ended." },
    ),
  }),
  "Workload",
  "What a capture recorded, in numbers.",
);

export const workloadDigestSchema = named(
  z.object({
    fingerprint: described(z.string(), {
      description: "64 bits in hexadecimal that stand for the normalised statement.",
    }),
    digest: described(z.string(), {
      description:
        "The normalised statement; of one of more than 4 KB the middle is left out, and counts for the fingerprint.",
    }),
    count: count("How often it ran, or up to `overcount` more."),
    overcount: count("By how much `count` may be too high."),
    share: described(z.number().min(0).max(1), { description: "Of all statements, from 0 to 1." }),
    firstSeen: time("When it was seen first, with microseconds."),
    lastSeen: time("When it was seen last, with microseconds."),
    example: described(z.string(), { description: "One of the statements, cut at 1,024 characters." }),
  }),
  "WorkloadDigest",
  "One normalised statement and how often it ran.",
);

export const liveMessageSchema = named(
  z.object({
    capture: captureSchema,
    workload: described(
      z.nullable(
        z.object({
          records: count("How many records there are so far."),
          statements: count("How many of them are statements."),
          bytes: count("How large they are."),
          gapCount: count("How many parts of the log could not be read."),
          problem: problemSchema,
        }),
      ),
      { description: "What it has recorded so far; null before it began." },
    ),
  }),
  "LiveMessage",
  "A capture, and what it has recorded so far.",
);

const roleSchema = named(
  z.enum(ROLES),
  "Role",
  "An admin changes the environment, its members and anybody's captures; a member makes captures.",
);

const valueOrNull = described(z.nullable(z.string()), {
  description: "Null where it had no value of its own.",
});

const owedSchema = named(
  z.object({
    region: described(z.string(), { description: "The AWS region of the group." }),
    parameterGroup: described(z.string(), { description: "Its name." }),
    settings: described(z.nullable(z.object({ generalLog: valueOrNull, logOutput: valueOrNull })), {
      description:
        "The `general_log` and `log_output` that it is to have again; null while that is not known.",
    }),
    since: time("Since when."),
    reason: described(z.nullable(z.string()), {
      description: "Why it is not given back; null when that has not been tried yet.",
    }),
  }),
  "Owed",
  "A parameter group that captures have switched a log on in, and that is not as it was found.",
);

export const environmentSchema = named(
  z.object({
    id: id("Its id."),
    name: described(z.string(), { description: "Its name." }),
    region: described(z.string(), { description: "The AWS region of the instance." }),
    instance: described(z.string(), { description: "The identifier of the RDS instance." }),
    engine: described(z.string(), { description: "`mysql` or `mariadb`." }),
    engineVersion: described(z.string(), { description: "As AWS said when it was asked last." }),
    parameterGroup: described(z.string(), {
      description: "The parameter group that switches the general log.",
    }),
    credentials: described(
      z.union([z.object({ accessKeyId: z.string() }), z.object({ roleArn: z.string() })]),
      { description: "The access key id by its last four characters, or the role's ARN. Never a secret." },
    ),
    role: roleSchema,
    createdAt: time("When it was made."),
    owed: described(z.array(owedSchema), {
      description:
        "What its captures have changed in parameter groups and is not given back yet. It is tried again by itself, and by " +
        "checking the environment.",
    }),
  }),
  "Environment",
  "An RDS instance, how it is reached, and what the caller may do with it.",
);

export const checkedEnvironmentSchema = named(
  environmentSchema.extend({
    status: described(z.string(), {
      description: "The instance's status as AWS names it, such as `available`.",
    }),
  }),
  "CheckedEnvironment",
  "An environment as AWS has just described it.",
);

export const memberSchema = named(
  z.object({
    userId: z.string(),
    name: z.string(),
    email: described(z.string(), { format: "email" }),
    role: roleSchema,
    joinedAt: time("Since when."),
  }),
  "Member",
  "Somebody who belongs to an environment.",
);

export const memberRoleSchema = named(
  z.object({ userId: z.string(), role: roleSchema }),
  "MemberRole",
  "A member's new role.",
);
export const removedMemberSchema = named(
  z.object({ userId: z.string() }),
  "RemovedMember",
  "Who is a member no more.",
);

export const inviteSchema = named(
  z.object({
    code: described(z.string(), { description: "The secret that lets one person join. It is shown once." }),
    expiresAt: time("A week from now."),
  }),
  "Invite",
  "An invite into an environment.",
);

export const healthSchema = named(
  z.object({ status: z.literal("ok"), database: z.literal("ok") }),
  "Healthy",
  "The service and its database answer.",
);
export const unhealthySchema = named(
  z.object({ status: z.literal("unavailable"), database: z.literal("unavailable") }),
  "Unavailable",
  "The database does not answer.",
);
