import { HAS_ENDED, type Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";

/** A capture whose move is overdue. */
export interface OverdueCapture {
  id: number;
  status: Status;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  /** How often it was woken since its last move. */
  rearmed: number;
}

/** Finds captures whose move is overdue, those woken least often first. */
export async function findOverdue(db: Db, now: number, limit: number): Promise<OverdueCapture[]> {
  const { results } = await db
    .prepare(
      `select id, status, scheduled_start as scheduledStart, scheduled_end as scheduledEnd, rearmed
       from captures where due_at <= ?1 order by rearmed, due_at limit ?2`,
    )
    .bind(now, limit)
    .all<OverdueCapture>();
  return results;
}

/**
 * Counts that captures were woken, or that it was tried. Only then: what nobody did must not be counted because an answer of the
 * database was lost. One that has moved on meanwhile counts from 0 again, and one that another run counted is not counted twice.
 */
export async function countWakes(db: Db, woken: readonly OverdueCapture[], now: number): Promise<void> {
  await db
    .prepare(
      `update captures set rearmed = captures.rearmed + 1 from json_each(?1) as w
       where captures.id = w.value ->> 'id' and captures.status = w.value ->> 'status'
         and captures.rearmed = w.value ->> 'rearmed' and captures.due_at <= ?2`,
    )
    .bind(JSON.stringify(woken.map(({ id, status, rearmed }) => ({ id, status, rearmed }))), now)
    .run();
}

/**
 * Finds captures that were deleted before a time, have ended and gave their log back or abandoned that; whether their metrics were
 * archived does not matter any more.
 */
export async function erasableCaptures(db: Db, before: number, limit: number): Promise<number[]> {
  const { results } = await db
    .prepare(
      `select id from captures where deleted_at < ?1 and (due_at is null or ${HAS_ENDED})
         and not exists (select 1 from log_leases l where l.capture_id = captures.id and l.abandoned_at is null)
       order by deleted_at limit ?2`,
    )
    .bind(before, limit)
    .all<{ id: number }>();
  return results.map(({ id }) => id);
}

/** Erases captures, their events, and what was abandoned of their leases from the database. */
export async function eraseCaptures(db: Db, ids: number[]): Promise<void> {
  const list = JSON.stringify(ids);
  await db.batch([
    db.prepare("delete from log_leases where capture_id in (select value from json_each(?1))").bind(list),
    db.prepare("delete from capture_events where capture_id in (select value from json_each(?1))").bind(list),
    db.prepare("delete from captures where id in (select value from json_each(?1))").bind(list),
  ]);
}

/** What else is purged, each by one statement that takes the time before which it is to go, and a limit. */
const PURGES = {
  environments: `delete from environments where id in (select e.id from environments e where e.deleted_at < ?1
    and not exists (select 1 from captures c where c.env_id = e.id)
    and not exists (select 1 from members m where m.env_id = e.id) limit ?2)`,
  sessions: "delete from session where id in (select id from session where expires_at < ?1 limit ?2)",
  keys: "delete from apikey where id in (select id from apikey where expires_at < ?1 limit ?2)",
  invites:
    "delete from invites where code_hash in (select code_hash from invites where expires_at < ?1 limit ?2)",
  idempotencyKeys:
    "delete from idempotency_keys where rowid in (select rowid from idempotency_keys where expires_at < ?1 limit ?2)",
  verifications:
    "delete from verification where id in (select id from verification where expires_at < ?1 limit ?2)",
  rateLimits:
    "delete from rate_limit where id in (select id from rate_limit where last_request < ?1 limit ?2)",
} as const;

/** Something that is purged once its time has passed. */
export type Purgeable = keyof typeof PURGES;

/** Purges at most `limit` rows whose time was before `before`. Returns how many. */
export async function purge(db: Db, what: Purgeable, before: number, limit: number): Promise<number> {
  const { meta } = await db.prepare(PURGES[what]).bind(before, limit).run();
  return meta.changes;
}
