import * as z from "zod";
import { tooManyEnvironments } from "../environments/refusals.ts";
import {
  checkedEnvironmentSchema,
  environmentSchema,
  fullEnvironmentSchema,
  refusedEnvironmentSchema,
} from "../environments/replies.ts";
import { createSchema, updateSchema } from "../environments/schema.ts";
import { AWS_CANNOT, AWS_WOULD_NOT, OF_ROLES } from "./aws-refusals.ts";
import { connectingOperations } from "./connecting.ts";
import * as examples from "./examples/environments.ts";
import { IDEMPOTENCY_KEY, REPLAYED } from "./header-fields.ts";
import type { Operation } from "./operation.ts";
import { idParameter } from "./parameters.ts";
import {
  ANY_NUMBER,
  BAD_ID,
  invalidFor,
  OF_ACCOUNT_WRITERS,
  OF_BODIES,
  OF_CALLERS,
  OF_KEYS,
  OF_WRITERS,
  refusals,
  TOO_MANY_COSTLY,
  varies,
} from "./refusals.ts";

/** The environment in a path. */
export const ID = idParameter("id", "The environment's id.");
/** Who may see an environment. */
export const MEMBER = "Members of the environment.";
/** Who may change an environment. */
export const ADMIN = "Admins of the environment.";
/** A reply with one environment. */
export const ONE_ENVIRONMENT = {
  "application/json": { schema: fullEnvironmentSchema, example: examples.fullEnvironment },
};

/** `/api/environments`, but for the members. */
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
          value: examples.environmentWithKey,
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
      invalidFor(createSchema(), { ...examples.environmentWithKey, region: "Virginia" }),
      AWS_WOULD_NOT,
      ...AWS_CANNOT,
      ...OF_ROLES,
      ...OF_BODIES,
      ...OF_ACCOUNT_WRITERS,
      ...OF_KEYS,
      // Of a request that is repeated, when its caller has left the environment or it was deleted.
      ...refusals("environmentNotFound", "externalIdUsed"),
      varies("tooManyEnvironments", tooManyEnvironments(100), tooManyEnvironments(ANY_NUMBER)),
    ],
  },
  ...connectingOperations,
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
    permission: "Members of the environment who are not viewers.",
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
    refusals: [
      BAD_ID,
      TOO_MANY_COSTLY,
      ...OF_WRITERS,
      ...refusals("viewerMayNotChange", "environmentNotFound"),
    ],
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
];
