import { Hono } from "hono";
import { keyedRequest } from "../db/idempotency.ts";
import { hasEnded } from "../db/states.ts";
import { positiveNumber, runnerOf } from "../env.ts";
import { toErasure } from "../environments/to-reply.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type Precondition, readPrecondition } from "../http/conditional.ts";
import type { App, AppContext } from "../http/context.ts";
import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { readBody, readHeader, readId, readQuery } from "../http/input.ts";
import { countCostly } from "../http/rate-limits.ts";
import { refuse } from "../http/refusals.ts";
import { signedIn } from "../http/signed-in.ts";
import { readArchivedMetrics, readMetrics } from "../metrics/read.ts";
import { metricsQuerySchema } from "../metrics/schema.ts";
import { tellQueue } from "../webhooks/outbox.ts";
import { compareRoutes } from "../workload/compare/routes.ts";
import { reportRoutes } from "../workload/report/routes.ts";
import { workloadRoutes } from "../workload/routes.ts";
import { findReadable, findReadablePair, requireMetrics, see } from "./access.ts";
import type { CaptureRow } from "./capture-row.ts";
import * as changes from "./changes.ts";
import * as creation from "./creation.ts";
import { eraseSchema } from "./erase-schema.ts";
import { eraseCapture } from "./erasing.ts";
import { captureTag, TAG_FORMATS } from "./etags.ts";
import { cancelRefusal, stopRefusal } from "./lifecycle.ts";
import { openLive } from "./live.ts";
import { planCapture } from "./plan.ts";
import * as queries from "./queries.ts";
import { answerList, answerOne, ID_IN_QUERY, restorableFor } from "./reading.ts";
import {
  monthFull,
  refuseCancel,
  refuseCapture,
  refuseChange,
  refusePlan,
  refuseStop,
  tooManyLive,
} from "./refusals.ts";
import { findReported } from "./reporting.ts";
import { reschedules } from "./rescheduling.ts";
import { changeSchema, createSchema } from "./schema.ts";
import { toCapture, toEvent } from "./to-reply.ts";
import { wakeRunner } from "./waking.ts";

/**
 * `/api/captures`: the endpoints of the specification, a capture's history, and its workload. They read variables by `c.get`, one by
 * one, since `c.var` copies all of them at each reading, which showed in the profile (bench/README.md).
 */
