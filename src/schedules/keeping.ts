import { statement } from "../db/statement.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { removalOfWaiting } from "./changes.ts";

/* What is done for schedules besides making captures. */

/** Whether the owner of schedule `s`, which is not paused, is no member of its environment any more. */
const IS_ORPHANED = `s.deleted_at is null and s.paused_at is null
  and not exists (select 1 from members m where m.user_id = s.owner_id and m.env_id = s.env_id)`;

/** Why such a schedule is paused. */
export const OWNER_GONE =
  "Its owner is no member of the environment any more. Whoever resumes it becomes its owner";

const ORPHANED = statement(`select s.id as id from schedules s where ${IS_ORPHANED} limit 100`);

const OF_ONE = `exists (select 1 from schedules s where s.id = :id and ${IS_ORPHANED})`;

const PAUSE = [
  ...removalOfWaiting(`captures.schedule_id = :id and ${OF_ONE}`, "'cleanup'"),
  `insert into schedule_events (schedule_id, time, what, actor) select :id, :now, 'paused', 'cleanup' where ${OF_ONE}`,
  `update schedules set paused_at = :now, next_at = null, make_at = null, problem = :problem, version = version + 1
   where id = :id and ${OF_ONE}`,
].map(statement);

/**
 * Pauses schedules whose owners have lost the environment, and deletes their captures that wait: nobody may make captures there who is
 * not a member. Returns how many.
 */
export async function pauseOrphaned(db: Db, now: number): Promise<number> {
  const { results } = await ORPHANED(db, {}).all<{ id: number }>();
  for (const { id } of results) {
    await db.batch(PAUSE.map((step) => step(db, { id, now, problem: OWNER_GONE })));
  }
  return results.length;
}

/** The last occurrence that is kept: that many of those that have ended, from the newest. */
const LAST_KEPT = `(select k.occurrence from captures k where k.schedule_id = :id and k.deleted_at is null
  and k.occurrence is not null and k.${HAS_ENDED} order by k.occurrence desc limit 1 offset :others)`;

const DELETE_OLD = statement(
  `update captures set deleted_at = :now, version = version + 1
   where id in (select c.id from captures c where c.schedule_id = :id and c.deleted_at is null
     and c.occurrence < ${LAST_KEPT} and c.${HAS_ENDED} order by c.occurrence limit :limit)`,
);

/** How many captures one run deletes at most. */
const DELETE_BATCH = 500;

/**
 * Deletes the older captures of a schedule that keeps a number of them, as DELETE does: they can be brought back for a while. Those that
 * have not ended are neither deleted nor counted. Returns how many.
 */
export async function deleteOld(
  db: Db,
  { id, keepLast }: { id: number; keepLast: number | null },
  now: number,
): Promise<number> {
  if (keepLast === null) return 0;
  const { meta } = await DELETE_OLD(db, { id, others: keepLast - 1, limit: DELETE_BATCH, now }).run();
  return meta.changes;
}
