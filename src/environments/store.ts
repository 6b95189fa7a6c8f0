import type { DbInstance } from "../aws/rds.ts";
import { type Credential, callerOf } from "../db/caller.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { PENDING_CHANGES } from "./pending-changes.ts";
import type { Role } from "./schema.ts";

/*
 * The D1 statements of environments. As for captures, a read is one statement that authenticates, authorises and reads, and a
 * write carries its permission in its WHERE. ?1 and ?2 are the caller's and the time (see `callerOf`).
 */

/** An environment as the database has it, times in milliseconds. */
export interface EnvironmentRow {
  id: number;
  name: string;
  region: string;
  instance: string;
  engine: string;
  engineVersion: string;
  parameterGroup: string;
  credentials: string;
  credentialsHint: string;
  createdAt: number;
  role: Role;
  /** The pending changes in JSON: see `readPendingChanges`. */
  owed: string;
  /** The id of the user who asked for it. */
  caller: string;
}

/** An environment to be made. */
export type NewEnvironment = Pick<
  EnvironmentRow,
  "name" | "region" | "instance" | "engine" | "engineVersion" | "parameterGroup" | "credentialsHint"
>;

/** What is known of an environment that is unknown, or that the caller is no member of. */
export type Unseen = Pick<EnvironmentRow, "caller"> & { role: null };

const COLUMNS = `e.id as id, e.name as name, e.region as region, e.instance as instance, e.engine as engine,
  e.engine_version as engineVersion, e.parameter_group as parameterGroup, e.credentials as credentials,
  e.credentials_hint as credentialsHint, e.created_at as createdAt, m.role as role,
  ${PENDING_CHANGES} as owed,
  caller.id as caller`;

/** Whether environment ?3 has a lease that is not given back, nor abandoned. */
const HAS_LEASES = `exists (select 1 from log_leases l cross join captures c on c.id = l.capture_id
  where c.env_id = ?3 and l.abandoned_at is null)`;

