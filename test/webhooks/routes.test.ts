import { env } from "cloudflare:workers";
import { describe, expect, it, test, vi } from "vitest";
import type { Webhook, WebhookDelivery, WebhookWithSecret } from "../../src/webhooks/replies.ts";
import {
  createEnvironment,
  expectRefusal,
  type Person,
  personWith,
  requestIn,
  signUp,
} from "../support/api.ts";
import { intercept } from "../support/counting.ts";
import { daily } from "../support/cron.ts";
import { castForEachTest } from "../support/each-test.ts";
import { startReceiver } from "./receiver.ts";
import { createWebhook, deliveriesOf, readWebhook } from "./support.ts";

const cast = castForEachTest();
const HOST = "hooks.shop.com";
const NOBODY = personWith("", "", {});

const pathOf = (envId = cast.environment.id, more = "") => `/api/environments/${envId}/webhooks${more}`;
const given = (body: object = {}) => ({
  kind: "standard",
  name: "ours",
  address: `https://${HOST}/captures?token=secret`,
  events: ["capture.failed"],
  ...body,
});

/** Notes that a person's address is theirs. */
const verify = ({ id }: Person) =>
  env.DB.prepare("update user set email_verified = 1 where id = ?1").bind(id).run();

test("a webhook is made, shown without what is secret, changed and deleted", async () => {
  const made = await cast.admin.post<WebhookWithSecret>(pathOf(), given());
  expect(made.status).toBe(201);
  const { secret, previousUntil, ...webhook } = made.body;
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(previousUntil).toBeNull();
  expect(webhook).toMatchObject({
    address: `https://${HOST}/…?…`,
    state: "active",
    events: ["capture.failed"],
  });
  expect((await cast.admin.get(pathOf())).body).toEqual([webhook]);
  const path = pathOf(webhook.envId, `/${webhook.id}`);
  expect((await cast.admin.get(path)).body).toEqual(webhook);
  const row = env.DB.prepare("select * from webhooks where id = ?1").bind(webhook.id);
  expect(JSON.stringify(await row.first())).not.toContain("secret&");
  expect(JSON.stringify(await row.first())).not.toMatch(/token=|whsec/);
  const changes = {
    name: "renamed",
    events: ["log.left-on", "capture.done", "log.left-on"],
    address: `https://${HOST}/b`,
  };
  expect((await cast.admin.put(path, changes)).body).toMatchObject({
    name: "renamed",
    events: ["capture.done", "log.left-on"],
    address: `https://${HOST}/…`,
  });
  expect((await cast.admin.put<Webhook>(path, { paused: true })).body.state).toBe("paused");
  expect(await cast.admin.post(`${path}/test`)).toMatchObject({ status: 409 });
  expect((await cast.admin.put<Webhook>(path, { paused: false })).body.state).toBe("active");
  expect((await cast.admin.delete<Webhook>(path)).body.name).toBe("renamed");
  expect((await cast.admin.get(path)).status).toBe(404);
});

test("the test button sends one attempt and says what came of it, and a failed test disturbs nothing", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const path = pathOf(webhook.envId, `/${webhook.id}/test`);
  const sent = await cast.admin.post<WebhookDelivery>(path);
  expect(sent).toMatchObject({
    status: 200,
    body: {
      type: "webhook.test",
      captureId: null,
      status: "delivered",
      lastAttempts: [{ status: 204, error: null }],
    },
  });
  expect(receiver.verified(webhook.secret ?? "")).toMatchObject([
    { id: sent.body.messageId, type: "webhook.test", data: { environment: { name: "production" } } },
  ]);
  receiver.answers = [{ status: 404, body: "a page" }];
  expect((await cast.admin.post(path)).body).toMatchObject({
    status: "dead",
    attempts: 1,
    lastAttempts: [{ status: 404, error: "It answered 404" }],
  });
  expect(await readWebhook(cast.admin, webhook)).toMatchObject({ state: "active", failingSince: null });
  expect(await deliveriesOf(cast.admin, webhook)).toHaveLength(2);
});

