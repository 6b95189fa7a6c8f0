import { actionSql } from "../audit/actions.ts";
import { deedOfService, detailsSql } from "../audit/recording.ts";
import { hasRole } from "../db/roles.ts";
import { statement } from "../db/statement.ts";
import { HAS_ENDED } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";
import { removalOfWaiting } from "./changes.ts";
import { wakeDeleted } from "./runners.ts";

/* What is done for schedules besides making captures. */

/** Whether the owner of schedule `s`, which is not paused, may make no captures in its environment any more. */
const IS_ORPHANED = `s.deleted_at is null and s.paused_at is null
  and not exists (select 1 from members m where m.user_id = s.owner_id and m.env_id = s.env_id and ${hasRole("member")})`;

/** Why such a schedule is paused. */
export const OWNER_GONE =
  "Its owner may make no captures in the environment any more. Whoever resumes it becomes its owner";

const ORPHANED = statement(`select s.id as id from schedules s where ${IS_ORPHANED} limit 100`);

const OF_ONE = `exists (select 1 from schedules s where s.id = :id and ${IS_ORPHANED})`;

const REMOVAL = removalOfWaiting(`captures.schedule_id = :id and ${OF_ONE}`, "service");

const PAUSE = [
  ...REMOVAL,
  deedOfService(
    {
      action: actionSql("schedule.paused"),
      envId: "s.env_id",
      subject: { id: "s.id", name: "s.name" },
      details: detailsSql({ reason: ":problem" }),
      rows: `from schedules s where s.id = :id and ${IS_ORPHANED}`,
    },
    "'cleanup'",
  ),
  `insert into schedule_events (schedule_id, time, what, actor) select :id, :now, 'paused', 'cleanup' where ${OF_ONE}`,
  `update schedules set paused_at = :now, next_at = null, make_at = null, problem = :problem, version = version + 1
   where id = :id and ${OF_ONE}`,
].map(statement);

/**
 * Pauses schedules whose owners have left the environment or become viewers of it, and deletes their captures that wait: they may make
 * none there. Returns how many.
 */
export async function pauseOrphaned(env: Env, now: number): Promise<number> {
  const db = env.DB;
  const { results } = await ORPHANED(db, {}).all<{ id: number }>();
  for (const { id } of results) {
    const steps = await db.batch<{ id: number }>(
      PAUSE.map((step) => step(db, { id, now, problem: OWNER_GONE })),
    );
    const removed = steps[REMOVAL.length - 1]?.results ?? [];
    await wakeDeleted(
      env,
      removed.map((capture) => capture.id),
      now,
    );
  }
  return results.length;
}

/** The occurrence of the oldest recording that is kept: that many of those that are done, from the newest. */
const LAST_KEPT = `(select k.occurrence from captures k where k.schedule_id = :id and k.deleted_at is null
  and k.occurrence is not null and k.status = 'DONE' order by k.occurrence desc limit 1 offset :others)`;

const OLD = `from captures where id in (select c.id from captures c where c.schedule_id = :id and c.deleted_at is null
  and c.occurrence < ${LAST_KEPT} and c.${HAS_ENDED} order by c.occurrence limit :limit)`;

const DELETE_OLD = [
  deedOfService(
    {
      action: actionSql("capture.deleted"),
      envId: "captures.env_id",
      subject: { id: "captures.id", name: "captures.name" },
      rows: OLD,
    },
    "'schedule'",
  ),
  `update captures set deleted_at = :now, version = version + 1 where id in (select id ${OLD})`,
].map(statement);

/** How many captures one run deletes at most. */
const DELETE_BATCH = 500;

/**
 * Deletes the older captures of a schedule that keeps a number of recordings, as DELETE does: they can be brought back for a while. Only
 * those that are done count, so that failures push no recording out; failed ones before the oldest that is kept go with the others. Those
 * that have not ended are not deleted. Returns how many were.
 */
export async function deleteOld(
  db: Db,
  { id, keepLast }: { id: number; keepLast: number | null },
  now: number,
): Promise<number> {
  if (keepLast === null) return 0;
  const values = { id, others: keepLast - 1, limit: DELETE_BATCH, now };
  const results = await db.batch(DELETE_OLD.map((step) => step(db, values)));
  return results[1]?.meta.changes ?? 0;
}
