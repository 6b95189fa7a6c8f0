import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, deedOfService, detailsSql, IF_CHANGED } from "../audit/recording.ts";
import { type Credential, callerStatement, type Denied } from "../db/caller.ts";
import { statement } from "../db/statement.ts";
import { HAS_ENDED, IS_LIVE, isOneOf } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";
import { groupOf, type ParameterSettings } from "../environments/parameter-group.ts";
import { toOwedSettings } from "../environments/pending-changes.ts";
import { type EnvironmentRow, environmentRead, IS_ADMIN, type Unseen } from "../environments/store.ts";
import { outboxSql } from "../webhooks/outbox.ts";

/*
 * The D1 statements of leases on logs. Each is one round trip. A row of `log_leases` is a capture's right to hold a
 * lease: written before the lease is acquired, deleted once it is released. One that was abandoned counts as deleted. What the
 * columns `owed_…` say of a pending change, environments show: environments/pending-changes.ts.
 */

/** The states of a capture that may acquire a lease. */
const MAY_ACQUIRE = isOneOf(["STARTING", "RUNNING"]);

/** A capture whose lease a statement is about, as the audit trail notes it. */
const OF_CAPTURE = { envId: "c.env_id", subject: { id: "c.id", name: "c.name" } };

const RECORD = [
  `insert into log_leases (capture_id, lease_name, acquired_at)
   select id, :leaseName, :now from captures where id = :captureId and ${MAY_ACQUIRE}
   on conflict do update set lease_name = excluded.lease_name, acquired_at = excluded.acquired_at, owed_since = null,
     owed_reason = null, owed_settings = null, abandoned_at = null, abandoned_by = null
   where abandoned_at is not null or (lease_name = excluded.lease_name and owed_since is not null)`,
  deedOfService(
    {
      ...OF_CAPTURE,
      action: actionSql("logs.held"),
      details: detailsSql({ lease: ":leaseName" }),
      rows: `from captures c ${IF_CHANGED} and c.id = :captureId`,
    },
    "'runner'",
  ),
  `select l.lease_name as name from log_leases l join captures c on c.id = l.capture_id
   where l.capture_id = :captureId and c.${MAY_ACQUIRE}`,
].map(statement);

/**
 * Records that a capture is about to acquire a lease; only one that is starting or running may.
 * @returns the name of the lease that the capture has a row for, another one if it had that before; null when it has none
 */
export async function recordLease(
  db: Db,
  captureId: number,
  leaseName: string,
  now: number,
): Promise<string | null> {
  const values = { captureId, leaseName, now };
  const results = await db.batch<{ name: string }>(RECORD.map((step) => step(db, values)));
  return results.at(-1)?.results[0]?.name ?? null;
}

/** A row of `log_leases`. */
export interface LeaseRow {
  captureId: number;
  leaseName: string;
}

const ROW = "l.capture_id as captureId, l.lease_name as leaseName from log_leases l";

const ONE = statement(`select ${ROW} where l.capture_id = :captureId and l.abandoned_at is null`);

/** Reads the lease of a capture, if it has one. */
export function readLease(db: Db, captureId: number): Promise<LeaseRow | null> {
  return ONE(db, { captureId }).first<LeaseRow>();
}

const DELETE = [
  "delete from log_leases where capture_id = :captureId and lease_name = :leaseName and abandoned_at is null",
  deedOfService(
    {
      ...OF_CAPTURE,
      action: actionSql("logs.restored"),
      details: detailsSql({ lease: ":leaseName" }),
      rows: `from captures c ${IF_CHANGED} and c.id = :captureId`,
    },
    "'lease'",
  ),
].map(statement);

/** Deletes the row of a capture whose lease was released. */
export async function deleteLease(db: Db, captureId: number, leaseName: string): Promise<void> {
  const values = { captureId, leaseName, now: Date.now() };
  await db.batch(DELETE.map((step) => step(db, values)));
}

const KEEP = statement(
  `update log_leases set kept_until = :until
   where capture_id = :captureId and lease_name = :leaseName and abandoned_at is null`,
);

/** Records until when cron leaves the lease of a capture that has ended to the lease's Durable Object. */
export async function recordKept(db: Db, captureId: number, leaseName: string, until: number): Promise<void> {
  await KEEP(db, { captureId, leaseName, until }).run();
}

const KEPT = statement(
  `select ${ROW} cross join captures c on c.id = l.capture_id
   where l.kept_until is not null and l.abandoned_at is null and c.env_id = :envId order by l.capture_id limit :limit`,
);

/** The leases of an environment's captures that have ended and are still kept, or were and are not restored. */
export async function keptLeases(db: Db, envId: number, limit: number): Promise<LeaseRow[]> {
  const { results } = await KEPT(db, { envId, limit }).all<LeaseRow>();
  return results;
}

const ENTITLED = statement(
  `select capture_id as id from log_leases
   where lease_name = :leaseName and capture_id in (select value from json_each(:captureIds)) and abandoned_at is null`,
);