test("a rotated secret signs with the one before for a day, and no longer", async () => {
  const receiver = startReceiver(HOST);
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const path = pathOf(webhook.envId, `/${webhook.id}`);
  const rotated = await cast.admin.post<WebhookWithSecret>(`${path}/rotate-secret`);
  expect(rotated.body.secret).not.toBe(webhook.secret);
  const until = Date.parse(rotated.body.previousUntil ?? "");
  expect(until - Date.now()).toBeGreaterThan(23 * 3_600_000);
  await cast.admin.post(`${path}/test`);
  for (const secret of [webhook.secret, rotated.body.secret]) receiver.verified(secret ?? "");
  expect(receiver.received[0]?.headers.get("webhook-signature")?.split(" ")).toHaveLength(2);
  vi.useFakeTimers({ toFake: ["Date"], now: until + 1 });
  try {
    const { post } = personWith(cast.admin.id, cast.admin.email, cast.admin.headers);
    await post(`${path}/test`);
  } finally {
    vi.useRealTimers();
  }
  expect(receiver.received[1]?.headers.get("webhook-signature")?.split(" ")).toHaveLength(1);
});

test("Slack gets a message in which nobody's name is markup, and its address is never shown", async () => {
  const receiver = startReceiver("hooks.slack.com");
  const { environment } = await createEnvironment(cast.admin, { name: "<!channel> & co" });
  const address = "https://hooks.slack.com/services/T000/B000/secretpart";
  const webhook = await createWebhook(cast.admin, environment.id, { kind: "slack", address });
  expect(webhook).toMatchObject({ secret: null, address: "https://hooks.slack.com/…" });
  await cast.admin.post(pathOf(environment.id, `/${webhook.id}/test`));
  const [{ url, body, headers } = { url: "", body: "{}", headers: new Headers() }] = receiver.received;
  expect(url).toBe(address);
  expect(headers.has("webhook-signature")).toBe(false);
  expect(JSON.parse(body)).toMatchObject({
    text: "A test of the notifications of &lt;!channel&gt; &amp; co",
    blocks: [
      { text: { type: "plain_text", text: "A test of the notifications of <!channel> & co" } },
      {
        text: {
          type: "mrkdwn",
          text: `<http://captures.test/environments/${environment.id}|Open in Captures>`,
        },
      },
    ],
  });
  expectRefusal(
    await cast.admin.post(pathOf(environment.id, `/${webhook.id}/rotate-secret`)),
    409,
    /has no secret/,
  );
});

test("an address that an earlier version has stored with its path is shortened when it is read", async () => {
  const webhook = await createWebhook(cast.admin, cast.environment.id);
  const store = (hint: string) =>
    env.DB.prepare("update webhooks set address_hint = ?1 where id = ?2").bind(hint, webhook.id).run();
  await store(`https://${HOST}/services/T0001/0123456789abcdef?…`);
  expect((await readWebhook(cast.admin, webhook)).address).toBe(`https://${HOST}/…cdef?…`);
  await store("https://hooks.slack.com/…part");
  expect((await readWebhook(cast.admin, webhook)).address).toBe("https://hooks.slack.com/…");
});