/** Whether the caller is an admin of environment ?3. */
export const IS_ADMIN = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = ?3 and m.role = 'admin')`;

/** The caller, and the role that the caller has in environment ?3. */
export type Standing = { caller: string; role: Role | null } | null;

/** Reads the caller's environments, by id; null when not signed in. */
export async function listEnvironments(
  db: Db,
  credential: Credential,
  now: number,
): Promise<EnvironmentRow[] | null> {
  const { results } = await db
    .prepare(
      `with ${callerOf(credential)} select ${COLUMNS} from caller
       left join members m on m.user_id = caller.id left join environments e on e.id = m.env_id order by e.id`,
    )
    .bind(credential.value, now)
    .all<EnvironmentRow>();
  return results.length === 0 ? null : results.filter((row) => row.id !== null);
}

/** Reads one environment: null when not signed in, `role` null when it is unknown or the caller is not a member. */
export function readEnvironment(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<EnvironmentRow | Unseen | null> {
  return environmentRead(db, credential, envId, now).first<EnvironmentRow>();
}

/** The statement of `readEnvironment`. */
export function environmentRead(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(
      `with ${callerOf(credential)} select ${COLUMNS} from caller
       left join members m on m.user_id = caller.id and m.env_id = ?3 left join environments e on e.id = m.env_id`,
    )
    .bind(credential.value, now, envId);
}

/** What became of a change that only an admin may make. */
export type AdminOutcome = "changed" | "refused" | "unauthenticated" | "not-found" | "forbidden";

function outcome(before: D1Result, changes: D1Result): AdminOutcome {
  const caller = (before as D1Result<NonNullable<Standing>>).results[0];
  if (caller === undefined) return "unauthenticated";
  if (caller.role === null) return "not-found";
  if (changes.meta.changes > 0) return "changed";
  return caller.role === "admin" ? "refused" : "forbidden";
}

/** What to change of an environment. */
export interface EnvironmentUpdate {
  /** Null when it stays. */
  name: string | null;
  /** The instance and how to reach it, as AWS has just confirmed them; null when they stay. */
  target: (Omit<NewEnvironment, "name"> & Pick<EnvironmentRow, "credentials">) | null;
}

/** What became of an environment that was to be changed. */
export type Updated =
  | { outcome: "changed"; environment: EnvironmentRow }
  | { outcome: Exclude<AdminOutcome, "changed"> | "conflict" };

/**
 * Changes an environment. Refused when what it records would change under a live capture; a conflict when the target that
 * `before` shows, and that AWS was asked with, is the environment's no more.
 */
export async function updateEnvironment(
  db: Db,
  credential: Credential,
  before: EnvironmentRow,
  { name, target }: EnvironmentUpdate,
  now: number,
): Promise<Updated> {
  const [access, changes] = (await db.batch([
    db
      .prepare(
        `with ${callerOf(credential)} select caller.id as caller, m.role as role,
           (e.region, e.instance, e.credentials) is (?4, ?5, ?6) as isAsBefore
         from caller left join members m on m.user_id = caller.id and m.env_id = ?3
           left join environments e on e.id = m.env_id`,
      )
      .bind(credential.value, now, before.id, before.region, before.instance, before.credentials),
    db
      .prepare(
        `with ${callerOf(credential)}
         update environments set name = coalesce(?4, name), region = coalesce(?5, region),
           instance = coalesce(?6, instance), engine = coalesce(?7, engine),
           engine_version = coalesce(?8, engine_version), parameter_group = coalesce(?9, parameter_group),
           credentials = coalesce(?10, credentials), credentials_hint = coalesce(?11, credentials_hint), updated_at = ?2
         where id = ?3 and deleted_at is null and ${IS_ADMIN} and (?5 is null
           or (region, instance, credentials) is (?12, ?13, ?14) and ((region, instance) is (?5, ?6)
             or not exists (select 1 from captures where env_id = ?3 and ${IS_LIVE})))
         returning name, region, instance, engine, engine_version as engineVersion, parameter_group as parameterGroup,
           credentials, credentials_hint as credentialsHint`,
      )
      .bind(
        credential.value,
        now,
        before.id,
        name,
        target?.region ?? null,
        target?.instance ?? null,
        target?.engine ?? null,
        target?.engineVersion ?? null,
        target?.parameterGroup ?? null,
        target?.credentials ?? null,
        target?.credentialsHint ?? null,
        before.region,
        before.instance,
        before.credentials,
      ),
  ])) as [D1Result<{ isAsBefore: 0 | 1 | null }>, D1Result<Partial<EnvironmentRow>>];
  const result = outcome(access, changes);
  if (result === "changed") return { outcome: result, environment: { ...before, ...changes.results[0] } };
  return { outcome: result === "refused" && access.results[0]?.isAsBefore === 0 ? "conflict" : result };
}

/** Notes what the instance was found to be, when the check shows that it has changed. */
export async function updateFound(db: Db, envId: number, found: DbInstance, now: number): Promise<void> {
  await db
    .prepare(
      `update environments set engine = ?2, engine_version = ?3, parameter_group = ?4, updated_at = ?5
       where id = ?1 and deleted_at is null and (engine, engine_version, parameter_group) is not (?2, ?3, ?4)`,
    )
    .bind(envId, found.engine, found.engineVersion, found.parameterGroup, now)
    .run();
}

/** What became of an environment that was to be deleted; `owing` when something is owed to a parameter group. */
export type DeleteOutcome = AdminOutcome | "owing";

/**
 * Deletes an environment with its captures, members and invites; refused while a capture is live, or has changed a parameter
 * group that is not given back: without the environment's credentials nobody could. These are gone at once, the rest is erased
 * by cron.
 */
export async function deleteEnvironment(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<DeleteOutcome> {
  const isDeleted = "(select deleted_at from environments where id = ?1) = ?2";
  const isLive = `exists (select 1 from captures where env_id = ?3 and ${IS_LIVE})`;
  const [before, changes] = (await db.batch([
    db
      .prepare(
        `with ${callerOf(credential)} select caller.id as caller, m.role as role, ${isLive} as isLive
         from caller left join members m on m.user_id = caller.id and m.env_id = ?3`,
      )
      .bind(credential.value, now, envId),
    db
      .prepare(
        `with ${callerOf(credential)}
         update environments set deleted_at = ?2, credentials = null
         where id = ?3 and deleted_at is null and ${IS_ADMIN} and not ${isLive} and not ${HAS_LEASES}`,
      )
      .bind(credential.value, now, envId),
    db
      .prepare(
        `update captures set deleted_at = ?2 where env_id = ?1 and deleted_at is null and ${isDeleted}`,
      )
      .bind(envId, now),
    db.prepare(`delete from members where env_id = ?1 and ${isDeleted}`).bind(envId, now),
    db.prepare(`delete from invites where env_id = ?1 and ${isDeleted}`).bind(envId, now),
  ])) as [D1Result<{ isLive: 0 | 1 }>, D1Result, ...D1Result[]];
  const result = outcome(before, changes);
  return result === "refused" && before.results[0]?.isLive === 0 ? "owing" : result;
}

/** A member as the database has one. */
export interface MemberRow {
  userId: string;
  name: string;
  email: string;
  role: Role;
  joinedAt: number;
}

/** Reads the members of an environment, in the order they joined. */
export async function listMembers(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<{ standing: Standing; members: MemberRow[] }> {
  const { results } = await db
    .prepare(
      `with ${callerOf(credential)}
       select caller.id as caller, m.role as callerRole, u.id as userId, u.name as name, u.email as email, o.role as role,
         o.created_at as joinedAt
       from caller left join members m on m.user_id = caller.id and m.env_id = ?3
         left join members o on o.env_id = m.env_id left join user u on u.id = o.user_id
       order by o.created_at, u.email`,
    )
    .bind(credential.value, now, envId)
    .all<MemberRow & { caller: string; callerRole: Role | null }>();
  const first = results[0];
  if (first === undefined) return { standing: null, members: [] };
  return {
    standing: { caller: first.caller, role: first.callerRole },
    members: first.callerRole === null ? [] : results,
  };
}

/** What became of a change to a member. */
export type MemberOutcome = AdminOutcome | "no-member";

/** Whether the environment keeps an admin when member ?4 is none any more. */
const KEEPS_ADMIN = `(role <> 'admin' or exists (select 1 from members o
  where o.env_id = ?3 and o.role = 'admin' and o.user_id <> ?4))`;

/** Reads the caller's standing and whether ?4 is a member. */
function beforeMember(db: Db, credential: Credential, envId: number, userId: string, now: number) {
  return db
    .prepare(
      `with ${callerOf(credential)}
       select caller.id as caller, m.role as role, o.user_id as member
       from caller left join members m on m.user_id = caller.id and m.env_id = ?3
         left join members o on o.env_id = m.env_id and o.user_id = ?4`,
    )
    .bind(credential.value, now, envId, userId);
}

function memberOutcome(before: D1Result, changes: D1Result): MemberOutcome {
  const result = outcome(before, changes);
  if (result !== "refused") return result;
  const { member } = (before as D1Result<{ member: string | null }>).results[0] as { member: string | null };
  return member === null ? "no-member" : "refused";
}

/** Gives a member a role; refused when it would leave the environment without an admin. */
export async function changeRole(
  db: Db,
  credential: Credential,
  envId: number,
  userId: string,
  role: Role,
  now: number,
): Promise<MemberOutcome> {
  const [before, changes] = (await db.batch([
    beforeMember(db, credential, envId, userId, now),
    db
      .prepare(
        `with ${callerOf(credential)} update members set role = ?5
         where env_id = ?3 and user_id = ?4 and ${IS_ADMIN} and (?5 = 'admin' or ${KEEPS_ADMIN})`,
      )
      .bind(credential.value, now, envId, userId, role),
  ])) as [D1Result, D1Result];
  return memberOutcome(before, changes);
}

/** Removes a member: an admin may remove anybody, and anybody may leave; refused for the last admin. */
export async function removeMember(
  db: Db,
  credential: Credential,
  envId: number,
  userId: string,
  now: number,
): Promise<MemberOutcome> {
  const [before, changes] = (await db.batch([
    beforeMember(db, credential, envId, userId, now),
    db
      .prepare(
        `with ${callerOf(credential)} delete from members
         where env_id = ?3 and user_id = ?4 and (${IS_ADMIN} or user_id = (select id from caller)) and ${KEEPS_ADMIN}`,
      )
      .bind(credential.value, now, envId, userId),
  ])) as [D1Result, D1Result];
  return memberOutcome(before, changes);
}
