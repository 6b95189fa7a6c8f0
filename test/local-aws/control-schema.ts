import * as z from "zod";
import { ACTIONS, IAM_ACTIONS, RESTRICTED_ACTIONS } from "./aws.ts";
import { CLUSTER_GROUP_STATUSES } from "./clusters.ts";
import { FILE_DETAILS, LAST_TOKENS, MISSING, PORTION_MARKERS } from "./dress.ts";
import { FAULT_KINDS } from "./faults.ts";
import { PARAMETER_APPLY_STATUSES } from "./instances.ts";
import { JSON_STYLES } from "./json.ts";
import { POLICIES } from "./policy.ts";
import { REFUSAL_CODES } from "./refusals.ts";
import { REGION } from "./signature.ts";
import { XML_STYLES } from "./xml-style.ts";

/** Ten years: what adds up to a date that exists. */
const MAX_OFFSET_MS = 10 * 365 * 86_400_000;

/** Twelve hours, as with AWS. */
const MAX_SESSION_SECONDS = 12 * 3_600;

const identifier = z
  .string()
  .regex(/^[a-z](-?[a-z0-9])*$/, "must be a lower-case DB instance identifier")
  .max(63);
/** Aurora's versions hold those of MySQL and its own. */
const engineVersion = z
  .string()
  .regex(/^\d+(\.\w+)+$/, "must be a version such as 8.0.40 or 8.0.mysql_aurora.3.10.0");
const changes = z.strictObject({
  engine: z.string().min(1),
  engineVersion,
  status: z.string().min(1),
  instanceClass: z.string().min(1),
  allocatedStorage: z.int().min(1),
  localStorage: z.int().min(1),
  storageType: z.string().min(1),
  pendingModifiedValues: z.record(z.string().min(1), z.string()),
  parameterGroup: z.string().min(1),
  parameterApplyStatus: z.enum(PARAMETER_APPLY_STATUSES),
});
const instance = z.strictObject({ identifier, ...changes.partial().shape });
const accessKeyId = z.string().min(1);
const otherGroup = z.strictObject({ name: z.string().min(1), status: z.string().min(1) });
/** How a denial is worded. */
const denial = z.strictObject({
  policy: z.enum(POLICIES).optional(),
  isExplicit: z.boolean().optional(),
  policyArn: z.string().min(1).optional(),
});
/** What names an account: the id of any of its access keys. */
export const onlyKey = z.strictObject({ accessKeyId });

/** What the control API takes, by what it is about. Unknown members are refused: they would be typing errors. */
export const bodies = {
  account: z.strictObject({
    region: z.string().regex(REGION, "must be a region such as eu-west-1").optional(),
    instances: z.array(instance).min(1).optional(),
    clusters: z
      .array(
        z.strictObject({
          identifier,
          engine: z.string().min(1).optional(),
          engineVersion: engineVersion.optional(),
          status: z.string().min(1).optional(),
          parameterGroup: z.string().min(1).optional(),
          members: z.array(instance).min(1).optional(),
        }),
      )
      .min(1)
      .optional(),
  }),
  fault: z
    .strictObject({
      accessKeyId,
      kind: z.enum(FAULT_KINDS),
      action: z.enum(ACTIONS).optional(),
      times: z.int().min(1).optional(),
      chance: z.number().min(0).max(1).optional(),
      delayMs: z.int().min(0).max(600_000).optional(),
      retryAfterSeconds: z.int().min(0).optional(),
      afterBytes: z.int().min(0).optional(),
      code: z.enum(REFUSAL_CODES).optional(),
      denial: denial.optional(),
    })
    .refine(({ kind, code }) => (kind === "refuse") === (code !== undefined), {
      error: "is needed for the kind refuse, and for no other",
      path: ["code"],
    })
    .refine(({ kind, denial }) => denial === undefined || kind === "deny", {
      error: "is for the kind deny only",
      path: ["denial"],
    })
    .refine(({ kind, delayMs }) => (kind === "delay") === (delayMs !== undefined), {
      error: "is needed for the kind delay, and for no other",
      path: ["delayMs"],
    })
    .refine(({ kind, afterBytes }) => afterBytes === undefined || kind === "hang" || kind === "reset", {
      error: "is for the kinds hang and reset only",
      path: ["afterBytes"],
    }),
  clock: z.strictObject({ accessKeyId, offsetMs: z.int().min(-MAX_OFFSET_MS).max(MAX_OFFSET_MS) }),
  pageSize: z.strictObject({ accessKeyId, datapoints: z.int().min(1).nullable() }),
  dress: z.strictObject({
    accessKeyId,
    portionMarker: z.enum(PORTION_MARKERS).optional(),
    withoutFileDetails: z.array(z.enum(FILE_DETAILS)).optional(),
    isListEmpty: z.boolean().optional(),
    groupsBefore: z.array(otherGroup).optional(),
    groupsAfter: z.array(otherGroup).optional(),
    noValue: z.enum(MISSING).optional(),
    lastMarker: z.enum(MISSING).optional(),
    lastToken: z.enum(LAST_TOKENS).optional(),
    xml: z.array(z.enum(XML_STYLES)).optional(),
    json: z.array(z.enum(JSON_STYLES)).optional(),
  }),
  policy: z.strictObject({
    accessKeyId,
    deny: z
      .array(
        z.union([
          z.enum(IAM_ACTIONS),
          z.strictObject({
            action: z.enum(IAM_ACTIONS),
            ...denial.shape,
            resource: z.string().min(1).optional(),
            of: z.string().min(1).optional(),
          }),
        ]),
      )
      .optional(),
    allow: z.array(z.enum(RESTRICTED_ACTIONS)).optional(),
  }),
  key: z.strictObject({
    accessKeyId,
    user: z
      .string()
      .regex(/^[\w+=,.@-]{1,64}$/, "must be a user's name")
      .optional(),
  }),
  deletedKey: z.strictObject({ accessKeyId, key: z.string().min(1) }),
  instance: z.strictObject({ accessKeyId, ...changes.partial().shape }),
  cluster: z.strictObject({
    accessKeyId,
    engineVersion: engineVersion.optional(),
    status: z.string().min(1).optional(),
    parameterGroup: z.string().min(1).optional(),
    parameterGroupStatus: z.enum(CLUSTER_GROUP_STATUSES).optional(),
  }),
  failover: z.strictObject({ accessKeyId, cluster: z.string().min(1), to: z.string().min(1).optional() }),
  role: z.strictObject({
    accessKeyId,
    roleArn: z.string().optional(),
    externalId: z.union([z.string().min(2).max(1_224), z.literal("*")]).nullable(),
    isExternalIdOptional: z.boolean().optional(),
    durationSeconds: z.int().min(1).max(MAX_SESSION_SECONDS).optional(),
    trustedAccountId: z
      .string()
      .regex(/^\d{12}$/, "must have twelve digits")
      .optional(),
  }),
};
