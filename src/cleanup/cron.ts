import { earlierNow } from "../db/clock.ts";
import { type Env, positiveNumber } from "../env.ts";
import { purgeSealKeys, renewSealKeys } from "../environments/seal-keys.ts";
import { describeError, log } from "../lib/log.ts";
import { pauseOrphaned } from "../schedules/keeping.ts";
import { makeDueCaptures } from "../schedules/making.ts";
import { resendLate } from "../webhooks/queue.ts";
import { erasePending } from "./erasing.ts";
import { eraseEnvironments } from "./erasing-environments.ts";
import { releaseOrphanedLeases, wakeQuietLeases } from "./leases.ts";
import { wakeOverdue } from "./overdue.ts";
import { purgeOld } from "./purge.ts";
import { resealCredentials } from "./rotation.ts";
import { resealSealKeys } from "./seal-key-rotation.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many environments get another key for their workloads in one run. */
const RENEWED_BATCH = 500;

/**
 * Every minute: wakes captures and leases that are late, releases the leases of captures that have ended, makes the captures of
 * schedules, erases what is to be erased, and has webhooks told that are late.
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
  ]);
  const counts = jobs.map((job) => (job.status === "fulfilled" ? job.value : {}));
  log.info("cleanup.overdue", Object.assign({}, ...counts));
  // Thrown only now, so that one that fails does not stop the others.
  for (const job of jobs) if (job.status === "rejected") throw job.reason;
}

/** Every day: seals anew what an older key sealed, gives environments another key for their workloads, and purges what is old. */
export async function everyDay(env: Env, now: number): Promise<void> {
  try {
    const before = now - positiveNumber(env, "SEAL_KEY_DAYS") * DAY_MS;
    log.info("cleanup.resealed", {
      ...(await resealCredentials(env)),
      ...(await resealSealKeys(env)),
      sealKeysRenewed: await renewSealKeys(env, before, now, RENEWED_BATCH),
      sealKeysDestroyed: await purgeSealKeys(env.DB, RENEWED_BATCH),
    });
  } catch (error) {
    // It continues tomorrow, and the purge runs all the same.
    log.error("cleanup.reseal.failed", describeError(error));
  }
  await purgeOld(env, now);
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
