import * as z from "zod";
import { ROLES } from "../db/roles.ts";
import { errorSchema } from "../http/replies.ts";
import { count, id, text, textOrNull, time, timeOrNull } from "../lib/reply-fields.ts";
import { engineNames } from "./engines.ts";
import { ERASURE_REASONS } from "./erasure-reasons.ts";
import { checkSchema } from "./preflight/replies.ts";

const roleSchema = z.enum(ROLES).meta({
  id: "Role",
  description:
    "An admin changes the environment, its members and anybody's captures; a member makes captures and reads all of them; a viewer reads figures, not what statements say, and changes nothing.",
});

const valueOrNull = textOrNull("Null if the group had no value of its own.");

/** A parameter group that captures have switched a log on in, and that is not as it was found. */
const owedSchema = z
  .object({
    region: text("The AWS region of the group."),
    parameterGroup: text("Its name."),
    settings: z
      .nullable(
        z.object({
          generalLog: valueOrNull,
          logOutput: valueOrNull,
          parameters: z.record(z.string(), z.nullable(z.string())).meta({
            description:
              "All parameters to be restored, by RDS's names, with those values. Null for one that had no value of its own.",
            examples: [{ general_log: "0", log_output: null }],
          }),
        }),
      )
      .meta({
        description:
          "What is to be restored; null while it is not known. `generalLog` and `logOutput` are the `general_log` and " +
          "`log_output` of `parameters`, and null if they are not to be restored.",
      }),
    since: time("Since when."),
    reason: textOrNull("Why it is not restored; null if that has not been tried yet."),
  })
  .meta({
    id: "Owed",
    description: "A parameter group in which captures have switched a log on, and which is not restored.",
  });

/** A parameter group that is not as captures found it. */
export type Owed = z.output<typeof owedSchema>;

/** An environment, without its secrets. */
export const environmentSchema = z
  .object({
    id: id("Its id."),
    name: text("Its name."),
    region: text("The AWS region of the instance."),
    instance: text("The identifier of the RDS instance."),
    engine: text(`${engineNames()}.`),
    engineVersion: text("As AWS said when it was asked last."),
    parameterGroup: text("The parameter group that switches the instance's logs."),
    cluster: textOrNull("The cluster that the instance is a member of; null when it is of none."),
    credentials: z
      .nullable(
        z.union([
          z.object({ accessKeyId: z.string() }),
          z.object({
            roleArn: z.string(),
            externalId: textOrNull(
              "The external id that the service made for the role; null if a person chose it.",
            ),
            externalIdOrigin: z.enum(["service", "person"]).meta({
              description:
                "Who chose the external id. One that a person chose goes on working, and should be replaced by the service's.",
            }),
          }),
        ]),
      )
      .meta({
        description:
          "For admins: the access key id by its last four characters, or the role and its external id. Never a secret. " +
          "Null for members.",
      }),
    role: roleSchema,
    ready: z.boolean().meta({
      description:
        "Whether captures would work, as far as AWS said when it was asked last. `checks` say why not.",
    }),
    createdAt: time("When it was made."),
    retention: z
      .object({
        workloadDays: z
          .nullable(z.int().positive())
          .meta({ description: "In days from a capture's end; null while workloads are kept." }),
        keepMetrics: z
          .boolean()
          .meta({ description: "Whether the metrics of a capture are kept whose workload is erased." }),
      })
      .meta({ description: "How long the workloads of its captures are kept." }),
    sealed: z.boolean().meta({
      description:
        "Whether what its captures record is sealed with a key of its own, from their next start on. The operator may seal all.",
    }),
    owed: z.array(owedSchema).meta({
      description:
        "The parameter groups that its captures have changed and that are not restored yet. That is retried by itself, and by " +
        "checking the environment.",
    }),
  })
  .meta({
    id: "Environment",
    description: "An RDS instance, how it is reached, and what the caller may do with it.",
  });

/** An environment as the API shows it. */
export type Environment = z.output<typeof environmentSchema>;