export const captureRoutes = new Hono<App>()
  .use(signedIn)

  .get("/", answerList)

  .post("/", async (c) => {
    const key = await readHeader(c, "Idempotency-Key", idempotencyKeySchema());
    const request = await readBody(c, createSchema());
    const keyed = key === null ? null : await keyedRequest(key, request);
    const limits = {
      maxLive: positiveNumber(c.env, "MAX_LIVE_CAPTURES"),
      maxMonthlyBytes: positiveNumber(c.env, "MAX_MONTHLY_BYTES"),
    };
    const now = Date.now();
    const plan = planCapture(request, now);
    if (!("refused" in plan)) {
      const made = await creation.createCapture(c.get("db"), c.get("credential"), keyed, plan, limits, now);
      return answerCreation(c, made, limits, now);
    }
    const earlier = await creation.findCreated(c.get("db"), c.get("credential"), keyed, request, now);
    if (earlier.outcome === "nothing") throw refusePlan(plan.refused, request);
    return answerCreation(c, earlier, limits, now);
  })

  .get("/:id", answerOne)

  .put("/:id", async (c) => {
    const id = await readId(c);
    const asked = await readBody(c, changeSchema());
    const precondition = preconditionOf(c, id);
    const now = Date.now();
    const made = await changes.changeCapture(c.get("db"), c.get("credential"), id, asked, precondition, now);
    const { after } = changed(made, (before) => refuseChange(before, asked, now));
    // Its runner looks when it is to start, or to end, by now.
    if (reschedules(asked)) await wake(c, after.id, now);
    return tagged(c, after);
  })

  .delete("/:id", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = preconditionOf(c, id);
    const { before, after } = changed(
      await changes.deleteCapture(c.get("db"), c.get("credential"), id, precondition, now),
      refuseCapture.captureNotFound,
    );
    // Its runner cancels the start, or stores the rest of what was running.
    if (!hasEnded(before.status)) await wake(c, after.id, now);
    return c.json(toCapture(before));
  })

  .post("/:id/stop", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = preconditionOf(c, id);
    const stopped = await changes.stopCapture(c.get("db"), c.get("credential"), id, precondition, now);
    const { after } = changed(stopped, (before) =>
      refuseStop(stopRefusal(before.status) ?? "already-stopped"),
    );
    await wake(c, after.id, now);
    return c.json(toCapture(after));
  })

  .post("/:id/cancel", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = preconditionOf(c, id);
    const cancelled = await changes.cancelCapture(c.get("db"), c.get("credential"), id, precondition, now);
    const { after } = changed(cancelled, (before) =>
      refuseCancel(cancelRefusal(before.status) ?? "cancel-ended"),
    );
    // Its runner gives back what it has switched on for the start.
    await wake(c, after.id, now);
    await tellQueue(c.env, after.id);
    return tagged(c, after);
  })

  .post("/:id/restore", async (c) => {
    const id = await readId(c);
    const now = Date.now();
    const precondition = preconditionOf(c, id);
    const restored = await changes.restoreCapture(
      c.get("db"),
      c.get("credential"),
      id,
      restorableFor(c.env),
      precondition,
      now,
    );
    const { before, after } = changed(restored, refuseCapture.nameTaken);
    // Its runner stores what is left to be stored.
    if (before.deletedAt !== null) await wake(c, after.id, now);
    return tagged(c, after);
  })

  .get("/:id/metrics", async (c) => {
    const id = await readId(c);
    const query = await readQuery(c, metricsQuerySchema(), ID_IN_QUERY);
    const now = Date.now();
    const found = await queries.readTarget(c.get("db"), c.get("credential"), id, now);
    const target = requireMetrics(see(found, refuseCapture.captureEnvironmentNotFound));
    await countCostly(c);
    const read = target.metricsArchivedAt === null ? readMetrics : readArchivedMetrics;
    const runner = runnerOf(c.env, id);
    const { metrics, headers } = await read(c.env, target, query, (request) => runner.metrics(request), now);
    return c.json(metrics, 200, headers);
  })

  .get("/:id/events", async (c) => {
    const id = await readId(c);
    const events = await queries.readEvents(c.get("db"), c.get("credential"), id, Date.now());
    return c.json(see(events, refuseCapture.captureEnvironmentNotFound).map(toEvent));
  })

  .get("/:id/live", openLive)

  .post("/:id/erase", async (c) => {
    const id = await readId(c);
    const { keepMetrics = false } = await readBody(c, eraseSchema());
    const erased = await eraseCapture(c.get("db"), c.get("credential"), id, keepMetrics, Date.now());
    return c.json(toErasure(erased));
  })

  .route("/:id/workload", workloadRoutes(findReadable))
  .route("/:id/workload", compareRoutes(findReadablePair))
  .route("/:id/workload", reportRoutes(findReported));

/** The capture that was made, now or with the same key before, or the refusal that fits. */
async function answerCreation(
  c: AppContext,
  created: creation.Created,
  { maxLive, maxMonthlyBytes }: creation.EnvironmentLimits,
  now: number,
): Promise<Response> {
  switch (created.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "no-environment":
      throw refuse.environmentNotFound();
    case "viewer":
      throw refuse.viewerMayNotChange();
    case "duplicate-name":
      throw refuseCapture.duplicateName();
    case "too-many":
      throw tooManyLive(maxLive);
    case "month-full":
      throw monthFull(maxMonthlyBytes);
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

/** A capture with its tag, for a later If-Match. */
const tagged = (c: AppContext, capture: CaptureRow): Response =>
  c.json(toCapture(capture), 200, { ETag: captureTag(capture) });

const preconditionOf = (c: AppContext, id: number): Precondition => readPrecondition(c, id, TAG_FORMATS);

/** The capture before and after a change, or the refusal that fits. */
function changed<Before extends CaptureRow>(
  change: changes.Changed<Before>,
  refused: (before: Before) => Error,
) {
  switch (change.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "not-found":
      throw refuseCapture.captureNotFound();
    case "forbidden":
      throw refuseCapture.notOwnerOrAdmin();
    case "viewer":
      throw refuse.viewerMayNotChange();
    case "outdated":
      throw refuseCapture.outdated();
    case "excluded":
      throw refuseCapture.excluded();
    case "refused":
      throw refused(change.before);
    case "changed":
      return change;
  }
}

/** Wakes a capture's runner, and has the request's line in the log name the capture. */
async function wake(c: AppContext, id: number, at: number): Promise<void> {
  c.set("captureId", id);
  await wakeRunner(c.env, id, at);
}
