import { type Env, leaseOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { deleteLease, keptLeases, type LeaseRow, pendingLeases, readLease } from "./store.ts";

/**
 * Releases the lease of a capture, if it has one; safe to repeat, at any time and for any capture, also one that is erased.
 * @returns whether no change is pending any more. If one is, the lease's Durable Object retries, and cron looks after it: the
 *   caller need not.
 */
export async function releaseLease(env: Env, captureId: number): Promise<boolean> {
  const lease = await readLease(env.DB, captureId);
  return lease === null || releaseRow(env, lease);
}

/**
 * Releases the lease of a capture that has ended after a grace, so that one that begins soon finds its logs on. Safe to repeat. The
 * lease's Durable Object does the rest, and cron looks after it.
 */
export async function releaseLeaseLater(env: Env, captureId: number): Promise<void> {
  const lease = await readLease(env.DB, captureId);
  if (lease === null) return;
  const isDone = await leaseOf(env, lease.leaseName).leave(captureId);
  if (isDone) await deleteLease(env.DB, captureId, lease.leaseName);
}

/**
 * Releases a lease, and deletes its row once that is confirmed: the group is restored, or another capture needs the log.
 * @param atOnce whether AWS is to be asked now even if the lease is between two retries
 * @throws Error when the lease's Durable Object or D1 can't be reached
 */
export async function releaseRow(
  env: Env,
  { captureId, leaseName }: LeaseRow,
  atOnce = false,
): Promise<boolean> {
  const isDone = await leaseOf(env, leaseName).release(captureId, atOnce);
  if (isDone) await deleteLease(env.DB, captureId, leaseName);
  return isDone;
}

/** More groups than an environment comes to have pending changes in. */
const MAX_PENDING = 20;

/** Retries the pending changes of an environment at once. What fails is recorded in D1 and left to the leases' alarms. */
export async function retryPendingChanges(env: Env, envId: number): Promise<void> {
  await releaseRows(env, envId, await pendingLeases(env.DB, envId, MAX_PENDING));
}

/** More captures than end in one environment within a grace: it may have so many at once. */
const MAX_KEPT = 1000;

/**
 * Ends the grace of all leases of an environment: what its captures have switched on is restored now, while its credentials are still
 * there. What fails is recorded in D1 as pending.
 */
export async function endGraces(env: Env, envId: number): Promise<void> {
  await releaseRows(env, envId, await keptLeases(env.DB, envId, MAX_KEPT));
}

async function releaseRows(env: Env, envId: number, leases: readonly LeaseRow[]): Promise<void> {
  for (const lease of leases) {
    try {
      await releaseRow(env, lease, true);
    } catch (error) {
      log.warn("lease.release.failed", { envId, lease: lease.leaseName, ...describeError(error) });
    }
  }
}

/**
 * Waits until no call to AWS is under way for what an environment has abandoned: it may be deleted after this. Later ones are not
 * made with its access.
 */
export async function settleLeases(env: Env, leaseNames: readonly string[], now: number): Promise<void> {
  await wakeLeases(env, leaseNames, now);
  await askEach(env, leaseNames, (lease) => lease.settled());
}

/** Makes sure that the alarms of leases come by a time. What fails is left to cron. */
export async function wakeLeases(env: Env, leaseNames: readonly string[], at: number): Promise<void> {
  await askEach(env, leaseNames, (lease) => lease.wake(at));
}

/** Asks leases one after the other. One that can't be reached is logged, and the next is asked. */
async function askEach(
  env: Env,
  leaseNames: readonly string[],
  ask: (lease: ReturnType<typeof leaseOf>) => Promise<void>,
): Promise<void> {
  for (const name of leaseNames) {
    try {
      await ask(leaseOf(env, name));
    } catch (error) {
      log.warn("lease.wake.failed", { lease: name, ...describeError(error) });
    }
  }
}