describe("e-mail", () => {
  const body = () => ({ kind: "email", name: "mails", address: undefined, recipient: cast.member.id });

  it("goes to a member's verified address, and says how to get no more", async () => {
    expectRefusal(
      await cast.admin.post(pathOf(), given(body())),
      400,
      /recipient: must be the id of a member/,
    );
    await verify(cast.member);
    await verify(cast.stranger);
    expect((await cast.admin.post(pathOf(), given({ ...body(), recipient: cast.stranger.id }))).status).toBe(
      400,
    );
    const webhook = await createWebhook(cast.admin, cast.environment.id, body());
    expect(webhook).toMatchObject({
      address: null,
      secret: null,
      recipient: { id: cast.member.id, name: "Member" },
    });
    const mails: { to: string; subject: string; text: string }[] = [];
    const binding = env.EMAIL as { send: (mail: unknown) => Promise<{ messageId: string }> };
    vi.spyOn(binding, "send").mockImplementation(async (mail) => {
      mails.push(mail as (typeof mails)[number]);
      return { messageId: "1" };
    });
    const path = pathOf(webhook.envId, `/${webhook.id}`);
    expect((await cast.admin.post(`${path}/test`)).body).toMatchObject({ status: "delivered" });
    expect(mails).toMatchObject([
      {
        to: cast.member.email,
        subject: "A test of the notifications of production",
        text: /delete the notification at http/,
      },
    ]);
    // The recipient sees it, and may end it; other members don't.
    expect((await cast.owner.get(pathOf())).body).toEqual([]);
    expectRefusal(await cast.owner.delete(path), 403, /Only an admin/);
    expect((await cast.member.get<Webhook[]>(pathOf())).body.map(({ id }) => id)).toEqual([webhook.id]);
    expectRefusal(await cast.member.put(path, { name: "mine" }), 403, /Only an admin/);
    expectRefusal(await cast.admin.put(path, { address: `https://${HOST}/` }), 409, /sends e-mails/);
    expect((await cast.member.delete(path)).status).toBe(200);
    expect((await cast.admin.get(path)).status).toBe(404);
  });

  it("goes to nobody who has left", async () => {
    await verify(cast.member);
    const webhook = await createWebhook(cast.admin, cast.environment.id, body());
    await cast.admin.delete(`/api/environments/${cast.environment.id}/members/${cast.member.id}`);
    const sent = await cast.admin.post(pathOf(webhook.envId, `/${webhook.id}/test`));
    expect(sent.body).toMatchObject({
      status: "dead",
      lastAttempts: [{ error: /no member with a verified address/ }],
    });
  });

  it("is refused where the service sends none", async () => {
    const reply = await requestIn({ MAIL_FROM: "" }, "POST", pathOf(), {
      json: given(body()),
      headers: cast.admin.headers,
    });
    expectRefusal(reply, 409, /sends no e-mail/);
  });
});

test.each([
  [{ kind: "fax" }, /kind: must be one of/],
  [{ events: [] }, /events: must have at least one/],
  [{ events: ["capture.lost"] }, /events/],
  [{ address: undefined }, /address: is required/],
  [{ recipient: "somebody" }, /recipient: is required for an e-mail, and for nothing else/],
  [{ address: "https://10.0.0.1/" }, /address: must be on the public Internet/],
  [{ address: "http://example.com/" }, /address: must begin with https/],
  [{ kind: "slack" }, /address: must begin with https:\/\/hooks\.slack\.com/],
  [{ secret: "whsec_mine" }, /secret/],
])("a webhook with %j is refused", async (body, message) => {
  expectRefusal(await cast.admin.post(pathOf(), given(body)), 400, message);
});

test("an environment has at most 20 webhooks", async () => {
  for (let made = 0; made < 20; made++) await createWebhook(cast.admin, cast.environment.id);
  expectRefusal(await cast.admin.post(pathOf(), given()), 409, /has 20 webhooks/);
});

test.each([
  ["a new address", "PUT", "", { address: `https://${HOST}/one` }],
  ["a new secret", "POST", "/rotate-secret", undefined],
] as const)(
  "%s is a 409 when another has come meanwhile: none is lost in silence",
  async (_, method, more, json) => {
    const webhook = await createWebhook(cast.admin, cast.environment.id);
    const other = await createWebhook(cast.admin, cast.environment.id);
    const session = env.DB.withSession();
    const batch = async (statements: D1PreparedStatement[]) => {
      await env.DB.prepare(
        "update webhooks set target = (select target from webhooks where id = ?2) where id = ?1",
      )
        .bind(webhook.id, other.id)
        .run();
      return session.batch(statements);
    };
    const DB = intercept(env.DB, { withSession: () => intercept(session, { batch }) });
    const reply = await requestIn({ DB }, method, pathOf(webhook.envId, `/${webhook.id}${more}`), {
      headers: cast.admin.headers,
      ...(json && { json }),
    });
    expectRefusal(reply, 409, "Webhook was changed by somebody else just now: look at it and try again");
  },
);

