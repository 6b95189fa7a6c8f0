import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { awsTarget } from "../../../src/aws/client.ts";
import { modifyParameters } from "../../../src/aws/rds.ts";
import type { Check } from "../../../src/environments/preflight/checks.ts";
import type { InstanceList } from "../../../src/environments/preflight/replies.ts";
import type { CheckedEnvironment, FullEnvironment } from "../../../src/environments/replies.ts";
import { LogLease } from "../../../src/leases/lease.ts";
import {
  type AccountOptions,
  createAccount,
  type Fault,
  type LocalAccount,
} from "../../local-aws/test/client.ts";
import {
  createEnvironment,
  expectRefusal,
  makeRole,
  type Person,
  request,
  requestIn,
  signUp,
} from "../../support/api.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
});

const make = (change: Record<string, unknown> = {}, by = aws) => {
  const { credentials, region, instance } = by;
  const json = { name: "checked", credentials, region, instance, ...change };
  return person.post<FullEnvironment & { message?: string }>("/api/environments", json);
};
const check = (id: number) => person.post<CheckedEnvironment>(`/api/environments/${id}/check`);
const inChecks = (checks: Check[] | undefined, id: string): Check => {
  const found = checks?.find((one) => one.id === id);
  if (found === undefined) throw new Error(`There is no check ${id}`);
  return found;
};
const notPassed = (checks: Check[]) =>
  checks.filter(({ status }) => status !== "passed").map(({ id, status }) => `${id} ${status}`);

/** What a preflight finds of an environment that was made while all was well. */
async function found(change: () => Promise<unknown>): Promise<CheckedEnvironment> {
  const { environment } = await createEnvironment(person, { aws });
  expect(environment.ready).toBe(true);
  await change();
  const reply = await check(environment.id);
  expect(reply.status).toBe(200);
  return reply.body;
}

describe("the calls of a preflight", () => {
  test("are each made once, and change nothing", async () => {
    const reply = await make();
    expect(reply.status).toBe(201);
    const calls = await aws.requests();
    expect(calls.map(({ action, errorCode }) => `${action} ${errorCode ?? ""}`.trim()).sort()).toEqual([
      "DescribeDBInstances",
      "DescribeDBLogFiles",
      "DescribeDBParameters",
      "DownloadDBLogFilePortion DBLogFileNotFoundFault",
      "GetCallerIdentity",
      "GetMetricData",
      "ModifyDBParameterGroup InvalidParameterValue",
      "ResetDBParameterGroup InvalidParameterValue",
      "SimulatePrincipalPolicy AccessDenied",
    ]);
    expect(calls.find(({ action }) => action === "ResetDBParameterGroup")?.parameters).toMatchObject({
      ResetAllParameters: "false",
    });
  });

  test("of a cluster's member by a role are twelve, each but AssumeRole once", async () => {
    const [admin, account] = await Promise.all([
      signUp("Admin"),
      createAccount({ clusters: [{ identifier: "shops" }] }),
    ]);
    const { roleArn } = await makeRole(admin, account);
    const json = { name: "by role", region: account.region, instance: "shops-2", credentials: { roleArn } };
    const reply = await admin.post<FullEnvironment>("/api/environments", json);
    expect(notPassed(reply.body.checks)).toEqual([]);
    expect(inChecks(reply.body.checks, "external-id").status).toBe("passed");
    expect((await account.requests()).map(({ action }) => action).sort()).toEqual([
      ...Array(3).fill("AssumeRole"),
      "DescribeDBClusters",
      "DescribeDBInstances",
      "DescribeDBLogFiles",
      "DescribeDBParameters",
      "DownloadDBLogFilePortion",
      "GetMetricData",
      "ModifyDBParameterGroup",
      "ResetDBParameterGroup",
      "SimulatePrincipalPolicy",
    ]);
  });

  test("are fewer where IAM's simulation says what is permitted", async () => {
    await aws.allowSimulation(true);
    await aws.deny("rds:ResetDBParameterGroup");
    const reply = await make();
    const actions = (await aws.requests()).map(({ action }) => action);
    expect(actions).toContain("SimulatePrincipalPolicy");
    expect(actions).not.toContain("ModifyDBParameterGroup");
    expect(actions).not.toContain("ResetDBParameterGroup");
    expect(notPassed(reply.body.checks)).toEqual(["permission:rds:ResetDBParameterGroup failed"]);
  });

  test("are not made by looking at an environment, which shows what was found last in one round trip", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.clearRequests();
    const reply = await person.get<FullEnvironment>(`/api/environments/${environment.id}`);
    expect(reply.body).toEqual(environment);
    expect(reply.body.checks.length).toBeGreaterThan(10);
    expect(await aws.requests()).toEqual([]);
    await aws.patchInstance(aws.instance, { status: "stopped" });
    const checked = await check(environment.id);
    const { status: _, ...kept } = checked.body;
    expect((await person.get(`/api/environments/${environment.id}`)).body).toEqual(kept);
  });

  test("are over after a while, even if AWS answers none of them", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.fault({ kind: "hang" });
    const reply = await check(environment.id);
    expect(reply.body).toMatchObject({ status: null, ready: true });
    expect(reply.body.checks.every(({ status }) => status === "unknown" || status === "passed")).toBe(true);
    expect(inChecks(reply.body.checks, "credentials")).toMatchObject({ status: "unknown" });
  });
});

