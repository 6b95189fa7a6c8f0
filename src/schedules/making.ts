import { OVERDUE_MS } from "../captures/lifecycle.ts";
import { noteSql } from "../captures/transitions.ts";
import { statement } from "../db/statement.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { type Env, positiveNumber, runnerOf } from "../env.ts";
import { tooManyLive } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import { namesToTry } from "./capture-name.ts";
import { deleteOld } from "./keeping.ts";
import { nextOccurrence } from "./recurrence.ts";
import { COLUMNS, type ScheduleRow } from "./schedule-row.ts";

/*
 * How the captures of schedules are made: ahead, as SCHEDULED ones, which their runners start on time. Each schedule always has its
 * next occurrence waiting: that is made once the one before has come, and some minutes ahead at the latest, so that a cron that is late
 * delays none.
 *
 * Each occurrence gets one capture, by a batch that makes it and moves the schedule to the occurrence after it, both only where the
 * schedule still stands at it. So it makes no difference how often, or by how many at once, this is run; one that is cut off has
 * done all of it or nothing.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A capture is made so long before its occurrence, if the one before has not come by then. */
const AHEAD_MS = 3 * MINUTE;
/** Occurrences that were missed for so long get no capture: nobody waits for them any more, and there may be very many. */
const MISSED_MS = DAY;
/** How many schedules one run sees to, and how many captures it makes of each. The next minute goes on. */
const BATCH = 200;
const MAX_OF_ONE = 20;

/** When the capture of an occurrence is to be made. @param previous the occurrence before */
const makeTime = (occurrence: number, previous: number): number => Math.min(previous, occurrence - AHEAD_MS);

/** A schedule that has a capture to be made. */
interface DueSchedule extends Omit<ScheduleRow, "ownerName"> {
  nextAt: number;
}

const DUE = statement(
  `select ${COLUMNS} from schedules s where s.make_at <= :now and s.next_at is not null and s.paused_at is null
     and s.deleted_at is null and (:only is null or s.id = :only)
   order by s.make_at limit :limit`,
);

/** The schedule, as it was read, with its environment, as long as its owner may make captures there. */
const FROM = `from schedules s join environments e on e.id = s.env_id and e.deleted_at is null
  join members m on m.user_id = s.owner_id and m.env_id = s.env_id
  where s.id = :id and s.version = :version and s.next_at = :occurrence and s.paused_at is null and s.deleted_at is null`;

const INSERT = statement(
  `insert into captures (env_id, owner_id, name, region, instance, engine, status, scheduled_start, scheduled_end, duration,
     created_at, due_at, redact, max_bytes, log, min_duration_micros, labels, notes, reason, schedule_id, occurrence)
   select e.id, s.owner_id, (select w.value from json_each(:names) w where not exists
       (select 1 from captures n where n.env_id = e.id and n.name = w.value and n.deleted_at is null) order by w.key limit 1),
     e.region, e.instance, e.engine, :status, s.next_at, s.next_at + s.duration, s.duration, :now, :dueAt, s.redact, s.max_bytes,
     s.log, s.min_duration_micros, s.labels, s.notes, :reason, s.id, s.next_at ${FROM}
     and (:status = 'FAILED' or (select count(*) from captures where env_id = s.env_id and ${IS_LIVE}) < :maxLive)
   on conflict do nothing returning id`,
);

const OF_OCCURRENCE = "c.schedule_id = :id and c.occurrence = :occurrence and c.deleted_at is null";

const NOTE = noteSql({
  captureId: "c.id",
  from: "null",
  to: "c.status",
  actor: "'schedule'",
  reason: "c.reason",
  rows: `from captures c where ${OF_OCCURRENCE} and not exists (select 1 from capture_events v where v.capture_id = c.id)`,
}).map(statement);

/** Also where the occurrence has a capture already: it was made before the schedule was changed, and not waiting any more then. */
const ADVANCE = statement(
  `update schedules set next_at = :following, make_at = :makeAt, number = number + 1, problem = null
   where id = :id and version = :version and next_at = :occurrence and exists (select 1 from captures c where ${OF_OCCURRENCE})`,
);

const LEAVE_OUT = statement(
  `update schedules set next_at = :following, make_at = :now, problem = :problem
   where id = :id and version = :version and next_at = :occurrence`,
);

const NOTE_PROBLEM = statement(
  "update schedules set problem = :problem where id = :id and version = :version and problem is not :problem",
);

/** What one run did: captures made, and deleted since they are not kept any more, and schedules that it could not see to. */
export interface MakingCounts extends Record<string, number> {
  scheduledCaptures: number;
  scheduleDeleted: number;
  scheduleErrors: number;
}

