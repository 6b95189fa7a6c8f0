import { BASE62, KEY_PREFIX, keyOf, RANDOM_LENGTH } from "../http/api-key.ts";
import { sha256 } from "../lib/hash.ts";
import { randomText } from "../lib/random-text.ts";

/* What an API key is, whoever makes it: its owner, or a program that somebody has approved. */

const ID_LENGTH = 32;

/** How many characters of a key are kept to tell it by. */
const KEY_START_LENGTH = KEY_PREFIX.length + 4;

/** What is stored of a new key: parameters of `insertKey`. */
export interface NewKey {
  keyId: string;
  start: string;
  prefix: string;
  keyHash: string;
}

/** A new API key, which is shown once, and what is stored of it. */
export async function newKey(): Promise<{ key: string; stored: NewKey }> {
  const key = keyOf(randomText(RANDOM_LENGTH, BASE62));
  const stored = {
    keyId: randomText(ID_LENGTH),
    start: key.slice(0, KEY_START_LENGTH),
    prefix: KEY_PREFIX,
    keyHash: await sha256(key),
  };
  return { key, stored };
}

/**
 * The SQL that stores a new key, with the parameters of `NewKey` and `:now`. The columns of limits are those that better-auth had filled
 * in the keys of its time: nothing reads them.
 * @param name SQL of its name, null for none; `owner` of the user's id, `expiresAt` of when it expires, in milliseconds, null for never;
 * `scope` of what it may do, `envId` of the environment that it is for, null for all
 * @param from the table that these are of, and what is asked of it: a key for each of its rows
 */
export const insertKey = (
  {
    name,
    owner,
    expiresAt,
    scope,
    envId,
  }: Record<"name" | "owner" | "expiresAt" | "scope" | "envId", string>,
  from: string,
): string =>
  `insert into apikey (id, config_id, name, start, prefix, key, reference_id, enabled, rate_limit_enabled,
     rate_limit_time_window, rate_limit_max, request_count, expires_at, scope, env_id, created_at, updated_at)
   select :keyId, 'default', ${name}, :start, :prefix, :keyHash, ${owner}, 1, 0, 86400000, 10, 0, ${expiresAt}, ${scope}, ${envId}, :now, :now
   from ${from}`;

/**
 * Whether a key may be for an environment, in SQL behind the caller's: for all, or for one that the caller belongs to.
 * @param envId SQL of the environment's id, null for all
 */
export const isForMember = (envId: string): string =>
  `(${envId} is null or exists (select 1 from members m where m.user_id = (select id from caller) and m.env_id = ${envId}))`;

/**
 * Whether somebody has fewer than `:maxKeys` keys that are valid, in SQL, which takes `:now` too. The programs whose login they have
 * approved, and that have not fetched their key yet, count.
 * @param owner SQL of the user's id
 */
export const hasRoomForKey = (owner: string): string =>
  `((select count(*) from apikey k where k.reference_id = ${owner} and (k.expires_at is null or k.expires_at > :now))
    + (select count(*) from device_codes l where l.decided_by = ${owner} and l.status = 'approved' and l.expires_at > :now)
    < :maxKeys)`;
