import * as z from "zod";
import { eraseSchema } from "../captures/erase-schema.ts";
import { LABEL_KEY, labelFilterSchema, MAX_LABEL_VALUE, MAX_LABELS, MAX_NOTES } from "../captures/labels.ts";
import { INITIAL_STATUSES, MAX_DURATION_MS, MAX_THRESHOLD_MS, MIN_DURATION_MS } from "../captures/plan.ts";
import { createSchema as captureSchema, changeSchema } from "../captures/schema.ts";
import { ROLES } from "../db/roles.ts";
import { erasureBodySchema } from "../environments/erasure-schema.ts";
import {
  createSchema as environmentSchema,
  instancesSchema,
  inviteCodeSchema,
  inviteSchema,
  roleSchema,
  updateSchema,
} from "../environments/schema.ts";
import {
  approveSchema,
  clientSchema,
  codeSchema,
  tokenSchema,
  userCodeSchema,
  verifySchema,
} from "../identity/device/schema.ts";
import {
  createKeySchema,
  DEFAULT_KEY_SECONDS,
  deleteKeySchema,
  keyEnvironmentSchema,
  keyExpirySchema,
  keyNameSchema,
  keyOffsetSchema,
  keyScopeSchema,
  MAX_KEY_NAME,
  updateKeySchema,
} from "../identity/keys/schema.ts";
import { nameSchema } from "../lib/names.ts";
import { idSchema, timeSchema } from "../lib/values.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import { ALL_METRICS } from "../metrics/cloudwatch-metrics.ts";
import { metricsQuerySchema } from "../metrics/schema.ts";

/*
 * What the reference says of requests. The schemas are the ones that validate them; what a refinement or a transformation of
 * theirs asks for is said here, since JSON Schema can't be made of code.
 */

const add = (schema: z.ZodType, documentation: z.GlobalMeta) => z.globalRegistry.add(schema, documentation);

const seconds = (milliseconds: number) => milliseconds / 1000;

