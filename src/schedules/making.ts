import { OVERDUE_MS } from "../captures/lifecycle.ts";
import { tooManyLive } from "../captures/refusals.ts";
import { literal } from "../captures/sql.ts";
import { noteSql } from "../captures/transitions.ts";
import { wakeRunner } from "../captures/waking.ts";
import { hasRole } from "../db/roles.ts";
import { statement } from "../db/statement.ts";
import { IS_LIVE } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { type Env, positiveNumber } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import { namesToTry } from "./capture-name.ts";
import { REPLACED } from "./changes.ts";
import { deleteOld } from "./keeping.ts";
import { endsByItself, nextOccurrence } from "./recurrence.ts";
import { COLUMNS, type ScheduleRow } from "./schedule-row.ts";

/*
 * How the captures of schedules are made: ahead, as SCHEDULED ones, which their runners start on time. Each schedule always has its
 * next occurrence waiting: that is made once the one before has come, and some minutes ahead at the latest, so that a cron that is late
 * delays none.
 *
 * Each occurrence gets one capture, by a batch that makes it and moves the schedule to the occurrence after it, both only where the
 * schedule still stands at it. So it makes no difference how often, or by how many at once, this is run; one that is cut off has
 * done all of it or nothing.
 *
 * A run sees to so many schedules, those first that wait longest. One that it can't make a capture of waits anew from then on, so that it
 * is tried again in a minute, but after the others.
 */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A capture is made so long before its occurrence, if the one before has not come by then. */
