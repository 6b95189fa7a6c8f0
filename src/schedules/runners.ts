import { type Env, runnerOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";

/**
 * Wakes the runner of a capture of a schedule; should it be away, cron does within a minute of its start.
 * @param at when it is needed, in milliseconds since the epoch
 */
export async function wakeRunner(env: Env, id: number, at: number): Promise<void> {
  try {
    await runnerOf(env, id).wake(id, at);
  } catch (error) {
    log.warn("capture.wake.failed", { captureId: id, ...describeError(error) });
  }
}

/** Wakes the runners of captures that were deleted: they tell whoever watches them. */
export async function wakeDeleted(env: Env, ids: readonly number[], now: number): Promise<void> {
  await Promise.all(ids.map((id) => wakeRunner(env, id, now)));
}
