import type { Capture, CaptureEvent, LiveMessage } from "../captures/replies.ts";
import { trustPolicy } from "../environments/policies.ts";
import type { ListedInstance } from "../environments/preflight/replies.ts";
import type {
  CaptureErasure,
  Environment,
  EnvironmentErasure,
  ExternalId,
  FullEnvironment,
  Member,
} from "../environments/replies.ts";
import type { Metric } from "../metrics/replies.ts";
import type {
  Workload,
  WorkloadAmazon,
  WorkloadDigest,
  WorkloadGroups,
  WorkloadSeries,
  WorkloadSpan,
  WorkloadTables,
} from "../workload/replies.ts";
import type { WorkloadRecord, WorkloadRecords, WorkloadSession } from "../workload/search/replies.ts";

/*
 * The examples that the reference shows: replies, as the API would answer them, and a body that several requests have.
 */

export const capture: Capture = {
  id: 1,
  name: "myCapture",
  start: "2018-05-19T22:06:53.000Z",
  scheduledStart: null,
  scheduledEnd: null,
  end: "2018-05-19T22:20:39.000Z",
  status: "DONE",
  envId: 1,
  type: "CAPTURE",
  reason: null,
};

export const events: CaptureEvent[] = [
  {
    time: "2026-11-23T08:45:23.156Z",
    from: null,
    to: "SCHEDULED",
    actor: { type: "user", id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH", name: "Demo" },
    reason: null,
  },
  {
    time: "2026-11-23T08:45:28.110Z",
    from: "SCHEDULED",
    to: "STARTED",
    actor: { type: "runner" },
    reason: null,
  },
];

export const liveMessage: LiveMessage = {
  capture: {
    ...capture,
    start: "2026-11-23T08:45:28.204Z",
    scheduledEnd: "2026-11-23T09:45:28.204Z",
    end: null,
    status: "RUNNING",
  },
  obstacle: null,
  clusterRole: null,
  workload: { records: 5343, statements: 4419, bytes: 893_952, gapCount: 0, problem: null },
};

export const metric: Metric = {
  label: "ReadIOPS",
  type: "READ IOPS",
  displayName: "READ IOPS",
  dataPoints: [{ Timestamp: "2018-05-17T00:53:00.000Z", Maximum: 0.06666888896296544, Unit: "Count/Second" }],
};

export const workload: Workload = {
  log: "general",
  minDuration: null,
  records: 1204,
  statements: 1190,
  commands: { Connect: 7, Query: 1190, Quit: 7 },
  bytes: 251_342,
  strayBytes: 0,
  storedBytes: 31_877,
  fragments: 1,
  firstRecord: "2026-11-23T08:45:28.204113Z",
  lastRecord: "2026-11-23T08:45:33.400927Z",
  gaps: [],
  gapCount: 0,
  logs: [
    {
      log: "general",
      records: 1204,
      statements: 1190,
      bytes: 251_342,
      strayBytes: 0,
      storedBytes: 31_877,
      fragments: 1,
      firstRecord: "2026-11-23T08:45:28.204113Z",
      lastRecord: "2026-11-23T08:45:33.400927Z",
      gapCount: 0,
    },
  ],
  timing: null,
  leftOut: { total: 12, users: [{ user: "rdsadmin", statements: 12 }] },
  redact: "secrets",
  digestVersion: 2,
  live: { behindBy: 2, problem: null },
};

export const digest: WorkloadDigest = {
  fingerprint: "8e1a6f0d5c3b2a47",
  digest: "SELECT * FROM orders WHERE id = ?",
  count: 640,
  overcount: 0,
  share: 0.5378,
  firstSeen: "2026-11-23T08:45:28.204113Z",
  lastSeen: "2026-11-23T08:45:33.400927Z",
  example: "SELECT * FROM orders WHERE id = 17",
  tables: { reads: ["orders"], writes: [] },
  examples: [
    {
      time: "2026-11-23T08:45:28.204113Z",
      user: "app",
      host: "10.0.0.7",
      db: "shop",
      durationMicros: null,
      statement: "SELECT * FROM orders WHERE id = 17",
    },
  ],
  sources: [{ user: "app", host: "10.0.0.7", db: "shop", count: 640 }],
  moreSources: 0,
  tags: [{ key: "action", value: "checkout", count: 12 }],
  moreTags: 0,
};

export const amazon: WorkloadAmazon = {
  total: 372,
  users: [
    { user: "rdsproxyadmin", statements: 360 },
    { user: "rdsadmin", statements: 12 },
  ],
  statements: [
    {
      user: "rdsproxyadmin",
      fingerprint: "5d1c0a7be2f84936",
      digest: "SELECT ?",
      count: 360,
      firstSeen: "2026-11-23T08:45:21.118402Z",
      lastSeen: "2026-11-23T09:45:11.402377Z",
    },
    {
      user: "rdsadmin",
      fingerprint: "c3a95e01d47b6f28",
      digest: "INSERT INTO mysql.rds_heartbeat2(id, value) values (?, ?) ON DUPLICATE KEY UPDATE value = ?",
      count: 12,
      firstSeen: "2026-11-23T08:46:02.000518Z",
      lastSeen: "2026-11-23T09:41:02.000731Z",
    },
  ],
  others: 0,
};

export const series: WorkloadSeries = {
  step: 10,
  points: [
    {
      time: "2026-11-23T08:45:20.000Z",
      statements: 412,
      timed: 412,
      totalMicros: 901_388,
      p50Micros: 612,
      p95Micros: 8140,
      p99Micros: 21_377,
      rowsExamined: 18_204,
      errors: 1,
    },
  ],
};

export const span: WorkloadSpan = {
  step: 10,
  from: "2026-11-23T08:45:20.000Z",
  to: "2026-11-23T08:45:30.000Z",
  whole: {
    statements: 412,
    timed: 412,
    totalMicros: 901_388,
    p50Micros: 612,
    p95Micros: 8140,
    p99Micros: 21_377,
    rowsExamined: 18_204,
    errors: 1,
  },
  statements: [
    {
      fingerprint: "8e1a6f0d5c3b2a47",
      since: "2026-11-23T08:45:20.000Z",
      statements: 320,
      timed: 320,
      totalMicros: 195_840,
      p50Micros: 608,
      p95Micros: 1190,
      p99Micros: 2204,
      rowsExamined: 320,
      errors: 0,
    },
  ],
};

const record: WorkloadRecord = {
  time: "2026-11-23T08:45:28.204113Z",
  threadId: 17,
  user: "app",
  host: "10.0.0.7",
  db: "shop",
  command: "Query",
  fingerprint: "8e1a6f0d5c3b2a47",
  statement: "SELECT * FROM orders WHERE id = 17 /*action='checkout'*/",
  tags: { action: "checkout" },
};

export const records: WorkloadRecords = {
  records: [record],
  next: "eyJ2IjoxLCJvZiI6Ikw4bTVJcVRmMG1CeCIsInMiOjAsImF0Ijo0NDM2MX0",
  missing: [],
};

export const workloadSession: WorkloadSession = {
  threadId: 17,
  log: "general",
  user: "app",
  host: "10.0.0.7",
  first: "2026-11-23T08:45:28.204113Z",
  last: "2026-11-23T08:45:28.204113Z",
  transactions: [
    {
      begin: "2026-11-23T08:45:28.204113Z",
      end: "2026-11-23T08:45:28.231870Z",
      statements: 3,
      durationMicros: 27_757,
      outcome: "commit",
    },
  ],
  records: [record],
  next: null,
  missing: [],
};

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

const time = "2026-11-23T08:45:17.228Z";
/** Somebody with an account. */
export const user = {
  id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH",
  name: "Demo",
  email: "demo@example.com",
  emailVerified: false,
  image: null,
  createdAt: time,
  updatedAt: time,
};
/** The token of a session. */
export const token = "fFHwk8IJJn4qRAWcc062wFApEZbG7btb";
/** A session. */
export const session = {
  id: "pKMV5cYEkkkyYYi5HvBsDnuu3xS9Byum",
  token,
  userId: user.id,
  expiresAt: "2026-11-30T08:45:17.228Z",
  createdAt: time,
  updatedAt: time,
  ipAddress: "192.0.2.1",
  userAgent: "curl/8.14.1",
};
/** An API key itself. */
export const secretKey = "captures_HPqvdykjipvOlhENGVeWQtAkZuwZBQed4x0Kb7Zq0Htcu6";
/** An API key, without the key itself. */
export const apiKey = {
  id: "xzy6mbW83OAeW6NuvuViBVmlQBEWHh7i",
  configId: "default",
  name: "nightly job",
  start: "captures_HPqv",
  prefix: "captures_",
  referenceId: user.id,
  enabled: true,
  scope: "read",
  envId: 1,
  lastRequest: "2026-11-23T00:00:00.000Z",
  expiresAt: "2027-02-21T08:45:17.228Z",
  createdAt: time,
  updatedAt: time,
  refillInterval: null,
  refillAmount: null,
  lastRefillAt: null,
  rateLimitEnabled: false,
  rateLimitTimeWindow: 86_400_000,
  rateLimitMax: 10,
  requestCount: 0,
  remaining: null,
  permissions: null,
  metadata: null,
};

export const groups: WorkloadGroups = {
  groups: [{ name: "app", statements: 1100, overcount: 0, share: 0.9244 }],
  others: null,
  total: 1190,
  uncounted: 0,
};

export const tableGroups: WorkloadTables = {
  groups: [
    {
      name: "orders",
      statements: 640,
      overcount: 0,
      share: 0.5378,
      digests: 1,
      reads: 640,
      writes: 0,
    },
  ],
  others: null,
  total: 1190,
};