describe("what is of one webhook", () => {
  const endpoints: { method: "get" | "put" | "post" | "delete"; more: string; json?: object }[] = [
    { method: "get", more: "" },
    { method: "put", more: "", json: { name: "other" } },
    { method: "post", more: "/rotate-secret" },
    { method: "post", more: "/test" },
    { method: "get", more: "/deliveries" },
    { method: "post", more: "/deliveries/1/redeliver" },
    { method: "delete", more: "" },
  ];

  it.each(endpoints)("is for admins of its environment: $method $more", async ({ method, more, json }) => {
    const webhook = await createWebhook(cast.admin, cast.environment.id);
    const path = pathOf(webhook.envId, `/${webhook.id}${more}`);
    expectRefusal(await NOBODY[method](path, json), 401, "Login required");
    expectRefusal(await cast.stranger[method](path, json), 404, "Environment does not exist");
    expectRefusal(await cast.member[method](path, json), 403, "Only an admin of the environment may do this");
    // Under another environment it is not there.
    const { environment } = await createEnvironment(cast.stranger, { aws: cast.aws });
    const elsewhere = pathOf(environment.id, `/${webhook.id}${more}`);
    expectRefusal(await cast.stranger[method](elsewhere, json), 404, "Webhook not found");
    expectRefusal(await cast.admin[method](pathOf(webhook.envId, `/x${more}`), json), 400, /webhookId/);
    expect(await readWebhook(cast.admin, webhook)).toMatchObject({ name: "ours" });
  });

  it("has no delivery of another", async () => {
    startReceiver(HOST);
    const [one, other] = [
      await createWebhook(cast.admin, cast.environment.id),
      await createWebhook(cast.admin, cast.environment.id),
    ];
    const sent = await cast.admin.post<WebhookDelivery>(pathOf(one.envId, `/${one.id}/test`));
    const path = pathOf(other.envId, `/${other.id}/deliveries/${sent.body.id}/redeliver`);
    expectRefusal(await cast.admin.post(path), 404, "Delivery not found");
  });
});

test("the list and a new one are for members and admins", async () => {
  expectRefusal(await NOBODY.get(pathOf()), 401, "Login required");
  expectRefusal(await cast.stranger.get(pathOf()), 404, "Environment does not exist");
  expectRefusal(await NOBODY.post(pathOf(), given()), 401, "Login required");
  expectRefusal(await cast.stranger.post(pathOf(), given()), 404, "Environment does not exist");
  expectRefusal(await cast.member.post(pathOf(), given()), 403, /Only an admin/);
  expect((await cast.member.get(pathOf())).body).toEqual([]);
});

test("webhooks and their deliveries go with the environment, and old deliveries by themselves", async () => {
  startReceiver(HOST);
  const admin = await signUp("Leaver");
  const { environment } = await createEnvironment(admin);
  const webhook = await createWebhook(admin, environment.id);
  const path = pathOf(environment.id, `/${webhook.id}/test`);
  await admin.post(path);
  await env.DB.prepare("update webhook_deliveries set time = time - 31 * 86400000 where webhook_id = ?1")
    .bind(webhook.id)
    .run();
  await admin.post(path);
  expect(await daily()).toMatchObject({ webhookDeliveries: 1 });
  expect(await deliveriesOf(admin, webhook)).toHaveLength(1);
  expect((await admin.delete(`/api/environments/${environment.id}`)).status).toBe(200);
  for (const table of ["webhooks", "webhook_deliveries"]) {
    const column = table === "webhooks" ? "id" : "webhook_id";
    const left = env.DB.prepare(`select count(*) as n from ${table} where ${column} = ?1`).bind(webhook.id);
    expect(await left.first("n")).toBe(0);
  }
});
