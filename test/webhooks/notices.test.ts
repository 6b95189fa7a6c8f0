import { createMessageBatch } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import { everyMinute } from "../../src/cleanup/cron.ts";
import type { Env } from "../../src/env.ts";
import worker from "../../src/index.ts";
import { createCapture, linesOf } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { inFuture } from "../support/time.ts";
import { startReceiver } from "./receiver.ts";
import { createWebhook, readWebhook } from "./support.ts";

/* What admins are told when the service switches a webhook off. */

const cast = castForEachTest();
const HOST = "hooks.shop.com";
const DAY = 24 * 60 * 60_000;

beforeEach(async () => {
  for (const table of ["webhook_deliveries", "webhook_notices"])
    await env.DB.prepare(`delete from ${table}`).run();
  await env.DB.prepare("update user set email_verified = 1").run();
  vi.spyOn(env.WEBHOOK_QUEUE, "send").mockResolvedValue({
    metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } },
  });
});

interface SentMail {
  to: string;
  subject: string;
  text: string;
}

/** The mails that the binding is given; the first ones fail. */
function mailbox(failures = 0): SentMail[] {
  const mails: SentMail[] = [];
  let left = failures;
  const binding = env.EMAIL as { send: (mail: unknown) => Promise<{ messageId: string }> };
  vi.spyOn(binding, "send").mockImplementation(async (mail) => {
    if (left-- > 0) throw Object.assign(new Error("no"), { code: "E_RATE_LIMIT_EXCEEDED" });
    mails.push(mail as SentMail);
    return { messageId: "1" };
  });
  return mails;
}

/** A webhook that is switched off, since its receiver is gone. */
async function switchedOff(captures = 1, environment: Env = env) {
  const receiver = startReceiver(HOST);
  receiver.answers = Array(captures).fill({ status: 410 });
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const ids: number[] = [];
  for (let made = 0; made < captures; made++) {
    const fields = { envId: cast.environment.id, scheduledStart: inFuture(3_600_000) };
    const { id } = await createCapture(cast.admin, fields);
    await cast.admin.post(`/api/captures/${id}/cancel`);
    ids.push(id);
  }
  const messages = ids.map((captureId) => ({
    id: crypto.randomUUID(),
    timestamp: new Date(),
    attempts: 1,
    body: { captureId },
  }));
  await worker.queue(createMessageBatch("captures-webhooks", messages), environment);
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "disabled" });
  return webhook;
}

const minute = (at = Date.now(), environment: Env = env) => everyMinute(environment, at);
const waiting = () => env.DB.prepare("select count(*) as n from webhook_notices").first<number>("n");
/** Lets those that wait be due. */
const due = () => env.DB.prepare("update webhook_notices set next_at = 0").run();

it("are mailed once, each to a verified address, and the trail says that the service did it", async () => {
  const { id: envId } = cast.environment;
  const path = `/api/environments/${envId}`;
  await cast.admin.put(`${path}/members/${cast.member.id}`, { role: "admin" });
  await cast.admin.put(`${path}/members/${cast.owner.id}`, { role: "admin" });
  await env.DB.prepare("update user set email_verified = 0 where id = ?1").bind(cast.owner.id).run();
  const mails = mailbox();
  const webhook = await switchedOff();
  await Promise.all([minute(), minute()]);
  await minute();
  expect(mails.map(({ to }) => to).sort()).toEqual([cast.admin.email, cast.member.email].sort());
  expect(mails[0]?.subject).toBe('The webhook "ours" of production was switched off');
  expect(mails[0]?.text).toContain("It answered 410: nothing is to be sent there any more.");
  expect(mails[0]?.text).toContain(`http://captures.test/environments/${envId}/webhooks\n`);
  expect(mails[0]?.text).not.toContain(HOST);
  const trail = (await cast.admin.get<AuditEvent[]>(`${path}/audit?action=webhook.disabled`)).body;
  expect(trail).toMatchObject([
    {
      actor: { id: "webhooks", name: null },
      via: "service",
      subject: { kind: "webhook", id: String(webhook.id), name: "ours" },
      details: { reason: expect.stringContaining("410"), address: `https://${HOST}/…` },
    },
  ]);
});

