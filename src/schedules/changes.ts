import { deedOfCaller, detailsSql } from "../audit/recording.ts";
import { deletion } from "../captures/lifecycle.ts";
import { literal } from "../captures/sql.ts";
import { transitionSql } from "../captures/transitions.ts";
import { type CallerStatement, type Credential, callerStatement, type Denied } from "../db/caller.ts";
import { hasRole, type Role } from "../db/roles.ts";
import type { Db } from "../db/types.ts";
import { type Precondition, unmet } from "../http/conditional.ts";
import { SCHEDULE_OF_CALLER, type ScheduleDeed } from "./queries.ts";
import { COLUMNS, OWNER_NAME, type ScheduleFields, type ScheduleRow } from "./schedule-row.ts";

/*
 * The changes that people make to a schedule. Each reads it, decides what it is to be, and makes that by one batch with the permission
 * and the version that was read in every statement. The captures of occurrences that are to come go with it: making.ts makes
 * them anew.
 */

/** Why a capture that was waiting for its start is deleted, in its history. */
export const REPLACED = "Its schedule was changed, paused or deleted before it was running";

const WAITING = deletion("SCHEDULED");

/**
 * The SQL of the statements that delete the captures of occurrences to come, as DELETE does. The last returns their ids.
 * @param of which schedules' they are, and whether they may be
 * @param by who does it: the caller, or the service
 */
export const removalOfWaiting = (of: string, by: "caller" | "service"): string[] =>
  transitionSql({
    action: "capture.deleted",
    by,
    actor: by === "caller" ? "(select id from caller)" : "'cleanup'",
    where: `captures.status = 'SCHEDULED' and captures.deleted_at is null and captures.scheduled_start > :now and ${of}`,
    to: literal(WAITING.to),
    reason: literal(REPLACED),
    set: { deleted_at: ":now", due_at: "null", reason: literal(REPLACED) },
    returning: "captures.id as id",
  });

/** How many captures were deleted by `removalOfWaiting` of the same batch, of schedule `:id`. */
const REMOVED = `(select count(*) from captures where deleted_at = :now and schedule_id = :id and reason = ${literal(REPLACED)})`;

/** Whether member `m` may change schedule `s`: who made it, and has not become a viewer, or an admin. */
const IS_THEIRS = `(s.owner_id = caller.id and ${hasRole("member")} or ${hasRole("admin")})`;

/** Whether the caller may change schedule `:id`, it is as it was read, and no other has the name that it is to have. */
const IS_MADE = `exists (select 1 from caller join schedules s on s.id = :id join members m on m.user_id = caller.id and m.env_id = s.env_id
  where s.deleted_at is null and s.version = :versionBefore and ${IS_THEIRS}
    and not exists (select 1 from schedules o where o.env_id = s.env_id and o.name = :name and o.id <> s.id and o.deleted_at is null))`;

const BEFORE = callerStatement(
  `select ${IS_THEIRS} as mayChange, m.role as role, ${COLUMNS}, ${OWNER_NAME} ${SCHEDULE_OF_CALLER}`,
);

const REMOVAL = removalOfWaiting(`captures.schedule_id = :id and ${IS_MADE}`, "caller");

const CHANGE: readonly CallerStatement[] = [
  ...REMOVAL,
  deedOfCaller({
    action: "'schedule.' || :what",
    envId: "s.env_id",
    subject: { id: "s.id", name: "s.name" },
    details: detailsSql({ fields: "json(:changed)" }),
    rows: `from schedules s where s.id = :id and ${IS_MADE}`,
  }),
  `insert into schedule_events (schedule_id, time, what, actor) select :id, :now, :what, caller.id from caller where ${IS_MADE}`,
  // One whose owner may make no captures in the environment any more is taken over by who resumes it.
  `update schedules as s set name = :name, cron = :cron, rrule = :rrule, time_zone = :timeZone, start = :start, capture_name = :captureName,
     duration = :duration, redact = :redact, log = :log, min_duration_micros = :minDurationMicros, max_bytes = :maxBytes,
     labels = :labels, notes = :notes, compares = :compares, keep_last = :keepLast, number = number - ${REMOVED},
     next_at = :nextAt, last_at = iif(:nextAt is null, last_at, null), make_at = iif(:nextAt is null, null, :now), paused_at = :pausedAt, problem = :problem,
     owner_id = iif(:what <> 'resumed' or exists (select 1 from members o where o.user_id = owner_id and o.env_id = s.env_id and ${hasRole("member", "o")}),
       owner_id, (select id from caller)),
     deleted_at = iif(:what = 'deleted', :now, null), version = version + 1, updated_at = :now
   where id = :id and ${IS_MADE}`,
].map(callerStatement);

