import { earlierNow } from "../db/clock.ts";
import { type Env, positiveNumber } from "../env.ts";
import { purgeSealKeys, renewSealKeys } from "../environments/seal-keys.ts";
import { describeError, log } from "../lib/log.ts";
import { PURGE_JOBS } from "./purge.ts";
import { countKeyless, RESEAL_JOBS } from "./rotation.ts";
import { beginJobs, claimJob, endJobs, type Job, type Part } from "./unfinished.ts";

/* What cron does every day, and goes on with in the minutes after it until it is done. */

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many environments get another key for their workloads in one run. */
const RENEWED_BATCH = 500;

const JOBS: Readonly<Record<string, Job>> = { ...RESEAL_JOBS, ...PURGE_JOBS };

/** Seals anew what an older key sealed, gives environments another key for their workloads, and purges what is old. */
export async function everyDay(env: Env, workerNow: number): Promise<void> {
  const now = await earlierNow(env.DB, workerNow);
  await beginJobs(env.DB, Object.keys(JOBS), now);
  const parts: [string, number | null][] = [];
  const run = async (name: string, job: Job, counts: Part["counts"]) => {
    const part = await job(env, now, 0);
    parts.push([name, part.next]);
    for (const [what, count] of Object.entries(part.counts)) counts[what] = (counts[what] ?? 0) + count;
  };
  try {
    const resealed = {};
    for (const [name, job] of Object.entries(RESEAL_JOBS)) await run(name, job, resealed);
    const before = now - positiveNumber(env, "SEAL_KEY_DAYS") * DAY_MS;
    log.info("cleanup.resealed", {
      ...resealed,
      withoutKey: await countKeyless(env),
      sealKeysRenewed: await renewSealKeys(env, before, now, RENEWED_BATCH),
      sealKeysDestroyed: await purgeSealKeys(env.DB, RENEWED_BATCH),
    });
  } catch (error) {
    log.error("cleanup.reseal.failed", describeError(error));
  }
  const purged: Record<string, number> = {};
  for (const [name, job] of Object.entries(PURGE_JOBS)) {
    purged[name] = 0;
    // One that fails does not stop the others.
    await run(name, job, purged).catch((error) => {
      log.error("cleanup.purge.failed", { what: name, ...describeError(error) });
    });
  }
  log.info("cleanup.purged", purged);
  await endJobs(env.DB, parts, now);
}

/** Does another part of a job that the last daily run has not finished, if there is one. */
export async function continueDaily(env: Env, now: number): Promise<{ jobsContinued: number }> {
  const claimed = await claimJob(env.DB, now);
  if (claimed === null) return { jobsContinued: 0 };
  const { name, after } = claimed;
  let next: number | null = null;
  try {
    const part = await JOBS[name]?.(env, now, after);
    next = part?.next ?? null;
    log.info("cleanup.continued", { what: name, ...part?.counts, finished: next === null });
  } catch (error) {
    // It is struck out, and begins anew with the next daily run.
    log.error("cleanup.job.failed", { what: name, ...describeError(error) });
  }
  await endJobs(env.DB, [[name, next]], now);
  return { jobsContinued: 1 };
}