it("are mailed once though several deliveries find out at a time, and again when it happens again", async () => {
  const mails = mailbox();
  const webhook = await switchedOff(3);
  await minute();
  expect(mails).toHaveLength(1);
  const path = `/api/environments/${webhook.envId}`;
  const trail = async () =>
    (await cast.admin.get<AuditEvent[]>(`${path}/audit?action=webhook.disabled`)).body;
  expect(await trail()).toHaveLength(1);
  await switchedOff();
  await minute();
  expect(mails).toHaveLength(2);
  expect(await trail()).toHaveLength(2);
});

it("are mailed later where a mail is not taken, under the same id, and never twice", async () => {
  const fetched = vi.spyOn(globalThis, "fetch");
  await switchedOff();
  const real = fetched.getMockImplementation();
  const answers = [503, 200];
  const ids: (string | null)[] = [];
  fetched.mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    if (new URL(request.url).hostname !== "mail.shop.com") return (real ?? fetch)(input, init);
    ids.push(request.headers.get("idempotency-key"));
    return new Response(null, { status: answers.shift() ?? 500 });
  });
  const hooked = { ...env, MAIL_HOOK_URL: "https://mail.shop.com/", MAIL_HOOK_SECRET: "s" } as Env;
  const lines = await linesOf(() => minute(Date.now(), hooked));
  expect(lines).toContainEqual(
    expect.objectContaining({ event: "mail.repeated", kind: "webhook-disabled", attempt: 1 }),
  );
  await minute(Date.now(), hooked);
  expect(ids).toHaveLength(1);
  await due();
  await minute(Date.now(), hooked);
  await due();
  await minute(Date.now(), hooked);
  fetched.mockRestore();
  expect(ids).toEqual([expect.stringMatching(/^msg_/), ids[0]]);
  expect(await waiting()).toBe(0);
});

it("are mailed after a run that died amid it", async () => {
  const mails = mailbox();
  await switchedOff();
  // As a run leaves it that was cut off behind its claim.
  await env.DB.prepare("update webhook_notices set attempts = 1, next_at = ?1")
    .bind(Date.now() + 60_000)
    .run();
  await minute();
  expect(mails).toEqual([]);
  await due();
  await minute();
  expect(mails).toHaveLength(1);
});

it("are not mailed any more a day later, and the log says so", async () => {
  const mails = mailbox(9);
  await switchedOff();
  await env.DB.batch([
    env.DB.prepare("update webhook_notices set disabled_at = disabled_at - ?1").bind(DAY),
    env.DB.prepare("update webhooks set disabled_at = disabled_at - ?1").bind(DAY),
  ]);
  const lines = await linesOf(() => minute());
  expect(lines).toContainEqual(
    expect.objectContaining({ level: "error", event: "mail.failed", kind: "webhook-disabled" }),
  );
  expect([mails.length, await waiting()]).toEqual([0, 0]);
});

it.each([
  ["the webhook was resumed", (path: string) => cast.admin.put(path, { paused: false })],
  ["the webhook was deleted", (path: string) => cast.admin.delete(path)],
  [
    "the admin's address is not theirs any more",
    () => env.DB.prepare("update user set email_verified = 0").run(),
  ],
])("are not mailed when %s meanwhile", async (_, change) => {
  const mails = mailbox();
  const webhook = await switchedOff();
  expect(await waiting()).toBe(1);
  await change(`/api/environments/${webhook.envId}/webhooks/${webhook.id}`);
  await minute();
  expect([mails.length, await waiting()]).toEqual([0, 0]);
});

it("are not mailed where the service sends none, and nothing waits", async () => {
  await switchedOff(1, { ...env, MAIL_FROM: "" } as Env);
  expect(await waiting()).toBe(0);
});
