import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql, IF_CHANGED } from "../audit/recording.ts";
import { type Credential, callerStatement } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { sha256 } from "../lib/hash.ts";
import { randomToken } from "../lib/random-text.ts";
import { type AdminOutcome, adminOutcome, IS_ADMIN, STANDING, type Standing } from "./store.ts";

/** How long an invite can be accepted. */
export const INVITE_LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Whether invite `i` can be used: not yet used, not too old, and its maker is still an admin: somebody who was removed
 * from an environment must not come back by an invite of their own.
 */
const OPEN = `i.accepted_at is null and i.expires_at > :now and exists (select 1 from members a
  where a.env_id = i.env_id and a.user_id = i.created_by and a.role = 'admin')`;

/**
 * What invite `i` is named by, in SQL, where it is listed and revoked: the beginning of its code's hash, 96 bits. Nobody can work the code out of it.
 */
export const INVITE_ID = "substr(i.code_hash, 1, 16)";
const idOf = (codeHash: string) => codeHash.slice(0, 16);

/** An invite; its code is shown once and kept as a hash only. */
export interface Invite {
  id: string;
  code: string;
  expiresAt: number;
}

/** Whom an invite is to be for. */
export interface InviteRequest {
  role: Role;
  /** The one address whose owner may use it, in lower case; null for whoever has the code. */
  email: string | null;
}

const INSERT = callerStatement(
  `insert into invites (code_hash, env_id, role, email, created_by, created_at, expires_at)
   select :codeHash, m.env_id, :role, :email, caller.id, :now, :expiresAt
   from caller join members m on m.user_id = caller.id and m.env_id = :envId and m.role = 'admin'
   where (select count(*) from invites i where i.env_id = :envId and ${OPEN}) < :maxOpen`,
);

const INSERT_DEED = callerStatement(
  deedOfCaller({
    action: actionSql("invite.created"),
    envId: ":envId",
    subject: { id: ":inviteId", name: ":email" },
    details: detailsSql({ role: ":role" }),
  }),
);

/** Makes an invite into an environment that has fewer than `maxOpen` open ones, for an admin of it. */
export async function createInvite(
  db: Db,
  credential: Credential,
  envId: number,
  { role, email }: InviteRequest,
  maxOpen: number,
  now: number,
): Promise<{ outcome: AdminOutcome; invite: Invite }> {
  const code = randomToken();
  const codeHash = await sha256(code);
  const invite = { id: idOf(codeHash), code, expiresAt: now + INVITE_LIFETIME_MS };
  const values = { envId, role, email, codeHash, inviteId: invite.id, expiresAt: invite.expiresAt, maxOpen };
  const steps = [STANDING, INSERT, INSERT_DEED];
  const [before, made] = (await db.batch(steps.map((step) => step(db, credential, now, values)))) as [
    D1Result,
    D1Result,
  ];
  return { outcome: adminOutcome(before, made), invite };
}

/** An invite that can still be used, as the database has it. */
export interface OpenInviteRow {
  id: string;
  role: Role;
  email: string | null;
  createdBy: string;
  createdByName: string;
  createdAt: number;
  expiresAt: number;
}

const LIST = callerStatement(
  `select caller.id as caller, m.role as callerRole, ${INVITE_ID} as id, i.role as role, i.email as email,
     i.created_by as createdBy, u.name as createdByName, i.created_at as createdAt, i.expires_at as expiresAt
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId
     left join invites i on i.env_id = m.env_id and m.role = 'admin' and ${OPEN}
     left join user u on u.id = i.created_by
   order by i.created_at, i.code_hash`,
);