const AFTER = callerStatement(
  `select ${COLUMNS}, ${OWNER_NAME}, exists (select 1 from schedules o
     where o.env_id = s.env_id and o.name = :name and o.id <> s.id and o.deleted_at is null) as isTaken
   from caller join schedules s on s.id = :id`,
);

/** What a schedule is to be. */
export interface ScheduleUpdate {
  what: ScheduleDeed;
  fields: ScheduleFields;
  /** Its next occurrence; null when it is to make no captures. */
  nextAt: number | null;
  pausedAt: number | null;
  problem: string | null;
}

/** What became of a change to a schedule. */
export type ScheduleChanged =
  /** `removed` are the ids of the captures that were deleted: their runners are to be woken. */
  | { outcome: "changed"; before: ScheduleRow; after: ScheduleRow; removed: number[] }
  /** It is so already: nothing was changed. */
  | { outcome: "unchanged"; before: ScheduleRow }
  | { outcome: Denied | "viewer" | "outdated" | "excluded" | "duplicate-name" | "conflict" };

/** The names of the fields that a change makes others. */
const differences = (before: ScheduleFields, after: ScheduleFields): string[] =>
  (Object.keys(after) as (keyof ScheduleFields)[]).filter((field) => after[field] !== before[field]);

/** How often a change is made anew when somebody else has changed the schedule since it was read. */
const ATTEMPTS = 3;

/**
 * Changes a schedule, and deletes those of its captures that wait for an occurrence to come.
 * @param decide says what it is to be, of what it is; null when it is so already. What it throws is thrown.
 */
export async function changeSchedule(
  db: Db,
  credential: Credential,
  id: number,
  precondition: Precondition,
  decide: (before: ScheduleRow) => ScheduleUpdate | null,
  now: number,
): Promise<ScheduleChanged> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const row = await BEFORE(db, credential, now, { id }).first<
      ScheduleRow & { mayChange: 0 | 1; role: Role }
    >();
    if (row === null) return { outcome: "unauthenticated" };
    if (row.id === null) return { outcome: "not-found" };
    const { mayChange, role, ...before } = row;
    if (mayChange !== 1) return { outcome: role === "viewer" ? "viewer" : "forbidden" };
    // What would be refused without preconditions is refused for that (RFC 9110, 13.2.1).
    const update = decide(before);
    const outcome = unmet(precondition, before.version);
    if (outcome !== null) return { outcome };
    if (update === null) return { outcome: "unchanged", before };
    const { fields, ...rest } = update;
    const values = {
      ...fields,
      ...rest,
      id,
      versionBefore: before.version,
      changed: JSON.stringify(differences(before, fields)),
    };
    const results = await db.batch(
      [...CHANGE, AFTER].map((statement) => statement(db, credential, now, values)),
    );
    const found = (results.at(-1) as D1Result<ScheduleRow & { isTaken: 0 | 1 }>).results[0];
    // Who may no longer change it is told so by the next attempt.
    if (found === undefined) continue;
    const { isTaken, ...after } = found;
    if (results.at(-2)?.meta.changes === 1) {
      const removed = results[REMOVAL.length - 1] as D1Result<{ id: number }>;
      return { outcome: "changed", before, after, removed: removed.results.map((capture) => capture.id) };
    }
    if (after.version === before.version && isTaken === 1) return { outcome: "duplicate-name" };
  }
  return { outcome: "conflict" };
}
