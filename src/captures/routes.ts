import { Hono } from "hono";
import { keyedRequest } from "../db/idempotency.ts";
import { hasEnded } from "../db/states.ts";
import { positiveNumber, runnerOf } from "../env.ts";
import { authenticate, unknownCaller } from "../http/authentication.ts";
import type { App, AppContext } from "../http/context.ts";
import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { readBody, readHeader, readId, readQuery } from "../http/input.ts";
import { limitWrites } from "../http/rate-limits.ts";
import { refuse, tooManyLive } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { readArchivedMetrics, readMetrics } from "../metrics/read.ts";
import { metricsQuerySchema } from "../metrics/schema.ts";
import { compareRoutes } from "../workload/compare/routes.ts";
import { workloadRoutes } from "../workload/routes.ts";
import { findReadable, findReadablePair, see } from "./access.ts";
import type { CaptureRow } from "./capture-row.ts";
import * as changes from "./changes.ts";
import * as creation from "./creation.ts";
import { captureTag, isKnown, pageTag, preconditionOf } from "./etags.ts";
import { stopRefusal } from "./lifecycle.ts";
import { openLive } from "./live.ts";
import { planCapture } from "./plan.ts";
import * as queries from "./queries.ts";
import { refusePlan, refuseStop } from "./refusals.ts";
import { createSchema, listSchema, renameSchema } from "./schema.ts";
import { toCapture, toEvent } from "./to-reply.ts";

/**
 * `/api/captures`: the endpoints of the specification, a capture's history, and its workload. They read variables by `c.get`, one by
 * one, since `c.var` copies all of them at each reading, which showed in the profile (bench/README.md).
 */
export const captureRoutes = new Hono<App>()
  .use(authenticate, limitWrites)

  .get("/", async (c) => {
    const { limit, ...filter } = await readQuery(c, listSchema());
    // One more than the page, to know whether there is another.
    const page = await queries.listCaptures(
      c.get("db"),
      c.get("credential"),
      { ...filter, limit: limit + 1 },
      Date.now(),
    );
    const captures = see(page, refuse.environmentNotFound);
    const last = captures.length > limit ? captures[limit - 1] : undefined;
    if (last !== undefined) {
      const next = new URL(c.req.url);
      next.searchParams.set("cursor", String(last.id));
      c.header("Link", `<${next}>; rel="next"`);
    }
    const shown = captures.slice(0, limit);
    const tag = await pageTag(shown, last !== undefined);
    return unlessKnown(c, tag, REVALIDATED, () => shown.map(toCapture));
  })

  .post("/", async (c) => {
    const key = await readHeader(c, "Idempotency-Key", idempotencyKeySchema());
    const request = await readBody(c, createSchema());
    const keyed = key === null ? null : await keyedRequest(key, request);
    const maxLive = positiveNumber(c.env, "MAX_LIVE_CAPTURES");
    const now = Date.now();
    const plan = planCapture(request, now);
    if (!("refused" in plan)) {
      const made = await creation.createCapture(c.get("db"), c.get("credential"), keyed, plan, maxLive, now);
      return answerCreation(c, made, maxLive, now);
    }
    const earlier = await creation.findCreated(c.get("db"), c.get("credential"), keyed, request, now);
    if (earlier.outcome === "nothing") throw refusePlan(plan.refused, request);
    return answerCreation(c, earlier, maxLive, now);
  })

  .get("/:id", async (c) => {
    const id = await readId(c);
    const capture = await queries.readCapture(c.get("db"), c.get("credential"), id, Date.now());
    const shown = see(capture, refuse.captureEnvironmentNotFound);
    // Compressed on its way, its tag would come to be a weak one, of which If-Match accepts none.
    return unlessKnown(c, captureTag(shown), `${REVALIDATED}, no-transform`, () => toCapture(shown));
  })

  .put("/:id", async (c) => {
    const id = await readId(c);
    const { name } = await readBody(c, renameSchema());
    const precondition = readPrecondition(c, id);
    const renamed = await changes.renameCapture(
      c.get("db"),
      c.get("credential"),
      id,
      name,
      precondition,
      Date.now(),
    );
    const { after } = changed(renamed, refuse.duplicateName);
    return tagged(c, after);
  })

  .delete("/:id", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = readPrecondition(c, id);
    const { before, after } = changed(
      await changes.deleteCapture(c.get("db"), c.get("credential"), id, precondition, now),
      refuse.captureNotFound,
    );
    // Its runner cancels the start, or stores the rest of what was running.
    if (!hasEnded(before.status)) await wake(c, after.id, now);
    return c.json(toCapture(before));
  })

  .post("/:id/stop", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = readPrecondition(c, id);
    const stopped = await changes.stopCapture(c.get("db"), c.get("credential"), id, precondition, now);
    const { after } = changed(stopped, (before) =>
      refuseStop(stopRefusal(before.status) ?? "already-stopped"),
    );
    await wake(c, after.id, now);
    return c.json(toCapture(after));
  })

  .get("/:id/metrics", async (c) => {
    const id = await readId(c);
    const query = await readQuery(c, metricsQuerySchema());
    const now = Date.now();
    const target = see(
      await queries.readTarget(c.get("db"), c.get("credential"), id, now),
      refuse.captureEnvironmentNotFound,
    );
    const read = target.metricsArchivedAt === null ? readMetrics : readArchivedMetrics;
    const runner = runnerOf(c.env, id);
    const { metrics, headers } = await read(c.env, target, query, (request) => runner.metrics(request), now);
    return c.json(metrics, 200, headers);
  })

  .get("/:id/events", async (c) => {
    const id = await readId(c);
    const events = await queries.readEvents(c.get("db"), c.get("credential"), id, Date.now());
    return c.json(see(events, refuse.captureEnvironmentNotFound).map(toEvent));
  })

  .get("/:id/live", openLive)

  .route("/:id/workload", workloadRoutes(findReadable))
  .route("/:id/workload", compareRoutes(findReadablePair));

