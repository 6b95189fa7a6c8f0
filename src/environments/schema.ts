import * as z from "zod";
import { regionForm, roleArnForm } from "../aws/partitions.ts";
import { ROLES } from "../db/roles.ts";
import { lazy } from "../lib/lazy.ts";
import { nameSchema } from "../lib/names.ts";

/** The most days that an environment can be told to keep workloads: ten years. */
const MAX_RETENTION_DAYS = 3650;

// AWS's own forms. The region becomes part of a host name, so nothing else may pass.
const regionSchema = lazy(() => z.string().regex(regionForm(), 'must be an AWS region such as "us-east-1"'));
const instanceSchema = lazy(() =>
  z
    .string()
    .max(63, "must be at most 63 characters long")
    .regex(/^[a-z](-?[a-z0-9])*$/i, "must be an RDS instance identifier: letters, digits and single hyphens")
    .transform((instance) => instance.toLowerCase()),
);
// Without the space that is pasted along with them.
const credentialsSchema = lazy(() =>
  z.union(
    [
      z.strictObject({
        accessKeyId: z
          .string()
          .trim()
          .regex(/^[A-Z0-9]{16,128}$/, "must be an AWS access key id, 16 or more of A-Z and 0-9"),
        secretAccessKey: z
          .string()
          .trim()
          .regex(/^[!-~]{1,128}$/, "must be an AWS secret access key, without spaces"),
      }),
      z.strictObject({
        roleArn: z
          .string()
          .trim()
          .regex(
            roleArnForm(),
            'must be the ARN of a role, such as "arn:aws:iam::123456789012:role/captures"',
          ),
        // Whoever could choose it could have this service use a role of somebody else's.
        externalId: z
          .custom<undefined>((given) => given === undefined, {
            error:
              "is made by this service, and not taken from a request: ask for it by POST /api/environments/external-id",
            abort: false,
          })
          .optional(),
      }),
    ],
    "must be {accessKeyId, secretAccessKey} or {roleArn}",
  ),
);

const retentionSchema = lazy(() =>
  z.strictObject({
    workloadDays: z
      .int("must be a whole number of days, or null")
      .min(1, "must be at least 1 day")
      .max(MAX_RETENTION_DAYS, `must be at most ${MAX_RETENTION_DAYS} days`)
      .nullable(),
    keepMetrics: z.boolean().optional(),
  }),
);

/** How long an environment is asked to keep workloads. */
export type RequestedRetention = z.output<ReturnType<typeof retentionSchema>>;

/** The body of POST /api/environments. */
export const createSchema = lazy(() =>
  z.strictObject({
    name: nameSchema(),
    region: regionSchema(),
    instance: instanceSchema(),
    credentials: credentialsSchema(),
    retention: retentionSchema().optional(),
    sealed: z.boolean().optional(),
    allowNotReady: z.boolean().optional(),
  }),
);

/** The credentials that a request gives: a role without its external id, which the service knows. */
export type RequestedCredentials = z.output<ReturnType<typeof credentialsSchema>>;

/** An environment that is asked for. */
export type EnvironmentRequest = z.output<ReturnType<typeof createSchema>>;

/** The body of POST /api/environments/instances. */
export const instancesSchema = lazy(() =>
  z.strictObject({ region: regionSchema(), credentials: credentialsSchema() }),
);

/** The body of PUT /api/environments/{id}: what is absent stays. */
export const updateSchema = lazy(() =>
  createSchema()
    .partial()
    .refine(
      (changes) => Object.keys(changes).some((field) => field !== "allowNotReady"),
      "must have a field to change",
    ),
);

/** What to change of an environment. */
export type EnvironmentChanges = z.output<ReturnType<typeof updateSchema>>;

/** The body of PUT .../members/{userId}. */
export const roleSchema = lazy(() =>
  z.strictObject({ role: z.enum(ROLES, `must be one of ${ROLES.join(", ")}`) }),
);

/** The body of POST .../invites. An address is compared without regard to the case of its letters, as at sign-in. */
export const inviteSchema = lazy(() =>
  roleSchema().extend({
    email: z
      .string()
      .trim()
      .toLowerCase()
      .pipe(z.email("must be an e-mail address").max(254, "must be at most 254 characters long"))
      .nullish(),
  }),
);

/** The body of POST /api/invites/look and of POST /api/invites/accept. */
export const inviteCodeSchema = lazy(() =>
  z.strictObject({ code: z.string().min(1, "is required").max(1000) }),
);
