/*
 * What the API answers, as the console reads it. The Worker's own types can't be imported here, since they come with those of
 * its platform; test/console/shapes.test.ts holds the two together.
 */

/** A state of a capture, in the order of its life. */
export type Status = "SCHEDULED" | "STARTED" | "STARTING" | "RUNNING" | "STOPPING" | "DONE" | "FAILED";

/** A capture. Times are ISO 8601 in UTC. */
export interface Capture {
  id: number;
  name: string;
  start: string | null;
  scheduledStart: string | null;
  scheduledEnd: string | null;
  end: string | null;
  status: Status;
  envId: number;
  type: "CAPTURE";
  reason: string | null;
}

/** One move of a capture. */
export interface CaptureEvent {
  time: string;
  from: Status | null;
  to: Status;
  actor: { type: "user"; id: string; name: string | null } | { type: "runner" | "cleanup" };
  reason: string | null;
}

/** What a member of an environment may do. */
export type Role = "admin" | "member";

/** An environment, with the caller's role in it. */
export interface Environment {
  id: number;
  name: string;
  region: string;
  instance: string;
  engine: string;
  engineVersion: string;
  parameterGroup: string;
  credentials: { accessKeyId: string } | { roleArn: string };
  role: Role;
  createdAt: string;
}

/** A member of an environment. */
export interface Member {
  userId: string;
  name: string;
  email: string;
  role: Role;
  joinedAt: string;
}

/** One metric of a capture; a point is the maximum of the period that begins at its time. */
export interface Metric {
  label: string;
  type: string;
  displayName: string;
  dataPoints: { Timestamp: string; Maximum: number; Unit: string }[];
}

/** What a capture recorded, in numbers. */
export interface Workload {
  records: number;
  statements: number;
  commands: Record<string, number>;
  bytes: number;
  storedBytes: number;
  fragments: number;
  firstRecord: string | null;
  lastRecord: string | null;
  gaps: { from: string; to: string; cause: string }[];
  gapCount: number;
  redact: "secrets" | "literals";
  live: { behindBy: number | null } | null;
}

/** One normalised statement of a capture, and how often it ran. */
export interface WorkloadDigest {
  fingerprint: string;
  digest: string;
  count: number;
  overcount: number;
  share: number;
  firstSeen: string;
  lastSeen: string;
  example: string;
}

/** A message of a capture's live connection. */
export interface LiveMessage {
  capture: Capture;
  workload: { records: number; statements: number; bytes: number; gapCount: number } | null;
}

/** Who is signed in. */
export interface User {
  id: string;
  name: string;
  email: string;
}

/** An API key, without its secret. */
export interface ApiKey {
  id: string;
  name: string | null;
  /** Its first characters, by which people tell keys apart. */
  start: string | null;
  createdAt: string;
  expiresAt: string | null;
}
