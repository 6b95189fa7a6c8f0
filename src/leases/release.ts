import { type Env, leaseOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { deleteLease, type LeaseRow, pendingLeases, readLease } from "./store.ts";

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
  for (const lease of await pendingLeases(env.DB, envId, MAX_PENDING)) {
    try {
      await releaseRow(env, lease, true);
    } catch (error) {
      log.warn("lease.release.failed", { envId, lease: lease.leaseName, ...describeError(error) });
    }
  }
}

/** Makes sure that the alarms of leases come by a time. What fails is left to cron. */
export async function wakeLeases(env: Env, leaseNames: readonly string[], at: number): Promise<void> {
  for (const name of leaseNames) {
    try {
      await leaseOf(env, name).wake(at);
    } catch (error) {
      log.warn("lease.wake.failed", { lease: name, ...describeError(error) });
    }
  }
}
