import { type Env, runnerOf } from "../env.ts";
import { describeError, log } from "../lib/log.ts";

/**
 * Wakes a capture's runner. What it is to do is in the database already; should it be away, cron wakes it within a minute or two, so that
 * this is no reason to fail.
 * @param at when it is needed, in milliseconds since the epoch
 */
export async function wakeRunner(env: Env, id: number, at: number): Promise<void> {
  try {
    await runnerOf(env, id).wake(id, at);
  } catch (error) {
    log.warn("capture.wake.failed", { captureId: id, ...describeError(error) });
  }
}
