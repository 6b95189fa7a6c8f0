import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Environment, FullEnvironment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  addMember,
  expectRefusal,
  listed,
  makeRole,
  type Person,
  type Reply,
  request,
  requestIn,
  signUp,
} from "../support/api.ts";
import { faultyDatabase } from "../support/faults.ts";

interface Body {
  name: string;
  region: string;
  instance: string;
  credentials: object;
  allowNotReady?: boolean;
}

let person: Person;
let aws: LocalAccount;
let json: Body;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
  const { region, instance, credentials } = aws;
  json = { name: "production", region, instance, credentials: { ...credentials } };
});

const newKey = () => crypto.randomUUID();

const ask = (key: string, body: object = json, { headers }: Pick<Person, "headers"> = person) =>
  request<FullEnvironment>("POST", "/api/environments", {
    json: body,
    headers: { ...headers, "idempotency-key": key },
  });

const mine = async () => (await person.get<Environment[]>("/api/environments")).body;

describe("a request for an environment that is repeated with its Idempotency-Key", () => {
  test("is answered the same, says so, makes no second one and asks AWS nothing", async () => {
    const key = newKey();
    const first = await ask(key);
    expect(first.status).toBe(201);
    expect(first.headers.has("idempotent-replayed")).toBe(false);
    await aws.clearRequests();
    const second = await ask(key);
    expect(second).toMatchObject({ status: 201, body: first.body });
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(await aws.requests()).toEqual([]);
    expect(await mine()).toEqual([listed(first.body)]);
  });

  test("is answered the same, as far as that was kept, where an earlier version of the service has made it", async () => {
    const key = newKey();
    const { body } = await ask(key);
    const later = ["cluster", "isReady", "checks", "checkedAt", "externalId"].map(
      (name) => `, '$.environment.${name}'`,
    );
    await env.DB.prepare(
      `update idempotency_keys set capture = json_remove(capture${later.join("")}) where capture_id = ?`,
    )
      .bind(body.id)
      .run();
    const { id, name, engine, parameterGroup, createdAt } = body;
    const expected = { id, name, engine, parameterGroup, createdAt, cluster: null };
    expect(await ask(key)).toMatchObject({ status: 201, body: expected });
  });

  test("makes one when ten arrive at once, and all are answered with it", async () => {
    const key = newKey();
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask(key)));
    for (const reply of replies) expect(reply).toMatchObject({ status: 201, body: replies[0]?.body });
    expect(replies.filter(({ headers }) => headers.has("idempotent-replayed"))).toHaveLength(9);
    expect(await mine()).toEqual([listed((replies[0] as Reply<FullEnvironment>).body)]);
  });

  test("makes one, whichever of the database's answers is lost", async () => {
    for (let nth = 1; ; nth++) {
      person = await signUp();
      const key = newKey();
      let trips = 0;
      const DB = faultyDatabase(() =>
        ++trips === nth
          ? { error: new Error("D1_ERROR: Network connection lost."), isAnswerLost: true }
          : undefined,
      );
      const headers = { ...person.headers, "idempotency-key": key };
      const lost = await requestIn({ DB }, "POST", "/api/environments", { json, headers });
      // The first is a read, and tried once more.
      expect(lost.status).toBe(nth === 1 || trips < nth ? 201 : 503);
      const again = await ask(key);
      expect(again.status).toBe(201);
      expect(await mine()).toEqual([listed(again.body)]);
      if (trips < nth) {
        // Who asks, the reservation, the completion.
        expect(nth).toBe(4);
        return;
      }
    }
  });

  test("is answered as at first although the environment was renamed", async () => {
    const key = newKey();
    const { body } = await ask(key);
    await person.put(`/api/environments/${body.id}`, { name: "renamed" });
    expect(await ask(key)).toMatchObject({ status: 201, body });
  });

  test("shows the credentials no more to somebody who is a plain member by now", async () => {
    const role = await makeRole(person, aws);
    const key = newKey();
    const body = { ...json, credentials: { roleArn: role.roleArn } };
    const first = await ask(key, body);
    expect(first.body).toMatchObject({ role: "admin", credentials: { externalId: role.externalId } });
    const admin = await signUp();
    await addMember(person, first.body.id, admin, "admin");
    const path = `/api/environments/${first.body.id}/members/${person.id}`;
    expect((await admin.put(path, { role: "member" })).status).toBe(200);
    const again = await ask(key, body);
    expect(again).toMatchObject({ status: 201, body: { ...first.body, role: "member", credentials: null } });
    expect(JSON.stringify(again.body)).not.toContain(role.externalId);
  });

  test("is the same with other secrets, which are not stored", async () => {
    const key = newKey();
    const { body } = await ask(key);
    const credentials = { ...aws.credentials, secretAccessKey: "mistyped" };
    expect((await ask(key, { ...json, credentials })).body).toEqual(body);
    const row = await env.DB.prepare("select * from idempotency_keys where key = ?1").bind(key).first();
    expect(JSON.stringify(row)).not.toContain(aws.credentials.secretAccessKey);
    expect(JSON.stringify(row)).not.toContain(aws.credentials.accessKeyId);
  });
});

describe("an Idempotency-Key for an environment", () => {
  test.each<[string, Partial<Body>]>([
    ["name", { name: "another" }],
    ["instance", { instance: "demo-mariadb" }],
    ["access key", { credentials: { accessKeyId: "AKIA0000000000000000", secretAccessKey: "secret" } }],
    ["word on what is not ready", { allowNotReady: false }],
  ])("is refused with another %s", async (_, change) => {
    const key = newKey();
    await ask(key, { ...json, allowNotReady: true });
    expectRefusal(
      await ask(key, { ...json, allowNotReady: true, ...change }),
      422,
      /^Idempotency-Key: was sent with another body/,
    );
    expect(await mine()).toHaveLength(1);
  });

  test("is refused for a capture, and a capture's for an environment", async () => {
    const [first, second] = [newKey(), newKey()];
    const { body } = await ask(first);
    const scheduledStart = new Date(Date.now() + 3_600_000).toISOString();
    const capture = { name: "a capture", envId: body.id, scheduledStart };
    const askCapture = (key: string) =>
      request("POST", "/api/captures", {
        json: capture,
        headers: { ...person.headers, "idempotency-key": key },
      });
    expectRefusal(await askCapture(first), 422, /^Idempotency-Key: /);
    expect((await askCapture(second)).status).toBe(200);
    expectRefusal(await ask(second), 422, /^Idempotency-Key: /);
  });

  test("of an environment that is deleted makes no other", async () => {
    const key = newKey();
    const { body } = await ask(key);
    await person.delete(`/api/environments/${body.id}`);
    expectRefusal(await ask(key), 404, "Environment does not exist");
    expect(await mine()).toEqual([]);
  });

  test("of a request that AWS refused can be used again", async () => {
    const key = newKey();
    expect((await ask(key, { ...json, instance: "no-such" })).status).toBe(400);
    expect((await ask(key)).status).toBe(201);
  });

  test("is refused when it is none", async () => {
    expectRefusal(await ask("two words"), 400, /^Idempotency-Key: must be one string/);
    expect(await mine()).toEqual([]);
  });
});