describe("an environment is made, and is not ready, when", () => {
  test.each([
    ["rds:DescribeDBParameters", false],
    ["rds:ModifyDBParameterGroup", false],
    ["rds:DescribeDBLogFiles", false],
    ["rds:DownloadDBLogFilePortion", false],
    // Captures do without these.
    ["rds:ResetDBParameterGroup", true],
    ["cloudwatch:GetMetricData", true],
  ])("%s is denied (ready: %s)", async (action, ready) => {
    await aws.deny(action);
    const reply = await make();
    expect(reply).toMatchObject({ status: 201, body: { ready } });
    expect(inChecks(reply.body.checks, `permission:${action}`)).toMatchObject({ status: "failed" });
    const list = await person.get<FullEnvironment[]>("/api/environments");
    expect(list.body.find(({ id }) => id === reply.body.id)?.ready).toBe(ready);
  });

  test.each([
    ["service-control", /organization/],
    ["permissions-boundary", /boundary/],
  ] as const)("a %s policy denies it, with whom to ask", async (policy, said) => {
    await aws.deny({ action: "rds:ModifyDBParameterGroup", policy, isExplicit: true });
    const reply = await make();
    const denied = inChecks(reply.body.checks, "permission:rds:ModifyDBParameterGroup");
    expect(denied.action).toMatch(said);
    expect(reply.body.ready).toBe(false);
  });

  test.each([
    ["stopped", false],
    ["deleting", false],
    ["rebooting", true],
  ])("the instance is %s (ready: %s)", async (status, ready) => {
    await aws.patchInstance(aws.instance, { status });
    const reply = await make();
    expect(reply).toMatchObject({ status: 201, body: { ready } });
    expect(inChecks(reply.body.checks, "state").status).toBe("failed");
  });

  test.each([
    ["failed-to-apply", false],
    ["pending-reboot", true],
  ] as const)("its parameter group is %s (ready: %s)", async (parameterApplyStatus, ready) => {
    await aws.patchInstance(aws.instance, { parameterApplyStatus });
    const reply = await make();
    expect(reply).toMatchObject({ status: 201, body: { ready } });
    expect(inChecks(reply.body.checks, "pending-reboot").status).toBe("failed");
  });

  test("its metrics can't be read, which is no obstacle", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.fault({ kind: "garbage", action: "GetMetricData" });
    const reply = await check(environment.id);
    expect(inChecks(reply.body.checks, "metrics").status).toBe("unknown");
    expect(reply.body.ready).toBe(true);
  });
});

