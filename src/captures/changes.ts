import { actionSql } from "../audit/actions.ts";
import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { type CallerStatement, type Credential, callerStatement, type Denied } from "../db/caller.ts";
import { DATABASE_NOW } from "../db/clock.ts";
import { hasRole, type Role } from "../db/roles.ts";
import type { SqlValues } from "../db/statement.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { type Precondition, unmet } from "../http/conditional.ts";
import { lazy } from "../lib/lazy.ts";
import { type CaptureRow, columns } from "./capture-row.ts";
import {
  archiveDueAfterRestore,
  CANCELLED,
  cancelRefusal,
  deletion,
  dueAt,
  OVERDUE_MS,
  stopRefusal,
  TRANSITIONS,
} from "./lifecycle.ts";
import { impossibleTimes, rescheduleRefusal, reschedules, type Timed } from "./rescheduling.ts";
import type { CaptureChanges } from "./schema.ts";
import {
  allows,
  byStatus,
  CAPTURE_OF_CALLER,
  KEPT_CAPTURE_OF_CALLER,
  literal,
  RESTORABLE_SINCE,
} from "./sql.ts";
import { transitionSql } from "./transitions.ts";

/*
 * The changes that people make to a capture: each is one batch of what was there, then the change with its permission,
 * precondition and state in the WHERE.
 */

/** Whether member `m` may change a capture: who made it, and has not become a viewer, or an admin. */
const isTheirs = (capture: string) =>
  `(${capture}.owner_id = caller.id and ${hasRole("member")} or ${hasRole("admin")})`;

