import { Hono } from "hono";
import type { Env } from "../env.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { readBody, readId, readQuery } from "../http/input.ts";
import { refuse } from "../http/refusals.ts";
import { isoTime } from "../lib/values.ts";
import { requireChanged } from "./access.ts";
import { deleteEnvironment } from "./deletion.ts";
import { erasureBodySchema, erasureQuerySchema } from "./erasure-schema.ts";
import { type ErasureRow, type ErasureTotals, eraseWorkloads, readErasures } from "./erasures.ts";
import { refuseEnvironment } from "./refusals.ts";
import type { EnvironmentErasure } from "./replies.ts";
import { toErasure } from "./to-reply.ts";

/** How many erasures one reply lists. */
const PAGE = 500;

/** What an erasure can't reach, and for how long. */
const OUT_OF_REACH = [
  "Backups of the database (D1 Time Travel), for 30 days: they have the captures' rows, such as names, labels, notes and times, and normalised statements, without their values, that webhooks have told as new; no others.",
  "The history of the Durable Objects that recorded the captures, for 30 days at Cloudflare: as far as this service goes, nobody can read it.",
  "Downloads, reports and copies that people or programs have made, and what their browsers keep.",
  "The log files and metrics of the instance itself, at AWS.",
];

/** `/api/environments/{id}/erasure`. @param restoreNow as of the environments' routes */
export const erasureRoutes = (restoreNow: (env: Env, envId: number) => Promise<void>) =>
  new Hono<App>()
    .get("/:id/erasure", async (c) => {
      const id = await readId(c);
      const { after = 0 } = await readQuery(c, erasureQuerySchema());
      return c.json(await showErasures(c, id, after));
    })

    .post("/:id/erasure", async (c) => {
      const id = await readId(c);
      const { what, keepMetrics = false } = await readBody(c, erasureBodySchema());
      const now = Date.now();
      const { db, credential } = c.var;
      if (what === "workloads") {
        requireChanged(await eraseWorkloads(db, credential, id, keepMetrics, now), refuse.notAdmin);
      } else {
        await eraseEnvironment(c, id, restoreNow, now);
      }
      return c.json(await showErasures(c, id, 0));
    });

async function eraseEnvironment(
  c: AppContext,
  id: number,
  restoreNow: (env: Env, envId: number) => Promise<void>,
  now: number,
): Promise<void> {
  const remove = () => deleteEnvironment(c.var.db, c.var.credential, id, now, { erases: true });
  let outcome = await remove();
  if (outcome === "owing") {
    // Perhaps of a capture that has ended just now.
    await restoreNow(c.env, id);
    outcome = await remove();
  }
  if (outcome === "owing") throw refuseEnvironment.stillOwed();
  requireChanged(outcome, refuseEnvironment.liveCaptures);
}

async function showErasures(c: AppContext, id: number, after: number): Promise<EnvironmentErasure> {
  const page = { after, limit: PAGE + 1 };
  const found = await readErasures(c.var.db, c.var.credential, id, page, Date.now());
  if (found === null) throw unknownCaller();
  noteCaller(found.totals.caller);
  if (found.totals.name === null) throw refuse.environmentNotFound();
  return toEnvironmentErasure(id, found.totals, found.totals.name, found.erasures);
}

function toEnvironmentErasure(
  id: number,
  totals: ErasureTotals,
  name: string,
  erasures: readonly ErasureRow[],
): EnvironmentErasure {
  const { finished, pending, totalObjects, totalBytes, firstAt, lastAt, kept, live } = totals;
  const shown = erasures.slice(0, PAGE);
  return {
    environment: {
      id,
      name,
      deletedAt: isoTime(totals.deletedAt),
      erasedAt: isoTime(totals.rowErasedAt),
    },
    erased: {
      captures: finished,
      objects: totalObjects,
      bytes: totalBytes,
      firstAt: isoTime(firstAt),
      lastAt: isoTime(lastAt),
    },
    left: { pending, kept, live },
    captures: shown.map(toErasure),
    next: erasures.length > PAGE ? (shown.at(-1)?.captureId ?? null) : null,
    outOfReach: [...OUT_OF_REACH],
  };
}
