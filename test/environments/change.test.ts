import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { completeEnvironment, reserveEnvironment } from "../../src/environments/creation.ts";
import type { Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  createCapture,
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  signUp,
} from "../support/api.ts";

const LIVE = "Environment has captures that have not ended: stop or delete them first";
const OTHER_ACCOUNT = /^credentials: are of another AWS account, /;
const HOUR_MS = 60 * 60 * 1000;

let admin: Person;
let aws: LocalAccount;
let environment: Environment;
let path: string;
beforeAll(async () => {
  admin = await signUp("Admin");
});
beforeEach(async () => {
  ({ environment, aws } = await createEnvironment(admin));
  path = `/api/environments/${environment.id}`;
});

const sealed = () =>
  env.DB.prepare("select credentials from environments where id = ?")
    .bind(environment.id)
    .first<string>("credentials");

/** A capture that is live until it is deleted. */
const schedule = () =>
  createCapture(admin, {
    envId: environment.id,
    scheduledStart: new Date(Date.now() + HOUR_MS).toISOString(),
  });

describe("changing an environment", () => {
  test("by its name alone leaves the rest, and asks AWS nothing", async () => {
    await aws.clearRequests();
    const before = await sealed();
    const reply = await admin.put(path, { name: " renamed " });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ ...environment, name: "renamed" });
    expect((await admin.get(path)).body).toEqual(reply.body);
    expect(await sealed()).toBe(before);
    expect(await aws.requests()).toEqual([]);
  });

  test("to another instance asks AWS with the key that is given again, and records what it finds", async () => {
    await aws.clearRequests();
    const reply = await admin.put<Environment>(path, {
      instance: "demo-mariadb",
      credentials: aws.credentials,
    });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({ instance: "demo-mariadb", engine: "mariadb", name: environment.name });
    expect(reply.body.credentials).toEqual(environment.credentials);
    expect((await admin.get(path)).body).toEqual(reply.body);
    const asked = (await aws.requests()).filter(({ action }) => action === "DescribeDBInstances");
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["another instance", { instance: "demo-mariadb" }],
    ["another region", { region: "eu-west-1" }],
    ["another instance and name", { instance: "demo-mariadb", name: "renamed" }],
  ])("to %s is refused without the key, and asks AWS nothing", async (_, change) => {
    await aws.clearRequests();
    const before = await sealed();
    expectRefusal(await admin.put(path, change), 400, /^credentials: have to be given again/);
    expect((await admin.get(path)).body).toEqual(environment);
    expect(await sealed()).toBe(before);
    expect(await aws.requests()).toEqual([]);
  });

  test("to another account's key and back works, and seals each", async () => {
    const other = await createAccount();
    const before = await sealed();
    const reply = await admin.put<Environment>(path, { credentials: other.credentials });
    expect(reply.status).toBe(200);
    expect(reply.body.credentials).toEqual({ accessKeyId: `****${other.credentials.accessKeyId.slice(-4)}` });
    expect(await sealed()).not.toBe(before);
    expect((await admin.post(`${path}/check`)).status).toBe(200);
    const asked = (await other.requests()).filter(({ action }) => action === "DescribeDBInstances");
    expect(asked).toHaveLength(2);
  });

  test.each([
    ["a region where it is not", { region: "eu-west-1" }],
    ["an instance that is not there", { instance: "no-such-instance" }],
    ["an instance of another engine", { instance: "demo-postgres" }],
    [
      "a key that AWS does not know",
      { credentials: { accessKeyId: "AKIANOSUCHKEY0000000", secretAccessKey: "secret" } },
    ],
  ])("to %s is refused, and changes nothing, not even the name", async (_, change) => {
    const before = await sealed();
    const reply = await admin.put(path, { name: "renamed", credentials: aws.credentials, ...change });
    expect(reply.status).toBe(400);
    expect((await admin.get(path)).body).toEqual(environment);
    expect(await sealed()).toBe(before);
  });

  test.each([
    ["nothing", {}, "body: must have a field to change"],
    ["an unknown field", { name: "x", engine: "mysql" }, "engine: not known here"],
    ["a name that is null", { name: null }, "name: must be a string"],
    ["an empty name", { name: "" }, "name: must not be empty"],
  ])("by %s is refused", async (_, json, message) => {
    const reply = await admin.put(path, json);
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message });
  });

  test("under a live capture is refused with 409 where it would record something else, and possible otherwise", async () => {
    const capture = await schedule();
    const moved = { instance: "demo-mariadb", credentials: aws.credentials };
    const refused = await admin.put(path, { name: "renamed", ...moved });
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual({ code: 409, message: LIVE });
    expect((await admin.get(path)).body).toEqual(environment);

    expect((await admin.put(path, { name: "renamed" })).status).toBe(200);
    expect((await admin.put(path, { credentials: aws.credentials })).status).toBe(200);
    expect(
      (await admin.put(path, { instance: environment.instance, region: environment.region })).status,
    ).toBe(200);
    await admin.delete(`/api/captures/${capture.id}`);
    expect((await admin.put(path, moved)).status).toBe(200);
  });

  test("to another account's key is refused while a capture is live, and to another of its own account is not", async () => {
    const capture = await schedule();
    const before = await sealed();
    const other = await createAccount();
    const toOther = () => admin.put(path, { name: "renamed", credentials: other.credentials });
    expectRefusal(await toOther(), 409, OTHER_ACCOUNT);
    expect((await admin.get(path)).body).toEqual(environment);
    expect(await sealed()).toBe(before);
    const { roleArn } = await makeRole(admin, aws);
    expect((await admin.put(path, { credentials: { roleArn } })).status).toBe(200);
    expectRefusal(await toOther(), 409, OTHER_ACCOUNT);
    await admin.delete(`/api/captures/${capture.id}`);
    expect((await toOther()).status).toBe(200);
    await schedule();
    expectRefusal(await admin.put(path, { credentials: aws.credentials }), 409, OTHER_ACCOUNT);
  });

  test("of which no account is known, from before it was kept, is refused once a check has said it", async () => {
    const forget = () =>
      env.DB.prepare("update environments set account_id = null where id = ?").bind(environment.id).run();
    await schedule();
    const other = await createAccount();
    await forget();
    expect((await admin.put(path, { credentials: other.credentials })).status).toBe(200);
    await forget();
    await admin.post(`${path}/check`);
    expectRefusal(await admin.put(path, { credentials: aws.credentials }), 409, OTHER_ACCOUNT);
  });

  test("by two people at once loses neither one's name nor the other's key", async () => {
    const other = await createAccount();
    await other.fault({ kind: "delay", delayMs: 300 });
    const slow = admin.put<Environment>(path, { credentials: other.credentials });
    const renamed = await admin.put(path, { name: "renamed meanwhile" });
    expect(renamed.status).toBe(200);
    expect((await slow).status).toBe(200);
    expect((await admin.get(path)).body).toMatchObject({
      name: "renamed meanwhile",
      credentials: { accessKeyId: `****${other.credentials.accessKeyId.slice(-4)}` },
    });
  });

  test("to what AWS confirmed for a target that is another by now is a conflict", async () => {
    await aws.fault({ kind: "delay", delayMs: 400, times: 1 });
    const slow = admin.put(path, { instance: "demo-mariadb", credentials: aws.credentials });
    // AWS handles the slow request before the quick one is sent.
    await expect.poll(async () => (await aws.requests()).length).toBeGreaterThan(0);
    const other = await createAccount();
    expect((await admin.put(path, { credentials: other.credentials })).status).toBe(200);
    const conflict = await slow;
    expect(conflict.status).toBe(409);
    expect(conflict.body).toEqual({ code: 409, message: expect.stringContaining("somebody else") });
    expect((await admin.get(path)).body).toMatchObject({ instance: environment.instance });
  });
});

