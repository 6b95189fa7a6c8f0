import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import worker from "../../src/index.ts";
import { createCapture, type Person } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { inFuture } from "../support/time.ts";
import { startReceiver } from "./receiver.ts";
import { createWebhook, deliveriesOf, readWebhook } from "./support.ts";

/*
 * How an event is delivered when something fails. The queue is the test's: what is sent to it is kept, and handled when the test says
 * so, as if its delay were over.
 */

const cast = castForEachTest();
const HOST = "hooks.shop.com";
const DAY = 24 * 60 * 60_000;

// What a test leaves pending would be another's, too: cron asks for no environment.
beforeEach(async () => {
  await env.DB.prepare("delete from webhook_deliveries").run();
});

/** A queue that keeps what it is sent. */
function keptQueue() {
  const messages: { body: unknown; delaySeconds: number }[] = [];
  vi.spyOn(env.WEBHOOK_QUEUE, "send").mockImplementation(async (body, options) => {
    messages.push({ body, delaySeconds: options?.delaySeconds ?? 0 });
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  vi.spyOn(env.WEBHOOK_QUEUE, "sendBatch").mockImplementation(async (batch) => {
    for (const { body } of batch) messages.push({ body, delaySeconds: 0 });
    return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } };
  });
  return {
    messages,
    /** Handles all that is there, as if its time had come. */
    async handle(): Promise<void> {
      await env.DB.prepare(
        "update webhook_deliveries set next_at = ?1 where status = 'pending' and claim is null",
      )
        .bind(Date.now())
        .run();
      for (const { body } of messages.splice(0)) await handle(body);
    },
  };
}

/** Handles a message; returns what the queue is told. */
async function handle(body: unknown, queue = "captures-webhooks") {
  const batch = createMessageBatch(queue, [
    { id: crypto.randomUUID(), timestamp: new Date(), attempts: 1, body },
  ]);
  await worker.queue(batch, env);
  return getQueueResult(batch, createExecutionContext());
}

/** Makes a capture that is cancelled at once: one event. */
async function cancelOne(person: Person, envId: number): Promise<number> {
  const { id } = await createCapture(person, { envId, scheduledStart: inFuture(3_600_000) });
  await person.post(`/api/captures/${id}/cancel`);
  return id;
}

it("sends what fails again, under the same id, until it has arrived", async () => {
  const receiver = startReceiver(HOST);
  receiver.answers = [{ status: 500, body: "no" }, new Error("connection reset")];
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  await queue.handle();
  expect(queue.messages).toMatchObject([{ delaySeconds: expect.toSatisfy((s: number) => s >= 2 && s <= 5) }]);
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "failing" });
  await queue.handle();
  expect(queue.messages).toMatchObject([
    { delaySeconds: expect.toSatisfy((s: number) => s >= 5 && s <= 10) },
  ]);
  await queue.handle();
  expect(queue.messages).toEqual([]);
  const sent = receiver.verified(webhook.secret ?? "");
  expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  const [delivery] = await deliveriesOf(cast.admin, webhook);
  expect(delivery).toMatchObject({
    status: "delivered",
    attempts: 3,
    messageId: sent[0]?.id,
    nextAttempt: null,
  });
  expect(delivery?.lastAttempts.map(({ status, error }) => [status, error])).toEqual([
    [500, "It answered 500"],
    [null, "It could not be reached"],
    [204, null],
  ]);
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "active", failingSince: null });
});

it("sends an event that comes twice from the queue once", async () => {
  const receiver = startReceiver(HOST);
  const queue = keptQueue();
  await createWebhook(cast.admin, cast.environment.id);
  const captureId = await cancelOne(cast.admin, cast.environment.id);
  queue.messages.length = 0;
  await Promise.all([handle({ captureId }), handle({ captureId })]);
  await handle({ captureId });
  expect(receiver.received).toHaveLength(1);
});

