import type { Db } from "../db/types.ts";
import { type Credential, callerOf } from "../identity/credential.ts";
import {
  archiveDueAt,
  type CapturePlan,
  canMove,
  dueAt,
  type Move,
  type RecordingOptions,
  type Status,
} from "./lifecycle.ts";
import type { CaptureFilter, CaptureRow } from "./schema.ts";

/*
 * The D1 statements of captures. Each function is one round trip. A read for a caller is one statement that authenticates,
 * authorises and reads; a write is one batch, which D1 runs as a transaction, with the permission and the expected state in
 * the WHERE of every statement that changes something. The batch begins by reading what is there, so that a write which
 * changed nothing can say why without asking again.
 *
 * They are SQL as it runs, not a query builder's calls: this is the path that every request takes. Parameters ?1 and ?2 are
 * the caller's (see `callerOf`); ?2 is also the time of the request.
 */

const columns = (table: string) => `${table}.id as id, ${table}.name as name, ${table}.started_at as start,
  ${table}.scheduled_start as scheduledStart, ${table}.scheduled_end as scheduledEnd, ${table}.ended_at as "end",
  ${table}.status as status, ${table}.env_id as envId, ${table}.reason as reason, ${table}.redact as redact`;

/** The caller's membership in the environment of capture ?3: no row of a deleted capture, nor of one in another's environment. */
const CAPTURE_OF_CALLER = `from caller
  left join members m on m.user_id = caller.id
    and m.env_id = (select env_id from captures where id = ?3 and deleted_at is null)
  left join captures c on c.id = ?3 and c.env_id = m.env_id and c.deleted_at is null`;

