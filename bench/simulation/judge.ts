import type { Database } from "../database.ts";
import { type Left, type Move, violations } from "../soak/history.ts";

/** How many captures are read at a time. */
const PAGE = 2000;
/** Nobody has stopped or deleted one. */
const KEPT = { stopped: false, deleted: false };

/** Judges the history of every capture. @returns what is wrong, in words; empty when nothing is */
export async function wrongHistories(database: Database): Promise<string[]> {
  const wrong: string[] = [];
  for (let after = 0; ; ) {
    const rows = await database.run<Left & { id: number }>(
      `select id, status, started_at as start, ended_at as "end", scheduled_start as scheduledStart,
         scheduled_end as scheduledEnd, deleted_at as deletedAt, reason from captures where id > ? order by id limit ?`,
      after,
      PAGE,
    );
    const last = rows.at(-1);
    if (last === undefined) return wrong;
    const moves = await database.run<Move & { captureId: number }>(
      `select capture_id as captureId, time, from_status as "from", to_status as "to", actor, reason
       from capture_events where capture_id > ? and capture_id <= ? order by id`,
      after,
      last.id,
    );
    const histories = Map.groupBy(moves, ({ captureId }) => captureId);
    for (const row of rows)
      for (const what of violations(row, histories.get(row.id) ?? [], KEPT))
        wrong.push(`capture ${row.id}: ${what}`);
    after = last.id;
  }
}

/** How many captures ended for each reason, and how many moves the cron has made: the runners make them all by themselves. */
export async function endings(database: Database): Promise<{ reasons: string[]; byCron: number }> {
  const reasons = await database.run<{ text: string }>(
    "select count(*) || ' ' || status || ': ' || reason as text from captures group by status, reason",
  );
  const [moves] = await database.run<{ byCron: number }>(
    "select count(*) as byCron from capture_events where actor = 'cleanup'",
  );
  return { reasons: reasons.map(({ text }) => text), byCron: moves?.byCron ?? 0 };
}