/** An environment, and what AWS said of it when it was asked last. */
export const fullEnvironmentSchema = environmentSchema
  .extend({
    checks: z.array(checkSchema).meta({
      description:
        "What was found when AWS was asked last; empty if it was not asked since the service keeps this.",
    }),
    checkedAt: timeOrNull("When that was; null if it was not."),
    recorded: z
      .object({
        since: time("The beginning of the month, in UTC."),
        bytes: z.int().meta({
          description: "In bytes of NDJSON before compression; of captures that run, as of some minutes ago.",
        }),
        maxBytes: z.int().meta({
          description: "As much as it may record in a month: then captures end, and new ones are refused.",
        }),
      })
      .meta({ description: "How much its captures have recorded this month, deleted ones too." }),
  })
  .meta({
    id: "FullEnvironment",
    description: "An environment, and what AWS said of it when it was asked last.",
  });

/** An environment, and what AWS said of it when it was asked last. */
export type FullEnvironment = z.output<typeof fullEnvironmentSchema>;

/** An environment, and how AWS says that its instance is. */
export const checkedEnvironmentSchema = fullEnvironmentSchema
  .extend({
    status: textOrNull(
      "The instance's status as AWS names it, such as `available`; null when AWS did not say: see `checks`.",
    ),
  })
  .meta({ id: "CheckedEnvironment", description: "An environment as AWS has just described it." });

/** An environment as AWS has just described it. */
export type CheckedEnvironment = z.output<typeof checkedEnvironmentSchema>;

/** Whom the role of an environment has to trust. */
const trustPolicySchema = z
  .object({
    Version: z.literal("2012-10-17"),
    Statement: z.array(
      z.object({
        Effect: z.literal("Allow"),
        Principal: z.object({ AWS: z.string() }),
        Action: z.literal("sts:AssumeRole"),
        Condition: z.object({ StringEquals: z.object({ "sts:ExternalId": z.string() }) }),
      }),
    ),
  })
  .meta({ id: "TrustPolicy", description: "The trust policy of an IAM role, as IAM takes it." });

/** An external id for a role that is to be made, and what else the role needs. */
export const externalIdSchema = z
  .object({
    externalId: text("What the role's trust policy has to ask for."),
    expiresAt: time("Until when an environment can be registered with it. Asking again prolongs that."),
    serviceArn: text("The service's own AWS identity, which the role has to trust."),
    trustPolicy: trustPolicySchema,
    templateUrl: textOrNull(
      "Where CloudFormation finds the template of the role; null when the service has no address of it.",
    ),
  })
  .meta({
    id: "ExternalId",
    description: "An external id for a role that is to be made, and what else the role needs.",
  });

/** An external id for a role that is to be made, and what else the role needs. */
export type ExternalId = z.output<typeof externalIdSchema>;

/** The refusal of an environment. */
export const refusedEnvironmentSchema = errorSchema
  .extend({
    checks: z.array(checkSchema).optional().meta({
      description:
        "Of an instance that can't be captured as it is: what was found. Absent in other refusals.",
    }),
  })
  .meta({ id: "RefusedEnvironment", description: "A refusal of an environment, with what was found." });

/** Somebody who belongs to an environment. */
export const memberSchema = z
  .object({
    userId: z.string(),
    name: z.string(),
    email: z.string().meta({ format: "email" }),
    emailVerified: z.boolean().meta({
      description: "Whether somebody has proven that the address is theirs. Anybody can sign up with any.",
    }),
    role: roleSchema,
    joinedAt: time("Since when."),
  })
  .meta({ id: "Member", description: "Somebody who belongs to an environment." });

/** A member as the API shows one. */
export type Member = z.output<typeof memberSchema>;

/** A member's new role. */
export const memberRoleSchema = z
  .object({ userId: z.string(), role: roleSchema })
  .meta({ id: "MemberRole", description: "A member's new role." });

/** A member's new role. */
export type MemberRole = z.output<typeof memberRoleSchema>;

/** Who is a member no more. */
export const removedMemberSchema = z
  .object({ userId: z.string() })
  .meta({ id: "RemovedMember", description: "The removed member." });

/** Who is a member no more. */
export type RemovedMember = z.output<typeof removedMemberSchema>;

/** An invite into an environment. */
export const inviteSchema = z
  .object({
    id: text("Its id, by which it is listed and revoked. It is no secret."),
    code: text("The secret that lets one person join. It is shown once."),
    role: roleSchema,
    email: textOrNull("The one address whose owner may use it; null for whoever has the code."),
    expiresAt: time("A week from now."),
  })
  .meta({ id: "Invite", description: "An invite into an environment." });