/** Whether the caller may change the capture of the row at hand: its owner or an admin, and a member at any rate. */
const MAY_CHANGE = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = captures.env_id and (captures.owner_id = caller.id or m.role = 'admin'))`;

/** What the caller may know of a capture. */
export type Seen<T> =
  /** There is no such caller: not signed in, or no longer. */
  | { caller: null }
  /** `found` is null when there is no such capture, or the caller is not a member of its environment. */
  | { caller: string; found: T | null };

/** Reads one capture. */
export async function readCapture(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<CaptureRow>> {
  const row = await db
    .prepare(`with ${callerOf(credential)} select caller.id as caller, ${columns("c")} ${CAPTURE_OF_CALLER}`)
    .bind(credential.value, now, id)
    .first<CaptureRow & { caller: string }>();
  return seen(row, (capture) => capture.id !== null);
}

function seen<T extends { caller: string }>(row: T | null, isThere: (row: T) => boolean): Seen<T> {
  if (row === null) return { caller: null };
  return { caller: row.caller, found: isThere(row) ? row : null };
}

/** A capture, the instance that it records, and the credentials that reach it. */
export type CaptureTarget = CaptureRow & {
  region: string;
  instance: string;
  credentials: string | null;
  /** When its metrics were stored; null while CloudWatch has to be asked. */
  metricsArchivedAt: number | null;
};

const TARGET = `c.region as region, c.instance as instance, e.credentials as credentials,
  c.metrics_archived_at as metricsArchivedAt`;

/** Reads one capture with its instance and sealed credentials, for the metrics. */
export async function readTarget(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<CaptureTarget>> {
  const row = await db
    .prepare(
      `with ${callerOf(credential)} select caller.id as caller, ${columns("c")}, ${TARGET}
       ${CAPTURE_OF_CALLER} left join environments e on e.id = c.env_id`,
    )
    .bind(credential.value, now, id)
    .first<CaptureTarget & { caller: string }>();
  return seen(row, (capture) => capture.id !== null);
}

/** An event as the database has it. */
export interface EventRow {
  time: number;
  from: Status | null;
  to: Status;
  actor: string;
  actorName: string | null;
  reason: string | null;
}

/** Reads the history of one capture, oldest first. */
export async function readEvents(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<EventRow[]>> {
  const { results } = await db
    .prepare(
      `with ${callerOf(credential)}
       select caller.id as caller, c.id as captureId, v.time as time, v.from_status as "from", v.to_status as "to",
         v.actor as actor, u.name as actorName, v.reason as reason
       ${CAPTURE_OF_CALLER} left join capture_events v on v.capture_id = c.id left join user u on u.id = v.actor
       order by v.id`,
    )
    .bind(credential.value, now, id)
    .all<EventRow & { caller: string; captureId: number | null }>();
  const first = results[0];
  if (first === undefined) return { caller: null };
  return { caller: first.caller, found: first.captureId === null ? null : results };
}

/**
 * Reads a page of captures, newest first: of one environment, or of every environment of the caller.
 * @returns `found` is null when the environment asked for is unknown or not the caller's
 */
export async function listCaptures(
  db: Db,
  credential: Credential,
  filter: CaptureFilter & { limit: number },
  now: number,
): Promise<Seen<CaptureRow[]>> {
  const values: (string | number)[] = [credential.value, now];
  const param = (value: string | number) => `?${values.push(value)}`;
  const conditions = ["p.env_id = m.env_id", "p.deleted_at is null"];
  if (filter.status !== undefined) conditions.push(`p.status = ${param(filter.status)}`);
  if (filter.name !== undefined) conditions.push(`p.name = ${param(filter.name)}`);
  if (filter.cursor !== undefined) conditions.push(`p.id < ${param(filter.cursor)}`);
  const limit = param(filter.limit);
  const environment = filter.envId === undefined ? "" : `and m.env_id = ${param(filter.envId)}`;
  // At most a page from each environment, through its index: the cost never grows with other people's captures.
  const { results } = await db
    .prepare(
      `with ${callerOf(credential)}
       select caller.id as caller, m.env_id as memberOf, ${columns("c")}
       from caller
       left join members m on m.user_id = caller.id ${environment}
       left join captures c on c.id in
         (select p.id from captures p where ${conditions.join(" and ")} order by p.id desc limit ${limit})
       order by c.id desc limit ${limit}`,
    )
    .bind(...values)
    .all<CaptureRow & { caller: string; memberOf: number | null }>();
  const first = results[0];
  if (first === undefined) return { caller: null };
  if (filter.envId !== undefined && first.memberOf === null) return { caller: first.caller, found: null };
  // An environment without captures leaves a row of nulls, which the order puts last.
  return { caller: first.caller, found: results.filter((row) => row.id !== null) };
}

/** What became of a new capture. */
export type Created =
  | { outcome: "created"; capture: CaptureRow }
  | { outcome: "unauthenticated" | "no-environment" | "duplicate-name" };

/** Makes a capture and the first event of its history. */
export async function createCapture(
  db: Db,
  credential: Credential,
  plan: CapturePlan,
  now: number,
): Promise<Created> {
  const caller = callerOf(credential);
  const [before, created] = (await db.batch([
    db
      .prepare(
        `with ${caller} select m.env_id as memberOf from caller
         left join members m on m.user_id = caller.id and m.env_id = ?3`,
      )
      .bind(credential.value, now, plan.envId),
    db
      .prepare(
        `with ${caller}
         insert into captures (env_id, owner_id, name, region, instance, status, started_at, scheduled_start, scheduled_end,
           duration, created_at, due_at, redact, max_bytes)
         select e.id, caller.id, ?4, e.region, e.instance, ?5, ?6, ?7, ?8, ?9, ?2, ?10, ?11, ?12
         from caller join members m on m.user_id = caller.id join environments e on e.id = m.env_id where m.env_id = ?3
         on conflict do nothing
         returning ${columns("captures")}`,
      )
      .bind(
        credential.value,
        now,
        plan.envId,
        plan.name,
        plan.status,
        plan.start,
        plan.scheduledStart,
        plan.scheduledEnd,
        plan.duration,
        dueAt(plan.status, plan, now),
        plan.redact,
        plan.maxBytes,
      ),
    // Only a capture that was made just now has no history.
    db
      .prepare(
        `with ${caller}
         insert into capture_events (capture_id, time, to_status, actor)
         select c.id, ?2, c.status, caller.id
         from caller join captures c on c.owner_id = caller.id
         where c.env_id = ?3 and c.name = ?4 and c.deleted_at is null
           and not exists (select 1 from capture_events v where v.capture_id = c.id)`,
      )
      .bind(credential.value, now, plan.envId, plan.name),
  ])) as [D1Result<{ memberOf: number | null }>, D1Result<CaptureRow>, D1Result];
  const access = before.results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  if (access.memberOf === null) return { outcome: "no-environment" };
  const capture = created.results[0];
  return capture === undefined ? { outcome: "duplicate-name" } : { outcome: "created", capture };
}

/** What became of a change to a capture. */
export type Changed =
  /** `before` is the capture as it was, `after` as it is. */
  | { outcome: "changed"; before: CaptureRow; after: CaptureRow }
  /** The caller may change it, but its state or another's name forbids this change. */
  | { outcome: "refused"; before: CaptureRow }
  | { outcome: "unauthenticated" | "not-found" | "forbidden" };

interface Access extends CaptureRow {
  mayChange: 0 | 1;
}

function beforeChange(db: Db, credential: Credential, id: number, now: number): D1PreparedStatement {
  return db
    .prepare(
      `with ${callerOf(credential)} select (c.owner_id = caller.id or m.role = 'admin') as mayChange, ${columns("c")}
       ${CAPTURE_OF_CALLER}`,
    )
    .bind(credential.value, now, id);
}

function changed(before: D1Result, after: D1Result): Changed {
  const access = (before as D1Result<Access>).results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  if (access.id === null) return { outcome: "not-found" };
  if (access.mayChange !== 1) return { outcome: "forbidden" };
  const row = (after as D1Result<CaptureRow>).results[0];
  return row === undefined
    ? { outcome: "refused", before: access }
    : { outcome: "changed", before: access, after: row };
}

/** Renames a capture; refused when another of its environment has the name. */
export async function renameCapture(
  db: Db,
  credential: Credential,
  id: number,
  name: string,
  now: number,
): Promise<Changed> {
  const [before, after] = (await db.batch([
    beforeChange(db, credential, id, now),
    db
      .prepare(
        `with ${callerOf(credential)}
         update or ignore captures set name = ?4 where id = ?3 and deleted_at is null and ${MAY_CHANGE}
         returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, name),
  ])) as [D1Result, D1Result];
  return changed(before, after);
}