/** Which of some captures have a row for a lease. */
export async function entitledHolders(
  db: Db,
  leaseName: string,
  captureIds: readonly number[],
): Promise<number[]> {
  const values = { leaseName, captureIds: JSON.stringify(captureIds) };
  const { results } = await ENTITLED(db, values).all<{ id: number }>();
  return results.map(({ id }) => id);
}

const ACCESS = statement(
  `select e.id as envId, e.region as region, e.credentials as credentials from environments e
   where e.id = :envId and e.deleted_at is null and e.credentials is not null and exists (
     select 1 from captures c left join log_leases l on l.capture_id = c.id and l.lease_name = :leaseName
     where c.env_id = e.id and l.abandoned_at is null
       and (c.id in (select value from json_each(:released))
         or l.capture_id is not null and c.id in (select value from json_each(:holding))))`,
);

/**
 * The current access to an environment on behalf of its captures: some that hold a lease, which must have their rows, or that were
 * released and are answerable. Null once the environment is deleted, and where an admin has abandoned what they owe.
 */
export function currentAccess(
  db: Db,
  leaseName: string,
  envId: number,
  { holding, released }: { holding: readonly number[]; released: readonly number[] },
): Promise<EnvironmentAccess | null> {
  const values = { leaseName, envId, holding: JSON.stringify(holding), released: JSON.stringify(released) };
  return ACCESS(db, values).first<EnvironmentAccess>();
}

const ABLE = statement(
  `select c.id as id from captures c join environments e on e.id = c.env_id
     left join log_leases l on l.capture_id = c.id and l.lease_name = :leaseName
   where c.id in (select value from json_each(:captureIds)) and e.deleted_at is null and e.credentials is not null
     and l.abandoned_at is null`,
);

/** Which of some released captures have an environment that can restore the group: not deleted, and it was not abandoned. */
export async function ableToRestore(
  db: Db,
  leaseName: string,
  captureIds: readonly number[],
): Promise<number[]> {
  const values = { leaseName, captureIds: JSON.stringify(captureIds) };
  const { results } = await ABLE(db, values).all<{ id: number }>();
  return results.map(({ id }) => id);
}

const ENVIRONMENTS = statement(
  "select id, env_id as envId from captures where id in (select value from json_each(:captureIds))",
);

/** The environments of some captures, by the captures' ids; without those that were erased. */
export async function environmentsOfCaptures(
  db: Db,
  captureIds: readonly number[],
): Promise<Map<number, number>> {
  const values = { captureIds: JSON.stringify(captureIds) };
  const { results } = await ENVIRONMENTS(db, values).all<{ id: number; envId: number }>();
  return new Map(results.map(({ id, envId }) => [id, envId]));
}

/** The captures that `:owing` lists, of environments that exist. */
const OWING = `from json_each(:owing) owing join captures c on c.id = owing.value ->> 'captureId' join environments e on e.id = c.env_id
   where e.deleted_at is null`;

const RECORD_PENDING = [
  // What was pending before is noted already.
  deedOfService(
    {
      ...OF_CAPTURE,
      action: actionSql("logs.owed"),
      details: detailsSql({ lease: ":leaseName", reason: "owing.value ->> 'reason'" }),
      rows: `${OWING} and not exists (select 1 from log_leases l where l.capture_id = c.id
        and (l.owed_since is not null or l.lease_name <> :leaseName or l.abandoned_at is not null))`,
    },
    "'lease'",
  ),
  // Webhooks are told as soon as it was tried: of each group once for an environment's latest capture, however often it is retried.
  outboxSql({
    type: "log.left-on",
    key: ":leaseName",
    more: `json_object('parameterGroup', :parameterGroup, 'reason', (select owing.value ->> 'reason' from json_each(:owing) owing
      where owing.value ->> 'captureId' = c.id))`,
    captures: `select * from captures where id in (select max(o.id) from json_each(:owing) owing
      join captures o on o.id = owing.value ->> 'captureId' where owing.value ->> 'reason' is not null group by o.env_id)`,
    where: "e.deleted_at is null",
  }),
  `insert into log_leases (capture_id, lease_name, acquired_at, owed_since, owed_reason, owed_settings)
   select c.id, :leaseName, :now, :now, owing.value ->> 'reason', owing.value ->> 'settings'
   ${OWING}
   on conflict do update set owed_since = coalesce(owed_since, excluded.owed_since),
     owed_reason = excluded.owed_reason, owed_settings = excluded.owed_settings
   where lease_name = excluded.lease_name and abandoned_at is null`,
].map(statement);

/** What a capture that was released has changed in a group and is not restored. */
export interface OwingCapture {
  captureId: number;
  /** Why not; null when nobody has tried yet. */
  reason: string | null;
  /** What the group is to have again. */
  settings: ParameterSettings;
}

/**
 * Records that some captures have a pending change of a group; also for one whose row is deleted already, since it asked for its
 * lease after that had been released. What webhooks are told of it is in the outbox; cron sends it.
 */
