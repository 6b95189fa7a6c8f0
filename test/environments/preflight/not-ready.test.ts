import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FullEnvironment } from "../../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../../local-aws/test/client.ts";
import type { AccountOptions } from "../../local-aws/test/control-shapes.ts";
import { createEnvironment, expectRefusal, type Person, signUp } from "../../support/api.ts";
import { check, inChecks, make } from "../checks.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
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
    const reply = await make(person, aws);
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
    const reply = await make(person, aws);
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
    const reply = await make(person, aws);
    expect(reply).toMatchObject({ status: 201, body: { ready } });
    expect(inChecks(reply.body.checks, "state").status).toBe("failed");
  });

  test.each([
    ["failed-to-apply", false],
    ["pending-reboot", true],
  ] as const)("its parameter group is %s (ready: %s)", async (parameterApplyStatus, ready) => {
    await aws.patchInstance(aws.instance, { parameterApplyStatus });
    const reply = await make(person, aws);
    expect(reply).toMatchObject({ status: 201, body: { ready } });
    expect(inChecks(reply.body.checks, "pending-reboot").status).toBe("failed");
  });

  test("its metrics can't be read, which is no obstacle", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.fault({ kind: "garbage", action: "GetMetricData" });
    const reply = await check(person, environment.id);
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
      const refused = await make(person, account, { instance });
      expect(refused.status).toBe(400);
      expect(Object.keys(refused.body)).toEqual(["code", "message", "checks"]);
      expect(inChecks(refused.body.checks, id)).toMatchObject({ status: "failed", severity: "error" });
      const taken = await make(person, account, { instance, allowNotReady: true });
      expect(taken).toMatchObject({ status: 201, body: { instance, ready: false } });
      expect((await check(person, taken.body.id)).body).toMatchObject({ ready: false, status: "available" });
    },
  );

  test("which could be made ready is refused with the checks only if the body asks for that", async () => {
    await aws.deny("rds:ModifyDBParameterGroup");
    const refused = await make(person, aws, { allowNotReady: false });
    const message = expect.stringMatching(
      /would not work yet; these checks fail: .*rds:ModifyDBParameterGroup/,
    );
    expect(refused).toMatchObject({ status: 400, body: { code: 400, message } });
    const id = "permission:rds:ModifyDBParameterGroup";
    expect(inChecks(refused.body.checks, id)).toMatchObject({ status: "failed", severity: "error" });
    for (const allowNotReady of [true, undefined]) {
      expect(await make(person, aws, { allowNotReady })).toMatchObject({
        status: 201,
        body: { ready: false },
      });
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
    const taken = await make(person, aws);
    expect(taken).toMatchObject({ status: 201, body: { ready: false } });
    const id = "permission:rds:DescribeDBParameters";
    expect(inChecks(taken.body.checks, id)).toMatchObject({ status: "unknown", severity: "error" });
    const message = expect.stringMatching(
      /would work could not be found out; these checks are unknown: .*rds:DescribeDBParameters/,
    );
    const refusal = { status: 400, body: { code: 400, message, checks: taken.body.checks } };
    expect(await make(person, aws, { allowNotReady: false })).toMatchObject(refusal);
    const { credentials } = aws;
    expect(await person.put(path, { credentials, allowNotReady: false })).toMatchObject(refusal);
    // What is known of a target that stays is not forgotten.
    const stays = { instance: environment.instance };
    expect(await person.put(path, stays)).toMatchObject({ status: 200, body: { ready: true } });
    const changed = await person.put(path, { credentials });
    expect(changed).toMatchObject({ status: 200, body: { ready: false } });
    await aws.clearFaults();
    expect((await check(person, taken.body.id)).body.ready).toBe(true);
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
