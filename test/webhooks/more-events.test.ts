import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { recordPendingChanges } from "../../src/leases/store.ts";
import { createCapture } from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { accessOf, GroupLease, groupOf } from "../support/leases.ts";
import { quietLogOf } from "../support/quiet-log.ts";
import { inFuture, runAlarm, travel, until } from "../support/time.ts";
import { startReceiver } from "./receiver.ts";
import { createWebhook, deliveriesOf, dueAt, untilDelivered } from "./support.ts";

/* The events that are no transition: gaps, new statements, and a log that is left on. */

const cast = castForEachTest();
const { write } = quietLogOf(cast);
const HOST = "hooks.shop.com";

/** A capture that records some statements, and is DONE. */
async function captureOf(statements: string[], fields: Record<string, unknown> = {}) {
  const capture = await until(
    cast.owner,
    await createCapture(cast.owner, { envId: cast.environment.id, ...fields }),
    "RUNNING",
  );
  await write(...statements);
  await runAlarm(capture);
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  return until(cast.owner, capture, "DONE");
}

const times = (count: number, statement: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => statement(index));

it("tells of each gap once, before the end that comes after it", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id, {
    events: ["capture.gap", "capture.done"],
  });
  const capture = await until(
    cast.owner,
    await createCapture(cast.owner, { envId: cast.environment.id }),
    "RUNNING",
  );
  await write("SELECT 'before'");
  await runAlarm(capture);
  await new GroupLease(cast.aws, groupOf(cast.aws), await accessOf(cast.environment)).set({
    general_log: "0",
  });
  for (let minute = 0; minute < 3; minute++) {
    await travel(cast.aws, 60_000);
    await runAlarm(capture);
  }
  await write("SELECT 'after'");
  await travel(cast.aws, 60_000);
  await runAlarm(capture);
  await runAlarm(capture);
  await cast.owner.post(`/api/captures/${capture.id}/stop`);
  await until(cast.owner, capture, "DONE");
  await untilDelivered(cast.admin, webhook, ["delivered", "delivered"]);
  const told = receiver.received.map(({ body }) => JSON.parse(body));
  expect(told).toMatchObject([
    { type: "capture.gap", data: { sequence: 1, gaps: { log: "general", count: 1 } } },
    { type: "capture.done", data: { sequence: 2, counts: { gapCount: 1 } } },
  ]);
  expect(told[0].data.gaps.first[0].cause).toMatch(/was switched off/);
});

it("tells of the statements that are new since the last capture with the same baseline, without their values", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id, { events: ["statement.new"] });
  // Keeps the log on, so that the others need not wait for it.
  await until(cast.owner, await createCapture(cast.owner, { envId: cast.environment.id }), "RUNNING");
  const usual = times(60, (index) => `SELECT * FROM orders WHERE id = ${index}`);
  const labels = { baseline: "checkout" };
  const base = await captureOf(usual, { labels });
  const secret = (index: number) =>
    `UPDATE users SET email = 'somebody-${index}@example.com' WHERE id = ${index}`;
  const changed = await captureOf([...usual, ...times(60, secret)], { labels });
  await untilDelivered(cast.admin, webhook, ["delivered"]);
  const [told] = receiver.verified(webhook.secret ?? "");
  expect(told).toMatchObject({
    type: "statement.new",
    data: {
      url: `http://captures.test/captures/${changed.id}/compare?with=${base.id}`,
      base: { id: base.id, name: base.name },
      statements: {
        count: 1,
        first: [{ digest: "UPDATE users SET email = ? WHERE id = ?", calls: 60 }],
      },
    },
  });
  expect(receiver.received[0]?.body).not.toContain("somebody");
  // Nothing is new: nothing is told, and nothing waits.
  await captureOf([...usual, ...times(60, secret)], { labels });
  const [delivery] = await untilDelivered(cast.admin, webhook, ["delivered"]);
  // Once the capture is erased, nothing of its statements is left to be told again.
  const facts = async () =>
    JSON.stringify((await env.DB.prepare("select facts from webhook_deliveries").all()).results);
  expect(await facts()).toContain("UPDATE users");
  expect((await cast.admin.post(`/api/captures/${changed.id}/erase`, {})).status).toBe(200);
  await everyMinute();
  expect(await facts()).not.toContain("UPDATE users");
  const path = `/api/environments/${cast.environment.id}/webhooks/${webhook.id}/deliveries/${delivery?.id}`;
  expect((await cast.admin.post(`${path}/redeliver`)).status).toBe(200);
  await untilDelivered(cast.admin, webhook, []);
  expect(receiver.received).toHaveLength(1);
});

