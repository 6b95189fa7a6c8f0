import { earlierNow } from "../db/clock.ts";
import type { Env } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { pauseOrphaned } from "../schedules/keeping.ts";
import { makeDueCaptures } from "../schedules/making.ts";
import { resendLate } from "../webhooks/queue.ts";
import { releaseOrphanedLeases, wakeQuietLeases } from "./leases.ts";
import { wakeOverdue } from "./overdue.ts";
import { purgeOld } from "./purge.ts";
import { resealCredentials } from "./rotation.ts";

/**
 * Every minute: wakes captures and leases that are late, releases the leases of captures that have ended, makes the captures of
 * schedules, and has webhooks told that are late.
 */
export async function everyMinute(env: Env, workerNow: number): Promise<void> {
  const now = await earlierNow(env.DB, workerNow);
  const jobs = await Promise.allSettled<Record<string, number>>([
    wakeOverdue(env, now),
    releaseOrphanedLeases(env, now),
    wakeQuietLeases(env, now),
    seeToSchedules(env, now),
    resendLate(env, now),
  ]);
  const counts = jobs.map((job) => (job.status === "fulfilled" ? job.value : {}));
  log.info("cleanup.overdue", Object.assign({}, ...counts));
  // Thrown only now, so that one that fails does not stop the others.
  for (const job of jobs) if (job.status === "rejected") throw job.reason;
}

/** Every day: seals credentials anew that an older key sealed, and purges what is old. */
export async function everyDay(env: Env, now: number): Promise<void> {
  try {
    log.info("cleanup.resealed", await resealCredentials(env));
  } catch (error) {
    // It continues tomorrow, and the purge runs all the same.
    log.error("cleanup.reseal.failed", describeError(error));
  }
  await purgeOld(env, now);
}

/** Pauses the schedules whose owners have left, and makes the captures of the others that are to be made by now. */
async function seeToSchedules(env: Env, now: number): Promise<Record<string, number>> {
  const pausedSchedules = await pauseOrphaned(env, now);
  return { pausedSchedules, ...(await makeDueCaptures(env, env.DB, null, now)) };
}
