import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { seal } from "../../src/environments/credentials.ts";
import type { CheckedEnvironment, Environment } from "../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import {
  createCapture,
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  request,
  signUp,
} from "../support/api.ts";
import { until } from "../support/time.ts";
import { pendingId } from "./by-role.ts";
import { inChecks } from "./checks.ts";

let person: Person;
let aws: LocalAccount;
beforeEach(async () => {
  [person, aws] = await Promise.all([signUp(), createAccount()]);
});

describe("an environment of before the service made external ids", () => {
  const EXTERNAL_ID = "chosen-by-a-person";
  let environment: Environment;
  let role: { roleArn: string };
  let path: string;
  /** Its role, as it was sealed: the row has no id of the service's. */
  beforeEach(async () => {
    ({ environment } = await createEnvironment(person, { aws }));
    path = `/api/environments/${environment.id}`;
    role = await aws.createRole({ externalId: EXTERNAL_ID });
    const sealed = await seal(env, environment.id, { roleArn: role.roleArn, externalId: EXTERNAL_ID });
    await env.DB.prepare(
      `update environments set credentials = ?2, credentials_hint = ?3, external_id = null, is_ready = 1, checks = null,
         checked_at = null, cluster = null where id = ?1`,
    )
      .bind(environment.id, sealed, role.roleArn)
      .run();
  });

  const shown = { externalId: null, externalIdOrigin: "person" };

  test("goes on as it was, and says who chose its external id, but not which it is", async () => {
    const reply = await person.get<Environment>(path);
    expect(reply.body.credentials).toEqual({ roleArn: role.roleArn, ...shown });
    expect(JSON.stringify(reply.body)).not.toContain(EXTERNAL_ID);
    const checked = await person.post<CheckedEnvironment>(`${path}/check`);
    expect(inChecks(checked.body.checks, "external-id")).toMatchObject({
      status: "failed",
      severity: "warning",
    });
    expect(checked.body.ready).toBe(true);
    const capture = await createCapture(person, { envId: environment.id });
    await until(person, capture, "RUNNING");
    await person.post(`/api/captures/${capture.id}/stop`);
    await until(person, capture, "DONE");
  });

  test("can be pointed at another instance with the role that it has", async () => {
    const reply = await person.put<Environment>(path, { instance: "demo-mariadb" });
    expect(reply.status).toBe(200);
    expect(reply.body).toMatchObject({
      instance: "demo-mariadb",
      credentials: { roleArn: role.roleArn, ...shown },
    });
  });

  test("gets an id of the service's with the role's ARN, once its trust policy asks for that", async () => {
    expectRefusal(
      await person.put(path, { credentials: { roleArn: role.roleArn } }),
      400,
      /^credentials: a role needs an external id of this service's first/,
    );
    const { externalId } = await makeRole(person, aws, { roleArn: role.roleArn });
    const reply = await person.put<Environment>(path, { credentials: { roleArn: role.roleArn } });
    expect(reply.status).toBe(200);
    const own = { roleArn: role.roleArn, externalId, externalIdOrigin: "service" };
    expect(reply.body.credentials).toEqual(own);
    expect(await pendingId(person)).toBeNull();
    // It is the environment's from now on, whatever else is pending.
    const { roleArn } = await aws.createRole({ externalId });
    const next = await makeRole(person, aws);
    const again = await person.put<Environment>(path, { credentials: { roleArn } });
    expect(again.body.credentials).toEqual({ ...own, roleArn });
    expect(await pendingId(person)).toBe(next.externalId);
    const checked = await person.post<CheckedEnvironment>(`${path}/check`);
    expect(inChecks(checked.body.checks, "external-id")).toMatchObject({ status: "passed" });
  });

  test("has no external id any more once it has an access key", async () => {
    await makeRole(person, aws, { roleArn: role.roleArn });
    await person.put(path, { credentials: { roleArn: role.roleArn } });
    const reply = await person.put<Environment>(path, { credentials: aws.credentials });
    expect(reply.status).toBe(200);
    const row = await env.DB.prepare("select external_id from environments where id = ?1")
      .bind(environment.id)
      .first();
    expect(row).toEqual({ external_id: null });
  });

  test("keeps the answer to its Idempotency-Key, which has no external id", async () => {
    const key = crypto.randomUUID();
    const json = { name: "before", region: aws.region, instance: aws.instance, credentials: aws.credentials };
    const headers = { ...person.headers, "idempotency-key": key };
    const first = await request<Environment>("POST", "/api/environments", { json, headers });
    await env.DB.prepare(
      "update idempotency_keys set capture = json_remove(capture, '$.environment.externalId') where key = ?1",
    )
      .bind(key)
      .run();
    const second = await request<Environment>("POST", "/api/environments", { json, headers });
    expect(second).toMatchObject({ status: 201, body: first.body });
  });
});
