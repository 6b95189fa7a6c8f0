import { statement } from "../db/statement.ts";
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

const OVERDUE = statement(
  `select id, status, scheduled_start as scheduledStart, scheduled_end as scheduledEnd, rearmed
   from captures where due_at <= :now order by rearmed, due_at limit :limit`,
);

/** Finds captures whose move is overdue, those woken least often first. */
export async function findOverdue(db: Db, now: number, limit: number): Promise<OverdueCapture[]> {
  const { results } = await OVERDUE(db, { now, limit }).all<OverdueCapture>();
  return results;
}

const COUNT_WAKES = statement(
  `update captures set rearmed = captures.rearmed + 1 from json_each(:woken) as w
   where captures.id = w.value ->> 'id' and captures.status = w.value ->> 'status'
     and captures.rearmed = w.value ->> 'rearmed' and captures.due_at <= :now`,
);

/**
 * Counts that captures were woken, or that it was tried. Only then: what nobody did must not be counted because an answer of the
 * database was lost. One that has moved on meanwhile counts from 0 again, and one that another run counted is not counted twice.
 */
export async function countWakes(db: Db, woken: readonly OverdueCapture[], now: number): Promise<void> {
  const counted = woken.map(({ id, status, rearmed }) => ({ id, status, rearmed }));
  await COUNT_WAKES(db, { woken: JSON.stringify(counted), now }).run();
}

const ERASABLE = statement(
  `select id from captures where deleted_at < :before and (due_at is null or ${HAS_ENDED})
     and not exists (select 1 from log_leases l where l.capture_id = captures.id and l.abandoned_at is null)
   order by deleted_at limit :limit`,
);

/**
 * Finds captures that were deleted before a time, have ended and gave their log back or abandoned that; whether their metrics were
 * archived does not matter any more.
 */
export async function erasableCaptures(db: Db, before: number, limit: number): Promise<number[]> {
  const { results } = await ERASABLE(db, { before, limit }).all<{ id: number }>();
  return results.map(({ id }) => id);
}

/** Captures last: the others point to them. */
const ERASE = [
  "delete from log_leases where capture_id in (select value from json_each(:ids))",
  "delete from capture_events where capture_id in (select value from json_each(:ids))",
  "delete from captures where id in (select value from json_each(:ids))",
].map(statement);

/** Erases captures, their events, and what was abandoned of their leases from the database. */
export async function eraseCaptures(db: Db, ids: number[]): Promise<void> {
  const values = { ids: JSON.stringify(ids) };
  await db.batch(ERASE.map((step) => step(db, values)));
}

/** The statement that deletes at most `:limit` rows whose time was before `:before`. */
const deleteOld = (table: string, key: string, time: string) =>
  statement(
    `delete from ${table} where ${key} in (select ${key} from ${table} where ${time} < :before limit :limit)`,
  );

/** What else is purged. */
const PURGES = {
  environments: statement(
    `delete from environments where id in (select e.id from environments e where e.deleted_at < :before
       and not exists (select 1 from captures c where c.env_id = e.id)
       and not exists (select 1 from members m where m.env_id = e.id) limit :limit)`,
  ),
  sessions: deleteOld("session", "id", "expires_at"),
  keys: deleteOld("apikey", "id", "expires_at"),
  invites: deleteOld("invites", "code_hash", "expires_at"),
  idempotencyKeys: deleteOld("idempotency_keys", "rowid", "expires_at"),
  verifications: deleteOld("verification", "id", "expires_at"),
  rateLimits: deleteOld("rate_limit", "id", "last_request"),
};

/** Something that is purged once its time has passed. */
export type Purgeable = keyof typeof PURGES;

/** Purges at most `limit` rows whose time was before `before`. Returns how many. */
export async function purge(db: Db, what: Purgeable, before: number, limit: number): Promise<number> {
  const { meta } = await PURGES[what](db, { before, limit }).run();
  return meta.changes;
}
