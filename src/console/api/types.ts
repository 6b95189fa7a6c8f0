import type { Capture } from "../../client/types.ts";

/* What the API answers: the client's types, which can't be other than the API's, and those of what no client asks for. */

export type {
  Capture,
  CaptureEvent,
  CheckedEnvironment,
  Environment,
  Invite,
  LiveMessage,
  Member,
  Metric,
  Role,
  Workload,
  WorkloadDigest,
} from "../../client/types.ts";

/** A state of a capture. */
export type Status = Capture["status"];

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
