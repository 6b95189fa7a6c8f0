import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import type { DbInstance } from "../aws/rds.ts";
import { type Credential, callerStatement, type Denied } from "../db/caller.ts";
import type { Role } from "../db/roles.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { consuming, IS_PENDING } from "./external-ids.ts";
import { PENDING_CHANGES } from "./pending-changes.ts";
import { recordedInMonth, THIS_MONTH } from "./recorded-bytes.ts";

/*
 * The D1 statements of environments. As for captures, a read is one statement that authenticates, authorises and reads, and a
 * write carries its permission in its WHERE. `:credential` and `:now` are the caller's and the time (see `callerStatement`).
 */

/** An environment as the database has it for a list, times in milliseconds. */
export interface ListedEnvironmentRow {
  id: number;
  name: string;
  region: string;
  instance: string;
  engine: string;
  engineVersion: string;
  parameterGroup: string;
  /** The cluster that the instance is a member of; null when it is of none, or AWS was not asked since this is kept. */
  cluster: string | null;
  credentials: string;
  credentialsHint: string;
  /** The external id that this service made for its role; null when a person chose it, or it has no role. */
  externalId: string | null;
  createdAt: number;
  /** How many days after its end a capture's workload is erased; null while workloads are kept. */
  retentionDays: number | null;
  /** Whether the metrics of such a capture are kept. */
  retainsMetrics: 0 | 1;
  /** Whether what its captures record is sealed from their next start on. */
  sealed: 0 | 1;
  /** Whether nothing was found, when AWS was asked last, that keeps captures from working. */
  isReady: 0 | 1;
  role: Role;
  /** The pending changes in JSON: see `readPendingChanges`. */
  owed: string;
  /** The id of the user who asked for it. */
  caller: string;
}

/** An environment as the database has it, times in milliseconds. */
export interface EnvironmentRow extends ListedEnvironmentRow {
  /** What was found when AWS was asked last: see `readChecks`. Null when it was not. */
  checks: string | null;
  checkedAt: number | null;
  /** How much its captures have recorded in this month, which began then. */
  recordedBytes: number;
  recordedSince: number;
}

/** An environment to be made. */
export interface NewEnvironment extends NewTarget, Retained {
  /** The AWS account that the instance is in. */
  accountId: string;
}

/** How long an environment keeps workloads, and how. */
export type Retained = Pick<EnvironmentRow, "retentionDays" | "retainsMetrics" | "sealed">;

type NewTarget = Pick<
  EnvironmentRow,
  | "name"
  | "region"
  | "instance"
  | "engine"
  | "engineVersion"
  | "parameterGroup"
  | "cluster"
  | "isReady"
  | "checks"
  | "checkedAt"
  | "credentialsHint"
>;

/** The row of an environment that does not exist, or that the caller is no member of. */
export type Unseen = Pick<EnvironmentRow, "caller"> & { role: null };

const COLUMNS = `e.id as id, e.name as name, e.region as region, e.instance as instance, e.engine as engine,
  e.engine_version as engineVersion, e.parameter_group as parameterGroup, e.cluster as cluster,
  e.credentials as credentials, e.credentials_hint as credentialsHint, e.external_id as externalId,
  e.created_at as createdAt, e.retention_days as retentionDays, e.retains_metrics as retainsMetrics, e.sealed as sealed, e.is_ready as isReady, m.role as role,
  ${PENDING_CHANGES} as owed,
  caller.id as caller`;

/** What of one environment is read besides. */
const OF_ONE = `e.checks as checks, e.checked_at as checkedAt, ${recordedInMonth("e.id")} as recordedBytes,
  ${THIS_MONTH} as recordedSince`;

/** Whether a capture of environment `:envId` has a lease that is neither released nor abandoned. */
export const HAS_LEASES = `exists (select 1 from log_leases l cross join captures c on c.id = l.capture_id
  where c.env_id = :envId and l.abandoned_at is null)`;

/** Whether environment `:envId` has a capture that has not ended. */
export const HAS_LIVE = `exists (select 1 from captures where env_id = :envId and ${IS_LIVE})`;

/**
 * Whether a target in the account `:accountId` would take something from the account of environment `:envId` that needs it: a live capture
 * would go on with another server's log, and a lease could not be released. A lease's name has its account; of an environment from
 * before its account was kept, nothing else is known.
 * @param row what its row is called
 */
const leavesAccount = (
  row: string,
) => `(${row}.account_id is not :accountId and (${row}.account_id is not null and ${HAS_LIVE}
  or exists (select 1 from log_leases l cross join captures c on c.id = l.capture_id
    where c.env_id = :envId and l.abandoned_at is null and instr(l.lease_name, '/' || :accountId || '/') = 0)))`;

