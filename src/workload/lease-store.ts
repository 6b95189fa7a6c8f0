import type { Db } from "../db/types.ts";
import type { EnvironmentAccess } from "../environments/credentials.ts";

/*
 * The D1 statements of leases on general logs. Each is one round trip. A row of `log_leases` is a capture's right to hold a
 * lease: written before the lease is asked for, deleted once it is given back.
 */

/**
 * Notes that a capture is about to ask for a lease; only one that is starting or running may.
 * @returns the name of the lease that the capture has a row for, another one if it had that before; null when it has none
 */
export async function noteLease(
  db: Db,
  captureId: number,
  leaseName: string,
  now: number,
): Promise<string | null> {
  const [, read] = (await db.batch([
    db
      .prepare(
        `insert into log_leases (capture_id, lease_name, acquired_at)
         select id, ?2, ?3 from captures where id = ?1 and status in ('STARTING', 'RUNNING') on conflict do nothing`,
      )
      .bind(captureId, leaseName, now),
    db
      .prepare(
        `select l.lease_name as name from log_leases l join captures c on c.id = l.capture_id
         where l.capture_id = ?1 and c.status in ('STARTING', 'RUNNING')`,
      )
      .bind(captureId),
  ])) as [D1Result, D1Result<{ name: string }>];
  return read.results[0]?.name ?? null;
}

/** A lease that a capture has a row for, and how its environment is reached now. */
export interface NotedLease extends EnvironmentAccess {
  captureId: number;
  leaseName: string;
}

const NOTED = `l.capture_id as captureId, l.lease_name as leaseName, e.id as envId, e.region as region,
  e.credentials as credentials
  from log_leases l join captures c on c.id = l.capture_id join environments e on e.id = c.env_id`;

/** Reads the lease of a capture, if it has one. */
export function readLease(db: Db, captureId: number): Promise<NotedLease | null> {
  return db.prepare(`select ${NOTED} where l.capture_id = ?1`).bind(captureId).first<NotedLease>();
}

/** Notes that a capture has given its lease back. */
export async function forgetLease(db: Db, captureId: number, leaseName: string): Promise<void> {
  await db
    .prepare("delete from log_leases where capture_id = ?1 and lease_name = ?2")
    .bind(captureId, leaseName)
    .run();
}

/** Which of some captures have a row for a lease. */
export async function entitledHolders(
  db: Db,
  leaseName: string,
  captureIds: readonly number[],
): Promise<number[]> {
  const { results } = await db
    .prepare(
      `select capture_id as id from log_leases
       where lease_name = ?1 and capture_id in (select value from json_each(?2))`,
    )
    .bind(leaseName, JSON.stringify(captureIds))
    .all<{ id: number }>();
  return results.map(({ id }) => id);
}

/**
 * Finds leases of captures that have ended, those tried longest ago first, and notes that they are being tried. A deleted
 * capture has failed, or is done as soon as it has drained its log.
 */
export async function claimOrphanedLeases(db: Db, now: number, limit: number): Promise<NotedLease[]> {
  const [, found] = (await db.batch([
    db
      .prepare(
        `update log_leases set tried_at = ?1 where capture_id in
           (select l.capture_id from log_leases l join captures c on c.id = l.capture_id
            where c.status in ('DONE', 'FAILED') order by l.tried_at, l.capture_id limit ?2)`,
      )
      .bind(now, limit),
    // Others that were tried in this very millisecond do no harm: giving back is safe to repeat.
    db.prepare(`select ${NOTED} where l.tried_at = ?1 limit ?2`).bind(now, limit),
  ])) as [D1Result, D1Result<NotedLease>];
  return found.results;
}
