import { DATABASE_NOW, MAX_SKEW_MS } from "../db/clock.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { archiveDueAt, canMove, dueAt, type Move } from "./lifecycle.ts";
import type { RecordingOptions } from "./plan.ts";
import type { CaptureTarget } from "./reads.ts";
import type { CaptureRow } from "./schema.ts";
import { columns, TARGET } from "./sql.ts";

/** As much of a capture as its runner needs, whoever asks; also of one that is deleted but not yet erased. */
export type RunnerRow = CaptureTarget &
  RecordingOptions & {
    duration: number | null;
    dueAt: number | null;
    deletedAt: number | null;
    /** What time it was for the database when it read this. */
    databaseNow: number;
  };

/** Reads a capture for its runner; null when it has been erased. */
export function readForRunner(db: Db, id: number): Promise<RunnerRow | null> {
  return db
    .prepare(
      `select ${columns("c")}, c.duration as duration, c.due_at as dueAt, c.deleted_at as deletedAt,
         c.max_bytes as maxBytes, ${DATABASE_NOW} as databaseNow, ${TARGET}
       from captures c join environments e on e.id = c.env_id where c.id = ?1`,
    )
    .bind(id)
    .first<RunnerRow>();
}

/**
 * Makes a move that the service itself decided on, together with its event. One whose time is still to come for the database
 * is not made: the clock that it was decided by has jumped, and no move can be taken back.
 * @returns whether it was made: false also when the capture has left the state that the move starts from
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
         select id, ?2, ?3, ?4, ?5, ?6 from captures
         where id = ?1 and status = ?3 and ?2 <= ${DATABASE_NOW} + ${MAX_SKEW_MS}`,
      )
      .bind(capture.id, now, move.from, move.to, actor, move.reason ?? null),
    db
      .prepare(
        // Made if its event was: no capture comes to a state twice. A failure ends what had started, though nobody has said when.
        `update captures set status = ?3, started_at = coalesce(?4, started_at),
           ended_at = coalesce(?5, ended_at, iif(?3 = 'FAILED' and started_at is not null, ?9, null)),
           scheduled_end = ?6, reason = coalesce(?7, reason), rearmed = 0, version = version + 1,
           due_at = iif(?3 = 'FAILED' and started_at is null, null, ?8)
         where id = ?1 and status = ?2
           and exists (select 1 from capture_events e where e.capture_id = ?1 and e.to_status = ?3)`,
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

/** Notes that the runner of a capture that is running or stopping is alive, and when cron is to look after it if it is not any more. */
export async function noteAlive(db: Db, id: number, dueAt: number): Promise<void> {
  await db
    .prepare(
      "update captures set due_at = ?2, rearmed = 0 where id = ?1 and status in ('RUNNING', 'STOPPING')",
    )
    .bind(id, dueAt)
    .run();
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
    .prepare(`update captures set due_at = ?3, rearmed = 0 where id = ?1 and due_at = ?2 and ${HAS_ENDED}`)
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
       where id = ?1 and ${HAS_ENDED} and (?2 is null or deleted_at is null)`,
    )
    .bind(id, archivedAt)
    .run();
  return meta.changes === 1;
}
