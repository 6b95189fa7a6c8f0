import { fail } from "../captures/lifecycle.ts";
import { MAX_REARMS } from "../captures/retry.ts";
import { makeTransition } from "../captures/runner-store.ts";
import { statement } from "../db/statement.ts";
import { hasEnded, type Status } from "../db/states.ts";
import type { Db } from "../db/types.ts";
import { type Env, runnerOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";
import { within } from "../lib/time-limit.ts";
import { tellQueue } from "../webhooks/outbox.ts";

/* The watchdog of captures: those whose transition is overdue are woken, and failed in the end. */

/** How many overdue captures one run wakes; the next minute takes the next. */
const OVERDUE_BATCH = 400;
/** How many runners are called at once. */
const CONCURRENCY = 25;
/** How long a runner may take to be woken: one that hangs must not delay the others. */
const WAKE_TIMEOUT_MS = 10_000;

/** What one run did: captures found, woken and failed, and how many could be neither. */
export interface OverdueCounts extends Record<string, number> {
  found: number;
  rearmed: number;
  failed: number;
  errors: number;
}

/**
 * Wakes captures that are late with a transition, because an alarm was lost or a Worker died before it set one. Those that do
 * not move although they were woken many times are failed.
 */
export async function wakeOverdue(env: Env, now: number): Promise<OverdueCounts> {
  const overdue = await findOverdue(env.DB, now, OVERDUE_BATCH);
  const counts: OverdueCounts = { found: overdue.length, rearmed: 0, failed: 0, errors: 0 };
  for (let i = 0; i < overdue.length; i += CONCURRENCY) {
    const some = overdue.slice(i, i + CONCURRENCY);
    await Promise.all(
      some.map(async (capture) => {
        try {
          counts[await wakeOrFail(env, capture, now)]++;
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

/** Wakes a capture, or fails it if that was tried often enough. */
async function wakeOrFail(env: Env, capture: OverdueCapture, now: number): Promise<"rearmed" | "failed"> {
  const runner = runnerOf(env, capture.id);
  // One that has ended only has its metrics to store. Don't fail it: its runner stops retrying by itself.
  if (hasEnded(capture.status) || capture.rearmed < MAX_REARMS) {
    await within(WAKE_TIMEOUT_MS, "The runner", runner.rearm(capture.id));
    return "rearmed";
  }
  // Perhaps the runner can't be reached, and that is why the capture is late.
  const problem = await within(WAKE_TIMEOUT_MS, "The runner", runner.problem()).catch(() => null);
  const stayed = `It stayed ${capture.status} and could not be moved on, although it was woken ${MAX_REARMS} times`;
  const reason = problem === null ? stayed : `${stayed}. ${problem}`;
  const { told } = await makeTransition(env.DB, capture, fail(capture.status, reason), "cleanup", now);
  if (told) await tellQueue(env, capture.id);
  // So that its runner stores what it has recorded.
  await within(WAKE_TIMEOUT_MS, "The runner", runner.wake(capture.id, now)).catch(() => undefined);
  return "failed";
}

/** A capture whose transition is overdue. */
interface OverdueCapture {
  id: number;
  status: Status;
  scheduledStart: number | null;
  scheduledEnd: number | null;
  /** How often it was woken since its last transition. */
  rearmed: number;
}

const OVERDUE = statement(
  `select id, status, scheduled_start as scheduledStart, scheduled_end as scheduledEnd, rearmed
   from captures where due_at <= :now order by rearmed, due_at limit :limit`,
);

/** Finds captures whose transition is overdue, those woken least often first. */
async function findOverdue(db: Db, now: number, limit: number): Promise<OverdueCapture[]> {
  const { results } = await OVERDUE(db, { now, limit }).all<OverdueCapture>();
  return results;
}

const COUNT_WAKES = statement(
  `update captures set rearmed = captures.rearmed + 1 from json_each(:woken) as w
   where captures.id = w.value ->> 'id' and captures.status = w.value ->> 'status'
     and captures.rearmed = w.value ->> 'rearmed' and captures.due_at <= :now`,
);

/**
 * Counts that captures were woken, or that it was tried. It is called after the attempt: one that was never made must not be
 * counted because an answer of the database was lost. A capture that has moved meanwhile counts from 0 again, and one that
 * another run has counted is not counted twice.
 */
async function countWakes(db: Db, woken: readonly OverdueCapture[], now: number): Promise<void> {
  const counted = woken.map(({ id, status, rearmed }) => ({ id, status, rearmed }));
  await COUNT_WAKES(db, { woken: JSON.stringify(counted), now }).run();
}
