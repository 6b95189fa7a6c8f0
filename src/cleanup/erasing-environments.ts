import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { eraseCaptures } from "./purge.ts";

/* What else there is of environments that are to be erased at once, when the workloads of their captures are erased. */

/** How many captures one run deletes from the database. */
const BATCH = 200;

const ERASED_CAPTURES = statement(
  `select c.id as id from environments e cross join captures c on c.env_id = e.id
   join erasures x on x.capture_id = c.id and x.with_metrics = 1 and x.finished_at is not null
   where e.erasing_at is not null and c.deleted_at is not null limit :limit`,
);

/** Whether the environment of the row at hand is to be erased and has no captures any more. */
const IS_EMPTY = `env_id in (select e.id from environments e where e.erasing_at is not null
  and not exists (select 1 from captures c where c.env_id = e.id))`;

const ERASE = [
  `delete from schedule_events where schedule_id in (select id from schedules where ${IS_EMPTY})`,
  `delete from schedules where ${IS_EMPTY}`,
  `delete from environments where erasing_at is not null and not exists (select 1 from captures c where c.env_id = environments.id)
     and not exists (select 1 from members m where m.env_id = environments.id)`,
  `update deleted_environments set erased_at = :now where erased_at is null
     and not exists (select 1 from environments e where e.id = deleted_environments.env_id)`,
].map(statement);

/**
 * Deletes from the database what is left of environments that are to be erased at once, and notes of which nothing is left, as of those
 * that were purged in their time.
 */
export async function eraseEnvironments(db: Db, now: number): Promise<{ environmentsErased: number }> {
  const { results } = await ERASED_CAPTURES(db, { limit: BATCH }).all<{ id: number }>();
  if (results.length > 0) {
    const ids = results.map(({ id }) => id);
    await eraseCaptures(db, ids, Number.MAX_SAFE_INTEGER, now);
  }
  const erased = await db.batch(ERASE.map((step) => step(db, { now })));
  return { environmentsErased: erased.at(-1)?.meta.changes ?? 0 };
}