/** An invite into an environment. */
export type Invite = z.output<typeof inviteSchema>;

/** An invite that can still be used. */
export const openInviteSchema = z
  .object({
    id: text("Its id."),
    role: roleSchema,
    email: textOrNull("The one address whose owner may use it; null for whoever has the code."),
    createdBy: z.object({ id: z.string(), name: z.string() }).meta({ description: "Who has made it." }),
    createdAt: time("When."),
    expiresAt: time("Until when it can be used."),
  })
  .meta({ id: "OpenInvite", description: "An invite that can still be used. Its code is not kept." });

/** An invite that can still be used. */
export type OpenInvite = z.output<typeof openInviteSchema>;

/** An invite that can be used no more. */
export const revokedInviteSchema = z
  .object({ id: z.string() })
  .meta({ id: "RevokedInvite", description: "The revoked invite." });

/** An invite that can be used no more. */
export type RevokedInvite = z.output<typeof revokedInviteSchema>;

/** What the invited sees of an invite. */
export const seenInviteSchema = z
  .object({
    environment: z
      .object({ id: id("Its id."), name: z.string(), region: z.string(), instance: z.string() })
      .meta({ description: "What it is an invite to." }),
    role: roleSchema,
    invitedBy: z
      .object({ name: z.string(), email: z.string().meta({ format: "email" }) })
      .meta({ description: "Who invites." }),
    expiresAt: time("Until when it can be used."),
  })
  .meta({ id: "SeenInvite", description: "Who invites, and to what." });

/** What the invited sees of an invite. */
export type SeenInvite = z.output<typeof seenInviteSchema>;
/** The erasure of one capture's workload. */
export const erasureSchema = z
  .object({
    capture: id("The capture's id."),
    name: textOrNull("Its name; null once the capture itself is erased."),
    why: z.enum(ERASURE_REASONS).meta({
      description:
        "By the environment's `retention`, at the `request` of an admin, or since its `deletion` was long enough ago.",
    }),
    by: z
      .nullable(z.object({ id: z.string(), name: z.nullable(z.string()) }))
      .meta({ description: "Who asked for it; null where nobody did. The name is null without an account." }),
    requestedAt: time("Since when nobody can read it."),
    metrics: z.boolean().meta({ description: "Whether its metrics are erased too." }),
    objects: count("How many objects were deleted."),
    bytes: count("How many bytes they had."),
    finishedAt: timeOrNull("When the storage had nothing left of it; null while it is being erased."),
  })
  .meta({ id: "CaptureErasure", description: "The erasure of one capture's workload." });

/** The erasure of one capture's workload, as the API shows it. */
export type CaptureErasure = z.output<typeof erasureSchema>;

/** What was erased of an environment, and what is left. */
export const environmentErasureSchema = z
  .object({
    environment: z
      .object({
        id: id("Its id."),
        name: text("Its name."),
        deletedAt: timeOrNull("When it was deleted; null if it is not."),
        erasedAt: timeOrNull("When the last of what there was of it was erased; null before."),
      })
      .meta({ description: "The environment." }),
    erased: z
      .object({
        captures: count("Of how many captures the workload is erased."),
        objects: count("How many objects were deleted of them."),
        bytes: count("How many bytes those had."),
        firstAt: timeOrNull("When the first was; null before."),
        lastAt: timeOrNull("When the last was; null before."),
      })
      .meta({ description: "What is erased." }),
    left: z
      .object({
        pending: count("Captures that are being erased: nobody can read their workloads any more."),
        kept: count("Captures that have ended and whose workload is kept."),
        live: count("Captures that have not ended."),
      })
      .meta({ description: "What is left. All 0: nothing." }),
    captures: z.array(erasureSchema).meta({ description: "Each erasure, in the order of captures' ids." }),
    next: z
      .nullable(z.int().positive())
      .meta({ description: "The `after` of the next page; null when there is none." }),
    outOfReach: z
      .array(z.string())
      .meta({ description: "What this service can't erase, and for how long it may be kept." }),
  })
  .meta({ id: "EnvironmentErasure", description: "What was erased of an environment, and what is left." });

/** What was erased of an environment, and what is left, as the API shows it. */
export type EnvironmentErasure = z.output<typeof environmentErasureSchema>;