describe("deleting an environment", () => {
  test("answers it as it was; it is gone from every reply, and so are its captures", async () => {
    const capture = await schedule();
    expect((await admin.delete(path)).body).toEqual({ code: 409, message: LIVE });
    expect((await admin.get(path)).status).toBe(200);
    await env.DB.prepare("update captures set status = 'DONE', due_at = null where id = ?")
      .bind(capture.id)
      .run();

    const reply = await admin.delete(path);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual(environment);
    for (const gone of [path, `${path}/members`, `/api/captures?envId=${environment.id}`]) {
      const seen = await admin.get(gone);
      expect(seen.status).toBe(404);
      expect(seen.body).toEqual({ code: 404, message: "Environment does not exist" });
    }
    expect((await admin.get(`/api/captures/${capture.id}`)).status).toBe(404);
    expect((await admin.get<{ id: number }[]>("/api/captures")).body.map(({ id }) => id)).not.toContain(
      capture.id,
    );
    expect((await admin.get<{ id: number }[]>("/api/environments")).body.map(({ id }) => id)).not.toContain(
      environment.id,
    );
    expect((await admin.delete(path)).status).toBe(404);
    expect((await admin.post("/api/captures", { name: "late", envId: environment.id })).status).toBe(404);
  });

  test("deletes its credentials from the database at once", async () => {
    expect(await sealed()).toEqual(expect.any(String));
    await admin.delete(path);
    expect(await sealed()).toBeNull();
  });

  test.each(["SCHEDULED", "STARTED", "STARTING", "RUNNING", "STOPPING"])(
    "is refused while a capture is %s",
    async (status) => {
      const capture = await schedule();
      await env.DB.prepare("update captures set status = ? where id = ?").bind(status, capture.id).run();
      const reply = await admin.delete(path);
      expect(reply.status).toBe(409);
      expect(reply.body).toEqual({ code: 409, message: LIVE });
      expect(await sealed()).not.toBeNull();
    },
  );

  test("and creating a capture in it at once leaves no live capture without an environment", async () => {
    const [deleted, created] = await Promise.all([
      admin.delete(path),
      admin.post("/api/captures", { name: "race", envId: environment.id }),
    ]);
    expect([
      [200, 404],
      [409, 200],
    ]).toContainEqual([deleted.status, created.status]);
  });
});

test("an environment whose creator signed out half-way has neither credentials nor members", async () => {
  const leaving = await signUp("Leaving");
  const token = /=([^.]+)\./.exec(leaving.headers.cookie ?? "")?.[1] ?? "";
  const credential = { kind: "session", value: token } as const;
  const { name, region, instance, engine, engineVersion, parameterGroup, cluster } = environment;
  const draft = {
    name,
    region,
    instance,
    engine,
    engineVersion,
    parameterGroup,
    cluster,
    accountId: aws.accountId,
    isReady: 1 as const,
    checks: null,
    checkedAt: null,
    credentialsHint: "****",
    retentionDays: null,
    retainsMetrics: 1 as const,
    sealed: 0 as const,
  };
  const id = (await reserveEnvironment(env.DB, credential, draft, Date.now())) ?? 0;
  await leaving.post("/api/auth/sign-out");
  expect(
    await completeEnvironment(
      env.DB,
      credential,
      null,
      { id, ...draft, externalId: null },
      "sealed",
      100,
      Date.now(),
    ),
  ).toEqual({
    outcome: "unauthenticated",
  });
  const row = await env.DB.prepare("select * from environments where id = ?").bind(id).first();
  expect(row).toMatchObject({ credentials: null, deleted_at: expect.any(Number) });
});