const AHEAD_MS = 3 * MINUTE;
/** Occurrences that have been over for so long get no capture: nobody still waits for them, and there may be very many. */
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
  join members m on m.user_id = s.owner_id and m.env_id = s.env_id and ${hasRole("member")}
  where s.id = :id and s.version = :version and s.next_at = :occurrence and s.paused_at is null and s.deleted_at is null`;

/** Whether the environment of schedule `s` has as many live captures as it may have. */
const IS_FULL = `((select count(*) from captures where env_id = s.env_id and ${IS_LIVE}) >= :maxLive)`;

/** Whether capture `c` is the one of the occurrence: also one that somebody has deleted, but not one that a change has. */
const STANDS_FOR = `c.schedule_id = :id and c.occurrence = :occurrence and (c.deleted_at is null or c.reason is not ${literal(REPLACED)})`;
/** Whether it was made by this batch: it has no history yet. */
const IS_NEW = "not exists (select 1 from capture_events v where v.capture_id = c.id)";

/** A capture that is to be made; one of an environment that is full is a failed one, and the others are not. */
const INSERT = statement(
  `insert into captures (env_id, owner_id, name, region, instance, engine, status, scheduled_start, scheduled_end, duration,
     created_at, due_at, redact, max_bytes, log, min_duration_micros, labels, notes, reason, schedule_id, occurrence)
   select e.id, s.owner_id, (select w.value from json_each(:names) w where not exists
       (select 1 from captures n where n.env_id = e.id and n.name = w.value and n.deleted_at is null) order by w.key limit 1),
     e.region, e.instance, e.engine, :status, s.next_at, s.next_at + s.duration, s.duration, :now, :dueAt, s.redact, s.max_bytes,
     s.log, s.min_duration_micros, s.labels, s.notes, :reason, s.id, s.next_at ${FROM}
     and (:status = 'FAILED') = ${IS_FULL} and not exists (select 1 from captures c where ${STANDS_FOR})
   on conflict do nothing returning id`,
);

const NOTE = noteSql({
  capture: "c",
  action: "capture.created",
  by: "service",
  from: "null",
  to: "c.status",
  actor: "'schedule'",
  reason: "c.reason",
  rows: `from captures c where ${STANDS_FOR} and ${IS_NEW}`,
}).map(statement);

/** Where no occurrence follows, this one is the last. */
const LAST = "last_at = iif(:following is null, :occurrence, null)";

/** Also where the occurrence has a capture already: it was made before the schedule was changed, and no longer waits. */
const ADVANCE = statement(
  `update schedules set next_at = :following, ${LAST}, make_at = max(:makeAt, :now), problem = :problem,
     number = number + (select count(*) from captures c where ${STANDS_FOR} and ${IS_NEW})
   where id = :id and version = :version and next_at = :occurrence and exists (select 1 from captures c where ${STANDS_FOR})`,
);

const LEAVE_OUT = statement(
  `update schedules set next_at = :following, ${LAST}, make_at = iif(:following is null, null, :now), problem = :problem
   where id = :id and version = :version and next_at = :occurrence`,
);

/**
 * Has the others come first. The schedule says why only where the environment is full: an owner who has left is seen to by
 * keeping.ts.
 */
const PUT_BACK = statement(
  `update schedules as s set make_at = :now, problem = iif(${IS_FULL}, :problem, problem)
   where id = :id and version = :version and next_at = :occurrence`,
);

const PUT_BACK_FAILED = statement(
  "update schedules set make_at = :now where id = :id and version = :version and next_at = :occurrence",
);

/** What begins the problem of a schedule of which occurrences were left out. */
const LEFT_OUT = "Occurrences from ";
/** The problem of a schedule that does not go on, though its rule has no end. */
const NO_MORE = "Its rule has no further occurrence in the next five years";

/** What one run did: captures made, captures deleted that are no longer kept, and schedules that it could not see to. */
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
      await putBackFailed(db, schedule, now);
      log.warn("schedule.failed", {
        scheduleId: schedule.id,
        envId: schedule.envId,
        ...describeError(error),
      });
    }
  }
  return counts;
}

/** Has the others come first after an error, which may be the database's. */
async function putBackFailed(db: Db, { id, version, nextAt: occurrence }: DueSchedule, now: number) {
  try {
    await PUT_BACK_FAILED(db, { id, version, occurrence, now }).run();
  } catch (error) {
    log.warn("schedule.failed", { scheduleId: id, ...describeError(error) });
  }
}

/** Makes the captures of one schedule that are to be made by now. Returns how many. */
async function makeOf(env: Env, db: Db, due: DueSchedule, now: number): Promise<number> {
  const maxLive = positiveNumber(env, "MAX_LIVE_CAPTURES");
  const oldest = now - MISSED_MS - due.duration;
  let { nextAt: occurrence, number } = due;
  // What was left out is said until the next occurrence has come: until a run that is not behind.
  let leftOut = occurrence <= now && due.problem?.startsWith(LEFT_OUT) ? due.problem : null;
  let made = 0;
  for (let i = 0; i < MAX_OF_ONE; i++) {
    if (occurrence < oldest) {
      const following = nextOccurrence(due, oldest);
      leftOut = `${LEFT_OUT}${isoTime(occurrence)} on were missed by more than a day, and were left out`;
      const { meta } = await LEAVE_OUT(db, { ...due, occurrence, following, problem: leftOut, now }).run();
      if (meta.changes !== 1 || following === null) return made;
      occurrence = following;
    }
    const following = nextOccurrence(due, occurrence);
    const makeAt = following === null ? null : makeTime(following, occurrence);
    const problem = following === null && !endsByItself(due) ? NO_MORE : leftOut;
    const place = { ...due, occurrence, number: number + 1, following, makeAt, problem };
    const step = await makeOne(db, place, maxLive, now);
    if (step === "not-made") return made;
    if (step.id !== null) {
      made++;
      number++;
      await wakeRunner(env, step.id, Math.max(occurrence, now));
    }
    if (following === null || makeAt === null || makeAt > now) return made;
    occurrence = following;
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
  if (isOver) {
    const failed = await runMaking(db, { ...values, status: "FAILED", reason: problem, dueAt: null });
    if (failed !== "not-made") return failed;
  }
  await PUT_BACK(db, { ...place, maxLive, problem, now }).run();
  return "not-made";
}

async function runMaking(
  db: Db,
  values: Parameters<typeof INSERT>[1],
): Promise<"not-made" | { id: number | null }> {
  // The note last: with it the capture is no longer a new one.
  const steps = [INSERT, ADVANCE, ...NOTE];
  const results = (await db.batch(steps.map((step) => step(db, values)))) as D1Result<{ id: number }>[];
  const id = results[0]?.results[0]?.id ?? null;
  return results[1]?.meta.changes === 1 ? { id } : "not-made";
}
