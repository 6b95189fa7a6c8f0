import type { Env } from "../env.ts";
import type { AppContext } from "../http/context.ts";
import { requireChanged } from "./access.ts";
import { deleteEnvironment } from "./deletion.ts";
import { refuseEnvironment } from "./refusals.ts";

/** Restores now what would be restored soon, with the credentials that an environment still has. */
export type RestoreNow = (env: Env, envId: number) => Promise<void>;

/**
 * Deletes an environment for the caller of a request, as `deleteEnvironment` does.
 * @param erases whether it is erased at once
 * @throws ApiError 401, 403 and 404 as of other changes; 409 while a capture is live, or a parameter group is not restored
 */
export async function removeEnvironment(
  c: AppContext,
  id: number,
  restoreNow: RestoreNow,
  now: number,
  { erases }: { erases: boolean },
): Promise<void> {
  const remove = () => deleteEnvironment(c.var.db, c.var.credential, id, now, { erases });
  let outcome = await remove();
  if (outcome === "owing") {
    // Perhaps of a capture that has ended just now.
    await restoreNow(c.env, id);
    outcome = await remove();
  }
  if (outcome === "owing") throw refuseEnvironment.stillOwed();
  requireChanged(outcome, refuseEnvironment.liveCaptures);
}
