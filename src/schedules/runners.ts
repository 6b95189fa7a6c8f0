import { wakeRunner } from "../captures/waking.ts";
import type { Env } from "../env.ts";

/** Wakes the runners of captures that were deleted: they tell whoever watches them. */
export async function wakeDeleted(env: Env, ids: readonly number[], now: number): Promise<void> {
  await Promise.all(ids.map((id) => wakeRunner(env, id, now)));
}
