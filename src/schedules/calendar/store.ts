import { type Credential, callerStatement } from "../../db/caller.ts";
import { statement } from "../../db/statement.ts";
import { IS_LIVE } from "../../db/states.ts";
import type { Db } from "../../db/types.ts";
import { COLUMNS, type ScheduleRow } from "../schedule-row.ts";

/* The secret address of a user's calendar, of which only the hash of its token is kept, and what the calendar shows. */

/** When somebody's address was made; null when there is none. */
export interface FeedRow {
  caller: string;
  createdAt: number | null;
}

const READ = callerStatement(
  `select caller.id as caller, f.created_at as createdAt
   from caller left join calendar_feeds f on f.user_id = caller.id`,
);

/** Whether the caller's calendar has an address; null when not signed in. */
export function readFeed(db: Db, credential: Credential, now: number): Promise<FeedRow | null> {
  return READ(db, credential, now).first<FeedRow>();
}

const MAKE = callerStatement(
  `insert into calendar_feeds (user_id, token_hash, created_at) select caller.id, :tokenHash, :now from caller where true
   on conflict (user_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at
   returning user_id as caller, created_at as createdAt`,
);

/** Gives the caller's calendar an address, in the place of the one before; null when not signed in. */
export function makeFeed(
  db: Db,
  credential: Credential,
  tokenHash: string,
  now: number,
): Promise<FeedRow | null> {
  return MAKE(db, credential, now, { tokenHash }).first<FeedRow>();
}

const REVOKE = callerStatement("delete from calendar_feeds where user_id = (select id from caller)");

/** Takes the address of the caller's calendar away, if it has one; null when not signed in. */
export async function revokeFeed(db: Db, credential: Credential, now: number): Promise<FeedRow | null> {
  const steps = [REVOKE, READ].map((step) => step(db, credential, now));
  const [, read] = (await db.batch(steps)) as [D1Result, D1Result<FeedRow>];
  return read.results[0] ?? null;
}

/** The most captures, and the most schedules, that a calendar has: those that come first. */
const MAX_CAPTURES = 500;
const MAX_SCHEDULES = 100;

/** A capture that waits for its time. */
export interface WaitingCapture {
  id: number;
  name: string;
  environment: string;
  start: number;
  end: number | null;
  /** The schedule that it was made of, and the occurrence of its rule; null of a capture of its own. */
  scheduleId: number | null;
  occurrence: number | null;
  createdAt: number;
}

/** A schedule, with the name of its environment. */
export type ListedSchedule = ScheduleRow & { environment: string };

/** What a calendar shows, and whose it is. */
export interface Calendar {
  caller: string;
  captures: WaitingCapture[];
  schedules: ListedSchedule[];
}

/** The user of the calendar at an address. */
const OWNER =
  "owner as (select u.id as id from calendar_feeds f join user u on u.id = f.user_id and u.deleted_at is null where f.token_hash = :tokenHash)";

const CAPTURES = statement(
  `with ${OWNER} select owner.id as caller, c.id as id, c.name as name, e.name as environment, c.scheduled_start as start,
     c.scheduled_end as end, c.schedule_id as scheduleId, c.occurrence as occurrence, c.created_at as createdAt
   from owner left join members m on m.user_id = owner.id
     left join captures c on c.env_id = m.env_id and c.${IS_LIVE} and c.status = 'SCHEDULED' and c.deleted_at is null
     left join environments e on e.id = c.env_id
   order by c.scheduled_start is null, c.scheduled_start limit ${MAX_CAPTURES}`,
);

const SCHEDULES = statement(
  `with ${OWNER} select ${COLUMNS}, e.name as environment
   from owner join members m on m.user_id = owner.id join environments e on e.id = m.env_id
     join schedules s on s.env_id = m.env_id and s.deleted_at is null and s.paused_at is null
   order by s.next_at is null, s.next_at limit ${MAX_SCHEDULES}`,
);

/** Reads the calendar at an address, by one round trip; null when there is none. It shows what its user may see now. */
export async function readCalendar(db: Db, tokenHash: string): Promise<Calendar | null> {
  const [waiting, schedules] = (await db.batch(
    [CAPTURES, SCHEDULES].map((read) => read(db, { tokenHash })),
  )) as [D1Result<WaitingCapture & { caller: string }>, D1Result<ListedSchedule>];
  const first = waiting.results[0];
  if (first === undefined) return null;
  return {
    caller: first.caller,
    captures: waiting.results.filter(({ id }) => id !== null),
    schedules: schedules.results,
  };
}
