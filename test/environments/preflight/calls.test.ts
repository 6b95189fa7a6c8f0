import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { FullEnvironment } from "../../../src/environments/replies.ts";
import { createAccount, type LocalAccount } from "../../local-aws/test/client.ts";
import { createEnvironment, makeRole, type Person, signUp } from "../../support/api.ts";
import { check, inChecks, make, notPassed } from "../checks.ts";

let person: Person;
let aws: LocalAccount;
beforeAll(async () => {
  person = await signUp();
});
beforeEach(async () => {
  aws = await createAccount();
});

describe("the calls of a preflight", () => {
  test("are each made once, and change nothing", async () => {
    const reply = await make(person, aws);
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
    const reply = await make(person, aws);
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
    const checked = await check(person, environment.id);
    const { status: _, ...kept } = checked.body;
    expect((await person.get(`/api/environments/${environment.id}`)).body).toEqual(kept);
  });

  test("are over after a while, even if AWS answers none of them", async () => {
    const { environment } = await createEnvironment(person, { aws });
    await aws.fault({ kind: "hang" });
    const reply = await check(person, environment.id);
    expect(reply.body).toMatchObject({ status: null, ready: true });
    expect(reply.body.checks.every(({ status }) => status === "unknown" || status === "passed")).toBe(true);
    expect(inChecks(reply.body.checks, "credentials")).toMatchObject({ status: "unknown" });
  });
});
