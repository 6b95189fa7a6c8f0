import { statement } from "../db/statement.ts";
import type { Db } from "../db/types.ts";
import { type Env, runnerOf } from "../env.ts";
import { eraseRetained } from "../environments/erasing-sql.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { forgettingStatements } from "../webhooks/delivery-store.ts";

/*
 * Erases what is to be erased of captures (environments/erasing-sql.ts says what): first what their runners keep, which write nothing
 * any more then, then their objects in R2, and what the outbox of webhooks knows of their statements. Each step can be repeated, and an erasure is finished only when a listing is empty.
 */

/** How many workloads one run finds that are not to be kept any more, and how many captures it erases. */
const RETAINED_BATCH = 500;
const ERASE_BATCH = 20;
/** How long a runner may take: an alarm that it is handling is waited for. */
const RUNNER_TIMEOUT_MS = 10_000;

/** What one run did: workloads found that are not to be kept any more, captures erased, and those that could not be. */
export interface ErasureCounts extends Record<string, number> {
  retained: number;
  erased: number;
  erasureErrors: number;
}

/** Erases captures whose erasure is pending, those tried longest ago first. */
export async function erasePending(env: Env, now: number): Promise<ErasureCounts> {
  const retained = await eraseRetained(env.DB, now, RETAINED_BATCH);
  const counts: ErasureCounts = { retained, erased: 0, erasureErrors: 0 };
  for (const erasure of await claimErasures(env.DB, now, ERASE_BATCH)) {
    try {
      await erase(env, erasure, now);
      counts.erased++;
    } catch (error) {
      counts.erasureErrors++;
      log.warn("cleanup.erasure.failed", { captureId: erasure.captureId, ...describeError(error) });
    }
  }
  return counts;
}

/** The erasure of a capture that is pending. */
interface Erasure {
  captureId: number;
  withMetrics: 0 | 1;
  /** How many objects there were; null before they were counted. */
  foundObjects: number | null;
}

const RETURNED =
  "returning capture_id as captureId, with_metrics as withMetrics, found_objects as foundObjects";

const CLAIM = statement(
  `update erasures set tried_at = :now where capture_id in
     (select capture_id from erasures where finished_at is null order by tried_at limit :limit) ${RETURNED}`,
);

async function claimErasures(db: Db, now: number, limit: number): Promise<Erasure[]> {
  const { results } = await CLAIM(db, { now, limit }).all<Erasure>();
  return results;
}

const CLAIM_THESE = statement(
  `update erasures set tried_at = :now
   where finished_at is null and capture_id in (select value from json_each(:ids)) ${RETURNED}`,
);

/**
 * Erases those of some captures whose erasure is pending.
 * @throws what R2 or a runner throws, after the others are erased
 */
export async function eraseThese(env: Env, ids: readonly number[], now: number): Promise<void> {
  const values = { ids: JSON.stringify(ids), now };
  const { results } = await CLAIM_THESE(env.DB, values).all<Erasure>();
  const failures: unknown[] = [];
  for (const erasure of results) await erase(env, erasure, now).catch((error) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

const NOTE_FOUND = statement(
  `update erasures set found_objects = :objects, found_bytes = :bytes
   where capture_id = :captureId and found_objects is null and finished_at is null`,
);

/** With metrics only if nothing asked for them since: then the rest is erased by the next run. */
const FINISH = statement(
  `update erasures set objects = objects + coalesce(found_objects, 0), bytes = bytes + coalesce(found_bytes, 0),
     found_objects = null, found_bytes = null, finished_at = :now
   where capture_id = :captureId and with_metrics = :withMetrics and finished_at is null`,
);

async function erase(
  env: Env,
  { captureId, withMetrics, foundObjects }: Erasure,
  now: number,
): Promise<void> {
  const runner = runnerOf(env, captureId);
  if (!(await within(RUNNER_TIMEOUT_MS, "The runner", runner.eraseWorkload(captureId)))) {
    throw new Error("The capture is not to be erased");
  }
  const prefix = `captures/${captureId}/${withMetrics === 1 ? "" : "workload/"}`;
  // Counted before anything is deleted, so that the count is right however often this is cut off.
  if (foundObjects === null) {
    await NOTE_FOUND(env.DB, { captureId, ...(await countObjects(env.BUCKET, prefix)) }).run();
  }
  await deleteObjects(env.BUCKET, prefix);
  await env.DB.batch([
    forgettingStatements(env.DB, captureId),
    FINISH(env.DB, { captureId, withMetrics, now }),
  ]);
  log.info("cleanup.erased", { captureId, metrics: withMetrics === 1 });
}

async function countObjects(bucket: R2Bucket, prefix: string): Promise<{ objects: number; bytes: number }> {
  const found = { objects: 0, bytes: 0 };
  let cursor: string | undefined;
  do {
    const page = await bucket.list({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    found.objects += page.objects.length;
    for (const { size } of page.objects) found.bytes += size;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return found;
}

async function deleteObjects(bucket: R2Bucket, prefix: string): Promise<void> {
  for (;;) {
    // The objects listed are deleted, so that each page is the first.
    const page = await bucket.list({ prefix });
    if (page.objects.length === 0) return;
    await bucket.delete(page.objects.map(({ key }) => key));
  }
}
