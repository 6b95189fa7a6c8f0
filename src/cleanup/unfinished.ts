import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import type { Env } from "../env.ts";

/*
 * The jobs of the daily run do a bounded part at once. All are noted before it begins, and what is finished is struck out at its end, so
 * that cron goes on with the others in the minutes after it: with those that have more to do, that have failed, or that the run did not
 * come to.
 */

/** What a job has done at once. */
export interface Part {
  counts: Record<string, number>;
  /** After which row the next part begins; null when nothing is left. */
  next: number | null;
}

/** A job that does a bounded part at once, of what comes after a row. */
export type Job = (env: Env, now: number, after: number) => Promise<Part>;

/** A run of cron has ended after so long: the platform gives it 15 minutes. */
const RUN_MS = 15 * 60_000;

const BEGIN = statement(
  `insert or replace into unfinished_jobs (name, after, next_at) select value, 0, :next from json_each(:names)`,
);

/** Notes jobs that a run begins. */
export async function beginJobs(db: Db, names: readonly string[], now: number): Promise<void> {
  await BEGIN(db, { names: JSON.stringify(names), next: now + RUN_MS }).run();
}

const END = [
  `delete from unfinished_jobs where name in (select value ->> 0 from json_each(:parts) where value ->> 1 is null)`,
  `update unfinished_jobs set after = p.value ->> 1, next_at = :now from json_each(:parts) p
   where name = p.value ->> 0 and p.value ->> 1 is not null`,
].map(statement);

/** Notes how far jobs have come; `next` of each as its part has it. */
export async function endJobs(
  db: Db,
  parts: readonly (readonly [name: string, next: number | null])[],
  now: number,
): Promise<void> {
  await db.batch(END.map((step) => step(db, { parts: JSON.stringify(parts), now })));
}

const CLAIM = statement(
  `update unfinished_jobs set next_at = :until where next_at <= :now
     and name = (select name from unfinished_jobs where next_at <= :now order by next_at, name limit 1)
   returning name, after`,
);

/** Claims the job that waits for the longest; null if none does. */
export function claimJob(db: Db, now: number): Promise<{ name: string; after: number } | null> {
  return CLAIM(db, { now, until: now + RUN_MS }).first();
}
