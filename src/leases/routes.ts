import { Hono } from "hono";
import type { Env } from "../env.ts";
import { notChanged, readAsMember } from "../environments/access.ts";
import { open } from "../environments/credentials.ts";
import { readPendingChanges } from "../environments/pending-changes.ts";
import { keptChecks, type Preflight, preflight } from "../environments/preflight/preflight.ts";
import type { CheckedEnvironment } from "../environments/replies.ts";
import { type EnvironmentRow, updateChecked } from "../environments/store.ts";
import { toFullEnvironment } from "../environments/to-reply.ts";
import { type App, noteCaller } from "../http/context.ts";
import { readId } from "../http/input.ts";
import { countCostly } from "../http/rate-limits.ts";
import { refuse } from "../http/refusals.ts";
import { signedIn } from "../http/signed-in.ts";
import { log } from "../lib/log.ts";
import { changesOf } from "./group-changes.ts";
import { retryPendingChanges, settleLeases, wakeLeases } from "./release.ts";
import { abandonPendingChanges } from "./store.ts";

/** Under `/api/environments`: what members can do about changes of parameter groups that are not restored. */
export const leaseRoutes = new Hono<App>()
  .use("/:id/check", signedIn)
  .use("/:id/abandon", signedIn)

  .post("/:id/check", async (c) => {
    const before = await readAsMember(c);
    await countCostly(c);
    const isPending = readPendingChanges(before).length > 0;
    if (isPending) await retryPendingChanges(c.env, before.id);
    const environment = isPending ? await readAsMember(c) : before;
    const now = Date.now();
    const looked = await lookAt(c.env, environment, now);
    const kept = keptChecks(looked, now);
    await updateChecked(c.var.db, c.var.credential, environment, looked.found, kept, now);
    return c.json({
      ...toFullEnvironment({ ...environment, ...looked.found, ...kept }, c.env),
      status: looked.found?.status ?? null,
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
    return c.json(toFullEnvironment(environment, c.env));
  });

/** Asks AWS whether captures of an environment would work. */
async function lookAt(env: Env, environment: EnvironmentRow, now: number): Promise<Preflight> {
  const { id, region, instance, credentials: sealed, externalId, isReady } = environment;
  const subject = {
    region,
    instance,
    credentials: await open(env, id, sealed),
    isOwnId: externalId !== null,
    sealed,
    pending: readPendingChanges(environment),
    before: isReady === 1 ? "ready" : "not-ready",
  } as const;
  return preflight(env, changesOf, subject, now);
}

/** Retries the pending changes of an environment that was updated: its new credentials may be able to. */
export async function retryAfterUpdate(env: Env, before: EnvironmentRow): Promise<void> {
  const names = readPendingChanges(before).map(({ leaseName }) => leaseName);
  await wakeLeases(env, names, Date.now());
}
