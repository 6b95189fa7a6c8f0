import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { type CallerStatement, type Credential, callerStatement } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import type { SqlValues } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { INVITE_ID } from "./invites.ts";
import { type AdminOutcome, adminOutcome, IS_ADMIN, type Standing } from "./store.ts";

/*
 * The D1 statements of an environment's members, made as those of environments (store.ts).
 */

/** A member as the database has one. */
export interface MemberRow {
  userId: string;
  name: string;
  email: string;
  /** Whether somebody has proven that the address is theirs. */
  emailVerified: number;
  role: Role;
  joinedAt: number;
}

const MEMBERS = callerStatement(
  `select caller.id as caller, m.role as callerRole, u.id as userId, u.name as name, u.email as email,
     u.email_verified as emailVerified, o.role as role,
     o.created_at as joinedAt
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId
     left join members o on o.env_id = m.env_id left join user u on u.id = o.user_id
   order by o.created_at, u.email`,
);

/** Reads the members of an environment, in the order they joined. */
export async function listMembers(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<{ standing: Standing; members: MemberRow[] }> {
  const { results } = await MEMBERS(db, credential, now, { envId }).all<
    MemberRow & { caller: string; callerRole: Role | null }
  >();
  const first = results[0];
  if (first === undefined) return { standing: null, members: [] };
  return {
    standing: { caller: first.caller, role: first.callerRole },
    members: first.callerRole === null ? [] : results,
  };
}

/** What became of a change to a member. */
export type MemberOutcome = AdminOutcome | "no-member";

/** Whether the environment still has an admin once member `:userId` is not one any more. */
const KEEPS_ADMIN = `(role <> 'admin' or exists (select 1 from members o
  where o.env_id = :envId and o.role = 'admin' and o.user_id <> :userId))`;

/** The caller's standing and whether `:userId` is a member. */
const BEFORE_MEMBER = callerStatement(
  `select caller.id as caller, m.role as role, o.user_id as member
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId
     left join members o on o.env_id = m.env_id and o.user_id = :userId`,
);

function memberOutcome(before: D1Result, changes: D1Result): MemberOutcome {
  const result = adminOutcome(before, changes);
  if (result !== "refused") return result;
  const { member } = (before as D1Result<{ member: string | null }>).results[0] as { member: string | null };
  return member === null ? "no-member" : "refused";
}

/** The member whom a change is about, as the audit trail notes it. */
const OF_MEMBER = { envId: ":envId", subject: { id: "members.user_id", name: "u.name" } };
const FROM_MEMBER = "from members join user u on u.id = members.user_id";

/**
 * Revokes what invites member `:userId` has made that can still be used, before a change by which they are no admin any more: it would
 * only suspend them, and whoever has their codes could come in once the maker is an admin again.
 * @param change the conditions under which the member changes
 * @param reason why, for the audit trail
 */
const revokingInvites = (change: string, reason: string): string[] => {
  const rows = `from invites as i where i.env_id = :envId and i.created_by = :userId and i.accepted_at is null
    and exists (select 1 from members where ${change})`;
  return [
    deedOfCaller({
      action: actionSql("invite.revoked"),
      envId: "i.env_id",
      subject: { id: INVITE_ID, name: "i.email" },
      details: detailsSql({ role: "i.role", reason: `'${reason}'` }),
      rows,
    }),
    `delete ${rows}`,
  ];
};

const MAY_CHANGE_ROLE = `env_id = :envId and user_id = :userId and ${IS_ADMIN} and (:role = 'admin' or ${KEEPS_ADMIN})`;

const CHANGE_ROLE = [
  // Also of who becomes an admin: those of an earlier time, when a demotion suspended them.
  ...revokingInvites(`${MAY_CHANGE_ROLE} and members.role <> :role`, "the role of who made it was changed"),
  deedOfCaller({
    ...OF_MEMBER,
    action: actionSql("member.changed"),
    details: detailsSql({ from: "members.role", to: ":role" }),
    rows: `${FROM_MEMBER} where ${MAY_CHANGE_ROLE} and members.role <> :role`,
  }),
  `update members set role = :role where ${MAY_CHANGE_ROLE}`,
].map(callerStatement);

/** Gives a member a role; refused when it would leave the environment without an admin. */
export async function changeRole(
  db: Db,
  credential: Credential,
  envId: number,
  userId: string,
  role: Role,
  now: number,
): Promise<MemberOutcome> {
  const values = { envId, userId, role };
  return changeMember(db, credential, CHANGE_ROLE, values, now);
}

/** Makes a change to a member by one batch, whose last statement is the change itself. */
async function changeMember(
  db: Db,
  credential: Credential,
  steps: readonly CallerStatement[],
  values: SqlValues,
  now: number,
): Promise<MemberOutcome> {
  const results = await db.batch([BEFORE_MEMBER, ...steps].map((step) => step(db, credential, now, values)));
  return memberOutcome(results[0] as D1Result, results.at(-1) as D1Result);
}

const MAY_REMOVE = `env_id = :envId and user_id = :userId
  and (${IS_ADMIN} or user_id = (select id from caller)) and ${KEEPS_ADMIN}`;

const REMOVE_MEMBER = [
  ...revokingInvites(MAY_REMOVE, "who made it was removed"),
  deedOfCaller({
    ...OF_MEMBER,
    action: actionSql("member.removed"),
    details: detailsSql({ from: "members.role" }),
    rows: `${FROM_MEMBER} where ${MAY_REMOVE}`,
  }),
  `delete from members where ${MAY_REMOVE}`,
].map(callerStatement);

/** Removes a member: an admin may remove anybody, and anybody may leave; refused for the last admin. */
export async function removeMember(
  db: Db,
  credential: Credential,
  envId: number,
  userId: string,
  now: number,
): Promise<MemberOutcome> {
  return changeMember(db, credential, REMOVE_MEMBER, { envId, userId }, now);
}
