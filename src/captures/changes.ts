import { type CallerStatement, type Credential, callerStatement, type Denied } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { lazy } from "../lib/lazy.ts";
import { type CaptureRow, columns } from "./capture-row.ts";
import { deletion, dueAt, stopRefusal, TRANSITIONS } from "./lifecycle.ts";
import { allows, byStatus, CAPTURE_OF_CALLER, literal } from "./sql.ts";
import { transitionSql } from "./transitions.ts";

/*
 * The changes that people make to a capture: each is one batch of what was there, then the change with its permission,
 * precondition and state in the WHERE.
 */

/** Which versions of a capture a change is for, as the ETags of its preconditions say (RFC 9110, 13.1). */
export interface Precondition {
  /** Those of `If-Match`: one of these only; null for any. */
  accepted: number[] | null;
  /** Those of `If-None-Match`: none of these; null for none at all. */
  excluded: number[] | null;
}

/** Whether the caller may change the capture of the row at hand: as a member of its environment who owns it, or is an admin. */
const MAY_CHANGE = `exists (select 1 from caller join members m on m.user_id = caller.id
  where m.env_id = captures.env_id and (captures.owner_id = caller.id or m.role = 'admin'))`;

/** Whether the capture of the row at hand has a version that the precondition lets pass. */
const IS_ACCEPTED = `(:precondition ->> 'accepted' is null or version in (select value from json_each(:precondition, '$.accepted')))
  and :precondition ->> 'excluded' is not null and version not in (select value from json_each(:precondition, '$.excluded'))`;

/** The capture `:id` that is to be changed, if it may be. */
const IS_TARGET = `id = :id and deleted_at is null and ${MAY_CHANGE} and ${IS_ACCEPTED}`;

const BEFORE = callerStatement(
  `select (c.owner_id = caller.id or m.role = 'admin') as mayChange, ${columns("c")} ${CAPTURE_OF_CALLER}`,
);

const RENAME = [
  callerStatement(
    `update or ignore captures set name = :name, version = version + (name is not :name)
     where ${IS_TARGET} returning ${columns("captures")}`,
  ),
];

/**
 * The end of a running capture that is ended at `:now`: its scheduled end if that has just passed, and not before its start,
 * which may have come while the request was on its way.
 */
const ENDED_AT = "max(started_at, min(:now, coalesce(scheduled_end, :now)))";

const BY_CALLER = { actor: "(select id from caller)", returning: columns("captures") };

const STOP = lazy(() =>
  transitionSql({
    ...BY_CALLER,
    where: `${IS_TARGET} and ${allows("stop")}`,
    to: byStatus((status) => literal(TRANSITIONS[status].stop ?? status)),
    reason: "null",
    set: { ended_at: ENDED_AT, due_at: ":soon" },
  }).map(callerStatement),
);

const DUE = { soon: ":soon", never: "null", unchanged: "due_at" };

const DELETE = lazy(() =>
  transitionSql({
    ...BY_CALLER,
    where: IS_TARGET,
    isNoted: allows("deletion"),
    to: byStatus((status) => literal(deletion(status).to)),
    reason: byStatus((status) => literal(deletion(status).reason)),
    set: {
      deleted_at: ":now",
      ended_at: byStatus((status) => (deletion(status).ends ? ENDED_AT : "ended_at")),
      due_at: byStatus((status) => DUE[deletion(status).due]),
      // When the deletion makes the capture fail, the capture gets the reason too.
      reason: byStatus((status) => {
        const { to, reason } = deletion(status);
        return to === "FAILED" && reason !== null ? literal(reason) : "reason";
      }),
    },
  }).map(callerStatement),
);

/** What became of a change to a capture. */
export type Changed =
  /** `before` is the capture as it was, `after` as it is. */
  | { outcome: "changed"; before: CaptureRow; after: CaptureRow }
  /** The caller may change it, but its state or another's name forbids this change. */
  | { outcome: "refused"; before: CaptureRow }
  | { outcome: Denied | "outdated" | "excluded" };

interface Access extends CaptureRow {
  mayChange: 0 | 1;
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
  // What would be refused without preconditions is refused for that (RFC 9110, 13.2.1).
  if (!isPossible(access)) return { outcome: "refused", before: access };
  if (accepted !== null && !accepted.includes(access.version)) return { outcome: "outdated" };
  if (excluded === null || excluded.includes(access.version)) return { outcome: "excluded" };
  const row = (after as D1Result<CaptureRow>).results[0];
  return row === undefined
    ? { outcome: "refused", before: access }
    : { outcome: "changed", before: access, after: row };
}

/** Renames a capture; refused when another of its environment has the name. */
export function renameCapture(
  db: Db,
  credential: Credential,
  id: number,
  name: string,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  return change(db, credential, RENAME, { id, name }, precondition, now);
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
  return change(db, credential, STOP(), { id, soon: soon(now) }, precondition, now, canStop);
}

/** Deletes a capture: no reply shows it any more, and its name is free. A live one is ended by the same batch. */
export function deleteCapture(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  now: number,
): Promise<Changed> {
  return change(db, credential, DELETE(), { id, soon: soon(now) }, precondition, now);
}

/** When cron looks after a capture that begins to stop now. */
const soon = (now: number): number => dueAt("STOPPING", { scheduledStart: null, scheduledEnd: null }, now);

/** Makes a change by one batch: what was there, then the statements of the change, the last of which returns what is there then. */
async function change(
  db: Db,
  credential: Credential,
  statements: readonly CallerStatement[],
  values: { id: number; name?: string; soon?: number },
  precondition: Precondition,
  now: number,
  isPossible?: (before: CaptureRow) => boolean,
): Promise<Changed> {
  const all = { ...values, precondition: JSON.stringify(precondition) };
  const results = await db.batch(
    [BEFORE, ...statements].map((statement) => statement(db, credential, now, all)),
  );
  return changed(results[0] as D1Result, results.at(-1) as D1Result, precondition, isPossible);
}
