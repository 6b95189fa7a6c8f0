import * as z from "zod";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { lazy } from "../lib/lazy.ts";
import { openText, sealText } from "./sealing.ts";

/*
 * The keys that seal the workloads of an environment: 32 random bytes each, which are kept sealed by CREDENTIALS_KEYS. The newest seals,
 * all of them open. Destroying them makes what they sealed unreadable, wherever there may be a copy of it.
 */

/** A capture whose workload may be sealed. */
export interface SealedCapture {
  envId: number;
  /** Whether it is: then nothing of it is read that is not. */
  sealed: 0 | 1;
  /** The keys of its environment as `SEAL_KEYS` reads them; null when it is not sealed. */
  sealKeys: string | null;
}

/** The columns of a `SealedCapture`, but for the environment, of captures `c`. */
export const SEAL_KEYS = `c.sealed as sealed, iif(c.sealed = 1, (select json_group_array(json_array(k.number, k.sealed))
  from seal_keys k where k.env_id = c.env_id), null) as sealKeys`;

const keysSchema = lazy(() => z.array(z.tuple([z.int().positive(), z.string()])));
const keysOf = (sealKeys: string | null) => keysSchema().parse(JSON.parse(sealKeys ?? "[]"));

/** What the key of a number is for. */
export const purposeOf = (envId: number, number: number): string =>
  `environment:${envId}:workloads:${number}`;

/** A key that seals workloads, and its number. */
export interface SealKey {
  number: number;
  key: CryptoKey;
}

// Cache of opened keys by what they are sealed as: each capture that is read would open its environment's again.
const opened = new Map<string, Promise<CryptoKey>>();
const MAX_OPENED = 200;

/**
 * The key of a number of a capture's environment, for HKDF; null where it has none.
 * @throws Error when CREDENTIALS_KEYS does not open it
 */
export async function sealKeyOf(
  env: Env,
  { envId, sealKeys }: SealedCapture,
  number: number,
): Promise<CryptoKey | null> {
  const sealed = keysOf(sealKeys).find(([one]) => one === number)?.[1];
  return sealed === undefined ? null : openKey(env, envId, number, sealed);
}

/** The key that seals what is written of a capture: the newest of its environment, which is made if there is none. */
export async function sealingKey(env: Env, { envId, sealKeys }: SealedCapture): Promise<SealKey> {
  const known = keysOf(sealKeys);
  const keys = known.length > 0 ? known : await firstKey(env, envId);
  const [number, sealed] = keys.reduce((newest, one) => (one[0] > newest[0] ? one : newest));
  return { number, key: await openKey(env, envId, number, sealed) };
}

function openKey(env: Env, envId: number, number: number, sealed: string): Promise<CryptoKey> {
  const cacheKey = `${envId}/${number}/${sealed}`;
  const known = opened.get(cacheKey);
  if (known !== undefined) return known;
  if (opened.size >= MAX_OPENED) opened.clear();
  const key = openText(env, purposeOf(envId, number), sealed).then((base64) =>
    crypto.subtle.importKey("raw", Uint8Array.fromBase64(base64), "HKDF", false, ["deriveKey"]),
  );
  opened.set(cacheKey, key);
  key.catch(() => opened.delete(cacheKey));
  return key;
}

/** Of two that come at once, the first is the key. None is made of an environment that is deleted: its keys are destroyed. */
const ADD = statement(
  `insert or ignore into seal_keys (env_id, number, sealed, created_at)
   select e.id, :number, :sealed, :now from environments e where e.id = :envId and e.erasing_at is null`,
);

const ALL = statement("select number, sealed from seal_keys where env_id = :envId");

async function addKey(env: Env, envId: number, number: number, now: number): Promise<D1PreparedStatement> {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const sealed = await sealText(env, purposeOf(envId, number), bytes.toBase64());
  return ADD(env.DB, { envId, number, sealed, now });
}

async function firstKey(env: Env, envId: number): Promise<[number: number, sealed: string][]> {
  const [, all] = (await env.DB.batch([await addKey(env, envId, 1, Date.now()), ALL(env.DB, { envId })])) as [
    D1Result,
    D1Result<{ number: number; sealed: string }>,
  ];
  const keys = all.results.map(({ number, sealed }): [number, string] => [number, sealed]);
  if (keys.length === 0) throw new Error(`The environment ${envId} has no key for its workloads any more`);
  return keys;
}

const DUE = statement(
  `select k.env_id as envId, max(k.number) as number from seal_keys k join environments e on e.id = k.env_id
   where e.deleted_at is null group by k.env_id having max(k.created_at) < :before limit :limit`,
);

/**
 * Gives environments whose newest key was made before a time another one, which seals from then on.
 * @returns how many, at most `limit`
 */
export async function renewSealKeys(env: Env, before: number, now: number, limit: number): Promise<number> {
  const { results } = await DUE(env.DB, { before, limit }).all<{ envId: number; number: number }>();
  if (results.length === 0) return 0;
  const added = await Promise.all(results.map(({ envId, number }) => addKey(env, envId, number + 1, now)));
  await env.DB.batch(added);
  return results.length;
}

const PURGE = statement(
  `delete from seal_keys where env_id in (select k.env_id from seal_keys k
     where not exists (select 1 from environments e where e.id = k.env_id) limit :limit)`,
);

/** Destroys the keys of environments that are gone. @returns how many, at most about `limit` */
export async function purgeSealKeys(db: Db, limit: number): Promise<number> {
  return (await PURGE(db, { limit }).run()).meta.changes;
}