describe("an instance that can't be captured as it is", () => {
  const CASES: [string, AccountOptions, string, string][] = [
    ["has Amazon's own group", {}, "demo-default-group", "parameter-group"],
    ["runs PostgreSQL", {}, "demo-postgres", "engine"],
    [
      "is in a Multi-AZ DB cluster",
      { clusters: [{ identifier: "multi", engine: "mysql" }] },
      "multi-instance-1",
      "cluster",
    ],
  ];

  test.each(CASES)(
    "since it %s is refused with the checks, or taken by choice",
    async (_, options, instance, id) => {
      const account = await createAccount(options);
      const refused = await make({ instance }, account);
      expect(refused.status).toBe(400);
      expect(Object.keys(refused.body)).toEqual(["code", "message", "checks"]);
      expect(inChecks(refused.body.checks, id)).toMatchObject({ status: "failed", severity: "error" });
      const taken = await make({ instance, allowNotReady: true }, account);
      expect(taken).toMatchObject({ status: 201, body: { instance, ready: false } });
      expect((await check(taken.body.id)).body).toMatchObject({ ready: false, status: "available" });
    },
  );

  test("which could be made ready is refused with the checks only if the body asks for that", async () => {
    await aws.deny("rds:ModifyDBParameterGroup");
    const refused = await make({ allowNotReady: false });
    const message = expect.stringMatching(
      /would not work yet; these checks fail: .*rds:ModifyDBParameterGroup/,
    );
    expect(refused).toMatchObject({ status: 400, body: { code: 400, message } });
    const id = "permission:rds:ModifyDBParameterGroup";
    expect(inChecks(refused.body.checks, id)).toMatchObject({ status: "failed", severity: "error" });
    for (const allowNotReady of [true, undefined]) {
      expect(await make({ allowNotReady })).toMatchObject({ status: 201, body: { ready: false } });
    }
    const { environment } = await createEnvironment(person, { aws });
    const change = { credentials: aws.credentials, allowNotReady: false };
    const unchanged = await person.put<FullEnvironment>(`/api/environments/${environment.id}`, change);
    expect(unchanged).toMatchObject({ status: 400, body: { checks: refused.body.checks } });
  });

  test("of which AWS could not say enough is not ready, and is refused if the body asks for that", async () => {
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    await aws.fault({ kind: "throttle", action: "DescribeDBParameters" });
    const taken = await make({});
    expect(taken).toMatchObject({ status: 201, body: { ready: false } });
    const id = "permission:rds:DescribeDBParameters";
    expect(inChecks(taken.body.checks, id)).toMatchObject({ status: "unknown", severity: "error" });
    const message = expect.stringMatching(
      /would work could not be found out; these checks are unknown: .*rds:DescribeDBParameters/,
    );
    const refusal = { status: 400, body: { code: 400, message, checks: taken.body.checks } };
    expect(await make({ allowNotReady: false })).toMatchObject(refusal);
    const { credentials } = aws;
    expect(await person.put(path, { credentials, allowNotReady: false })).toMatchObject(refusal);
    // What is known of a target that stays is not forgotten.
    const stays = { instance: environment.instance };
    expect(await person.put(path, stays)).toMatchObject({ status: 200, body: { ready: true } });
    const changed = await person.put(path, { credentials });
    expect(changed).toMatchObject({ status: 200, body: { ready: false } });
    await aws.clearFaults();
    expect((await check(taken.body.id)).body.ready).toBe(true);
  });

  test("is refused by a change, too, unless that says otherwise", async () => {
    const { environment } = await createEnvironment(person, { aws });
    const path = `/api/environments/${environment.id}`;
    const { credentials } = aws;
    const refused = await person.put<FullEnvironment>(path, { instance: "demo-default-group", credentials });
    expect(refused.status).toBe(400);
    expect(inChecks(refused.body.checks, "parameter-group").status).toBe("failed");
    expect((await person.get(path)).body).toEqual(environment);
    const json = { instance: "demo-default-group", credentials, allowNotReady: true };
    const taken = await person.put<FullEnvironment>(path, json);
    expect(taken).toMatchObject({ status: 200, body: { instance: "demo-default-group", ready: false } });
    expect((await person.get(path)).body).toEqual(taken.body);
  });

  test("is no field to change by itself", async () => {
    const { environment } = await createEnvironment(person, { aws });
    const reply = await person.put(`/api/environments/${environment.id}`, { allowNotReady: true });
    expectRefusal(reply, 400, /must have a field to change/);
  });
});