it("keeps the statements of a sealed capture sealed, tells them again, and forgets them when it is erased", async () => {
  const receiver = startReceiver(HOST);
  receiver.answers = [{ status: 500 }];
  const { id: envId } = cast.environment;
  expect((await cast.admin.put(`/api/environments/${envId}`, { sealed: true })).status).toBe(200);
  const webhook = await createWebhook(cast.admin, envId, { events: ["statement.new"] });
  await until(cast.owner, await createCapture(cast.owner, { envId }), "RUNNING");
  const usual = times(60, (index) => `SELECT * FROM orders WHERE id = ${index}`);
  const labels = { baseline: "sealed" };
  await captureOf(usual, { labels });
  const other = times(60, (index) => `DELETE FROM carts WHERE id = ${index}`);
  const changed = await captureOf([...usual, ...other], { labels });
  await expect.poll(() => receiver.received.length).toBe(1);
  await expect.poll(async () => (await deliveriesOf(cast.admin, webhook))[0]?.lastAttempts.length).toBe(1);
  const facts = async () =>
    JSON.parse(
      (await env.DB.prepare("select facts from webhook_deliveries where webhook_id = ?1")
        .bind(webhook.id)
        .first<string>("facts")) ?? "",
    );
  const { more } = await facts();
  expect(more).toEqual({ base: more.base, sealedStatements: expect.stringMatching(/^1\.1\.[\w.-]+$/) });
  await dueAt(Date.now());
  const [delivery] = await deliveriesOf(cast.admin, webhook);
  await env.WEBHOOK_QUEUE.send({ deliveryId: delivery?.id });
  await untilDelivered(cast.admin, webhook, ["delivered"]);
  const [first, second] = receiver.verified(webhook.secret ?? "");
  expect(second).toEqual(first);
  expect(second?.data.statements).toMatchObject({
    count: 1,
    first: [{ digest: "DELETE FROM carts WHERE id = ?", calls: 60 }],
  });
  expect((await cast.admin.post(`/api/captures/${changed.id}/erase`, {})).status).toBe(200);
  await everyMinute();
  expect((await facts()).more).toEqual({ base: more.base });
});

it("tells once that a log was left on, for the latest capture, once it was tried", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id, { events: ["log.left-on"] });
  const fields = { envId: cast.environment.id, scheduledStart: inFuture(3_600_000) };
  const [one, other] = [await createCapture(cast.owner, fields), await createCapture(cast.owner, fields)];
  const record = (reason: string | null) =>
    recordPendingChanges(
      env.DB,
      "us-east-1/123456789012/shop-params",
      [one, other].map(({ id }) => ({ captureId: id, reason, settings: { general_log: "0" } })),
      Date.now(),
    );
  await record(null);
  expect(await deliveriesOf(cast.admin, webhook)).toEqual([]);
  const reason = "rds:ModifyDBParameterGroup on shop-params: access was denied";
  await record(reason);
  await record(`${reason} again`);
  const [delivery, ...more] = await deliveriesOf(cast.admin, webhook);
  expect(more).toEqual([]);
  expect(delivery).toMatchObject({ type: "log.left-on", captureId: other.id, status: "pending" });
  await env.WEBHOOK_QUEUE.send({ deliveryId: delivery?.id });
  await untilDelivered(cast.admin, webhook, ["delivered"]);
  expect(receiver.verified(webhook.secret ?? "")).toMatchObject([
    {
      type: "log.left-on",
      data: {
        url: `http://captures.test/environments/${cast.environment.id}`,
        parameterGroup: "shop-params",
        reason,
      },
    },
  ]);
});