/** Whether the caller is an admin of environment `:envId`. */
export const IS_ADMIN = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = :envId and m.role = 'admin')`;

/** The caller, and the role that the caller has in environment `:envId`. */
export type Standing = { caller: string; role: Role | null } | null;

/** Reads them, for `adminOutcome`; no row when nobody is signed in. */
export const STANDING = callerStatement(
  `select caller.id as caller, m.role as role
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId`,
);

const ALL = callerStatement(
  `select ${COLUMNS} from caller
   left join members m on m.user_id = caller.id left join environments e on e.id = m.env_id order by e.id`,
);

/** Reads the caller's environments, by id; null when not signed in. */
export async function listEnvironments(
  db: Db,
  credential: Credential,
  now: number,
): Promise<ListedEnvironmentRow[] | null> {
  const { results } = await ALL(db, credential, now).all<ListedEnvironmentRow>();
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

const ONE = callerStatement(
  `select ${COLUMNS}, ${OF_ONE} from caller
   left join members m on m.user_id = caller.id and m.env_id = :envId left join environments e on e.id = m.env_id`,
);

/** The statement of `readEnvironment`. */
export function environmentRead(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): D1PreparedStatement {
  return ONE(db, credential, now, { envId });
}

/** What became of a change that only an admin may make. */
export type AdminOutcome = "changed" | "refused" | Denied;

/**
 * What became of such a change.
 * @param before what the batch read before it: the caller's standing
 */
export function adminOutcome(before: D1Result, changes: D1Result): AdminOutcome {
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
  /** Null when it stays. */
  retention: Pick<Retained, "retentionDays" | "retainsMetrics"> | null;
  sealed: Retained["sealed"] | null;
  /** The instance and how to reach it, as AWS has just confirmed them; null when they stay. */
  target:
    | (Omit<NewEnvironment, "name" | keyof Retained> &
        Pick<EnvironmentRow, "credentials" | "externalId"> & {
          /** The external id if it was pending for the caller till now; null if it is the environment's already, or there is none. */
          pendingId: string | null;
        })
    | null;
}

/**
 * What became of an environment that was to be changed; `in-grace` when graces are to be ended first, `id-used` when the external id
 * is not pending for the caller any more, `other-account` when what has not ended needs the account of the instance before.
 */
export type Updated =
  | { outcome: "changed"; environment: EnvironmentRow }
  | { outcome: Exclude<AdminOutcome, "changed"> | "conflict" | "in-grace" | "id-used" | "other-account" };

/** Whether a lease of environment `:envId` has a grace, and did not fail to be restored before. */
const HAS_GRACES = `exists (select 1 from log_leases l cross join captures c on c.id = l.capture_id
  where c.env_id = :envId and l.kept_until is not null and l.owed_since is null and l.abandoned_at is null)`;

interface BeforeUpdate {
  isAsBefore: 0 | 1 | null;
  hasGraces: 0 | 1;
  isPending: 0 | 1;
  isOtherAccount: 0 | 1;
}

const BEFORE_UPDATE = callerStatement(
  `select caller.id as caller, m.role as role,
     (e.region, e.instance, e.credentials) is (:regionBefore, :instanceBefore, :credentialsBefore) as isAsBefore,
     ${HAS_GRACES} as hasGraces, ${IS_PENDING} as isPending, ${leavesAccount("e")} as isOtherAccount
   from caller left join members m on m.user_id = caller.id and m.env_id = :envId
     left join environments e on e.id = m.env_id`,
);

/** Without a `:region`, the instance and how to reach it stay. */
const UPDATE = callerStatement(
  `update environments set name = coalesce(:name, name), retention_days = iif(:changesRetention, :retentionDays, retention_days),
     retains_metrics = iif(:changesRetention, :retainsMetrics, retains_metrics), sealed = coalesce(:sealed, sealed), region = coalesce(:region, region),
     instance = coalesce(:instance, instance), engine = coalesce(:engine, engine),
     engine_version = coalesce(:engineVersion, engine_version), parameter_group = coalesce(:parameterGroup, parameter_group),
     cluster = iif(:region is null, cluster, :cluster), account_id = coalesce(:accountId, account_id),
     is_ready = coalesce(:isReady, is_ready), checks = coalesce(:checks, checks), checked_at = coalesce(:checkedAt, checked_at),
     credentials = coalesce(:credentials, credentials), credentials_hint = coalesce(:credentialsHint, credentials_hint),
     external_id = iif(:region is null, external_id, :externalId), updated_at = :now
   where id = :envId and deleted_at is null and ${IS_ADMIN} and (:region is null
     or (region, instance, credentials) is (:regionBefore, :instanceBefore, :credentialsBefore)
       and ((region, instance) is (:region, :instance)
         or not ${HAS_LIVE})
       and not ${HAS_GRACES} and ${IS_PENDING} and not ${leavesAccount("environments")})
   returning name, region, instance, engine, engine_version as engineVersion, parameter_group as parameterGroup,
      cluster, is_ready as isReady, checks, checked_at as checkedAt, credentials, credentials_hint as credentialsHint,
      external_id as externalId, retention_days as retentionDays, retains_metrics as retainsMetrics, sealed`,
);

const UPDATE_DEED = callerStatement(
  deedOfCaller({
    action: `iif(:credentials is :credentialsBefore or :credentials is null, ${actionSql("environment.changed")},
      ${actionSql("credentials.changed")})`,
    envId: ":envId",
    details: detailsSql({
      name: ":name",
      region: ":region",
      instance: ":instance",
      credentials: "iif(:credentials is :credentialsBefore, null, :credentialsHint)",
      workloadDays:
        "iif(:changesRetention, coalesce(cast(cast(:retentionDays as integer) as text), 'all'), null)",
      metrics: "iif(:changesRetention, iif(:retainsMetrics, 'kept', 'erased'), null)",
      sealed: "case :sealed when 1 then 'yes' when 0 then 'no' end",
    }),
  }),
);

const CONSUME = consuming(":envId");

/** The values of an update that leaves the target as it is. */
const NO_TARGET = {
  region: null,
  instance: null,
  engine: null,
  engineVersion: null,
  parameterGroup: null,
  cluster: null,
  accountId: null,
  isReady: null,
  checks: null,
  checkedAt: null,
  credentials: null,
  credentialsHint: null,
  externalId: null,
  pendingId: null,
};

/**
 * Changes an environment. Refused when what it records would change under a live capture; a conflict when its target has
 * changed since `before` was read, with which AWS was asked; `in-grace` when its target is to change while a capture that has ended
 * keeps its logs on: the credentials that can restore them may go. Where a live capture or a pending restoration needs the account that
 * its instance is in, a target in another account is refused.
 */
export async function updateEnvironment(
  db: Db,
  credential: Credential,
  before: EnvironmentRow,
  { name, retention, sealed, target }: EnvironmentUpdate,
  now: number,
): Promise<Updated> {
  const values = {
    ...(target ?? NO_TARGET),
    sealed,
    changesRetention: Number(retention !== null),
    ...(retention ?? { retentionDays: null, retainsMetrics: 1 }),
    envId: before.id,
    name,
    regionBefore: before.region,
    instanceBefore: before.instance,
    credentialsBefore: before.credentials,
  };
  const [access, changes] = (await db.batch([
    BEFORE_UPDATE(db, credential, now, values),
    UPDATE(db, credential, now, values),
    UPDATE_DEED(db, credential, now, values),
    ...(values.pendingId === null ? [] : [CONSUME(db, credential, now, values)]),
  ])) as [D1Result<BeforeUpdate>, D1Result<Partial<EnvironmentRow>>];
  const result = adminOutcome(access, changes);
  if (result === "changed") return { outcome: result, environment: { ...before, ...changes.results[0] } };
  if (result !== "refused") return { outcome: result };
  const { isAsBefore, hasGraces, isPending, isOtherAccount } = access.results[0] as BeforeUpdate;
  if (isAsBefore === 0) return { outcome: "conflict" };
  if (isPending === 0) return { outcome: "id-used" };
  if (hasGraces === 1) return { outcome: "in-grace" };
  return { outcome: isOtherAccount === 1 ? "other-account" : result };
}

const UPDATE_CHECKED = callerStatement(
  `update environments set is_ready = :isReady, checks = :checks, checked_at = :now, engine = coalesce(:engine, engine),
     engine_version = coalesce(:engineVersion, engine_version), parameter_group = coalesce(:parameterGroup, parameter_group),
     cluster = iif(:engine is null, cluster, :cluster), account_id = coalesce(:accountId, account_id),
     updated_at = iif(:engine is null or (engine, engine_version, parameter_group, cluster) is
       (:engine, :engineVersion, :parameterGroup, :cluster), updated_at, :now)
   where id = :envId and deleted_at is null and exists (select 1 from caller)
     and (region, instance, credentials) is (:regionBefore, :instanceBefore, :credentialsBefore)`,
);

const CHECK_DEED = callerStatement(
  deedOfCaller({
    action: actionSql("environment.checked"),
    envId: ":envId",
    details: detailsSql({ ready: "iif(:isReady, 'yes', 'no')" }),
  }),
);

/**
 * Records what was found when AWS was asked about an environment, and what it says of the instance, if it says anything. Not if the
 * environment was given another target since it was read: AWS was asked about the one before.
 */
export async function updateChecked(
  db: Db,
  credential: Credential,
  before: EnvironmentRow,
  found: Pick<DbInstance, "engine" | "engineVersion" | "parameterGroup" | "cluster" | "accountId"> | null,
  { isReady, checks }: { isReady: 0 | 1; checks: string },
  now: number,
): Promise<void> {
  const {
    engine = null,
    engineVersion = null,
    parameterGroup = null,
    cluster = null,
    accountId = null,
  } = found ?? {};
  const values = {
    envId: before.id,
    regionBefore: before.region,
    instanceBefore: before.instance,
    credentialsBefore: before.credentials,
    isReady,
    checks,
    engine,
    engineVersion,
    parameterGroup,
    cluster,
    accountId,
  };
  await db.batch([UPDATE_CHECKED, CHECK_DEED].map((step) => step(db, credential, now, values)));
}
