import { type Credential, callerStatement } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { randomToken } from "../lib/random-text.ts";

/*
 * External ids: what a role asks for besides who assumes it, so that nobody can have this service use a role of somebody else's
 * ("The confused deputy problem" in the IAM User Guide). That holds only if whoever registers a role can't choose the id: the
 * service makes it, before the role is made, and one for each environment. Until it is used, it is pending for who asked for it.
 * AWS does not treat it as a secret.
 */

/** How long an id can be used after it was asked for. */
export const PENDING_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

/** An id that is pending, and until when, in milliseconds. */
export interface PendingExternalId {
  /** The id of the user it is pending for. */
  caller: string;
  externalId: string;
  expiresAt: number;
}

/** A new id, of characters that IAM takes. */
export const newExternalId = (): string => randomToken();

const KEEP = callerStatement(
  `insert into pending_external_ids (user_id, external_id, created_at, expires_at)
   select caller.id, :externalId, :now, :expiresAt from caller where true
   on conflict (user_id) do update set
     external_id = case when expires_at > :now then external_id else excluded.external_id end,
     created_at = case when expires_at > :now then created_at else excluded.created_at end,
     expires_at = excluded.expires_at`,
);

const READ = callerStatement(
  `select caller.id as caller, p.external_id as externalId, p.expires_at as expiresAt
   from caller join pending_external_ids p on p.user_id = caller.id`,
);

/**
 * The id that is pending for the caller, or a new one. It is the same each time until it is used, in all of the caller's browsers,
 * and can be used for as long again from each time on.
 * @returns null when not signed in
 */
export async function keepExternalId(
  db: Db,
  credential: Credential,
  now: number,
): Promise<PendingExternalId | null> {
  const values = { externalId: newExternalId(), expiresAt: now + PENDING_LIFETIME_MS };
  const [, read] = (await db.batch([
    KEEP(db, credential, now, values),
    READ(db, credential, now, values),
  ])) as [D1Result, D1Result<PendingExternalId>];
  return read.results[0] ?? null;
}

const READ_PENDING = callerStatement(
  `select p.external_id as externalId
   from caller join pending_external_ids p on p.user_id = caller.id and p.expires_at > :now`,
);

/** The id that is pending for the caller; null when none is. */
export async function pendingExternalId(db: Db, credential: Credential, now: number): Promise<string | null> {
  return READ_PENDING(db, credential, now).first<string>("externalId");
}

/**
 * Whether `:pendingId` is still pending for the caller, or null. Not whether it has expired since it was read: then it was tried
 * with AWS in time.
 */
export const IS_PENDING = `(:pendingId is null or exists (select 1 from caller
  join pending_external_ids p on p.user_id = caller.id and p.external_id = :pendingId))`;

/** Takes `:pendingId` away once it is that of the environment with an id, a parameter: no other is made with it. */
export const consuming = (envId: string) =>
  callerStatement(
    `delete from pending_external_ids where user_id = (select id from caller) and external_id = :pendingId
       and exists (select 1 from environments e where e.id = ${envId} and e.external_id = :pendingId and e.deleted_at is null)`,
  );
