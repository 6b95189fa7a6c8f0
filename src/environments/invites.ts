import { type Credential, callerOf } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { sha256 } from "../lib/hash.ts";
import type { Role } from "./schema.ts";
import type { AdminOutcome, Standing } from "./store.ts";

/** How long an invite can be accepted. */
export const INVITE_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
const CODE_BYTES = 32;

/**
 * Whether invite `i` can be used: not yet used, not too old, and its maker is still an admin, or somebody who is being put
 * out of an environment could come back by an invite of their own. ?2 is the time.
 */
const OPEN = `i.accepted_at is null and i.expires_at > ?2 and exists (select 1 from members a
  where a.env_id = i.env_id and a.user_id = i.created_by and a.role = 'admin')`;

/** An invite; its code is shown once and kept as a hash only. */
export interface Invite {
  code: string;
  expiresAt: number;
}

/** Makes an invite into an environment, for an admin of it. */
export async function createInvite(
  db: Db,
  credential: Credential,
  envId: number,
  role: Role,
  now: number,
): Promise<{ outcome: AdminOutcome; invite: Invite }> {
  const code = crypto
    .getRandomValues(new Uint8Array(CODE_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const invite = { code, expiresAt: now + INVITE_LIFETIME_MS };
  const caller = callerOf(credential);
  const [before, made] = (await db.batch([
    db
      .prepare(
        `with ${caller} select caller.id as caller, m.role as role
         from caller left join members m on m.user_id = caller.id and m.env_id = ?3`,
      )
      .bind(credential.value, now, envId),
    db
      .prepare(
        `with ${caller} insert into invites (code_hash, env_id, role, created_by, created_at, expires_at)
         select ?4, m.env_id, ?5, caller.id, ?2, ?6
         from caller join members m on m.user_id = caller.id and m.env_id = ?3 and m.role = 'admin'`,
      )
      .bind(credential.value, now, envId, await sha256(code), role, invite.expiresAt),
  ])) as [D1Result<NonNullable<Standing>>, D1Result];
  const standing = before.results[0];
  if (standing === undefined) return { outcome: "unauthenticated", invite };
  if (standing.role === null) return { outcome: "not-found", invite };
  return { outcome: made.meta.changes > 0 ? "changed" : "forbidden", invite };
}

/** The environment that an acceptance led to; or why it did not. */
export type Accepted =
  | { outcome: "accepted"; envId: number }
  | { outcome: "unauthenticated" | "no-invite" | "already-member" };

/**
 * Makes the caller a member by an invite, which is used up. Of two who send the same code at once, one is accepted. Somebody
 * who is a member already keeps the code for another to use.
 */
export async function acceptInvite(
  db: Db,
  credential: Credential,
  code: string,
  now: number,
): Promise<Accepted> {
  const codeHash = await sha256(code);
  const caller = callerOf(credential);
  const usable = `i.code_hash = ?3 and ${OPEN}
    and (i.claimed_by is null or i.claimed_by = (select u.email from caller join user u on u.id = caller.id))`;
  const [before, used] = (await db.batch([
    db
      .prepare(
        `with ${caller} select i.env_id as envId, m.role as role
         from caller left join invites i on ${usable}
         left join members m on m.env_id = i.env_id and m.user_id = caller.id`,
      )
      .bind(credential.value, now, codeHash),
    db
      .prepare(
        `with ${caller} update invites as i set accepted_by = (select id from caller), accepted_at = ?2
         where ${usable} and exists (select 1 from caller)
           and not exists (select 1 from caller join members m on m.user_id = caller.id where m.env_id = i.env_id)`,
      )
      .bind(credential.value, now, codeHash),
    db
      .prepare(
        `with ${caller} insert into members (env_id, user_id, role, created_at)
         select i.env_id, caller.id, i.role, ?2
         from caller join invites i on i.code_hash = ?3 and i.accepted_by = caller.id and i.accepted_at = ?2
         where true on conflict do nothing`,
      )
      .bind(credential.value, now, codeHash),
  ])) as [D1Result<{ envId: number | null; role: Role | null }>, D1Result, D1Result];
  const found = before.results[0];
  if (found === undefined) return { outcome: "unauthenticated" };
  if (found.envId === null) return { outcome: "no-invite" };
  if (used.meta.changes === 0) return { outcome: "already-member" };
  return { outcome: "accepted", envId: found.envId };
}

const CLAIMABLE = `i.code_hash = ?1 and ${OPEN} and (i.claimed_by is null or i.claimed_by = ?3)`;

/** Whether an address could sign up with an invite, where sign-up is by invite. */
export async function isClaimable(db: Db, code: string, email: string, now: number): Promise<boolean> {
  const invite = db.prepare(`select 1 from invites i where ${CLAIMABLE}`);
  return (await invite.bind(await sha256(code), now, email.toLowerCase()).first()) !== null;
}

/**
 * Reserves an invite for the address that signs up with it, where sign-up is by invite: one invite makes one account. The
 * same address may try again with it.
 * @returns whether the invite is that address's to use
 */
export async function claimInvite(db: Db, code: string, email: string, now: number): Promise<boolean> {
  const claim = db.prepare(`update invites as i set claimed_by = ?3 where ${CLAIMABLE}`);
  const claimed = await claim.bind(await sha256(code), now, email.toLowerCase()).run();
  return claimed.meta.changes > 0;
}
