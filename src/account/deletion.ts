import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import { statement } from "../db/statement.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { deletionOfContents } from "../environments/deletion.ts";
import { INVITE_ID } from "../environments/invites.ts";
import { DELETED_NAME } from "../lib/names.ts";
import type { Blocking } from "./refusals.ts";

/*
 * The D1 statements of an account's deletion. Its row stays, without anything that says whose it was: captures, schedules and histories
 * refer to it, and show it as a deleted user until they are erased. All else of the account goes in the same batch.
 */

/** Who asks, and by what they can show that it is their account. */
export interface Asking {
  caller: string;
  /** What is stored of the password; null for an account that has none. */
  password: string | null;
  /** When the session began, in milliseconds. */
  signedInAt: number;
  /** The environments that nobody else belongs to: a JSON array of their ids. */
  alone: string;
}

/** Whether others belong to the environment of membership `m`. */
const IS_SHARED = "exists (select 1 from members o where o.env_id = m.env_id and o.user_id <> m.user_id)";

const ASKING = callerStatement(
  `select caller.id as caller, s.created_at as signedInAt,
     (select password from account a where a.user_id = caller.id and a.provider_id = 'credential') as password,
     (select json_group_array(m.env_id) from members m where m.user_id = caller.id and not ${IS_SHARED}) as alone
   from caller join session s on s.token = :credential`,
);

/** Reads who asks; null when nobody is signed in. */
export function readAsking(db: Db, session: Credential, now: number): Promise<Asking | null> {
  return ASKING(db, session, now).first<Asking>();
}

const HAS_LIVE = `exists (select 1 from captures where env_id = m.env_id and ${IS_LIVE})`;
const HAS_LEASES = `exists (select 1 from log_leases l cross join captures c on c.id = l.capture_id
  where c.env_id = m.env_id and l.abandoned_at is null)`;
/** The memberships `m` of the caller in environments that have no other admin, and more than can be deleted with the account. */
const BLOCKING = `members m where m.user_id = (select id from caller) and m.role = 'admin'
  and not exists (select 1 from members o where o.env_id = m.env_id and o.role = 'admin' and o.user_id <> m.user_id)
  and (${IS_SHARED} or ${HAS_LIVE} or ${HAS_LEASES})`;
/** Memberships `m` of the caller in environments that others did not belong to, and that are not to be deleted: they came since. */
const UNSEEN = `members m where m.user_id = (select id from caller) and not ${IS_SHARED}
  and m.env_id not in (select value from json_each(:alone))`;

/** The most environments that a refusal names. */
const MAX_NAMED = 3;

const READ_BLOCKING = callerStatement(
  `select (select name from environments e where e.id = m.env_id) as name, ${IS_SHARED} as isShared, ${HAS_LIVE} as isLive,
     ${HAS_LEASES} as isOwing
   from ${BLOCKING} order by m.env_id limit ${MAX_NAMED}`,
);

const DELETE_USER = callerStatement(
  `update user set name = :name, email = 'deleted-' || id || '@deleted.invalid', email_verified = 0, image = null,
     updated_at = :now, deleted_at = :now
   where id = :userId and id = (select id from caller) and deleted_at is null
     and (select password from account a where a.user_id = :userId and a.provider_id = 'credential') is :password
     and not exists (select 1 from ${BLOCKING}) and not exists (select 1 from ${UNSEEN})`,
);

/** Whether the account was deleted by the statement before, of the same batch. */
const IS_DELETED = "(select deleted_at from user where id = :userId) = :now";
/** Of the environments that it was alone in each; what is in it goes with it. */
const DELETE_ENVIRONMENT = statement(
  `update environments set deleted_at = :now, credentials = null where id = :envId and deleted_at is null and ${IS_DELETED}
     and not exists (select 1 from members m where m.env_id = :envId and m.user_id <> :userId)`,
);

/** What ends in environments that others belong to, for their audit trails: before it ends. */
const DEEDS = [
  deedOfCaller({
    action: actionSql("member.removed"),
    envId: "m.env_id",
    subject: { id: "m.user_id", name: ":name" },
    details: detailsSql({ from: "m.role", reason: "'the account was deleted'" }),
    rows: `from members m where m.user_id = :userId and ${IS_DELETED}`,
  }),
  deedOfCaller({
    action: actionSql("invite.revoked"),
    envId: "i.env_id",
    subject: { id: INVITE_ID, name: "i.email" },
    details: detailsSql({ role: "i.role", reason: "'the account was deleted'" }),
    rows: `from invites i where i.created_by = :userId and i.accepted_at is null and ${IS_DELETED}`,
  }),
].map(callerStatement);

const DELETE_CONTENTS = [
  `delete from invites where created_by = :userId and accepted_at is null and ${IS_DELETED}`,
  `delete from members where user_id = :userId and ${IS_DELETED}`,
  `delete from apikey where reference_id = :userId and ${IS_DELETED}`,
  `delete from calendar_feeds where user_id = :userId and ${IS_DELETED}`,
  `delete from device_codes where decided_by = :userId and ${IS_DELETED}`,
  `delete from pending_external_ids where user_id = :userId and ${IS_DELETED}`,
  `delete from idempotency_keys where user_id = :userId and ${IS_DELETED}`,
  `delete from email_links where user_id = :userId and ${IS_DELETED}`,
  `delete from known_networks where user_id = :userId and ${IS_DELETED}`,
  `delete from verification where value = :userId and ${IS_DELETED}`,
  `delete from account where user_id = :userId and ${IS_DELETED}`,
  `delete from session where user_id = :userId and ${IS_DELETED}`,
].map(statement);

/** What became of an account that was to be deleted; `changed` when it is not any more as it was read. */
export type Deleted = { outcome: "deleted" | "changed" } | { outcome: "blocked"; by: Blocking[] };

/**
 * Deletes an account: its sessions, keys, codes and memberships, and the environments that it was alone in, as `DELETE` of an environment
 * does. Refused while an environment of which it is the only admin has other members, or something that has not ended.
 * @param asking as it was read, and confirmed
 */
export async function deleteAccount(
  db: Db,
  session: Credential,
  { caller: userId, password, alone }: Asking,
  now: number,
): Promise<Deleted> {
  const values = { userId, password, alone, now, name: DELETED_NAME };
  const environments = JSON.parse(alone) as number[];
  const [blocking, deleted] = (await db.batch([
    READ_BLOCKING(db, session, now),
    DELETE_USER(db, session, now, values),
    ...environments.flatMap((envId) => [
      DELETE_ENVIRONMENT(db, { ...values, envId }),
      ...deletionOfContents(db, session, envId, now, { erases: false }),
    ]),
    ...DEEDS.map((step) => step(db, session, now, values)),
    ...DELETE_CONTENTS.map((step) => step(db, values)),
  ])) as [D1Result<Blocking>, D1Result, ...D1Result[]];
  if (deleted.meta.changes > 0) return { outcome: "deleted" };
  return blocking.results.length > 0 ? { outcome: "blocked", by: blocking.results } : { outcome: "changed" };
}
