import type { Seen } from "../captures/queries.ts";
import { type CallerStatement, type Credential, callerStatement } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { COLUMNS, OWNER_NAME, type ScheduleRow } from "./schedule-row.ts";
import type { ScheduleFilter } from "./schema.ts";

/*
 * The reads of schedules: each is one statement that authenticates, authorises and reads.
 */

/** The caller's membership in the environment of schedule `:id`, and the schedule: no row of one that is deleted or not to be seen. */
export const SCHEDULE_OF_CALLER = `from caller
  left join members m on m.user_id = caller.id
    and m.env_id = (select env_id from schedules where id = :id and deleted_at is null)
  left join schedules s on s.id = :id and s.env_id = m.env_id and s.deleted_at is null`;

const ONE = callerStatement(`select caller.id as caller, ${COLUMNS}, ${OWNER_NAME} ${SCHEDULE_OF_CALLER}`);

/** Reads one schedule. */
export async function readSchedule(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<ScheduleRow>> {
  const row = await ONE(db, credential, now, { id }).first<ScheduleRow & { caller: string }>();
  if (row === null) return { caller: null };
  return { caller: row.caller, found: row.id === null ? null : row };
}

/** The conditions of a page, of schedules `p`, by what is asked for. */
const CONDITIONS = {
  name: "p.name = :name",
  search: "instr(lower(p.name), lower(:search)) > 0",
  // As `stateOf` says.
  state: `:state = case when p.paused_at is not null then 'paused'
    when p.next_at is null and coalesce(p.last_at, 0) <= :now then 'over' else 'active' end`,
} as const;

/** The statements of pages, by what is asked for. */
const pages = new Map<string, CallerStatement>();

/** At most a page from each environment, through its index. */
function pageOf(filter: ScheduleFilter): CallerStatement {
  const ofOne = filter.envId === undefined ? "" : "and m.env_id = :envId";
  const given = (Object.keys(CONDITIONS) as (keyof typeof CONDITIONS)[]).filter(
    (field) => filter[field] !== undefined,
  );
  const key = [...given, ofOne].join();
  const known = pages.get(key);
  if (known !== undefined) return known;
  const page = callerStatement(
    `select caller.id as caller, m.env_id as memberOf, ${COLUMNS}, ${OWNER_NAME}
     from caller left join members m on m.user_id = caller.id ${ofOne}
       left join schedules s on s.id in (select p.id from schedules p
         where p.env_id = m.env_id and p.deleted_at is null and p.id > :cursor
           ${given.map((field) => `and ${CONDITIONS[field]}`).join(" ")} order by p.id limit :limit)
     order by s.id is null, s.id limit :limit`,
  );
  pages.set(key, page);
  return page;
}

/**
 * Reads a page of schedules, oldest first: of one environment, or of every environment of the caller.
 * @returns `found` is null when the environment asked for is unknown or not the caller's
 */
export async function listSchedules(
  db: Db,
  credential: Credential,
  filter: ScheduleFilter,
  now: number,
): Promise<Seen<ScheduleRow[]>> {
  const { envId } = filter;
  const values = { ...filter, cursor: filter.cursor ?? 0 };
  const { results } = await pageOf(filter)(db, credential, now, values).all<
    ScheduleRow & { caller: string; memberOf: number | null }
  >();
  const first = results[0];
  if (first === undefined) return { caller: null };
  if (envId !== undefined && first.memberOf === null) return { caller: first.caller, found: null };
  return { caller: first.caller, found: results.filter((row) => row.id !== null) };
}

/** What was done to a schedule. */
export type ScheduleDeed = "created" | "changed" | "paused" | "resumed" | "deleted";

/** An event of a schedule's history as the database has it. */
export interface ScheduleEventRow {
  time: number;
  what: ScheduleDeed;
  actor: string;
  actorName: string | null;
}

const EVENTS = callerStatement(
  `select caller.id as caller, s.id as scheduleId, v.time as time, v.what as what, v.actor as actor, u.name as actorName
   ${SCHEDULE_OF_CALLER} left join schedule_events v on v.schedule_id = s.id left join user u on u.id = v.actor
   order by v.id`,
);

/** Reads the history of one schedule, oldest first. */
export async function readScheduleEvents(
  db: Db,
  credential: Credential,
  id: number,
  now: number,
): Promise<Seen<ScheduleEventRow[]>> {
  const { results } = await EVENTS(db, credential, now, { id }).all<
    ScheduleEventRow & { caller: string; scheduleId: number | null }
  >();
  const first = results[0];
  if (first === undefined) return { caller: null };
  return { caller: first.caller, found: first.scheduleId === null ? null : results };
}
