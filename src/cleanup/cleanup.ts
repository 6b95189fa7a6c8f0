import { fail } from "../captures/lifecycle.ts";
import { MAX_REARMS } from "../captures/retry.ts";
import { moveCapture } from "../captures/runner-store.ts";
import { earlierNow } from "../db/clock.ts";
import { hasEnded } from "../db/states.ts";
import { type Env, positiveNumber, runnerOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { releaseOrphanedLeases, wakeQuietLeases } from "./leases.ts";
import { resealCredentials } from "./rotation.ts";
import {
  countWakes,
  erasableCaptures,
  eraseCaptures,
  findOverdue,
  type OverdueCapture,
  type Purgeable,
  purge,
} from "./store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many overdue captures one run looks after; the next minute takes the next. */
const OVERDUE_BATCH = 400;
/** How many runners are called at once. */
const CONCURRENCY = 25;
/** How long a runner may take to be woken: one that hangs must not keep the others from their turn. */
const WAKE_TIMEOUT_MS = 10_000;
/** Rows that one statement purges, and statements that one run makes of each kind. */
const PURGE_BATCH = 500;
const MAX_BATCHES = 20;
/** Fewer of captures: each asks R2 what it has stored. */
const ERASE_BATCH = 100;

/** Every minute: overdue captures are looked after, and the leases of captures that have ended are given back. */
export async function everyMinute(env: Env, workerNow: number): Promise<void> {
  const now = await earlierNow(env.DB, workerNow);
  const jobs = await Promise.allSettled<Record<string, number>>([
    lookAfterOverdue(env, now),
    releaseOrphanedLeases(env, now),
    wakeQuietLeases(env, now),
  ]);
  const counts = jobs.map((job) => (job.status === "fulfilled" ? job.value : {}));
  log.info("cleanup.overdue", Object.assign({}, ...counts));
  // Thrown only now: the one does not keep the others from their work.
  for (const job of jobs) if (job.status === "rejected") throw job.reason;
}

/**
 * Wakes captures whose moment has passed without a move, because an alarm was lost or a Worker died before it set one; those
 * that do not move however often they are woken are failed.
 */
async function lookAfterOverdue(env: Env, now: number): Promise<Record<string, number>> {
  const overdue = await findOverdue(env.DB, now, OVERDUE_BATCH);
  const counts = { found: overdue.length, rearmed: 0, failed: 0, errors: 0 };
  for (let i = 0; i < overdue.length; i += CONCURRENCY) {
    const some = overdue.slice(i, i + CONCURRENCY);
    await Promise.all(
      some.map(async (capture) => {
        try {
          counts[await lookAfter(env, capture, now)]++;
        } catch (error) {
          counts.errors++;
          log.warn("cleanup.capture.failed", { captureId: capture.id, ...describeError(error) });
        }
      }),
    );
    await countWakes(env.DB, some, now);
  }
  return counts;
}

async function lookAfter(env: Env, capture: OverdueCapture, now: number): Promise<"rearmed" | "failed"> {
  const runner = runnerOf(env, capture.id);
  // One that has ended only has its metrics to store. That fails nothing, and its runner gives it up in time.
  if (hasEnded(capture.status) || capture.rearmed < MAX_REARMS) {
    await within(WAKE_TIMEOUT_MS, "The runner", runner.rearm(capture.id));
    return "rearmed";
  }
  // That it can't be reached may be why it is here.
  const problem = await within(WAKE_TIMEOUT_MS, "The runner", runner.problem()).catch(() => null);
  const stayed = `It stayed ${capture.status} and could not be moved on, although it was woken ${MAX_REARMS} times`;
  const reason = problem === null ? stayed : `${stayed}. ${problem}`;
  await moveCapture(env.DB, capture, fail(capture.status, reason), "cleanup", now);
  // For its runner to put away what it has.
  await within(WAKE_TIMEOUT_MS, "The runner", runner.wake(capture.id, now)).catch(() => undefined);
  return "failed";
}

/** Every day: credentials that an older key sealed are sealed anew, and what is old is purged. */
export async function everyDay(env: Env, now: number): Promise<void> {
  try {
    log.info("cleanup.resealed", await resealCredentials(env));
  } catch (error) {
    // It goes on tomorrow, and keeps nothing else from its turn.
    log.error("cleanup.reseal.failed", describeError(error));
  }
  await purgeOld(env, now);
}

/** What was deleted long enough ago is erased, what has expired is purged, in bounded batches. */
async function purgeOld(env: Env, workerNow: number): Promise<void> {
  const now = await earlierNow(env.DB, workerNow);
  const deletedBefore = now - positiveNumber(env, "DELETED_RETENTION_DAYS") * DAY_MS;
  const purgeAll = (what: Purgeable, before: number) =>
    inBatches(what, PURGE_BATCH, (limit) => purge(env.DB, what, before, limit));
  log.info("cleanup.purged", {
    sessions: await purgeAll("sessions", now),
    keys: await purgeAll("keys", now),
    invites: await purgeAll("invites", now),
    idempotencyKeys: await purgeAll("idempotencyKeys", now),
    verifications: await purgeAll("verifications", now),
    rateLimits: await purgeAll("rateLimits", now - DAY_MS),
    // Late, for they may take all the calls that a Worker may make; and environments after the captures that point to them.
    captures: await inBatches("captures", ERASE_BATCH, (limit) => eraseDeleted(env, deletedBefore, limit)),
    environments: await purgeAll("environments", deletedBefore),
  });
}

/**
 * Runs a purge until it finds less than a batch, or has done enough for a day. One that fails goes on tomorrow, and keeps no
 * other from its turn. Returns how many rows went.
 */
async function inBatches(
  what: string,
  size: number,
  purgeBatch: (limit: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  try {
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const purged = await purgeBatch(size);
      total += purged;
      if (purged < size) break;
    }
  } catch (error) {
    log.error("cleanup.purge.failed", { what, purged: total, ...describeError(error) });
  }
  return total;
}

/** Erases what deleted captures have stored, then their rows: cut off in between, the next run finds them again. */
async function eraseDeleted(env: Env, before: number, limit: number): Promise<number> {
  const ids = await erasableCaptures(env.DB, before, limit);
  for (const id of ids) await eraseObjects(env.BUCKET, `captures/${id}/`);
  if (ids.length > 0) await eraseCaptures(env.DB, ids);
  return ids.length;
}

async function eraseObjects(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    // What was listed is deleted, so each page is the first.
    const page = await bucket.list({ prefix });
    if (page.objects.length === 0) return;
    await bucket.delete(page.objects.map(({ key }) => key));
  }
}