export async function recordPendingChanges(
  db: Db,
  leaseName: string,
  owing: readonly OwingCapture[],
  now: number,
): Promise<void> {
  const rows = owing.map(({ settings, ...row }) => ({
    ...row,
    settings: JSON.stringify(toOwedSettings(settings)),
  }));
  const { parameterGroup } = groupOf(leaseName);
  const values = { leaseName, parameterGroup, owing: JSON.stringify(rows), now };
  await db.batch(RECORD_PENDING.map((step) => step(db, values)));
}

const CLAIM_ORPHANED = [
  `update log_leases set tried_at = :now, owed_since = coalesce(owed_since, :now) where capture_id in
     (select l.capture_id from log_leases l join captures c on c.id = l.capture_id
      where c.${HAS_ENDED} and l.abandoned_at is null and (l.kept_until is null or l.kept_until < :now)
      order by l.tried_at, l.capture_id limit :limit)`,
  // Others that were retried in the same millisecond do no harm: a release is safe to repeat.
  `select ${ROW} where l.tried_at = :now and l.owed_since is not null limit :limit`,
].map(statement);

/**
 * Finds leases of captures that have ended, but for those that are kept for a while; those retried longest ago come first. Records
 * that they are being retried, and that their changes are pending. A deleted capture has failed, or is done as soon as it has drained its log.
 */
export async function claimOrphanedLeases(db: Db, now: number, limit: number): Promise<LeaseRow[]> {
  const [, found] = (await db.batch(CLAIM_ORPHANED.map((step) => step(db, { now, limit })))) as [
    D1Result,
    D1Result<LeaseRow>,
  ];
  return found.results;
}

const CLAIM_QUIET = statement(
  `update log_leases set tried_at = :now where capture_id in
     (select l.capture_id from log_leases l join captures c on c.id = l.capture_id
      where c.${IS_LIVE} and coalesce(l.tried_at, l.acquired_at) < :before and l.abandoned_at is null
      order by coalesce(l.tried_at, l.acquired_at) limit :limit)
   returning lease_name as name`,
);

/**
 * Finds leases of captures that have not ended and that nobody has checked since a time, and records that they are being checked.
 * @returns the names of the leases, each once
 */
export async function claimQuietLeases(
  db: Db,
  before: number,
  now: number,
  limit: number,
): Promise<string[]> {
  const { results } = await CLAIM_QUIET(db, { now, before, limit }).all<{ name: string }>();
  return [...new Set(results.map(({ name }) => name))];
}

const PENDING = statement(
  `select ${ROW} cross join captures c on c.id = l.capture_id
   where l.owed_since is not null and l.abandoned_at is null and c.env_id = :envId order by l.capture_id desc limit :limit`,
);

/** The leases with a pending change of an environment. Bounded: there is one for each group, and few of those. */
export async function pendingLeases(db: Db, envId: number, limit: number): Promise<LeaseRow[]> {
  const { results } = await PENDING(db, { envId, limit }).all<LeaseRow>();
  return results;
}

/** What became of the pending changes that were to be abandoned. */
export type Abandoned =
  | { outcome: "changed"; environment: EnvironmentRow; leaseNames: string[] }
  | { outcome: Denied };

const IS_ABANDONED = `owed_since is not null and abandoned_at is null and ${IS_ADMIN}`;

const ABANDON_DEED = callerStatement(
  deedOfCaller({
    ...OF_CAPTURE,
    action: actionSql("logs.abandoned"),
    details: detailsSql({ lease: "l.lease_name" }),
    rows: `from log_leases l join captures c on c.id = l.capture_id where c.env_id = :envId and ${IS_ABANDONED}`,
  }),
);

const ABANDON = callerStatement(
  `update log_leases set abandoned_at = :now, abandoned_by = (select id from caller)
   where ${IS_ABANDONED} and exists (select 1 from captures c where c.id = log_leases.capture_id and c.env_id = :envId)
   returning lease_name as leaseName`,
);

/**
 * Abandons the pending changes of an environment: nobody retries them any more. That they were pending stays on record, with
 * who abandoned them, until its captures are erased.
 */
export async function abandonPendingChanges(
  db: Db,
  credential: Credential,
  envId: number,
  now: number,
): Promise<Abandoned> {
  const [, changes, read] = (await db.batch([
    ABANDON_DEED(db, credential, now, { envId }),
    ABANDON(db, credential, now, { envId }),
    environmentRead(db, credential, envId, now),
  ])) as [D1Result, D1Result<{ leaseName: string }>, D1Result<EnvironmentRow | Unseen>];
  const environment = read.results[0];
  if (environment === undefined) return { outcome: "unauthenticated" };
  if (environment.role === null) return { outcome: "not-found" };
  if (environment.role !== "admin") return { outcome: "forbidden" };
  const leaseNames = [...new Set(changes.results.map(({ leaseName }) => leaseName))];
  return { outcome: "changed", environment, leaseNames };
}
