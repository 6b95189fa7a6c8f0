import { sha256 } from "../lib/hash.ts";
import { type Credential, callerOf } from "./caller.ts";
import type { Db } from "./types.ts";

/*
 * Requests that make something are done once, however often they are sent with one Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header): what was made is remembered for a day, by the batch that makes it. As always, ?1
 * and ?2 are the caller's and the time (see `callerOf`).
 */

/** How long a key is remembered. */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** A key, and the SHA-256 of what was asked for with it. */
export interface KeyedRequest {
  key: string;
  fingerprint: string;
}

/**
 * Puts a request together with its key. Requests are the same when they ask for the same: the fingerprint is of what the body
 * was read as, so that space, the order of fields, and null for an absent field make no other request.
 * @param request what was read, JSON's values; different kinds of requests must not look alike
 */
export async function keyedRequest(key: string, request: object): Promise<KeyedRequest> {
  return { key, fingerprint: await sha256(JSON.stringify(request)) };
}

/** The condition that row `k` of the table is the caller's key, while it is remembered: `parameter` is the key, ?2 the time. */
export const isRemembered = (parameter: string): string =>
  `k.user_id = caller.id and k.key = ${parameter} and k.expires_at > ?2`;

/** Where a batch finds what it has just made, and for whom. */
export interface Making {
  /** A `from` clause with `caller`, that has one row if it was made and else none. */
  from: string;
  /** What its id is called there. */
  id: string;
  /** Where the answer has the id, a JSON path of SQLite's. */
  idPath: string;
  /** The values of its parameters, from ?3 on. */
  values: (string | number)[];
}

/**
 * The statement that remembers what a request was answered, for the batch that does what was asked for: of requests with one key
 * that come at once, one is the first.
 * @param answer what was answered, as it is stored, but for the id
 */
export function remember(
  db: Db,
  credential: Credential,
  { key, fingerprint }: KeyedRequest,
  answer: string,
  { from, id, idPath, values }: Making,
  now: number,
): D1PreparedStatement {
  const own = [key, fingerprint, answer, now + KEY_LIFETIME_MS];
  const [keyAt, fingerprintAt, answerAt, expiresAt] = own.map((_, i) => `?${3 + values.length + i}`);
  return db
    .prepare(
      // A key that has expired may still be there.
      `with ${callerOf(credential)}
       insert into idempotency_keys (user_id, key, fingerprint, capture_id, capture, expires_at)
       select caller.id, ${keyAt}, ${fingerprintAt}, ${id}, json_set(${answerAt}, '${idPath}', ${id}), ${expiresAt} ${from}
       on conflict (user_id, key) do update set fingerprint = excluded.fingerprint, capture_id = excluded.capture_id,
         capture = excluded.capture, expires_at = excluded.expires_at`,
    )
    .bind(credential.value, now, ...values, ...own);
}