add(idSchema(), { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const moment = { type: "string", examples: ["2026-11-23T12:00:00.000Z", "2026-11-23 12:00:00"] };
add(timeSchema(), moment);
/** A type, or null: said so, since zod describes a nullable schema as `anyOf` of two. */
const orNull = (type: string) => ({ type: [type, "null"], anyOf: undefined });
const momentOrNull = { ...moment, ...orNull("string") };
add(metricsQuerySchema().shape.type, {
  type: "array",
  items: { type: "string", enum: ALL_METRICS.map(({ type }) => type) },
});

add(nameSchema(), {
  description: "1 to 100 characters without control characters, not counting spaces around it.",
  minLength: 1,
  maxLength: 100,
  pattern: "\\S",
  examples: ["myCapture"],
});

add(captureSchema(), {
  id: "NewCapture",
  description: "A capture to make. Unknown fields are refused.",
});
const capture = captureSchema().in.shape;
add(capture.envId, {
  type: "integer",
  minimum: 1,
  description: "The environment to capture.",
  examples: [1],
});
add(capture.status, {
  ...orNull("string"),
  enum: [...INITIAL_STATUSES, null],
  description:
    "`SCHEDULED` needs a `scheduledStart` and is implied by one; the other two start at once. In any letter case.",
});
add(capture.start, {
  ...momentOrNull,
  description:
    "When it started, to back-date it. ISO 8601, or `2018-05-19 12:00:00`; UTC where no zone is given.",
});
add(capture.scheduledStart, {
  ...momentOrNull,
  description: "When it is to start: in the future, at most a year ahead.",
});
add(capture.redact, {
  ...orNull("string"),
  enum: ["literals", null],
  description: "`literals` stores statements with `?` for every literal. Passwords are never stored.",
});
add(capture.maxBytes, {
  ...orNull("integer"),
  minimum: 1,
  description: "Ends the capture early when so many bytes of NDJSON are recorded.",
});
add(capture.log, {
  ...orNull("string"),
  enum: [...CAPTURED_LOGS, null],
  description:
    "Which log to record: `general` (the default) has every statement before it runs, `slow` each statement after it ran with how long it took, and `both` statements and their order from the one and times from the other.",
});
add(capture.minDuration, {
  ...orNull("number"),
  minimum: 0,
  maximum: MAX_THRESHOLD_MS,
  description:
    "Of the slow log only statements that took at least so many milliseconds, with at most three decimals; all of them if absent. Only with `log` `slow` or `both`.",
  examples: [100],
});
add(capture.duration, {
  ...orNull("integer"),
  minimum: seconds(MIN_DURATION_MS),
  maximum: seconds(MAX_DURATION_MS),
  description: "How long it is to run, in seconds. Without one it runs until it is stopped.",
  examples: [3600],
});
add(capture.end, {
  type: "null",
  anyOf: undefined,
  description: "Null, or absent: it is set when the capture ends.",
});

const labels = {
  type: ["object", "null"],
  anyOf: undefined,
  maxProperties: MAX_LABELS,
  propertyNames: { pattern: `^${LABEL_KEY}$` },
  additionalProperties: { type: "string", minLength: 1, maxLength: MAX_LABEL_VALUE, pattern: "\\S" },
  description: `Up to ${MAX_LABELS} texts by their keys, to find captures by. A key has up to 63 letters, digits, dots, slashes, hyphens and underscores; a value up to ${MAX_LABEL_VALUE} characters on one line.`,
  examples: [{ release: "1.2" }],
};
const notes = {
  ...orNull("string"),
  maxLength: MAX_NOTES,
  description: `What there is to say about it, up to ${MAX_NOTES} characters.`,
};
add(labelFilterSchema(), { pattern: `^${LABEL_KEY}:.+$`, examples: ["release:1.2"] });
add(capture.labels, labels);
add(capture.notes, notes);

add(changeSchema(), {
  id: "CaptureChanges",
  description: "The fields of a capture to change; absent ones stay.",
  minProperties: 1,
});
const changes = changeSchema().in.shape;
add(changes.labels, {
  ...labels,
  description: `All labels that it is to have; null for none. ${labels.description}`,
});
add(changes.notes, notes);
add(changes.scheduledStart, {
  description: "When it is to start, of one that is SCHEDULED: in the future, at most a year ahead.",
});
add(changes.duration, {
  ...orNull("integer"),
  minimum: seconds(MIN_DURATION_MS),
  maximum: seconds(MAX_DURATION_MS),
  description:
    "How long it is to run, in seconds from its start, of one that is SCHEDULED or RUNNING; null to let it run until it is stopped.",
  examples: [7200],
});

add(environmentSchema(), { id: "NewEnvironment", description: "An environment to make." });
add(updateSchema(), {
  id: "EnvironmentChanges",
  description: "The fields of an environment to change; absent ones stay.",
  minProperties: 1,
});
const environment = environmentSchema().shape;
add(environment.region, { description: "The AWS region of the instance.", examples: ["us-east-1"] });
add(environment.instance, {
  pattern: "^[A-Za-z](-?[A-Za-z0-9])*$",
  description: "The identifier of the RDS instance.",
  examples: ["demo-mysql"],
});
add(environment.credentials, {
  description: "An access key, or a role that the service assumes. Kept encrypted, and never shown again.",
});
add(environment.retention, {
  description:
    "How long the workloads of its captures are kept: `workloadDays` after a capture's end its workload is erased, also of captures that have ended by now; null to keep it. Its metrics are kept, unless `keepMetrics` is false.",
});
add(environment.sealed, {
  description:
    "Whether what its captures record is sealed with a key of its own, from their next start on; false unless it says so.",
});
add(erasureBodySchema(), {
  id: "ErasureRequest",
  description:
    "What to erase: the `workloads` of all captures that have ended, with their metrics unless `keepMetrics` is true; or the `environment` with all that is its.",
});
add(eraseSchema(), {
  id: "CaptureErasureRequest",
  description: "What to erase of a capture: its workload, and its metrics unless `keepMetrics` is true.",
});

add(environment.allowNotReady, {
  description:
    "Whether to take an instance that is not ready. True takes any. False refuses any, with its `checks`. If absent, one that can't be captured as it is, such as one with Amazon's own parameter group, is refused, and one that can be made ready later, such as by a permission, is taken.",
});
add(instancesSchema(), {
  id: "InstancesOf",
  description: "Which account, by its credentials, and which region.",
});

add(roleSchema(), { id: "RoleChange", description: `A role: ${ROLES.join(", ")}.` });
add(inviteSchema(), { id: "NewInvite", description: "Whom to invite, and as what." });
add(inviteSchema().shape.email, {
  description: "The one address whose owner may use the invite; without it, or null, whoever has the code.",
  examples: ["jo@example.com"],
});
add(inviteCodeSchema(), { id: "InviteCode", description: "The code of an invite." });

add(codeSchema(), { id: "DeviceCodeRequest", description: "Who asks to be logged in." });
add(tokenSchema(), { id: "DeviceTokenRequest", description: "Which login is asked about." });
add(verifySchema(), { id: "DeviceUserCode", description: "A login, by the code that the program shows." });
add(approveSchema(), {
  id: "DeviceApproval",
  description: "Which login to approve, and what its key may do.",
});
add(clientSchema(), {
  description:
    "What the program calls itself: 1 to 100 characters that can be seen. The person who decides reads it, and the key has it as its name.",
  minLength: 1,
  maxLength: 100,
  pattern: "\\S",
  examples: ["captures on build-7"],
});
add(tokenSchema().shape.device_code, { description: "The `device_code` of the login." });
add(userCodeSchema(), {
  type: "string",
  maxLength: 32,
  description: "Eight letters, in any letter case; hyphens and spaces make no difference.",
  examples: ["BCDF-GHJK"],
});
add(approveSchema().shape.expiresIn, {
  description: `How long the key is to be valid, in seconds; ${DEFAULT_KEY_SECONDS} (90 days) if absent.`,
});

add(codeSchema().shape.scope, {
  description:
    "What the key is to be allowed: `read`, or `write`, which is also to read; `write` if absent. The person decides.",
});
add(approveSchema().shape.scope, {
  description:
    "What the key may do: `read`, or `write`, which is also to read. As the program has asked for, if absent.",
});

add(createKeySchema(), { id: "NewApiKey", description: "A key to make." });
add(updateKeySchema(), { id: "ApiKeyChanges", description: "What to change of a key." });
add(deleteKeySchema(), { id: "ApiKeyId", description: "A key, by its id." });
add(keyNameSchema(), { description: "A name to recognise the key by.", maxLength: MAX_KEY_NAME });
add(keyExpirySchema(), {
  description: "In how many seconds the key expires, from a day to a year; null for never.",
});
add(createKeySchema().shape.expiresIn, {
  description: `In how many seconds the key expires, from a day to a year; null for never. ${DEFAULT_KEY_SECONDS} (90 days) if absent.`,
});
add(keyScopeSchema(), {
  description:
    "What the key may do: `read`, or `write`, which is also to read. A key that may only read is answered 403 where something would change.",
});
add(createKeySchema().shape.scope, {
  description: "What the key may do: `read`, or `write`, which is also to read; `write` if absent.",
});
add(keyEnvironmentSchema(), {
  description:
    "The environment that the key is for, which you belong to: it sees no other one. Null or absent for all of yours.",
});
add(updateKeySchema().shape.enabled, { description: "False to refuse the key until it is enabled again." });
add(keyOffsetSchema(), { type: "integer", minimum: 0, maximum: 1_000_000 });
