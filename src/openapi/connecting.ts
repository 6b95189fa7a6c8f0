import { instanceListSchema } from "../environments/preflight/replies.ts";
import { externalIdSchema } from "../environments/replies.ts";
import { instancesSchema } from "../environments/schema.ts";
import { AWS_CANNOT, AWS_WOULD_NOT, IDENTITY_UNKNOWN, OF_ROLES } from "./aws-refusals.ts";
import * as examples from "./examples/environments.ts";
import type { Operation } from "./operation.ts";
import { invalidFor, OF_ACCOUNT_WRITERS, OF_BODIES, refusals, TOO_MANY_COSTLY } from "./refusals.ts";

const { region, credentials } = examples.environmentWithKey;

/** What is asked of an AWS account before an environment is made. */
export const connectingOperations: Operation[] = [
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
    refusals: [...OF_ACCOUNT_WRITERS, ...refusals("noIdentity"), IDENTITY_UNKNOWN],
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
          value: { region, credentials },
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
      invalidFor(instancesSchema(), { region: "Virginia", credentials }),
      AWS_WOULD_NOT,
      ...AWS_CANNOT,
      ...OF_ROLES,
      ...OF_BODIES,
      TOO_MANY_COSTLY,
      ...OF_ACCOUNT_WRITERS,
    ],
  },
];