describe("a check finds", () => {
  test.each<[string, Fault, string]>([
    ["a key that was withdrawn", { kind: "refuse", code: "InvalidClientTokenId" }, "failed"],
    ["a secret that is another's", { kind: "refuse", code: "SignatureDoesNotMatch" }, "failed"],
    ["keys that have expired", { kind: "refuse", code: "ExpiredToken" }, "failed"],
    ["a region that is not enabled", { kind: "refuse", code: "RegionDisabledException" }, "failed"],
    ["nothing, where AWS throttles", { kind: "throttle" }, "unknown"],
    ["nothing, where AWS fails", { kind: "server-error" }, "unknown"],
    ["nothing, where it is not AWS that answers", { kind: "proxy" }, "unknown"],
    ["nothing, where the answer can't be read", { kind: "garbage" }, "unknown"],
    ["nothing, where the connection breaks", { kind: "reset" }, "unknown"],
    ["nothing, where the service's clock is wrong", { kind: "refuse", code: "SignatureExpired" }, "unknown"],
  ])("%s", async (_, fault, status) => {
    const checked = await found(() => aws.fault(fault));
    expect(inChecks(checked.checks, "credentials").status).toBe(status);
    expect(checked.ready).toBe(status === "unknown");
    expect(inChecks(checked.checks, "state").status).toBe("unknown");
    await aws.clearFaults();
    expect((await check(checked.id)).body.ready).toBe(true);
  });

  test("an instance that was deleted", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await env.DB.prepare("update environments set instance = 'gone' where id = ?1")
      .bind(environment.id)
      .run();
    const { body } = await check(environment.id);
    expect(inChecks(body.checks, "instance")).toMatchObject({ status: "failed" });
    expect(body).toMatchObject({ ready: false, status: null, engine: environment.engine });
  });

  test("a log that somebody else has written to a table", async () => {
    const checked = await found(() => setParameters(aws, { general_log: "1", log_output: "TABLE" }));
    expect(inChecks(checked.checks, "logging")).toMatchObject({ status: "failed", severity: "warning" });
    expect(checked.ready).toBe(true);
  });

  test("a log that somebody else has on in files, which captures leave so", async () => {
    const checked = await found(() => setParameters(aws, { general_log: "1", log_output: "FILE" }));
    expect(inChecks(checked.checks, "logging").detail).toMatch(/leaves on what is on/);
  });

  test("nothing of what captures have changed, where the lease can't be reached", async () => {
    vi.spyOn(LogLease.prototype, "changes").mockRejectedValueOnce(new Error("away"));
    const { body } = await make();
    expect(inChecks(body.checks, "restore").status).toBe("unknown");
    expect(body.ready).toBe(true);
  });

  test("what an Aurora instance is in its cluster, and its permission", async () => {
    aws = await createAccount({ clusters: [{ identifier: "shops" }] });
    const reply = await make({ instance: "shops-1" });
    expect(reply).toMatchObject({ status: 201, body: { ready: true, engine: "aurora-mysql" } });
    expect(inChecks(reply.body.checks, "cluster").detail).toMatch(/the writer now/);
    await aws.failOver("shops");
    await aws.deny("rds:DescribeDBClusters");
    const denied = await check(reply.body.id);
    expect(notPassed(denied.body.checks)).toEqual([
      "cluster unknown",
      "permission:rds:DescribeDBClusters failed",
    ]);
    await aws.deny();
    expect(inChecks((await check(reply.body.id)).body.checks, "cluster").detail).toMatch(/a reader now/);
  });

  test("nothing to keep for a target that the environment has no more", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.clearRequests();
    await aws.fault({ kind: "delay", delayMs: 500, action: "DescribeDBInstances", times: 1 });
    const slow = check(environment.id);
    await expect.poll(async () => (await aws.requests()).length).toBeGreaterThan(0);
    await env.DB.prepare("update environments set instance = 'demo-mariadb', checks = null where id = ?1")
      .bind(environment.id)
      .run();
    expect((await slow).status).toBe(200);
    const row = await env.DB.prepare("select instance, engine, checks from environments where id = ?1")
      .bind(environment.id)
      .first();
    expect(row).toEqual({ instance: "demo-mariadb", engine: "mysql", checks: null });
  });

  test("all anew in an environment from before checks were kept", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await env.DB.prepare(
      "update environments set checks = null, checked_at = null, is_ready = 1 where id = ?1",
    )
      .bind(environment.id)
      .run();
    const before = await person.get(`/api/environments/${environment.id}`);
    expect(before.body).toMatchObject({ ready: true, checks: [], checkedAt: null });
    expect((await check(environment.id)).body.checks).toEqual(environment.checks);
  });
});

