import type { Env } from "../env.ts";
import { REVIEW_MS } from "../leases/lease.ts";
import { releaseRow, wakeLeases } from "../leases/release.ts";
import { claimOrphanedLeases, claimQuietLeases } from "../leases/store.ts";
import { describeError, log } from "../lib/log.ts";

/** How many leases one run retries; the next minute takes those retried longest ago. */
const LEASE_BATCH = 100;
/** How often a lease that is held is woken, in case its alarm was lost. Its own alarm comes more often. */
const QUIET_MS = 15 * 60_000;
/** How many of their Durable Objects are called at once. */
const CONCURRENCY = 10;

/** What one run did: leases found of captures that have ended, those released, those still pending, and failures. */
export interface LeaseCounts extends Record<string, number> {
  leases: number;
  leasesReleased: number;
  leasesOwed: number;
  leaseErrors: number;
}

/**
 * Releases the leases of captures that have ended: their runner died before it did, or AWS failed to restore the group then.
 */
export async function releaseOrphanedLeases(env: Env, now: number): Promise<LeaseCounts> {
  const found = await claimOrphanedLeases(env.DB, now, LEASE_BATCH);
  const counts: LeaseCounts = { leases: found.length, leasesReleased: 0, leasesOwed: 0, leaseErrors: 0 };
  for (let i = 0; i < found.length; i += CONCURRENCY) {
    await Promise.all(
      found.slice(i, i + CONCURRENCY).map(async (lease) => {
        try {
          counts[(await releaseRow(env, lease)) ? "leasesReleased" : "leasesOwed"]++;
        } catch (error) {
          counts.leaseErrors++;
          const { captureId, leaseName } = lease;
          log.warn("cleanup.lease.failed", { captureId, lease: leaseName, ...describeError(error) });
        }
      }),
    );
  }
  return counts;
}

/**
 * Makes sure that leases which are held have an alarm: it compares their holders with what D1 says, and the group with what it
 * should have.
 */
export async function wakeQuietLeases(env: Env, now: number): Promise<{ leasesLookedAfter: number }> {
  const names = await claimQuietLeases(env.DB, now - QUIET_MS, now, LEASE_BATCH);
  await wakeLeases(env, names, now + REVIEW_MS);
  return { leasesLookedAfter: names.length };
}
