import * as z from "zod";
import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { assumeRole, type Role, type TemporaryCredentials } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { lazy } from "../lib/lazy.ts";
import { openText, resealText, sealText } from "./sealing.ts";
import { NO_IDENTITY, ofService, serviceKey } from "./service-identity.ts";

/** How an environment is reached: with a key of the customer's, or by a role that the service assumes. */
export type StoredCredentials = Pick<AwsCredentials, "accessKeyId" | "secretAccessKey"> | Role;

const storedSchema = lazy(() =>
  z.union([
    z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
    z.object({ roleArn: z.string(), externalId: z.string() }),
  ]),
);

/*
 * Credentials are sealed with the environment's id as additional data, so that no row's credentials can be moved to another's
 * (sealing.ts).
 */

const subjectOf = (envId: number) => `environment:${envId}`;

/**
 * Seals the credentials of an environment with the key in use.
 * @throws Error when CREDENTIALS_KEYS is not what it should be
 */
export function seal(env: Env, envId: number, credentials: StoredCredentials): Promise<string> {
  return sealText(env, subjectOf(envId), JSON.stringify(credentials));
}

/**
 * Opens what `seal` made.
 * @throws Error when the key is not there any more, or the text was tampered with or is another environment's
 */
export async function open(env: Env, envId: number, sealed: string): Promise<StoredCredentials> {
  return storedSchema().parse(JSON.parse(await openText(env, subjectOf(envId), sealed)));
}

/**
 * Seals credentials anew that an older key sealed, so that one can be dropped in the end.
 * @returns the same text if the key in use sealed it
 * @throws Error as `open` does
 */
export const reseal = (env: Env, envId: number, sealed: string): Promise<string> =>
  resealText(env, subjectOf(envId), sealed);

/** What a reply may show of credentials: the last four characters of the access key id, or the role's ARN. */
export function hint(credentials: StoredCredentials): string {
  return "roleArn" in credentials ? credentials.roleArn : `****${credentials.accessKeyId.slice(-4)}`;
}

// Cache of temporary credentials, by the sealed credentials they were got with, until shortly before they expire.
const temporary = new Map<string, TemporaryCredentials>();
const MAX_TEMPORARY = 500;
/** Credentials that expire this soon are not used any more: a call may take a while. */
const EXPIRY_MARGIN_MS = 5 * 60 * 1000;

/**
 * Keys to sign with for an environment: its own, or those of its role, assumed with the Worker's AWS identity.
 * @param cacheKey the key in the cache: the environment's sealed credentials, which change when it does. None
 *   when they are not saved yet.
 */
export async function signingCredentials(
  env: Env,
  region: string,
  credentials: StoredCredentials,
  cacheKey: string | null,
  now: number,
): Promise<AwsResult<AwsCredentials>> {
  if (!("roleArn" in credentials)) return { ok: true, value: credentials };
  const cached = cacheKey === null ? undefined : temporary.get(cacheKey);
  if (cached !== undefined && cached.expiresAt - EXPIRY_MARGIN_MS > now) return { ok: true, value: cached };
  const key = serviceKey(env);
  if (key === null) return { ok: false, failure: NO_IDENTITY };
  const assumed = await assumeRole(awsTarget(env, region), key, credentials);
  if (!assumed.ok) return { ok: false, failure: ofService(assumed.failure) };
  if (cacheKey !== null) {
    if (temporary.size >= MAX_TEMPORARY) temporary.clear();
    temporary.set(cacheKey, assumed.value);
  }
  return assumed;
}

/** The same without the cache, which it renews: whether a role can be assumed at this moment. */
export function freshCredentials(
  env: Env,
  region: string,
  credentials: StoredCredentials,
  cacheKey: string | null,
  now: number,
): Promise<AwsResult<AwsCredentials>> {
  if (cacheKey !== null) temporary.delete(cacheKey);
  return signingCredentials(env, region, credentials, cacheKey, now);
}

/** How to reach an environment, as its row holds it. */
export interface EnvironmentAccess {
  envId: number;
  region: string;
  /** The sealed credentials; null once the environment is deleted. */
  credentials: string | null;
}

/** Opens an environment's credentials, and assumes its role if it has one. */
async function accessOf(
  env: Env,
  access: EnvironmentAccess,
  now: number,
): Promise<AwsResult<AwsCredentials>> {
  if (access.credentials === null) {
    const message = "The environment was deleted";
    return {
      ok: false,
      failure: { kind: "not-found", code: "EnvironmentDeleted", operation: null, message },
    };
  }
  const stored = await open(env, access.envId, access.credentials);
  return signingCredentials(env, access.region, stored, access.credentials, now);
}

/**
 * Asks AWS something with an environment's credentials. Cached temporary keys that are refused, such as when the
 * sessions of their role were revoked, are replaced for a second try.
 */
export async function askAs<T>(
  env: Env,
  access: EnvironmentAccess,
  now: number,
  ask: (credentials: AwsCredentials) => Promise<AwsResult<T>>,
): Promise<AwsResult<T>> {
  const remembered = access.credentials === null ? undefined : temporary.get(access.credentials);
  const credentials = await accessOf(env, access, now);
  if (!credentials.ok) return credentials;
  const result = await ask(credentials.value);
  if (result.ok || result.failure.kind !== "denied" || credentials.value !== remembered) return result;
  temporary.delete(access.credentials as string);
  const renewed = await accessOf(env, access, now);
  return renewed.ok ? ask(renewed.value) : renewed;
}