/**
 * Makes the captures that are to be made by now, of all schedules or of one.
 * @param only the id of the one; null for all
 */
export async function makeDueCaptures(
  env: Env,
  db: Db,
  only: number | null,
  now: number,
): Promise<MakingCounts> {
  const { results } = await DUE(db, { now, only, limit: BATCH }).all<DueSchedule>();
  const counts: MakingCounts = { scheduledCaptures: 0, scheduleDeleted: 0, scheduleErrors: 0 };
  for (const schedule of results) {
    try {
      counts.scheduledCaptures += await makeOf(env, db, schedule, now);
      // Another is beginning, or the schedule was changed.
      counts.scheduleDeleted += await deleteOld(db, schedule, now);
    } catch (error) {
      // The others go on; this one is tried again in a minute.
      counts.scheduleErrors++;
      log.warn("schedule.failed", {
        scheduleId: schedule.id,
        envId: schedule.envId,
        ...describeError(error),
      });
    }
  }
  return counts;
}

/** Makes the captures of one schedule that are to be made by now. Returns how many. */
async function makeOf(env: Env, db: Db, due: DueSchedule, now: number): Promise<number> {
  const maxLive = positiveNumber(env, "MAX_LIVE_CAPTURES");
  let { nextAt: occurrence, number } = due;
  let made = 0;
  for (let i = 0; i < MAX_OF_ONE; i++) {
    if (occurrence < now - MISSED_MS) {
      const following = await leaveOut(db, due, occurrence, now);
      if (following === null) return made;
      occurrence = following;
    }
    const following = nextOccurrence(due, occurrence);
    const makeAt = following === null ? null : makeTime(following, occurrence);
    const place = { ...due, occurrence, number: number + 1, following, makeAt };
    const step = await makeOne(db, place, maxLive, now);
    if (step === "not-made") return made;
    if (step.id !== null) {
      made++;
      await wake(env, step.id, Math.max(occurrence, now));
    }
    if (following === null || makeAt === null || makeAt > now) return made;
    occurrence = following;
    number++;
  }
  return made;
}

/** An occurrence of a schedule, and the one after it. */
interface Place extends Omit<DueSchedule, "nextAt"> {
  occurrence: number;
  following: number | null;
  makeAt: number | null;
}

/**
 * Makes the capture of one occurrence. An environment that is full may have room again in time: the capture is tried until its end would
 * have come, and is a failed one then.
 * @returns the capture's id, null if there was one already
 */
async function makeOne(
  db: Db,
  place: Place,
  maxLive: number,
  now: number,
): Promise<"not-made" | { id: number | null }> {
  const names = namesToTry(place.captureName, { ...place, schedule: place.name });
  const isOver = now >= place.occurrence + place.duration;
  const values = {
    ...place,
    ...{ names: JSON.stringify(names), maxLive, now },
    ...{ status: "SCHEDULED", reason: null, dueAt: Math.max(place.occurrence, now) + OVERDUE_MS },
  };
  const made = await runMaking(db, values);
  if (made !== "not-made") return made;
  const problem = `${tooManyLive(maxLive).message} (the capture of ${isoTime(place.occurrence)})`;
  if (isOver) return runMaking(db, { ...values, status: "FAILED", reason: problem, dueAt: null });
  await NOTE_PROBLEM(db, { ...place, problem }).run();
  return "not-made";
}

async function runMaking(
  db: Db,
  values: Parameters<typeof INSERT>[1],
): Promise<"not-made" | { id: number | null }> {
  const steps = [INSERT, ...NOTE, ADVANCE];
  const results = (await db.batch(steps.map((step) => step(db, values)))) as D1Result<{ id: number }>[];
  const id = results[0]?.results[0]?.id ?? null;
  return results.at(-1)?.meta.changes === 1 ? { id } : "not-made";
}

/** Leaves out what was missed for too long. Returns the first occurrence that is not; null when there is none, or it was not done. */
async function leaveOut(db: Db, due: DueSchedule, occurrence: number, now: number): Promise<number | null> {
  const following = nextOccurrence(due, now - MISSED_MS);
  const problem = `Occurrences from ${isoTime(occurrence)} on were missed by more than a day, and were left out`;
  const { meta } = await LEAVE_OUT(db, { ...due, occurrence, following, problem, now }).run();
  return meta.changes === 1 ? following : null;
}

/** Wakes a capture's runner; should it be away, cron does within a minute of its start. */
async function wake(env: Env, id: number, at: number): Promise<void> {
  try {
    await runnerOf(env, id).wake(id, at);
  } catch (error) {
    log.warn("capture.wake.failed", { captureId: id, ...describeError(error) });
  }
}