it("holds later events of a capture back until the earlier one has arrived, and no other capture's", async () => {
  const receiver = startReceiver(HOST);
  receiver.answers = [{ status: 503 }];
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const [first, other] = [
    await cancelOne(cast.admin, cast.environment.id),
    await cancelOne(cast.admin, cast.environment.id),
  ];
  // A second event of the first capture.
  await env.DB.prepare(
    `insert into webhook_deliveries (webhook_id, capture_id, type, sequence, message_id, time, facts, next_at)
     select webhook_id, capture_id, 'capture.gap', 2, 'msg_second', time, facts, next_at from webhook_deliveries where capture_id = ?1`,
  )
    .bind(first)
    .run();
  queue.messages.length = 0;
  await handle({ captureId: first });
  await handle({ captureId: other });
  await handle({ captureId: first });
  const told = () =>
    receiver.received.map(({ body }) => {
      const { type, data } = JSON.parse(body);
      return [data.capture.id, type, data.sequence];
    });
  expect(told()).toEqual([
    [first, "capture.failed", 1],
    [other, "capture.failed", 1],
  ]);
  await queue.handle();
  // The delivery of the first has put the second into the queue.
  await queue.handle();
  expect(told().slice(2)).toEqual([
    [first, "capture.failed", 1],
    [first, "capture.gap", 2],
  ]);
  expect((await deliveriesOf(cast.admin, webhook)).map(({ status }) => status)).toEqual(
    Array(3).fill("delivered"),
  );
});

it("gives up after a day, and can be sent again", async () => {
  const receiver = startReceiver(HOST);
  receiver.answers = [{ status: 500 }, { status: 500 }];
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  await queue.handle();
  await env.DB.prepare("update webhook_deliveries set first_tried_at = ?1")
    .bind(Date.now() - DAY)
    .run();
  await queue.handle();
  const [dead] = await deliveriesOf(cast.admin, webhook);
  expect(dead).toMatchObject({ status: "dead", attempts: 2, nextAttempt: null });
  expect(queue.messages).toEqual([]);
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "failing" });
  const path = `/api/environments/${webhook.envId}/webhooks/${webhook.id}/deliveries/${dead?.id}/redeliver`;
  expect(await cast.admin.post(path)).toMatchObject({ status: 200, body: { status: "pending" } });
  expect(await cast.admin.post(path)).toMatchObject({ status: 409, body: { message: /pending/ } });
  await queue.handle();
  expect(new Set(receiver.verified(webhook.secret ?? "").map(({ id }) => id)).size).toBe(1);
  expect(await deliveriesOf(cast.admin, webhook)).toMatchObject([{ status: "delivered" }]);
});

it("waits as long as the receiver asks for", async () => {
  const receiver = startReceiver(HOST);
  receiver.answers = [
    { status: 429, headers: { "retry-after": "600" } },
    { status: 503, headers: { "retry-after": "99999999" } },
  ];
  const queue = keptQueue();
  await createWebhook(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  await queue.handle();
  expect(queue.messages).toMatchObject([{ delaySeconds: 600 }]);
  await queue.handle();
  expect(queue.messages).toMatchObject([{ delaySeconds: 3600 }]);
});

it.each([
  [410, "It answered 410: nothing is to be sent there any more"],
  [500, "No delivery has succeeded for 5 days. The last attempt: It answered 500"],
])("switches a webhook off that answers %i for good, and says why", async (status, disabledReason) => {
  const receiver = startReceiver(HOST);
  receiver.answers = [{ status }];
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  await env.DB.prepare("update webhooks set failing_since = ?1 where id = ?2")
    .bind(Date.now() - 6 * DAY, webhook.id)
    .run();
  await cancelOne(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  await queue.handle();
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "disabled", disabledReason });
  expect((await deliveriesOf(cast.admin, webhook)).map((one) => one.status)).toEqual(["dead", "dead"]);
  expect(receiver.received).toHaveLength(1);
  await cancelOne(cast.admin, cast.environment.id);
  expect(await deliveriesOf(cast.admin, webhook)).toHaveLength(2);
  const path = `/api/environments/${webhook.envId}/webhooks/${webhook.id}`;
  expect(await cast.admin.post(`${path}/test`)).toMatchObject({ status: 409 });
  const [dead] = await deliveriesOf(cast.admin, webhook);
  expect(await cast.admin.post(`${path}/deliveries/${dead?.id}/redeliver`)).toMatchObject({ status: 409 });
  expect(await cast.admin.put(path, { paused: false })).toMatchObject({ body: { state: "active" } });
});

