import { type CallerStatement, type Credential, callerStatement } from "../../db/caller.ts";
import type { KeyScope } from "../../db/key-scopes.ts";
import type { SqlValues } from "../../db/statement.ts";
import type { Db } from "../../db/types.ts";
import { hasRoomForKey, insertKey, isForMember, newKey } from "../key-form.ts";

/*
 * API keys in D1. Of a key its hash is stored. Each call is one batch, whose statements find out for themselves who is calling, and
 * see only that person's keys.
 */

/** The most keys that a list has. */
const MAX_LISTED = 1000;

/** A key, as the table has it, without what it is found by. */
export interface KeyRow {
  id: string;
  name: string | null;
  start: string;
  prefix: string | null;
  referenceId: string;
  enabled: number;
  scope: KeyScope;
  /** The environment that it is for; null for all. */
  envId: number | null;
  /** The day on which it was last used, at its beginning; null when it was not, or before that was kept. */
  lastRequest: number | null;
  expiresAt: number | null;
  createdAt: number;
  updatedAt: number;
}

/** What a call led to: nobody was calling, or somebody was, and what they asked for; null where they have no such key. */
export type Outcome<T> = { caller: null } | { caller: string; found: T };

const columns = (of: string) =>
  `${of}id, ${of}name, ${of}start, ${of}prefix, ${of}reference_id as referenceId, ${of}enabled, ${of}expires_at as expiresAt,
   ${of}scope, ${of}env_id as envId, ${of}last_request as lastRequest, ${of}created_at as createdAt, ${of}updated_at as updatedAt`;

const IS_MINE = "id = :keyId and reference_id = (select id from caller)";
const WHO = callerStatement("select id as caller from caller");
const LIST = callerStatement(
  `select c.id as caller, (select count(*) from apikey where reference_id = c.id) as total, ${columns("k.")}
   from caller c left join (
     select * from apikey where reference_id = (select id from caller) order by created_at, id limit :limit offset :offset
   ) k order by k.created_at, k.id`,
);
const FIND = callerStatement(
  `select c.id as caller, ${columns("k.")} from caller c left join apikey k on k.id = :keyId and k.reference_id = c.id`,
);
const IS_OF_MEMBER = isForMember(":envId");
const STANDING = callerStatement(`select id as caller, ${IS_OF_MEMBER} as isOfMember from caller`);
const INSERT = callerStatement(
  `${insertKey(
    { name: ":name", owner: "caller.id", expiresAt: ":expiresAt", scope: ":scope", envId: ":envId" },
    `caller where ${IS_OF_MEMBER} and ${hasRoomForKey("caller.id")}`,
  )} returning ${columns("")}`,
);
const UPDATE = callerStatement(
  `update apikey set updated_at = :now, name = coalesce(:name, name), enabled = coalesce(:enabled, enabled),
     expires_at = case when :isExpirySet then :expiresAt else expires_at end
   where ${IS_MINE} returning ${columns("")}`,
);
const DELETE = callerStatement(`delete from apikey where ${IS_MINE} returning ${columns("")}`);

/**
 * Somebody's keys, oldest first, and how many there are in all.
 * @param limit the most to list; MAX_LISTED if absent
 */
export async function listKeys(
  db: Db,
  credential: Credential,
  { limit = MAX_LISTED, offset = 0 }: { limit?: number | undefined; offset?: number | undefined },
  now: number,
): Promise<Outcome<{ keys: KeyRow[]; total: number }>> {
  const { results } = await LIST(db, credential, now, { limit, offset }).all<
    { caller: string; total: number } & (KeyRow | { id: null })
  >();
  const [first] = results;
  if (first === undefined) return { caller: null };
  const keys = results.filter((row): row is typeof row & KeyRow => row.id !== null);
  return { caller: first.caller, found: { keys, total: first.total } };
}

