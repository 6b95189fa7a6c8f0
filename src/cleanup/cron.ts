import { earlierNow } from "../db/clock.ts";
import type { Env } from "../env.ts";
import { log } from "../lib/log.ts";
import { pauseOrphaned } from "../schedules/keeping.ts";
import { makeDueCaptures } from "../schedules/making.ts";
import { sendNotices } from "../webhooks/notices.ts";
import { resendLate } from "../webhooks/queue.ts";
import { continueDaily } from "./daily.ts";
import { erasePending } from "./erasing.ts";
import { eraseEnvironments } from "./erasing-environments.ts";
import { releaseOrphanedLeases, wakeQuietLeases } from "./leases.ts";
import { wakeOverdue } from "./overdue.ts";

/**
 * Every minute: wakes captures and leases that are late, releases the leases of captures that have ended, makes the captures of
 * schedules, erases what is to be erased, has webhooks told that are late, and admins of those that were switched off, and goes on with what the daily run has not finished.
 */
export async function everyMinute(env: Env, workerNow: number): Promise<void> {
  const now = await earlierNow(env.DB, workerNow);
  const jobs = await Promise.allSettled<Record<string, number>>([
    wakeOverdue(env, now),
    releaseOrphanedLeases(env, now),
    wakeQuietLeases(env, now),
    seeToSchedules(env, now),
    seeToErasures(env, now),
    resendLate(env, now),
    sendNotices(env, now),
    continueDaily(env, now),
  ]);
  const counts = jobs.map((job) => (job.status === "fulfilled" ? job.value : {}));
  log.info("cleanup.overdue", Object.assign({}, ...counts));
  // Thrown only now, so that one that fails does not stop the others.
  for (const job of jobs) if (job.status === "rejected") throw job.reason;
}

/** Erases workloads that are to be erased, then what else there is of environments that are. */
async function seeToErasures(env: Env, now: number): Promise<Record<string, number>> {
  return { ...(await erasePending(env, now)), ...(await eraseEnvironments(env.DB, now)) };
}

/** Pauses the schedules whose owners have left, and makes the captures of the others that are to be made by now. */
async function seeToSchedules(env: Env, now: number): Promise<Record<string, number>> {
  const pausedSchedules = await pauseOrphaned(env, now);
  return { pausedSchedules, ...(await makeDueCaptures(env, env.DB, null, now)) };
}