/** Whether the caller may change the capture of the row at hand. */
const MAY_CHANGE = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = captures.env_id and ${isTheirs("captures")})`;

/** Whether the capture of the row at hand has a version that the precondition lets pass. */
const IS_ACCEPTED = `(:precondition ->> 'accepted' is null or version in (select value from json_each(:precondition, '$.accepted')))
  and :precondition ->> 'excluded' is not null and version not in (select value from json_each(:precondition, '$.excluded'))`;

/** The capture `:id` that is to be changed, if it may be. */
const IS_TARGET = `id = :id and deleted_at is null and ${MAY_CHANGE} and ${IS_ACCEPTED}`;

const ACCESS = `${isTheirs("c")} as mayChange, m.role as role, ${columns("c")}`;

const BEFORE = callerStatement(`select ${ACCESS} ${CAPTURE_OF_CALLER}`);

const BEFORE_CHANGE = callerStatement(
  `select ${ACCESS}, c.back_dated as backDated, ${DATABASE_NOW} as databaseNow ${CAPTURE_OF_CALLER}`,
);

/** What a capture has by a change: each as it was where the change says nothing of it. */
const NEW_DURATION = "iif(:changesDuration, :duration, duration)";
const NEW_START = "coalesce(:scheduledStart, scheduled_start)";
const NEW_END = `iif(:reschedules, iif(status = 'SCHEDULED', ${NEW_START}, coalesce(scheduled_start, started_at)) + ${NEW_DURATION},
  scheduled_end)`;
const NEW_NAME = "coalesce(:name, name)";
const NEW_LABELS = "coalesce(:labels, labels)";
const NEW_NOTES = "iif(:changesNotes, :notes, notes)";

/**
 * Whether the times of the capture at hand may change, as rescheduling.ts says it. By the database's clock: a runner that has read the
 * log after the end has left out what was later, and the end can't be moved any more.
 */
const IS_RESCHEDULABLE = `:isPossible and back_dated = 0 and (status = 'SCHEDULED' or status = 'RUNNING' and :scheduledStart is null
  and (scheduled_end is null or scheduled_end > ${DATABASE_NOW}) and (${NEW_END} is null or ${NEW_END} > ${DATABASE_NOW}))`;

/** A name that another capture of its environment has. */
const isTaken = (name: string) => `exists (select 1 from captures n
  where n.env_id = captures.env_id and n.name = ${name} and n.deleted_at is null and n.id <> captures.id)`;

/** What a change is noted of. */
const OF_CAPTURE = { envId: "captures.env_id", subject: { id: "captures.id", name: "captures.name" } };

const CHANGE = [
  callerStatement(
    deedOfCaller({
      ...OF_CAPTURE,
      action: actionSql("capture.changed"),
      details: detailsSql({ fields: "json(:fields)" }),
      rows: `from captures where ${IS_TARGET} and (not :reschedules or ${IS_RESCHEDULABLE}) and not ${isTaken(NEW_NAME)}
        and (name, labels, notes, scheduled_start, duration, scheduled_end)
          is not (${NEW_NAME}, ${NEW_LABELS}, ${NEW_NOTES}, ${NEW_START}, ${NEW_DURATION}, ${NEW_END})`,
    }),
  ),
  callerStatement(
    `update or ignore captures set name = ${NEW_NAME}, labels = ${NEW_LABELS}, notes = ${NEW_NOTES},
       scheduled_start = ${NEW_START}, duration = ${NEW_DURATION}, scheduled_end = ${NEW_END},
       due_at = iif(:reschedules, iif(status = 'SCHEDULED', ${NEW_START} + ${OVERDUE_MS},
         min(:runningDue, coalesce(${NEW_END} + ${OVERDUE_MS}, :runningDue))), due_at),
       version = version + ((name, labels, notes, scheduled_start, duration, scheduled_end)
         is not (${NEW_NAME}, ${NEW_LABELS}, ${NEW_NOTES}, ${NEW_START}, ${NEW_DURATION}, ${NEW_END}))
     where ${IS_TARGET} and (not :reschedules or ${IS_RESCHEDULABLE}) returning ${columns("captures")}`,
  ),
];

/**
 * The end of a running capture that is ended at `:now`: its scheduled end if that has just passed, and not before its start,
 * which may have come while the request was on its way.
 */
const ENDED_AT = "max(started_at, min(:now, coalesce(scheduled_end, :now)))";

const BY_CALLER = { by: "caller", actor: "(select id from caller)", returning: columns("captures") } as const;

/** The end of a capture that never ran: only one that was told to begin in the past has a start, and ends now. */
const ENDED_UNRUN = "coalesce(ended_at, iif(started_at is null, null, max(started_at, :now)))";

const STOP = lazy(() =>
  transitionSql({
    ...BY_CALLER,
    action: "capture.stopped",
    where: `${IS_TARGET} and ${allows("stop")}`,
    to: byStatus((status) => literal(TRANSITIONS[status].stop ?? status)),
    reason: "null",
    set: { ended_at: ENDED_AT, due_at: ":soon" },
  }).map(callerStatement),
);

const CANCEL = lazy(() =>
  transitionSql({
    ...BY_CALLER,
    action: "capture.cancelled",
    where: `${IS_TARGET} and ${allows("cancellation")}`,
    to: byStatus((status) => literal(TRANSITIONS[status].cancellation ?? status)),
    reason: literal(CANCELLED),
    counts: "null",
    // It never ran, so that there are no metrics to archive.
    set: { ended_at: ENDED_UNRUN, reason: literal(CANCELLED), due_at: "null" },
  }).map(callerStatement),
);

const DUE = { soon: ":soon", never: "null", unchanged: "due_at" };

const DELETE = lazy(() =>
  transitionSql({
    ...BY_CALLER,
    action: "capture.deleted",
    where: IS_TARGET,
    isMove: allows("deletion"),
    to: byStatus((status) => literal(deletion(status).to)),
    reason: byStatus((status) => literal(deletion(status).reason)),
    set: {
      deleted_at: ":now",
      ended_at: byStatus((status) => {
        if (deletion(status).ends) return ENDED_AT;
        return TRANSITIONS[status].deletion === "FAILED" ? ENDED_UNRUN : "ended_at";
      }),
      due_at: byStatus((status) => DUE[deletion(status).due]),
      // When the deletion makes the capture fail, the capture gets the reason too.
      reason: byStatus((status) => {
        const { to, reason } = deletion(status);
        return to === "FAILED" && reason !== null ? literal(reason) : "reason";
      }),
    },
  }).map(callerStatement),
);

const BEFORE_RESTORE = callerStatement(
  `select ${ACCESS}, c.deleted_at as deletedAt ${KEPT_CAPTURE_OF_CALLER}`,
);

/**
 * Brings back a capture that was deleted no longer than `:restorableFor` ago: cron erases only what was deleted before that. Metrics that were
 * not stored before the deletion are to be stored now. It no longer stands for its schedule's occurrence: there may be another
 * capture of that by now, and the schedule would delete this one again as an old one otherwise.
 */
const RESTORE = [
  callerStatement(
    deedOfCaller({
      ...OF_CAPTURE,
      action: actionSql("capture.restored"),
      rows: `from captures where id = :id and deleted_at > ${RESTORABLE_SINCE} and ${MAY_CHANGE} and ${IS_ACCEPTED}
        and not ${isTaken("captures.name")}`,
    }),
  ),
  callerStatement(
    `update or ignore captures set deleted_at = null, version = version + (deleted_at is not null),
       occurrence = iif(deleted_at is null, occurrence, null),
       due_at = iif(deleted_at is not null and due_at is null and ${HAS_ENDED} and started_at is not null
         and metrics_archived_at is null and metrics_erased_at is null, :archiveDue, due_at)
     where id = :id and (deleted_at is null or deleted_at > ${RESTORABLE_SINCE}) and ${MAY_CHANGE} and ${IS_ACCEPTED}
     returning ${columns("captures")}`,
  ),
];

/** What became of a change to a capture. */
export type Changed<Before extends CaptureRow = CaptureRow> =
  /** `before` is the capture as it was, `after` as it is. */
  | { outcome: "changed"; before: Before; after: CaptureRow }
  /** The caller may change it, but its state or another's name forbids this change. */
  | { outcome: "refused"; before: Before }
  | { outcome: Denied | "viewer" | "outdated" | "excluded" };

function changed<Before extends CaptureRow>(
  before: D1Result,
  after: D1Result,
  precondition: Precondition,
  isPossible: (before: Before) => boolean = () => true,
): Changed<Before> {
  const access = (before as D1Result<Before & { mayChange: 0 | 1; role: Role }>).results[0];
  if (access === undefined) return { outcome: "unauthenticated" };
  if (access.id === null) return { outcome: "not-found" };
  if (access.mayChange !== 1) return { outcome: access.role === "viewer" ? "viewer" : "forbidden" };
  // What would be refused without preconditions is refused for that (RFC 9110, 13.2.1).
  if (!isPossible(access)) return { outcome: "refused", before: access };
  const outcome = unmet(precondition, access.version);
  if (outcome !== null) return { outcome };
  const row = (after as D1Result<CaptureRow>).results[0];
  return row === undefined
    ? { outcome: "refused", before: access }
    : { outcome: "changed", before: access, after: row };
}

/** A capture that was to be changed, and the database's time then. */
export type BeforeChange = CaptureRow & Timed & { databaseNow: number };

/**
 * Changes what a capture is called, what is put on it and written about it, and when it starts and ends. Refused when another of its
 * environment has the name, and when its times can't be changed so (see rescheduling.ts).
 */
export function changeCapture(
  db: Db,
  credential: Credential,
  id: number,
  changes: CaptureChanges,
  precondition: Precondition,
  now: number,
): Promise<Changed<BeforeChange>> {
  const { name = null, labels, notes = null, scheduledStart = null, duration = null } = changes;
  const isAboutTime = reschedules(changes);
  const impossible = impossibleTimes(changes, now);
  const values = {
    id,
    fields: JSON.stringify(Object.keys(changes)),
    name,
    labels: labels === undefined ? null : JSON.stringify(labels),
    changesNotes: Number(changes.notes !== undefined),
    notes,
    reschedules: Number(isAboutTime),
    scheduledStart,
    changesDuration: Number(changes.duration !== undefined),
    duration,
    isPossible: Number(impossible === null),
    runningDue: dueAt("RUNNING", { scheduledStart: null, scheduledEnd: null }, now),
  };
  const isPossible = (before: BeforeChange) =>
    !isAboutTime || (impossible === null && rescheduleRefusal(before, changes, before.databaseNow) === null);
  return change([BEFORE_CHANGE, ...CHANGE], db, credential, values, precondition, now, isPossible);
}

/** Stops a running capture; refused in any other state. */
export function stopCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  const canStop = ({ status }: CaptureRow) => stopRefusal(status) === null;
  return change([BEFORE, ...STOP()], db, credential, { id, soon: soon(now) }, precondition, now, canStop);
}

/** Cancels a capture that does not run yet; refused in any other state. */
export function cancelCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  const canCancel = ({ status }: CaptureRow) => cancelRefusal(status) === null;
  return change([BEFORE, ...CANCEL()], db, credential, { id }, precondition, now, canCancel);
}

/** Deletes a capture: no reply shows it any more, and its name is free. A live one is ended by the same batch. */
export function deleteCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  return change([BEFORE, ...DELETE()], db, credential, { id, soon: soon(now) }, precondition, now);
}

/** A capture that was to be brought back; `deletedAt` is null when it was not deleted. */
export type BeforeRestore = CaptureRow & { deletedAt: number | null };

/**
 * Brings a deleted capture back, in the state that its deletion has left it in; one that is not deleted stays as it is. Refused when
 * another of its environment has its name by now.
 * @param restorableFor those that were deleted longer ago are being erased; in milliseconds
 */
export function restoreCapture(
  db: Db,
  credential: Credential,
  id: number,
  restorableFor: number,
  precondition: Precondition,
  now: number,
): Promise<Changed<BeforeRestore>> {
  const values = { id, restorableFor, archiveDue: archiveDueAfterRestore(now) };
  return change([BEFORE_RESTORE, ...RESTORE], db, credential, values, precondition, now);
}

/** When cron looks after a capture that begins to stop now. */
const soon = (now: number): number => dueAt("STOPPING", { scheduledStart: null, scheduledEnd: null }, now);

/** Makes a change by one batch: what was there, then the statements of the change, the last of which returns what is there then. */
async function change<Before extends CaptureRow>(
  statements: readonly CallerStatement[],
  db: Db,
  credential: Credential,
  values: SqlValues,
  precondition: Precondition,
  now: number,
  isPossible?: (before: Before) => boolean,
): Promise<Changed<Before>> {
  const all = { ...values, precondition: JSON.stringify(precondition) };
  const results = await db.batch(statements.map((statement) => statement(db, credential, now, all)));
  return changed(results[0] as D1Result, results.at(-1) as D1Result, precondition, isPossible);
}
