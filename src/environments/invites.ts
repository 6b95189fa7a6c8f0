import { type Credential, callerStatement } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { sha256 } from "../lib/hash.ts";
import { type AdminOutcome, adminOutcome } from "./store.ts";

/** How long an invite can be accepted. */
export const INVITE_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
const CODE_BYTES = 32;

/**
 * Whether invite `i` can be used: not yet used, not too old, and its maker is still an admin: somebody who was removed
 * from an environment must not come back by an invite of their own.
 */
const OPEN = `i.accepted_at is null and i.expires_at > :now and exists (select 1 from members a
  where a.env_id = i.env_id and a.user_id = i.created_by and a.role = 'admin')`;

/** An invite; its code is shown once and kept as a hash only. */
export interface Invite {
  code: string;
  expiresAt: number;
}

const STANDING = callerStatement(
  `select caller.id as caller, m.role as role
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId`,
);

const INSERT = callerStatement(
  `insert into invites (code_hash, env_id, role, created_by, created_at, expires_at)
   select :codeHash, m.env_id, :role, caller.id, :now, :expiresAt
   from caller join members m on m.user_id = caller.id and m.env_id = :envId and m.role = 'admin'
   where (select count(*) from invites i where i.env_id = :envId and ${OPEN}) < :maxOpen`,
);

/** Makes an invite into an environment that has fewer than `maxOpen` open ones, for an admin of it. */
export async function createInvite(
  db: Db,
  credential: Credential,
  envId: number,
  role: Role,
  maxOpen: number,
  now: number,
): Promise<{ outcome: AdminOutcome; invite: Invite }> {
  const code = crypto
    .getRandomValues(new Uint8Array(CODE_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
  const invite = { code, expiresAt: now + INVITE_LIFETIME_MS };
  const values = { envId, role, codeHash: await sha256(code), expiresAt: invite.expiresAt, maxOpen };
  const [before, made] = (await db.batch([
    STANDING(db, credential, now, values),
    INSERT(db, credential, now, values),
  ])) as [D1Result, D1Result];
  return { outcome: adminOutcome(before, made), invite };
}

/** The environment that an acceptance led to; or why it did not. */
export type Accepted =
  | { outcome: "accepted"; envId: number }
  | { outcome: "unauthenticated" | "no-invite" | "already-member" };

/** Whether invite `i` is that of `:codeHash` and the caller may use it. */
const USABLE = `i.code_hash = :codeHash and ${OPEN}
  and (i.claimed_by is null or i.claimed_by = (select u.email from caller join user u on u.id = caller.id))`;

const ACCEPTANCE = [
  `select i.env_id as envId, m.role as role
   from caller left join invites i on ${USABLE}
   left join members m on m.env_id = i.env_id and m.user_id = caller.id`,
  `update invites as i set accepted_by = (select id from caller), accepted_at = :now
   where ${USABLE} and exists (select 1 from caller)
     and not exists (select 1 from caller join members m on m.user_id = caller.id where m.env_id = i.env_id)`,
  `insert into members (env_id, user_id, role, created_at)
   select i.env_id, caller.id, i.role, :now
   from caller join invites i on i.code_hash = :codeHash and i.accepted_by = caller.id and i.accepted_at = :now
   where true on conflict do nothing`,
].map(callerStatement);

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
  const values = { codeHash: await sha256(code) };
  const [before, used] = (await db.batch(ACCEPTANCE.map((step) => step(db, credential, now, values)))) as [
    D1Result<{ envId: number | null; role: Role | null }>,
    D1Result,
    D1Result,
  ];
  const found = before.results[0];
  if (found === undefined) return { outcome: "unauthenticated" };
  if (found.envId === null) return { outcome: "no-invite" };
  if (used.meta.changes === 0) return { outcome: "already-member" };
  return { outcome: "accepted", envId: found.envId };
}

const CLAIMABLE = `i.code_hash = :codeHash and ${OPEN} and (i.claimed_by is null or i.claimed_by = :email)`;
const FIND_CLAIMABLE = statement(`select 1 from invites i where ${CLAIMABLE}`);
const CLAIM = statement(`update invites as i set claimed_by = :email where ${CLAIMABLE}`);

const claimValues = async (code: string, email: string, now: number) => ({
  codeHash: await sha256(code),
  email: email.toLowerCase(),
  now,
});

/** Whether an address could sign up with an invite, where sign-up is by invite. */
export async function isClaimable(db: Db, code: string, email: string, now: number): Promise<boolean> {
  return (await FIND_CLAIMABLE(db, await claimValues(code, email, now)).first()) !== null;
}

/**
 * Reserves an invite for the address that signs up with it, where sign-up is by invite: one invite makes one account. The
 * same address may try again with it.
 * @returns whether the invite is that address's to use
 */
export async function claimInvite(db: Db, code: string, email: string, now: number): Promise<boolean> {
  const claimed = await CLAIM(db, await claimValues(code, email, now)).run();
  return claimed.meta.changes > 0;
}
