import { sha256 } from "../lib/hash.ts";
import { type CallerStatement, callerStatement } from "./caller.ts";
import type { SqlValues } from "./statement.ts";

/*
 * Requests that make something are done once, however often they are sent with one Idempotency-Key
 * (draft-ietf-httpapi-idempotency-key-header): what was made is remembered for a day, by the batch that makes it.
 */

/** How long a key is remembered. */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** A key, and the SHA-256 of what was asked for with it. */
export interface KeyedRequest {
  key: string;
  fingerprint: string;
}

/**
 * Puts a request together with its key. The fingerprint is of what the body was read as, so that white
 * space, the order of fields, and null for an absent field make no difference.
 * @param request what was read, JSON's values; different kinds of requests must not look alike
 */
export async function keyedRequest(key: string, request: object): Promise<KeyedRequest> {
  return { key, fingerprint: await sha256(JSON.stringify(request)) };
}

/** The condition that row `k` of the table is the caller's key `:key`, while it is remembered. */
export const IS_REMEMBERED = "k.user_id = caller.id and k.key = :key and k.expires_at > :now";

/** How a batch finds what it has just made, and for whom. */
export interface Making {
  /** A `from` clause with `caller`, that has one row if it was made and else none. */
  from: string;
  /** What its id is called there. */
  id: string;
  /** Where the answer has the id, a JSON path of SQLite's. */
  idPath: string;
}

/**
 * Makes the statement that remembers what a request was answered, for the batch that does what was asked for: of requests with
 * one key that come at once, one is the first. It takes the values that `keyValues` gives.
 */
export const rememberingStatement = ({ from, id, idPath }: Making): CallerStatement =>
  callerStatement(
    // A key that has expired may still be there.
    `insert into idempotency_keys (user_id, key, fingerprint, capture_id, capture, expires_at)
     select caller.id, :key, :fingerprint, ${id}, json_set(:answer, '${idPath}', ${id}), :keyExpiresAt ${from}
     on conflict (user_id, key) do update set fingerprint = excluded.fingerprint, capture_id = excluded.capture_id,
       capture = excluded.capture, expires_at = excluded.expires_at`,
  );

/**
 * The values of a key's parameters. Without a key, `:key` is null, which is nobody's.
 * @param answer what was answered, as it is stored, but for the id
 */
export const keyValues = (request: KeyedRequest | null, answer: string, now: number): SqlValues =>
  request === null ? { key: null } : { ...request, answer, keyExpiresAt: now + KEY_LIFETIME_MS };
