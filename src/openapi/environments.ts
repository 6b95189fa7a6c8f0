import * as z from "zod";
import { explainOpenRole } from "../environments/open-role.ts";
import { instanceListSchema } from "../environments/preflight/replies.ts";
import {
  checkedEnvironmentSchema,
  environmentSchema,
  externalIdSchema,
  fullEnvironmentSchema,
  inviteSchema,
  memberRoleSchema,
  memberSchema,
  refusedEnvironmentSchema,
  removedMemberSchema,
} from "../environments/replies.ts";
import { createSchema, instancesSchema, roleSchema, updateSchema } from "../environments/schema.ts";
import * as examples from "./examples.ts";
import { IDEMPOTENCY_KEY, REPLAYED, RETRY_AFTER } from "./header-fields.ts";
import type { Operation, Parameter, Refusal } from "./operation.ts";
import { idParameter } from "./parameters.ts";
import {
  BAD_ID,
  invalidFor,
  OF_BODIES,
  OF_CALLERS,
  OF_KEYS,
  OF_WRITERS,
  refusals,
  saysLike,
} from "./refusals.ts";

const ID = idParameter("id", "The environment's id.");
const USER_ID: Parameter = {
  name: "userId",
  in: "path",
  description: "The member's id.",
  schema: { type: "string", minLength: 1 },
  example: examples.member.userId,
};
const MEMBER = "Members of the environment.";
const ADMIN = "Admins of the environment.";
const ONE_ENVIRONMENT = {
  "application/json": { schema: fullEnvironmentSchema, example: examples.fullEnvironment },
};
const WITH_KEY = {
  name: "production",
  region: "us-east-1",
  instance: "demo-mysql",
  credentials: { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" },
};
const ROLE_BODY = {
  schema: roleSchema(),
  examples: { member: { summary: "A member", value: { role: "member" } } },
};

/** The refusal when AWS does not accept the credentials, region or instance. */
const AWS_WOULD_NOT = saysLike(
  "awsWouldNot",
  400,
  "There is no RDS instance demo-mysql in us-east-1 (DBInstanceNotFound). Check the instance's identifier and the region.",
  `(There is no RDS instance|AWS |\\w+:\\w+ |\\S+ runs .+ can be captured|\\S+ uses the parameter group |\\S+ is a (member of the Multi-AZ DB )?cluster|This service has no AWS identity).*`,
);

/** The refusals while AWS throttles, fails or does not answer: nothing is wrong with the request. */
const AWS_CANNOT: Refusal[] = [
  {
    ...saysLike(
      "awsUnavailable",
      503,
      "AWS is throttling requests of this account: rds:DescribeDBInstances answered: Rate exceeded (Throttling). Try again soon.",
      "(AWS (is throttling requests of this account|could not answer): |\\w+:\\w+ answered ).+ Try again soon\\.",
    ),
    headers: RETRY_AFTER,
  },
  saysLike(
    "awsLate",
    504,
    "rds:DescribeDBInstances did not answer within 10 seconds (Timeout). Try again soon.",
    "\\w+:\\w+ (did not answer within .+ seconds|could not be reached|was not asked: ).+ Try again soon\\.",
  ),
];

const { said, advice } = explainOpenRole("no-id");
/** The refusal when AWS refuses this service's own key, or its clock: neither is the caller's fault. */
const OWN_FAULT: Refusal = {
  ...saysLike(
    "ownFault",
    503,
    "AWS refuses this service's own key, with which it assumes roles: sts:AssumeRole answered: The security token included in the " +
      "request is invalid (InvalidClientTokenId). Its operator has to replace the key. Neither the role nor its trust policy is at fault.",
    "(AWS refuses this service's own key|The clock of this service is wrong).*",
  ),
  headers: RETRY_AFTER,
};
/** The refusals of a role that a request gives. */
const OF_ROLES: Refusal[] = [
  ...refusals("noExternalId"),
  saysLike(
    "openRole",
    400,
    `${said}. ${advice}`,
    "This service can assume the role (with an external id that is not its own|without any external id), .*",
  ),
  {
    ...saysLike(
      "trustUnknown",
      503,
      "Whether the role asks for its external id could not be found out: AWS is throttling requests of this account: sts:AssumeRole answered: " +
        "Rate exceeded (Throttling). Try again soon.",
      "Whether the role asks for its external id could not be found out: .*",
    ),
    headers: RETRY_AFTER,
  },
  OWN_FAULT,
];

/** The refusal when AWS does not say who this service is. */
const IDENTITY_UNKNOWN: Refusal = {
  ...saysLike(
    "identityUnknown",
    503,
    "AWS could not answer: sts:GetCallerIdentity answered 500 (HTTP500). Try again soon.",
    "(AWS |The clock of this service|sts:GetCallerIdentity ).*",
  ),
  headers: RETRY_AFTER,
};

/** `/api/environments` and `/api/invites`. */
export const environmentOperations: Operation[] = [
  {
    id: "listEnvironments",
    method: "get",
    path: "/api/environments",
    tag: "Environments",
    summary: "List your environments",
    permission: "Whoever is signed in.",
    credentials: "any",
    success: {
      status: 200,
      description: "Your environments, with your role in each.",
      content: {
        "application/json": { schema: z.array(environmentSchema), example: [examples.environment] },
      },
    },
    refusals: OF_CALLERS,
  },
  {
    id: "createEnvironment",
    method: "post",
    path: "/api/environments",
    tag: "Environments",
    summary: "Make an environment",
    description:
      "AWS is asked first whether captures would work. What is missing is in `checks`, and `ready` is false then. An instance that " +
      "can't be captured as it is, such as one with Amazon's own parameter group, is refused with its `checks`, unless the body has " +
      "`allowNotReady`. You become its first admin. With a role, the external id that is pending for you becomes the environment's: ask " +
      "for it before you make the role. A role that this service can assume with another external id, or without one, is refused.",
    permission: "Whoever is signed in.",
    credentials: "any",
    parameters: [IDEMPOTENCY_KEY],
    body: {
      schema: createSchema(),
      examples: {
        accessKey: {
          summary: "With an access key",
          value: WITH_KEY,
        },
        role: {
          summary: "With a role that the service assumes",
          value: {
            name: "production",
            region: "us-east-1",
            instance: "demo-mysql",
            credentials: { roleArn: "arn:aws:iam::123456789012:role/captures/shop" },
          },
        },
      },
    },
    success: { status: 201, description: "The environment.", headers: REPLAYED, content: ONE_ENVIRONMENT },
    refusalSchemas: { 400: refusedEnvironmentSchema },
    refusals: [
      invalidFor(createSchema(), { ...WITH_KEY, region: "Virginia" }),
      AWS_WOULD_NOT,
      ...AWS_CANNOT,
      ...OF_ROLES,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...OF_KEYS,
      // Of a request that is repeated, when its caller has left the environment or it was deleted.
      ...refusals("environmentNotFound", "externalIdUsed"),
    ],
  },
  {
    id: "askForExternalId",
    method: "post",
    path: "/api/environments/external-id",
    tag: "Environments",
    summary: "Ask for an external id",
    description:
      "Before you make a role: its trust policy has to ask for this id, so that nobody else can have the service use the role. It is " +
      "the same each time until an environment is registered with it, and then that environment's for ever. AWS does not treat an external id as a secret.",
    permission: "Whoever is signed in.",
    credentials: "any",
    success: {
      status: 200,
      description: "The id, and what else the role needs.",
      content: { "application/json": { schema: externalIdSchema, example: examples.externalId } },
    },
    refusals: [...OF_WRITERS, ...refusals("noIdentity"), IDENTITY_UNKNOWN],
  },
  {
    id: "listInstances",
    method: "post",
    path: "/api/environments/instances",
    tag: "Environments",
    summary: "List the instances of an AWS account",
    description:
      "Those that the credentials reach in a region, to choose one of. Nothing of it is stored. The credentials need " +
      "`rds:DescribeDBInstances` on all instances, and `rds:DescribeDBClusters` to tell writers from readers. A role has to ask for " +
      "the external id that is pending for you.",
    permission: "Whoever is signed in.",
    credentials: "any",
    body: {
      schema: instancesSchema(),
      examples: {
        accessKey: {
          summary: "With an access key",
          value: { region: WITH_KEY.region, credentials: WITH_KEY.credentials },
        },
      },
    },
    success: {
      status: 200,
      description: "The instances.",
      content: {
        "application/json": {
          schema: instanceListSchema,
          example: { accountId: "123456789012", instances: [examples.listedInstance] },
        },
      },
    },
    refusals: [
      invalidFor(instancesSchema(), { region: "Virginia", credentials: WITH_KEY.credentials }),
      AWS_WOULD_NOT,
      ...AWS_CANNOT,
      ...OF_ROLES,
      ...OF_BODIES,
      ...OF_WRITERS,
    ],
  },
  {
    id: "getEnvironment",
    method: "get",
    path: "/api/environments/{id}",
    tag: "Environments",
    summary: "Show an environment",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: { status: 200, description: "The environment.", content: ONE_ENVIRONMENT },
    refusals: [BAD_ID, ...OF_CALLERS, ...refusals("environmentNotFound")],
  },
  {
    id: "updateEnvironment",
    method: "put",
    path: "/api/environments/{id}",
    tag: "Environments",
    summary: "Change an environment",
    description:
      "A new region, instance or credentials are checked with AWS first, as those of a new environment are. With another region or " +
      "instance, an access key has to be given again. A role is assumed with the external id that the service made for the " +
      "environment, or else with the one that is pending for you.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: {
      schema: updateSchema(),
      examples: { rename: { summary: "Another name", value: { name: "staging" } } },
    },
    success: { status: 200, description: "The environment as it is now.", content: ONE_ENVIRONMENT },
    refusalSchemas: { 400: refusedEnvironmentSchema },
    refusals: [
      invalidFor(updateSchema(), {}),
      BAD_ID,
      AWS_WOULD_NOT,
      ...AWS_CANNOT,
      ...OF_ROLES,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals(
        "notAdmin",
        "environmentNotFound",
        "liveCaptures",
        "otherAccount",
        "changedMeanwhile",
        "keyNeeded",
        "externalIdUsed",
      ),
    ],
  },
  {
    id: "deleteEnvironment",
    method: "delete",
    path: "/api/environments/{id}",
    tag: "Environments",
    summary: "Delete an environment",
    description:
      "With its captures, members and invites. The reply shows it as it was. Not while a parameter group of it is not restored (`owed`): " +
      "that can't be done without its credentials.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    success: { status: 200, description: "The environment as it was.", content: ONE_ENVIRONMENT },
    refusals: [
      BAD_ID,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "liveCaptures", "stillOwed"),
    ],
  },
  {
    id: "checkEnvironment",
    method: "post",
    path: "/api/environments/{id}/check",
    tag: "Environments",
    summary: "Ask AWS whether captures would work",
    description:
      "Answers with all checks, whatever they find, and keeps them. Nothing is changed. Parameter groups that it owes a restoration " +
      "(`owed`) are restored first, if that is possible now.",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "The environment, and how its instance is.",
      content: {
        "application/json": {
          schema: checkedEnvironmentSchema,
          example: { ...examples.fullEnvironment, status: "available" },
        },
      },
    },
    refusals: [BAD_ID, ...OF_WRITERS, ...refusals("environmentNotFound")],
  },
  {
    id: "abandonOwed",
    method: "post",
    path: "/api/environments/{id}/abandon",
    tag: "Environments",
    summary: "Give up restoring parameter groups",
    description:
      "They stay as they are, with the log switched on where captures did that: restore them by hand. The service does not try any " +
      "more, and the next capture takes the values that it finds for the original ones.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    success: { status: 200, description: "The environment, without `owed`.", content: ONE_ENVIRONMENT },
    refusals: [BAD_ID, ...OF_WRITERS, ...refusals("notAdmin", "environmentNotFound")],
  },
  {
    id: "listMembers",
    method: "get",
    path: "/api/environments/{id}/members",
    tag: "Members",
    summary: "List an environment's members",
    permission: MEMBER,
    credentials: "any",
    parameters: [ID],
    success: {
      status: 200,
      description: "Its members.",
      content: { "application/json": { schema: z.array(memberSchema), example: [examples.member] } },
    },
    refusals: [BAD_ID, ...OF_CALLERS, ...refusals("environmentNotFound")],
  },
  {
    id: "changeMemberRole",
    method: "put",
    path: "/api/environments/{id}/members/{userId}",
    tag: "Members",
    summary: "Change a member's role",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID, USER_ID],
    body: ROLE_BODY,
    success: {
      status: 200,
      description: "The member's new role.",
      content: {
        "application/json": {
          schema: memberRoleSchema,
          example: { userId: examples.member.userId, role: "member" },
        },
      },
    },
    refusals: [
      invalidFor(roleSchema(), { role: "owner" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "memberNotFound", "lastAdmin"),
    ],
  },
  {
    id: "removeMember",
    method: "delete",
    path: "/api/environments/{id}/members/{userId}",
    tag: "Members",
    summary: "Remove a member, or leave",
    permission: "Admins of the environment; everybody may remove themselves.",
    credentials: "any",
    parameters: [ID, USER_ID],
    success: {
      status: 200,
      description: "The removed member.",
      content: {
        "application/json": { schema: removedMemberSchema, example: { userId: examples.member.userId } },
      },
    },
    refusals: [
      BAD_ID,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound", "memberNotFound", "lastAdmin"),
    ],
  },
  {
    id: "createInvite",
    method: "post",
    path: "/api/environments/{id}/invites",
    tag: "Members",
    summary: "Invite somebody",
    description: "A code with which one person can join with a role. It is valid for a week, and shown once.",
    permission: ADMIN,
    credentials: "any",
    parameters: [ID],
    body: ROLE_BODY,
    success: {
      status: 201,
      description: "The invite.",
      content: {
        "application/json": {
          schema: inviteSchema,
          example: {
            code: "U4nJHxYKvPu6dJZ9YxV86tOhVRg4Xu_k_DYLzQwOUQw",
            expiresAt: "2026-11-30T08:46:38.914Z",
          },
        },
      },
    },
    refusals: [
      invalidFor(roleSchema(), { role: "owner" }),
      BAD_ID,
      ...OF_BODIES,
      ...OF_WRITERS,
      ...refusals("notAdmin", "environmentNotFound"),
    ],
  },
  {
    id: "acceptInvite",
    method: "post",
    path: "/api/invites/{code}/accept",
    tag: "Members",
    summary: "Join an environment",
    permission: "Whoever is signed in and has the code.",
    credentials: "any",
    parameters: [
      {
        name: "code",
        in: "path",
        description: "The invite's code.",
        schema: { type: "string", minLength: 1 },
        example: "U4nJHxYKvPu6dJZ9YxV86tOhVRg4Xu_k_DYLzQwOUQw",
      },
    ],
    success: { status: 200, description: "The environment that you have joined.", content: ONE_ENVIRONMENT },
    refusals: [...OF_WRITERS, ...refusals("inviteNotFound", "alreadyMember")],
  },
];