/** The capture that was made, now or with the same key before, or the refusal that fits. */
async function answerCreation(
  c: AppContext,
  created: creation.Created,
  maxLive: number,
  now: number,
): Promise<Response> {
  switch (created.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "no-environment":
      throw refuse.environmentNotFound();
    case "duplicate-name":
      throw refuse.duplicateName();
    case "too-many":
      throw tooManyLive(maxLive);
    case "key-reused":
      throw refuse.keyReused();
    case "replayed":
      c.header("Idempotent-Replayed", "true");
      // The first request may have been cut off before it came to this.
      if (created.isAsMade) await wake(c, created.capture.id, created.capture.scheduledStart ?? now);
      return tagged(c, created.capture);
    case "created":
      await wake(c, created.capture.id, created.capture.scheduledStart ?? now);
      return tagged(c, created.capture);
  }
}

/** A browser may cache it for its user, and revalidates it each time. */
const REVALIDATED = "private, no-cache";

/** Answers 304 to a client that has the tag, and else the body, which is made only then. */
function unlessKnown(c: AppContext, tag: string, cacheControl: string, body: () => object): Response {
  const headers = { ETag: tag, "Cache-Control": cacheControl };
  return isKnown(c.req.header("if-none-match"), tag)
    ? c.body(null, 304, headers)
    : c.json(body(), 200, headers);
}

/** A capture with its tag, for a later If-Match. */
const tagged = (c: AppContext, capture: CaptureRow): Response =>
  c.json(toCapture(capture), 200, { ETag: captureTag(capture) });

const readPrecondition = (c: AppContext, id: number): changes.Precondition =>
  preconditionOf(c.req.header("if-match"), c.req.header("if-none-match"), id);

/** The capture before and after a change, or the refusal that fits. */
function changed(change: changes.Changed, refused: (before: CaptureRow) => Error) {
  switch (change.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "not-found":
      throw refuse.captureNotFound();
    case "forbidden":
      throw refuse.notOwnerOrAdmin();
    case "outdated":
      throw refuse.outdated();
    case "excluded":
      throw refuse.excluded();
    case "refused":
      throw refused(change.before);
    case "changed":
      return change;
  }
}

/**
 * Wakes a capture's runner. What the caller asked for is in the database already; should the runner be away, cron wakes it within
 * a minute or two, so that this is no reason to answer that it was not done.
 */
async function wake(c: AppContext, id: number, at: number): Promise<void> {
  c.set("captureId", id);
  try {
    await runnerOf(c.env, id).wake(id, at);
  } catch (error) {
    log.warn("capture.wake.failed", { captureId: id, ...describeError(error) });
  }
}