/** One of somebody's keys. */
export async function findKey(
  db: Db,
  credential: Credential,
  keyId: string,
  now: number,
): Promise<Outcome<KeyRow | null>> {
  const row = await FIND(db, credential, now, { keyId }).first<
    { caller: string } & (KeyRow | { id: null })
  >();
  if (row === null) return { caller: null };
  return { caller: row.caller, found: row.id === null ? null : row };
}

/** A key that is to be made. */
export interface KeyDraft extends Pick<KeyRow, "scope" | "envId"> {
  name?: string | undefined;
  /** In how many seconds it expires; null for never. */
  expiresIn: number | null;
}

/**
 * Makes a key for somebody who has fewer than `maxKeys`.
 * @returns it with the key itself, which is not stored; or why there is none: they do not belong to the environment that it is to be for,
 *   or have as many
 */
export async function createKey(
  db: Db,
  credential: Credential,
  { name, expiresIn, scope, envId }: KeyDraft,
  maxKeys: number,
  now: number,
): Promise<Outcome<{ key: string; row: KeyRow } | "no-environment" | "no-room">> {
  const { key, stored } = await newKey();
  const expiresAt = expiryOf(expiresIn, now);
  const values = { ...stored, name: name ?? null, expiresAt, scope, envId, maxKeys };
  const [standing, made] = await db.batch([
    STANDING(db, credential, now, values),
    INSERT(db, credential, now, values),
  ]);
  const before = standing?.results[0] as { caller: string; isOfMember: number } | undefined;
  if (before === undefined) return { caller: null };
  const { caller, isOfMember } = before;
  const row = made?.results[0] as KeyRow | undefined;
  if (row !== undefined) return { caller, found: { key, row } };
  return { caller, found: isOfMember === 1 ? "no-room" : "no-environment" };
}

/**
 * The SQL of statements that delete all keys of somebody, who may fear that they are in other hands, the logins that wait for one, and the
 * address of their calendar: a login that was approved is a key that its program has not fetched yet, and the address is read by whoever
 * has it, as by a key.
 * @param owner SQL of the user's id, null for nobody
 */
export const revokeKeys = (owner: string): string[] => [
  `delete from apikey where reference_id = ${owner}`,
  `delete from device_codes where decided_by = ${owner}`,
  `delete from calendar_feeds where user_id = ${owner}`,
];

/** What to change of a key; what is absent stays. */
export interface KeyChanges {
  name?: string | undefined;
  enabled?: boolean | undefined;
  /** Null for a key that never expires. */
  expiresIn?: number | null | undefined;
}

/** Changes one of somebody's keys. */
export function updateKey(
  db: Db,
  credential: Credential,
  keyId: string,
  { name, enabled, expiresIn }: KeyChanges,
  now: number,
): Promise<Outcome<KeyRow | null>> {
  const values = {
    keyId,
    name: name ?? null,
    enabled: enabled === undefined ? null : Number(enabled),
    isExpirySet: expiresIn === undefined ? 0 : 1,
    expiresAt: expiryOf(expiresIn, now),
  };
  return change(UPDATE, db, credential, now, values);
}

/** Deletes one of somebody's keys. @returns it as it was */
export function deleteKey(
  db: Db,
  credential: Credential,
  keyId: string,
  now: number,
): Promise<Outcome<KeyRow | null>> {
  return change(DELETE, db, credential, now, { keyId });
}

async function change(
  statement: CallerStatement,
  db: Db,
  credential: Credential,
  now: number,
  values: SqlValues,
): Promise<Outcome<KeyRow | null>> {
  const [who, changed] = await db.batch([WHO(db, credential, now), statement(db, credential, now, values)]);
  const caller = (who?.results[0] as { caller: string } | undefined)?.caller;
  if (caller === undefined) return { caller: null };
  return { caller, found: (changed?.results[0] as KeyRow | undefined) ?? null };
}

const expiryOf = (seconds: number | null | undefined, now: number): number | null =>
  seconds == null ? null : now + seconds * 1000;
