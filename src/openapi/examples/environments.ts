import { trustPolicy } from "../../environments/policies.ts";
import type { ListedInstance } from "../../environments/preflight/replies.ts";
import type {
  CaptureErasure,
  Environment,
  EnvironmentErasure,
  ExternalId,
  FullEnvironment,
  Member,
} from "../../environments/replies.ts";

/*
 * Examples of environments, of their members and of what is erased, as the API would answer them, and a body that several requests have.
 */

/** The body that makes an environment with an access key. */
export const environmentWithKey = {
  name: "production",
  region: "us-east-1",
  instance: "demo-mysql",
  credentials: { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" },
};

export const environment: Environment = {
  id: 1,
  name: "production",
  region: "us-east-1",
  instance: "demo-mysql",
  engine: "mysql",
  engineVersion: "8.0.40",
  parameterGroup: "demo-mysql-params",
  cluster: null,
  credentials: { accessKeyId: "****0000" },
  role: "admin",
  ready: true,
  createdAt: "2026-11-23T08:45:17.332Z",
  retention: { workloadDays: 90, keepMetrics: true },
  sealed: false,
  owed: [],
};

export const erasure: CaptureErasure = {
  capture: 1,
  name: "myCapture",
  why: "request",
  by: { id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH", name: "Demo" },
  requestedAt: "2026-11-28T09:12:40.114Z",
  metrics: true,
  objects: 5,
  bytes: 48_113,
  finishedAt: "2026-11-28T09:13:02.871Z",
};

export const environmentErasure: EnvironmentErasure = {
  environment: { id: 1, name: "production", deletedAt: null, erasedAt: null },
  erased: {
    captures: 1,
    objects: 5,
    bytes: 48_113,
    firstAt: "2026-11-28T09:13:02.871Z",
    lastAt: "2026-11-28T09:13:02.871Z",
  },
  left: { pending: 0, kept: 3, live: 1 },
  captures: [erasure],
  next: null,
  outOfReach: [
    "Downloads, reports and copies that people or programs have made, and what their browsers keep.",
  ],
};

export const fullEnvironment: FullEnvironment = {
  ...environment,
  checks: [
    {
      id: "parameter-group",
      title: "The parameter group can be changed",
      status: "passed",
      severity: "error",
      detail: "demo-mysql uses the parameter group demo-mysql-params, which is not Amazon's own.",
      action: null,
    },
  ],
  checkedAt: "2026-11-23T08:45:17.332Z",
  recorded: { since: "2026-11-01T00:00:00.000Z", bytes: 48_211_904, maxBytes: 1_000_000_000_000 },
};

const asked = {
  serviceArn: "arn:aws:iam::111111111111:user/captures",
  externalId: "nV2fUQ3yYx0tqk4o7m1Z8bS6rHcKpLwEiJdGaNvTzXs",
};
export const externalId: ExternalId = {
  ...asked,
  expiresAt: "2026-12-23T08:45:17.332Z",
  trustPolicy: trustPolicy(asked),
  templateUrl: null,
};

export const listedInstance: ListedInstance = {
  instance: "demo-aurora-1",
  engine: "aurora-mysql",
  engineVersion: "8.0.mysql_aurora.3.10.0",
  status: "available",
  cluster: "demo-aurora",
  role: "writer",
  parameterGroup: "demo-aurora-1-params",
  capturable: true,
  why: null,
};

export const member: Member = {
  userId: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH",
  name: "Demo",
  email: "demo@example.com",
  role: "admin",
  emailVerified: true,
  joinedAt: "2026-11-23T08:45:17.332Z",
};
