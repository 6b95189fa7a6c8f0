import { type Credential, callerOf } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { KEY_LIFETIME_MS, type KeyedRequest } from "./idempotency.ts";

/*
 * The D1 statements of keys that are remembered. As always, ?1 and ?2 are the caller's and the time (see `callerOf`).
 */

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
