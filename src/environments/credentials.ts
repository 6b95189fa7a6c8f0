import * as z from "zod";
import { type AwsCredentials, type AwsResult, awsTarget } from "../aws/client.ts";
import { assumeRole, type Role, type TemporaryCredentials } from "../aws/sts.ts";
import type { Env } from "../env.ts";
import { lazy } from "../lib/lazy.ts";
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
 * Sealed credentials are the text `keyId.nonce.ciphertext`, the last two in base64url: AES-256-GCM (NIST SP 800-38D) with a
 * fresh 96-bit nonce each time and the environment's id as additional data, so that no row's credentials can be moved to
 * another's. The key id says which of CREDENTIALS_KEYS opens them, so that keys can be rotated.
 */

const NONCE_BYTES = 12;
const base64url = { alphabet: "base64url", omitPadding: true } as const;

/**
 * Seals the credentials of an environment with the key in use.
 * @throws Error when CREDENTIALS_KEYS is not what it should be
 */
export async function seal(env: Env, envId: number, credentials: StoredCredentials): Promise<string> {
  const [id, key] = (await keyring(env))[0] as [string, CryptoKey];
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const text = new TextEncoder().encode(JSON.stringify(credentials));
  const sealed = await crypto.subtle.encrypt(algorithm(nonce, envId), key, text);
  return [id, nonce.toBase64(base64url), new Uint8Array(sealed).toBase64(base64url)].join(".");
}

/**
 * Opens what `seal` made.
 * @throws Error when the key is not there any more, or the text was tampered with or is another environment's
 */
export async function open(env: Env, envId: number, sealed: string): Promise<StoredCredentials> {
  const [id, nonce = "", ciphertext = ""] = sealed.split(".");
  const key = (await keyring(env)).find(([keyId]) => keyId === id)?.[1];
  if (key === undefined) throw new Error(`CREDENTIALS_KEYS has no key ${JSON.stringify(id)}`);
  const opened = await crypto.subtle.decrypt(
    algorithm(Uint8Array.fromBase64(nonce, { alphabet: "base64url" }), envId),
    key,
    Uint8Array.fromBase64(ciphertext, { alphabet: "base64url" }),
  );
  return storedSchema().parse(JSON.parse(new TextDecoder().decode(opened)));
}

/** The ids of CREDENTIALS_KEYS, the one that seals first. */
export async function keyIds(env: Env): Promise<[sealing: string, ...older: string[]]> {
  return (await keyring(env)).map(([id]) => id) as [string, ...string[]];
}

/**
 * Seals credentials anew that an older key sealed, so that one can be dropped in the end.
 * @returns the same text if the key in use sealed it
 * @throws Error as `open` does
 */
export async function reseal(env: Env, envId: number, sealed: string): Promise<string> {
  const [sealing] = await keyIds(env);
  return sealed.startsWith(`${sealing}.`) ? sealed : seal(env, envId, await open(env, envId, sealed));
}

function algorithm(nonce: Uint8Array, envId: number) {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(`environment:${envId}`) };
}

async function keyring(env: Env): Promise<[id: string, key: CryptoKey][]> {
  return Promise.all(
    (env.CREDENTIALS_KEYS ?? "").split(",").map(async (pair): Promise<[string, CryptoKey]> => {
      const [, id, base64] = /^\s*([\w-]+):([\w+/=-]+)\s*$/.exec(pair) ?? [];
      const bytes = base64 === undefined ? undefined : decode(base64);
      if (id === undefined || bytes?.length !== 32) {
        throw new Error("CREDENTIALS_KEYS must be id:base64 pairs parted by commas, each of 32 bytes");
      }
      return [id, await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])];
    }),
  );
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}

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
