import { type Credential, callerOf } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { dueAt } from "./lifecycle.ts";
import type { CaptureRow } from "./schema.ts";
import { CAPTURE_OF_CALLER, columns } from "./sql.ts";

/** Whether the caller may change the capture of the row at hand: its owner or an admin, and a member at any rate. */
const MAY_CHANGE = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = captures.env_id and (captures.owner_id = caller.id or m.role = 'admin'))`;

/** Which versions of a capture a change is for, as the ETags of its preconditions say (RFC 9110, 13.1). */
export interface Precondition {
  /** Those of `If-Match`: one of these only; null for any. */
  accepted: number[] | null;
  /** Those of `If-None-Match`: none of these; null for none at all. */
  excluded: number[] | null;
}

/** Whether the capture of the row at hand has a version that the precondition ?4 lets pass. */
const IS_ACCEPTED = `(?4 ->> 'accepted' is null or version in (select value from json_each(?4, '$.accepted')))
  and ?4 ->> 'excluded' is not null and version not in (select value from json_each(?4, '$.excluded'))`;

/** What became of a change to a capture. */
export type Changed =
  /** `before` is the capture as it was, `after` as it is. */
  | { outcome: "changed"; before: CaptureRow; after: CaptureRow }
  /** The caller may change it, but its state or another's name forbids this change. */
  | { outcome: "refused"; before: CaptureRow }
  | { outcome: "unauthenticated" | "not-found" | "forbidden" | "outdated" | "excluded" };

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

function changed(
  before: D1Result,
  after: D1Result,
  { accepted, excluded }: Precondition,
  isPossible: (before: CaptureRow) => boolean = () => true,
): Changed {
  const access = (before as D1Result<Access>).results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  if (access.id === null) return { outcome: "not-found" };
  if (access.mayChange !== 1) return { outcome: "forbidden" };
  // What is refused whatever the version is, says so: its preconditions don't count then (RFC 9110, 13.2.1).
  if (!isPossible(access)) return { outcome: "refused", before: access };
  if (accepted !== null && !accepted.includes(access.version)) return { outcome: "outdated" };
  if (excluded === null || excluded.includes(access.version)) return { outcome: "excluded" };
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
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  const [before, after] = (await db.batch([
    beforeChange(db, credential, id, now),
    db
      .prepare(
        `with ${callerOf(credential)}
         update or ignore captures set name = ?5, version = version + (name is not ?5)
         where id = ?3 and deleted_at is null and ${MAY_CHANGE} and ${IS_ACCEPTED}
         returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, JSON.stringify(precondition), name),
  ])) as [D1Result, D1Result];
  return changed(before, after, precondition);
}

/**
 * The end of a running capture that is ended at ?2: its scheduled end if that has just passed, and not before its start,
 * which may have come while the request was on its way.
 */
const ENDED_AT = "max(started_at, min(?2, coalesce(scheduled_end, ?2)))";

/** Stops a running capture; refused in any other state. */
export async function stopCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  const caller = callerOf(credential);
  const guard = `id = ?3 and deleted_at is null and status = 'RUNNING' and ${MAY_CHANGE} and ${IS_ACCEPTED}`;
  const [before, , after] = (await db.batch([
    beforeChange(db, credential, id, now),
    db
      .prepare(
        `with ${caller}
         insert into capture_events (capture_id, time, from_status, to_status, actor)
         select id, ?2, status, 'STOPPING', (select id from caller) from captures where ${guard}`,
      )
      .bind(credential.value, now, id, JSON.stringify(precondition)),
    db
      .prepare(
        `with ${caller}
         update captures set status = 'STOPPING', ended_at = ${ENDED_AT}, due_at = ?5, rearmed = 0,
           version = version + 1
         where ${guard} returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, JSON.stringify(precondition), dueAt("STOPPING", NO_SCHEDULE, now)),
  ])) as [D1Result, D1Result, D1Result];
  return changed(before, after, precondition, ({ status }) => status === "RUNNING");
}

const NO_SCHEDULE = { scheduledStart: null, scheduledEnd: null };

/** Deletes a capture: it is out of every reply, and its name is free. A live one is ended by the same batch. */
export async function deleteCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  const caller = callerOf(credential);
  const guard = `id = ?3 and deleted_at is null and ${MAY_CHANGE} and ${IS_ACCEPTED}`;
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
      .bind(credential.value, now, id, JSON.stringify(precondition)),
    db
      .prepare(
        `with ${caller}
         update captures set deleted_at = ?2, rearmed = 0, version = version + 1,
           status = case when status = 'RUNNING' then 'STOPPING'
             when status in ('SCHEDULED', 'STARTED', 'STARTING') then 'FAILED' else status end,
           ended_at = iif(status = 'RUNNING', ${ENDED_AT}, ended_at),
           due_at = case when status in ('RUNNING', 'STOPPING') then ?5
             when status in ('DONE', 'FAILED') then due_at else null end,
           reason = case when status in ('SCHEDULED', 'STARTED', 'STARTING') then 'Deleted before it was running' else reason end
         where ${guard} returning ${columns("captures")}`,
      )
      .bind(credential.value, now, id, JSON.stringify(precondition), dueAt("STOPPING", NO_SCHEDULE, now)),
  ])) as [D1Result, D1Result, D1Result];
  return changed(before, after, precondition);
}
