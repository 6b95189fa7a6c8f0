import * as z from "zod";
import { ACTIONS, IAM_ACTIONS } from "./aws.ts";
import { FAULT_KINDS } from "./faults.ts";
import { PARAMETER_APPLY_STATUSES } from "./instances.ts";
import { REGION } from "./signature.ts";

/** Ten years: what adds up to a date that exists. */
const MAX_OFFSET_MS = 10 * 365 * 86_400_000;

/** Twelve hours, as with AWS. */
const MAX_SESSION_SECONDS = 12 * 3_600;

const identifier = z
  .string()
  .regex(/^[a-z](-?[a-z0-9])*$/, "must be a lower-case DB instance identifier")
  .max(63);
const changes = z.strictObject({
  engine: z.string().min(1),
  engineVersion: z.string().regex(/^\d+(\.\d+)+$/, "must be a version such as 8.0.40"),
  status: z.string().min(1),
  instanceClass: z.string().min(1),
  allocatedStorage: z.int().min(5),
  parameterGroup: z.string().min(1),
  parameterApplyStatus: z.enum(PARAMETER_APPLY_STATUSES),
});
const accessKeyId = z.string().min(1);
/** What names an account: the id of any of its access keys. */
export const onlyKey = z.strictObject({ accessKeyId });

/** What the control API takes, by what it is about. Unknown members are refused: they would be typing errors. */
export const bodies = {
  account: z.strictObject({
    region: z.string().regex(REGION, "must be a region such as eu-west-1").optional(),
    instances: z
      .array(z.strictObject({ identifier, ...changes.partial().shape }))
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
  policy: z.strictObject({ accessKeyId, deny: z.array(z.enum(IAM_ACTIONS)) }),
  instance: z.strictObject({ accessKeyId, ...changes.partial().shape }),
  role: z.strictObject({
    accessKeyId,
    roleArn: z.string().optional(),
    externalId: z.string().min(2).max(1_224),
    durationSeconds: z.int().min(1).max(MAX_SESSION_SECONDS).optional(),
    trustedAccountId: z
      .string()
      .regex(/^\d{12}$/, "must have twelve digits")
      .optional(),
  }),
};
