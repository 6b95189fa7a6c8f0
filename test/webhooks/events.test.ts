import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createCapture } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { inFuture, until } from "../support/time.ts";
import { startReceiver } from "./receiver.ts";
import { createWebhook, deliveriesOf, untilDelivered } from "./support.ts";

/* What webhooks are told of captures, from the outbox through the queue to the receiver. */

const cast = castForEachTest();
const HOST = "hooks.shop.com";

it("tells of a capture that starts and ends, in order, signed, with what it recorded", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const capture = await createCapture(cast.owner, { envId: cast.environment.id, name: "for <the> record" });
  await until(cast.owner, capture, "RUNNING");
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  const done = await until(cast.owner, capture, "DONE");
  await untilDelivered(cast.admin, webhook, ["delivered", "delivered"]);
  const [started, ended] = receiver.verified(webhook.secret ?? "");
  expect(started).toMatchObject({
    type: "capture.started",
    data: {
      version: 1,
      sequence: 1,
      url: `http://captures.test/captures/${capture.id}`,
      environment: { id: cast.environment.id, name: "production" },
      capture: { id: capture.id, name: "for <the> record", log: "general", schedule: null, end: null },
    },
  });
  expect(ended).toMatchObject({
    type: "capture.done",
    data: { sequence: 2, capture: { start: done.start, end: done.end }, counts: { gapCount: 0 } },
  });
});

it("tells each webhook what it asked for, and nobody of a paused one, another environment or a deletion", async () => {
  const receiver = startReceiver(HOST);
  const { id: envId } = cast.environment;
  const failures = await createWebhook(cast.admin, envId, { name: "failures", events: ["capture.failed"] });
  const paused = await createWebhook(cast.admin, envId, { name: "paused" });
  await cast.admin.put(`/api/environments/${envId}/webhooks/${paused.id}`, { paused: true });
  const cancelled = await createCapture(cast.owner, { envId, scheduledStart: inFuture(3_600_000) });
  const deleted = await createCapture(cast.owner, { envId, scheduledStart: inFuture(3_600_000) });
  await cast.owner.post(`/api/captures/${cancelled.id}/cancel`);
  await cast.owner.delete(`/api/captures/${deleted.id}`);
  const [delivery, ...more] = await untilDelivered(cast.admin, failures, ["delivered"]);
  expect(more).toEqual([]);
  expect(delivery).toMatchObject({
    type: "capture.failed",
    captureId: cancelled.id,
    sequence: 1,
    attempts: 1,
  });
  expect(receiver.verified(failures.secret ?? "")).toMatchObject([
    { type: "capture.failed", data: { reason: "Cancelled before it was running" } },
  ]);
  expect(await deliveriesOf(cast.admin, paused)).toEqual([]);
});

it("writes no event of a transition that is not made", async () => {
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const capture = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: inFuture(3_600_000),
  });
  expect((await cast.member.post(`/api/captures/${capture.id}/cancel`)).status).toBe(403);
  expect(await deliveriesOf(cast.admin, webhook)).toEqual([]);
});

it("has nothing in the outbox where there is no webhook", async () => {
  const capture = await createCapture(cast.owner, { envId: cast.environment.id });
  await until(cast.owner, capture, "RUNNING");
  const rows = env.DB.prepare("select count(*) as n from webhook_deliveries where capture_id = ?1").bind(
    capture.id,
  );
  expect(await rows.first("n")).toBe(0);
});