/**
 * The end of a running capture that is ended at ?2: its scheduled end if that has just passed, and not before its start,
 * which may have come while the request was on its way.
 */
const ENDED_AT = "max(started_at, min(?2, coalesce(scheduled_end, ?2)))";

/** Stops a running capture; refused in any other state. */
export async function stopCapture(db: Db, credential: Credential, id: number, now: number): Promise<Changed> {
  const caller = callerOf(credential);
  const guard = `id = ?3 and deleted_at is null and status = 'RUNNING' and ${MAY_CHANGE}`;
  const [before, , after] = (await db.batch([
    beforeChange(db, credential, id, now),
    db
      .prepare(
        `with ${caller}
         insert into capture_events (capture_id, time, from_status, to_status, actor)
         select id, ?2, status, 'STOPPING', (select id from caller) from captures where ${guard}`,
      )
      .bind(credential.value, now, id),
    db
      .prepare(
        `with ${caller}
         update captures set status = 'STOPPING', ended_at = ${ENDED_AT}, due_at = ?4, rearmed = 0
         where ${guard} returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, dueAt("STOPPING", NO_SCHEDULE, now)),
  ])) as [D1Result, D1Result, D1Result];
  return changed(before, after);
}

const NO_SCHEDULE = { scheduledStart: null, scheduledEnd: null };

/** Deletes a capture: it is out of every reply, and its name is free. A live one is ended by the same batch. */
export async function deleteCapture(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Changed> {
  const caller = callerOf(credential);
  const guard = `id = ?3 and deleted_at is null and ${MAY_CHANGE}`;
  const [before, , after] = (await db.batch([
    beforeChange(db, credential, id, now),
    db
      .prepare(
        `with ${caller}
         insert into capture_events (capture_id, time, from_status, to_status, actor, reason)
         select id, ?2, status, iif(status = 'RUNNING', 'STOPPING', 'FAILED'), (select id from caller),
           iif(status = 'RUNNING', 'Deleted while it was running', 'Deleted before it was running')
         from captures where ${guard} and status in ('SCHEDULED', 'STARTED', 'STARTING', 'RUNNING')`,
      )
      .bind(credential.value, now, id),
    db
      .prepare(
        `with ${caller}
         update captures set deleted_at = ?2, rearmed = 0,
           status = case when status = 'RUNNING' then 'STOPPING'
             when status in ('SCHEDULED', 'STARTED', 'STARTING') then 'FAILED' else status end,
           ended_at = iif(status = 'RUNNING', ${ENDED_AT}, ended_at),
           due_at = case when status in ('RUNNING', 'STOPPING') then ?4
             when status in ('DONE', 'FAILED') then due_at else null end,
           reason = case when status in ('SCHEDULED', 'STARTED', 'STARTING') then 'Deleted before it was running' else reason end
         where ${guard} returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, dueAt("STOPPING", NO_SCHEDULE, now)),
  ])) as [D1Result, D1Result, D1Result];
  return changed(before, after);
}