it("follows no redirect, and sends nothing to a name that leads inside", async () => {
  const receiver = startReceiver(HOST, "inside.shop.com");
  receiver.answers = [{ status: 302, headers: { location: "https://inside.shop.com/" } }];
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  await queue.handle();
  receiver.dns[HOST] = { A: ["93.184.215.14", "10.0.0.7"] };
  await queue.handle();
  expect(receiver.received).toHaveLength(1);
  const [delivery] = await deliveriesOf(cast.admin, webhook);
  expect(delivery?.lastAttempts.map(({ error }) => error)).toEqual([
    "It answered 302: redirects are not followed",
    "It leads to an address that is not public",
  ]);
});

it("delivers what the queue has lost, once cron finds it", async () => {
  const receiver = startReceiver(HOST);
  const queue = keptQueue();
  vi.mocked(env.WEBHOOK_QUEUE.send).mockRejectedValue(new Error("the queue is away"));
  await createWebhook(cast.admin, cast.environment.id);
  await cancelOne(cast.admin, cast.environment.id);
  expect(await everyMinute()).toMatchObject({ lateDeliveries: 0 });
  await env.DB.prepare("update webhook_deliveries set next_at = ?1 where status = 'pending'")
    .bind(Date.now() - 60_000)
    .run();
  expect(await everyMinute()).toMatchObject({ lateDeliveries: 1 });
  expect(await everyMinute()).toMatchObject({ lateDeliveries: 0 });
  await queue.handle();
  expect(receiver.received).toHaveLength(1);
});

it("sends an event again whose attempt was cut off, under the same id", async () => {
  const receiver = startReceiver(HOST);
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const captureId = await cancelOne(cast.admin, cast.environment.id);
  queue.messages.length = 0;
  // The outcome can't be written: as if the Worker had ended after the receiver had answered.
  const batch = vi.spyOn(env.DB, "batch");
  const real = batch.getMockImplementation() ?? Object.getPrototypeOf(env.DB).batch;
  let calls = 0;
  batch.mockImplementation(async (statements) => {
    if (++calls === 2) throw new Error("D1_ERROR: Network connection lost.");
    return real.call(env.DB, statements);
  });
  const told = await handle({ captureId });
  batch.mockRestore();
  expect(told.retryMessages).toHaveLength(1);
  await handle({ captureId });
  expect(receiver.received).toHaveLength(1);
  // Once the claim has expired.
  await env.DB.prepare("update webhook_deliveries set next_at = ?1").bind(Date.now()).run();
  await handle({ captureId });
  const ids = receiver.verified(webhook.secret ?? "").map(({ id }) => id);
  expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
});

it("takes messages off the queue that can't be handled", async () => {
  startReceiver(HOST);
  keptQueue();
  for (const [body, queue] of [
    [{ captureId: "1" }, "captures-webhooks"],
    [null, "captures-webhooks"],
    [{ deliveryId: 987_654 }, "captures-webhooks"],
    [{ deliveryId: 1 }, "captures-webhooks-dead"],
  ] as const) {
    expect((await handle(body, queue)).explicitAcks).toHaveLength(1);
  }
});

it("fails where the service can't open its own secret, says so, and does not wait for ever", async () => {
  const receiver = startReceiver(HOST);
  const queue = keptQueue();
  const webhook = await createWebhook(cast.admin, cast.environment.id, { events: ["capture.failed"] });
  await env.DB.prepare("update webhooks set target = 'k0.AAAA.AAAA' where id = ?1").bind(webhook.id).run();
  const error = "This service could not send it: its log says why";
  const path = `/api/environments/${cast.environment.id}/webhooks/${webhook.id}`;
  const tested = await cast.admin.post(`${path}/test`);
  expect(tested).toMatchObject({
    status: 200,
    body: { status: "dead", lastAttempts: [{ status: null, error }] },
  });
  const capture = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: inFuture(3_600_000),
  });
  await cast.owner.post(`/api/captures/${capture.id}/cancel`);
  await queue.handle();
  const last = async () => (await deliveriesOf(cast.admin, webhook)).at(-1);
  expect(await last()).toMatchObject({
    type: "capture.failed",
    status: "pending",
    lastAttempts: [{ error }],
  });
  await env.DB.prepare("update webhook_deliveries set first_tried_at = first_tried_at - ?1").bind(DAY).run();
  await queue.handle();
  expect(await last()).toMatchObject({ status: "dead", nextAttempt: null });
  expect(receiver.received).toEqual([]);
});
