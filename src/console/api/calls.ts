import { PAGE_SIZE } from "../lib/list.ts";
import { type Answer, ask, send } from "./client.ts";
import type {
  ApiKey,
  Capture,
  CaptureEvent,
  CheckedEnvironment,
  Environment,
  Invite,
  Member,
  Metric,
  Role,
  User,
  Workload,
  WorkloadDigest,
} from "./types.ts";

/** Which captures to list. */
export interface CaptureQuery {
  envId?: string | undefined;
  status?: string | undefined;
  cursor?: string | undefined;
  limit?: number;
}

/** A page of captures, and where the next begins: null when there is none. */
export interface CapturePage {
  captures: Capture[];
  next: string | null;
}

/** Lists captures, newest first. */
export async function listCaptures(query: CaptureQuery, signal?: AbortSignal): Promise<CapturePage> {
  const search = new URLSearchParams({ limit: String(query.limit ?? PAGE_SIZE) });
  for (const name of ["envId", "status", "cursor"] as const) {
    const value = query[name];
    if (value !== undefined && value !== "") search.set(name, value);
  }
  const path = `/api/captures?${search}`;
  // What has not changed is not sent again: the reply has an ETag, by which the browser asks.
  const { body, headers } = await send<Capture[]>("GET", path, { signal });
  const next = /<([^>]+)>; *rel="next"/.exec(headers.get("Link") ?? "")?.[1];
  return {
    captures: body,
    next: next === undefined ? null : new URL(next).searchParams.get("cursor"),
  };
}

export const readCapture = (id: number, signal?: AbortSignal): Promise<Capture> =>
  ask("GET", `/api/captures/${id}`, { signal });

/** What a new capture is asked for with; what is absent is the API's default. */
export interface NewCapture {
  name: string;
  envId: number;
  scheduledStart?: string;
  duration?: number;
  maxBytes?: number;
  redact?: "literals";
}

/** @param key names the request: sent twice with the same one, it makes one capture */
export const createCapture = (capture: NewCapture, key: string): Promise<Capture> =>
  ask("POST", "/api/captures", { body: capture, headers: { "Idempotency-Key": key } });
export const renameCapture = (id: number, name: string): Promise<Capture> =>
  ask("PUT", `/api/captures/${id}`, { body: { name } });
export const stopCapture = (id: number): Promise<Capture> => ask("POST", `/api/captures/${id}/stop`);
export const deleteCapture = (id: number): Promise<Capture> => ask("DELETE", `/api/captures/${id}`);

export const readEvents = (id: number, signal?: AbortSignal): Promise<CaptureEvent[]> =>
  ask("GET", `/api/captures/${id}/events`, { signal });
export const readWorkload = (id: number, signal?: AbortSignal): Promise<Workload> =>
  ask("GET", `/api/captures/${id}/workload`, { signal });
export const readDigest = (id: number, limit: number, signal?: AbortSignal): Promise<WorkloadDigest[]> =>
  ask("GET", `/api/captures/${id}/workload/digest?limit=${limit}`, { signal });

/** The metrics of a capture, and what its headers say of them. */
export interface CaptureMetrics {
  metrics: Metric[];
  /** Whether they may still grow. */
  provisional: boolean;
  /** Seconds from one point to the next; null when there are none. */
  period: number | null;
  /** What is missing, in words. */
  incomplete: string | null;
  /** When they were read, in milliseconds. */
  readAt: number;
}

/** Reads all metrics of a capture. */
export async function readMetrics(id: number, signal?: AbortSignal): Promise<CaptureMetrics> {
  const { body, headers }: Answer<Metric[]> = await send("GET", `/api/captures/${id}/metrics`, { signal });
  const period = headers.get("X-Metrics-Period");
  return {
    metrics: body,
    provisional: headers.get("X-Metrics-Source") !== "archive",
    period: period === null ? null : Number(period),
    incomplete: headers.get("X-Metrics-Incomplete"),
    readAt: Date.now(),
  };
}

/** Where a capture's workload is downloaded from. */
export const downloadPath = (id: number, format: "ndjson" | "log"): string =>
  `/api/captures/${id}/workload/download?format=${format}`;

/** How an environment is reached in AWS. */
export type Credentials =
  | { accessKeyId: string; secretAccessKey: string }
  | { roleArn: string; externalId: string };

/** What an environment is made of, or changed to. */
export interface EnvironmentInput {
  name: string;
  region: string;
  instance: string;
  credentials: Credentials;
}

export const listEnvironments = (signal?: AbortSignal): Promise<Environment[]> =>
  ask("GET", "/api/environments", { signal });
export const readEnvironment = (id: number, signal?: AbortSignal): Promise<Environment> =>
  ask("GET", `/api/environments/${id}`, { signal });
/** @param key names the request: sent twice with the same one, it makes one environment */
export const createEnvironment = (input: EnvironmentInput, key: string): Promise<Environment> =>
  ask("POST", "/api/environments", { body: input, headers: { "Idempotency-Key": key } });
export const updateEnvironment = (id: number, changes: Partial<EnvironmentInput>): Promise<Environment> =>
  ask("PUT", `/api/environments/${id}`, { body: changes });
export const deleteEnvironment = (id: number): Promise<Environment> =>
  ask("DELETE", `/api/environments/${id}`);
export const checkEnvironment = (id: number): Promise<CheckedEnvironment> =>
  ask("POST", `/api/environments/${id}/check`);
/** Has the service give up what the environment owes to parameter groups. */
export const abandonOwed = (id: number): Promise<Environment> =>
  ask("POST", `/api/environments/${id}/abandon`);

export const listMembers = (envId: number, signal?: AbortSignal): Promise<Member[]> =>
  ask("GET", `/api/environments/${envId}/members`, { signal });
export const changeRole = (envId: number, userId: string, role: Role): Promise<unknown> =>
  ask("PUT", `/api/environments/${envId}/members/${userId}`, { body: { role } });
export const removeMember = (envId: number, userId: string): Promise<unknown> =>
  ask("DELETE", `/api/environments/${envId}/members/${userId}`);
export const createInvite = (envId: number, role: Role): Promise<Invite> =>
  ask("POST", `/api/environments/${envId}/invites`, { body: { role } });
export const acceptInvite = (code: string): Promise<Environment> =>
  ask("POST", `/api/invites/${encodeURIComponent(code)}/accept`);

/** Who is signed in; null for nobody. */
export async function readUser(): Promise<User | null> {
  const session = await ask<{ user: User } | null>("GET", "/api/auth/get-session");
  return session?.user ?? null;
}

export const signIn = (email: string, password: string): Promise<{ user: User }> =>
  ask("POST", "/api/auth/sign-in/email", { body: { email, password } });
export const signUp = (input: {
  name: string;
  email: string;
  password: string;
  inviteCode?: string;
}): Promise<{ user: User }> => ask("POST", "/api/auth/sign-up/email", { body: input });
export const signOut = (): Promise<unknown> => ask("POST", "/api/auth/sign-out", { body: {} });

export const listKeys = async (signal?: AbortSignal): Promise<ApiKey[]> => {
  const { apiKeys } = await ask<{ apiKeys: ApiKey[] }>("GET", "/api/auth/api-key/list", { signal });
  return apiKeys;
};
export const createKey = (name: string): Promise<ApiKey & { key: string }> =>
  ask("POST", "/api/auth/api-key/create", { body: { name } });
export const deleteKey = (keyId: string): Promise<unknown> =>
  ask("POST", "/api/auth/api-key/delete", { body: { keyId } });