/** As much of a capture as its runner needs, whoever asks; also of one that is deleted but not yet erased. */
export type RunnerRow = CaptureTarget &
  RecordingOptions & {
    duration: number | null;
    dueAt: number | null;
    deletedAt: number | null;
  };

/** Reads a capture for its runner; null when it has been erased. */
export function readForRunner(db: Db, id: number): Promise<RunnerRow | null> {
  return db
    .prepare(
      `select ${columns("c")}, c.duration as duration, c.due_at as dueAt, c.deleted_at as deletedAt,
         c.max_bytes as maxBytes, ${TARGET}
       from captures c join environments e on e.id = c.env_id where c.id = ?1`,
    )
    .bind(id)
    .first<RunnerRow>();
}

/**
 * Makes a move that the service itself decided on, together with its event.
 * @returns whether it was made: false when the capture has left the state that the move starts from
 * @throws Error when no capture may move so
 */
export async function moveCapture(
  db: Db,
  capture: Pick<CaptureRow, "id" | "scheduledStart" | "scheduledEnd">,
  move: Move,
  actor: "runner" | "cleanup",
  now: number,
): Promise<boolean> {
  if (!canMove(move.from, move.to)) throw new Error(`No capture moves from ${move.from} to ${move.to}`);
  const scheduledEnd = move.scheduledEnd ?? capture.scheduledEnd;
  const [, moved] = (await db.batch([
    db
      .prepare(
        `insert into capture_events (capture_id, time, from_status, to_status, actor, reason)
         select id, ?2, ?3, ?4, ?5, ?6 from captures where id = ?1 and status = ?3`,
      )
      .bind(capture.id, now, move.from, move.to, actor, move.reason ?? null),
    db
      .prepare(
        // A failure ends what had started, though nobody has said when.
        `update captures set status = ?3, started_at = coalesce(?4, started_at),
           ended_at = coalesce(?5, ended_at, iif(?3 = 'FAILED' and started_at is not null, ?9, null)),
           scheduled_end = ?6, reason = coalesce(?7, reason), rearmed = 0,
           due_at = iif(?3 = 'FAILED' and started_at is null, null, ?8)
         where id = ?1 and status = ?2`,
      )
      .bind(
        capture.id,
        move.from,
        move.to,
        move.start ?? null,
        move.end ?? null,
        scheduledEnd,
        move.reason ?? null,
        dueAt(move.to, { scheduledStart: capture.scheduledStart, scheduledEnd }, now),
        now,
      ),
  ])) as [D1Result, D1Result];
  return moved.meta.changes === 1;
}

/**
 * Puts the archiving of a capture's metrics off, before an attempt too: one that is cut off is then made again no sooner.
 * @returns whether it was: false when somebody else has done so, or there is nothing to archive any more
 */
export async function postponeArchive(
  db: Db,
  { id, dueAt }: Pick<RunnerRow, "id" | "dueAt">,
  until: number,
): Promise<boolean> {
  const { meta } = await db
    .prepare(
      "update captures set due_at = ?3, rearmed = 0 where id = ?1 and due_at = ?2 and status in ('DONE', 'FAILED')",
    )
    .bind(id, dueAt, archiveDueAt(until))
    .run();
  return meta.changes === 1;
}

/**
 * Notes that a capture's metrics are stored, or with null that they never will be.
 * @returns whether it was noted: a deleted capture has no stored metrics
 */
export async function finishArchive(db: Db, id: number, archivedAt: number | null): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `update captures set metrics_archived_at = ?2, due_at = null, rearmed = 0
       where id = ?1 and status in ('DONE', 'FAILED') and (?2 is null or deleted_at is null)`,
    )
    .bind(id, archivedAt)
    .run();
  return meta.changes === 1;
}
