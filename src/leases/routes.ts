import { Hono } from "hono";
import { explain } from "../aws/explain.ts";
import type { Env } from "../env.ts";
import { notChanged, readVisible } from "../environments/access.ts";
import { askAs } from "../environments/credentials.ts";
import { inspectInstance } from "../environments/instance.ts";
import { readPendingChanges } from "../environments/pending-changes.ts";
import type { CheckedEnvironment } from "../environments/replies.ts";
import { type EnvironmentRow, updateFound } from "../environments/store.ts";
import { toFullEnvironment } from "../environments/to-reply.ts";
import { authenticate } from "../http/authentication.ts";
import { type App, noteCaller } from "../http/context.ts";
import { readId } from "../http/input.ts";
import { limitWrites } from "../http/rate-limits.ts";
import { ApiError, refuse } from "../http/refusals.ts";
import { log } from "../lib/log.ts";
import { retryPendingChanges, settleLeases, wakeLeases } from "./release.ts";
import { abandonPendingChanges } from "./store.ts";

/** Under `/api/environments`: what members can do about changes of parameter groups that are not restored. */
export const leaseRoutes = new Hono<App>()
  .use("/:id/check", authenticate, limitWrites)
  .use("/:id/abandon", authenticate, limitWrites)

  .post("/:id/check", async (c) => {
    const before = await readVisible(c);
    const isPending = readPendingChanges(before).length > 0;
    if (isPending) await retryPendingChanges(c.env, before.id);
    const environment = isPending ? await readVisible(c) : before;
    const { id, region, instance, credentials } = environment;
    const now = Date.now();
    const found = await askAs(c.env, { envId: id, region, credentials }, now, (keys) =>
      inspectInstance(c.env, region, instance, keys),
    );
    if (!found.ok) throw new ApiError(400, explain(found.failure, instance, region));
    await updateFound(c.var.db, id, found.value, now);
    return c.json({
      ...toFullEnvironment({ ...environment, ...found.value }),
      status: found.value.status,
    } satisfies CheckedEnvironment);
  })

  .post("/:id/abandon", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const abandoned = await abandonPendingChanges(c.var.db, c.var.credential, id, now);
    if (abandoned.outcome !== "changed") throw notChanged(abandoned.outcome, refuse.notAdmin);
    const { environment, leaseNames } = abandoned;
    noteCaller(environment.caller);
    for (const lease of leaseNames) log.warn("lease.abandoned", { envId: id, lease, by: environment.caller });
    await settleLeases(c.env, leaseNames, now);
    return c.json(toFullEnvironment(environment));
  });

/** Retries the pending changes of an environment that was updated: its new credentials may be able to. */
export async function retryAfterUpdate(env: Env, before: EnvironmentRow): Promise<void> {
  const names = readPendingChanges(before).map(({ leaseName }) => leaseName);
  await wakeLeases(env, names, Date.now());
}