describe("the list of an account's instances", () => {
  const list = (json: Record<string, unknown> = {}) =>
    person.post<InstanceList & { message?: string }>("/api/environments/instances", {
      region: aws.region,
      credentials: aws.credentials,
      ...json,
    });

  test("says of each whether it can be captured, and why not", async () => {
    aws = await createAccount({
      instances: [
        { identifier: "alone" },
        { identifier: "other", engine: "postgres", engineVersion: "16.4" },
        { identifier: "plain", parameterGroup: "default.mysql8.0" },
      ],
      clusters: [{ identifier: "shops" }],
    });
    const reply = await list();
    expect(reply.status).toBe(200);
    expect(reply.body.accountId).toMatch(/^\d{12}$/);
    expect(
      reply.body.instances.map(({ instance, cluster, role, capturable }) => [
        instance,
        cluster,
        role,
        capturable,
      ]),
    ).toEqual([
      ["alone", null, null, true],
      ["other", null, null, false],
      ["plain", null, null, false],
      ["shops-1", "shops", "writer", true],
      ["shops-2", "shops", "reader", true],
    ]);
    for (const { capturable, why } of reply.body.instances) expect(why === null).toBe(capturable);
  });

  test("is over after two time limits of a call, however many pages AWS has", async () => {
    const instances = Array.from({ length: 450 }, (_, i) => ({ identifier: `shop-${i}` }));
    aws = await createAccount({ instances });
    await aws.fault({ kind: "delay", delayMs: 1500, action: "DescribeDBInstances" });
    expectRefusal(await list(), 504, /^rds:DescribeDBInstances did not answer within/);
  });

  test("has no roles where the credentials may not ask for clusters", async () => {
    aws = await createAccount({ clusters: [{ identifier: "shops" }] });
    await aws.deny("rds:DescribeDBClusters");
    expect((await list()).body.instances.map(({ role }) => role)).toEqual([null, null]);
  });

  test.each<[string, () => Promise<unknown>, RegExp, number]>([
    ["a missing permission", () => aws.deny("rds:DescribeDBInstances"), /rds:DescribeDBInstances/, 400],
    [
      "a wrong key",
      () => aws.fault({ kind: "refuse", code: "InvalidClientTokenId" }),
      /no such access key/,
      400,
    ],
    ["throttling", () => aws.fault({ kind: "throttle" }), /Try again soon/, 503],
    ["silence", () => aws.fault({ kind: "hang" }), /did not answer within/, 504],
    ["an answer that is not AWS's", () => aws.fault({ kind: "proxy" }), /not of AWS's form/, 503],
  ])("is refused for %s", async (_, change, said, status) => {
    await change();
    expectRefusal(await list(), status, said);
  });

  test("is for people who are signed in, and AWS is asked nothing for others", async () => {
    const json = { region: aws.region, credentials: aws.credentials };
    expect((await request("POST", "/api/environments/instances", { json })).status).toBe(401);
    expect(await aws.requests()).toEqual([]);
  });

  test("takes no more than a region and credentials", async () => {
    expectRefusal(await list({ instance: "x" }), 400, /instance: not known here/);
    expectRefusal(await list({ region: "Virginia" }), 400, /region/);
  });

  test("says so when the service has no identity to assume a role with", async () => {
    const { roleArn } = await makeRole(person, aws);
    const json = { region: aws.region, credentials: { roleArn } };
    const reply = await requestIn({ AWS_ACCESS_KEY_ID: "" }, "POST", "/api/environments/instances", {
      json,
      headers: person.headers,
    });
    expectRefusal(reply, 400, /use an access key instead/);
  });
});

/** Sets parameters of the account's first group as its owner would. */
async function setParameters(account: LocalAccount, values: Record<string, string>): Promise<void> {
  const set = await modifyParameters(
    awsTarget(env, account.region),
    account.credentials,
    `${account.instance}-params`,
    values,
  );
  expect(set.ok).toBe(true);
}