/** Reads the invites of an environment that can still be used, oldest first; none for who is no admin. */
export async function listInvites(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<{ standing: Standing; invites: OpenInviteRow[] }> {
  const { results } = await LIST(db, credential, now, { envId }).all<
    OpenInviteRow & { caller: string; callerRole: Role | null }
  >();
  const first = results[0];
  if (first === undefined) return { standing: null, invites: [] };
  const standing = { caller: first.caller, role: first.callerRole };
  // Without invites, the caller's row has none.
  return { standing, invites: results.filter((row) => row.id !== null) };
}

const IS_REVOKED = `i.env_id = :envId and ${INVITE_ID} = :inviteId and i.accepted_at is null and ${IS_ADMIN}`;

const REVOKE = [
  deedOfCaller({
    action: actionSql("invite.revoked"),
    envId: "i.env_id",
    subject: { id: INVITE_ID, name: "i.email" },
    details: detailsSql({ role: "i.role" }),
    rows: `from invites i where ${IS_REVOKED}`,
  }),
  `delete from invites as i where ${IS_REVOKED}`,
].map(callerStatement);

/** Revokes an invite that was not used; `refused` when there is none. */
export async function revokeInvite(
  db: Db,
  credential: Credential,
  envId: number,
  inviteId: string,
  now: number,
): Promise<AdminOutcome> {
  const values = { envId, inviteId };
  const steps = [STANDING, ...REVOKE];
  const [before, , gone] = (await db.batch(steps.map((step) => step(db, credential, now, values)))) as [
    D1Result,
    D1Result,
    D1Result,
  ];
  return adminOutcome(before, gone);
}

/** The environment that an acceptance led to; or why it did not. */
export type Accepted =
  | { outcome: "accepted"; envId: number }
  | { outcome: "unauthenticated" | "no-invite" | "unproven" | "already-member" };

/**
 * Whether invite `i` is that of `:codeHash`, and the owner of an address may use it.
 * @param email the address in lower case, an expression
 */
const usableBy = (email: string): string => `i.code_hash = :codeHash and ${OPEN}
  and (i.claimed_by is null or i.claimed_by = ${email}) and (i.email is null or i.email = ${email})`;

/** Whether the caller may use it. */
const USABLE = usableBy("(select lower(u.email) from caller join user u on u.id = caller.id)");

/**
 * Whether the caller has yet to prove the address that invite `i` is for: anybody can sign up with any address. Asked for with
 * `:asksProof`, where mail is sent, by which it can be proven.
 */
const UNPROVEN = `(:asksProof = 1 and i.email is not null and exists (
  select 1 from caller join user u on u.id = caller.id where u.email_verified = 0))`;

/** What somebody does with the code of an invite. */
export interface Use {
  code: string;
  /** Whether an invite for one address asks that the caller has proven it. */
  asksProof: boolean;
}

const useValues = async ({ code, asksProof }: Use) => ({
  codeHash: await sha256(code),
  asksProof: Number(asksProof),
});

/** What an invite is to, and who makes it, as the database has it. */
export interface SeenInviteRow {
  envId: number;
  environment: string;
  region: string;
  instance: string;
  role: Role;
  invitedByName: string;
  invitedByEmail: string;
  expiresAt: number;
}

const LOOK = callerStatement(
  `select caller.id as caller, i.env_id as envId, e.name as environment, e.region as region, e.instance as instance,
     i.role as role, u.name as invitedByName, u.email as invitedByEmail, i.expires_at as expiresAt, ${UNPROVEN} as isUnproven
   from caller left join invites i on ${USABLE}
     left join environments e on e.id = i.env_id left join user u on u.id = i.created_by`,
);

/** What somebody sees who looks at an invite: nothing of one whose address they have yet to prove. */
export type Seen =
  | { outcome: "seen"; caller: string; invite: SeenInviteRow }
  | { outcome: "no-invite" | "unproven"; caller: string }
  | { outcome: "unauthenticated" };

/** What an invite is to, for somebody who has its code and may use it. */
export async function lookAtInvite(db: Db, credential: Credential, use: Use, now: number): Promise<Seen> {
  const row = await LOOK(db, credential, now, await useValues(use)).first<
    (SeenInviteRow | { envId: null }) & { caller: string; isUnproven: number }
  >();
  if (row === null) return { outcome: "unauthenticated" };
  const { caller, isUnproven, ...invite } = row;
  if (invite.envId === null) return { outcome: "no-invite", caller };
  return isUnproven === 1 ? { outcome: "unproven", caller } : { outcome: "seen", caller, invite };
}

const ACCEPTANCE = [
  `select i.env_id as envId, ${UNPROVEN} as isUnproven
   from caller left join invites i on ${USABLE}`,
  `update invites as i set accepted_by = (select id from caller), accepted_at = :now
   where ${USABLE} and exists (select 1 from caller) and not ${UNPROVEN}
     and not exists (select 1 from caller join members m on m.user_id = caller.id where m.env_id = i.env_id)`,
  `insert into members (env_id, user_id, role, created_at)
   select i.env_id, caller.id, i.role, :now
   from caller join invites i on i.code_hash = :codeHash and i.accepted_by = caller.id and i.accepted_at = :now
   where true on conflict do nothing`,
  deedOfCaller({
    action: actionSql("member.added"),
    envId: "i.env_id",
    subject: {
      id: "(select id from caller)",
      name: "(select name from user where id = (select id from caller))",
    },
    details: detailsSql({
      role: "i.role",
      invite: INVITE_ID,
      invitedBy: "(select name from user where id = i.created_by)",
    }),
    rows: `from invites i ${IF_CHANGED} and i.code_hash = :codeHash`,
  }),
].map(callerStatement);

/**
 * Makes the caller a member by an invite, which is used up. Of two who send the same code at once, one is accepted. Somebody
 * who is a member already keeps the code for another to use.
 */
export async function acceptInvite(db: Db, credential: Credential, use: Use, now: number): Promise<Accepted> {
  const values = await useValues(use);
  const [before, used] = (await db.batch(ACCEPTANCE.map((step) => step(db, credential, now, values)))) as [
    D1Result<{ envId: number | null; isUnproven: number }>,
    D1Result,
    D1Result,
  ];
  const found = before.results[0];
  if (found === undefined) return { outcome: "unauthenticated" };
  if (found.envId === null) return { outcome: "no-invite" };
  if (found.isUnproven === 1) return { outcome: "unproven" };
  if (used.meta.changes === 0) return { outcome: "already-member" };
  return { outcome: "accepted", envId: found.envId };
}

const CLAIMABLE = usableBy(":email");
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
