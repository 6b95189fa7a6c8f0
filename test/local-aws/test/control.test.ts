import { DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import { describe, expect, it } from "vitest";
import { createAccount, localAwsUrl } from "./client.ts";
import { rdsClient } from "./sdk.ts";

const account = await createAccount();
const { accessKeyId } = account.credentials;
const mysql = { accessKeyId, instance: "demo-mysql" };

async function control(method: string, path: string, body?: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${localAwsUrl()}/_local/${path}`, {
    method,
    ...(text === undefined ? {} : { body: text }),
  });
  expect(response.headers.get("content-type")).toBe("application/json");
  return { status: response.status, body: await response.json<Record<string, unknown>>() };
}

describe("accounts", () => {
  it("are made with keys, a region and instances of their own", async () => {
    const made = await createAccount({
      region: "ap-northeast-1",
      instances: [{ identifier: "orders", engine: "mariadb" }],
    });
    expect(made).toMatchObject({ region: "ap-northeast-1", instance: "orders" });
    expect(made.accountId).toMatch(/^\d{12}$/);
    const { DBInstances } = await rdsClient(made).send(new DescribeDBInstancesCommand({}));
    expect(DBInstances).toMatchObject([{ DBInstanceIdentifier: "orders", Engine: "mariadb" }]);
  });

  it("share nothing", async () => {
    const [one, other] = [await createAccount(), await createAccount()];
    expect(one.accountId).not.toBe(other.accountId);
    expect(one.credentials).not.toEqual(other.credentials);
    await one.setClock(3_600_000);
    await one.deny("rds:*");
    await rdsClient(other).send(new DescribeDBInstancesCommand({}));
    expect(await one.requests()).toEqual([]);
    expect(await other.requests()).toHaveLength(1);
  });

  it("begin with the one of the demonstration", async () => {
    const credentials = { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" };
    const { DBInstances } = await rdsClient(account, { credentials }).send(
      new DescribeDBInstancesCommand({}),
    );
    expect(DBInstances?.map(({ DBInstanceArn }) => DBInstanceArn)).toContain(
      "arn:aws:rds:us-east-1:000000000000:db:demo-mysql",
    );
  });
});

describe("the list of requests", () => {
  it("has what was called, by whom, how it ended and what was asked", async () => {
    const client = rdsClient(account);
    await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mysql" }));
    await client
      .send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "nobody" }))
      .catch(() => undefined);
    await account.fault({ kind: "reset", times: 1 });
    await client.send(new DescribeDBInstancesCommand({})).catch(() => undefined);
    const wrong = { ...account.credentials, secretAccessKey: "guess" };
    await rdsClient(account, { credentials: wrong })
      .send(new DescribeDBInstancesCommand({}))
      .catch(() => undefined);

    const call = { service: "rds", action: "DescribeDBInstances", accessKeyId, fault: null, errorCode: null };
    const requests = await account.requests();
    expect(requests).toMatchObject([
      { ...call, status: 200, parameters: { DBInstanceIdentifier: "demo-mysql" } },
      {
        ...call,
        status: 404,
        errorCode: "DBInstanceNotFound",
        parameters: { DBInstanceIdentifier: "nobody" },
      },
      { ...call, status: null, fault: "reset", parameters: {} },
      { ...call, action: "unknown", status: 403, errorCode: "SignatureDoesNotMatch", parameters: {} },
    ]);
    expect(Math.abs(Date.parse(requests[0]?.time ?? "") - Date.now())).toBeLessThan(10_000);
    await account.clearRequests();
    expect(await account.requests()).toEqual([]);
  });
});

describe("the control API", () => {
  it("lists what there is", async () => {
    const { status, body } = await control("GET", "");
    expect(status).toBe(200);
    expect(body.routes).toContainEqual({ method: "PUT", path: "/_local/clock", about: expect.any(String) });
  });

  it.each<[string, string, unknown, number, string]>([
    ["POST", "accounts", "{", 400, "not valid JSON"],
    ["POST", "accounts", { region: "Mars" }, 400, "region: must be a region"],
    ["POST", "accounts", { instances: [{ identifier: "No Good" }] }, 400, "instances.0.identifier"],
    [
      "POST",
      "accounts",
      { instances: [{ identifier: "a" }, { identifier: "a" }] },
      400,
      "the same identifier",
    ],
    ["POST", "accounts", { colour: "red" }, 400, "colour"],
    ["POST", "accounts", [], 400, "expected object"],
    ["POST", "faults", { kind: "throttle" }, 400, "accessKeyId"],
    ["POST", "faults", { accessKeyId, kind: "explode" }, 400, "kind"],
    ["POST", "faults", { accessKeyId, kind: "throttle", action: "GetMetricsData" }, 400, "action"],
    ["POST", "faults", { accessKeyId, kind: "throttle", times: 0 }, 400, "times"],
    ["POST", "faults", { accessKeyId, kind: "delay" }, 400, "delayMs: is needed for the kind delay"],
    [
      "POST",
      "faults",
      { accessKeyId: "AKIANOBODY", kind: "throttle" },
      404,
      "no account has the key AKIANOBODY",
    ],
    ["DELETE", "faults", undefined, 400, "accessKeyId"],
    ["DELETE", "faults?accessKeyId=AKIANOBODY", undefined, 404, "AKIANOBODY"],
    ["PUT", "clock", { accessKeyId, offsetMs: "1h" }, 400, "offsetMs"],
    ["PUT", "clock", { accessKeyId, offsetMs: 9e15 }, 400, "offsetMs"],
    ["PUT", "page-size", { accessKeyId, datapoints: 0 }, 400, "datapoints"],
    ["PUT", "policy", { accessKeyId, deny: ["rds:Everything"] }, 400, "deny.0"],
    ["GET", "requests", undefined, 400, "accessKeyId"],
    ["PATCH", "instances/nobody", { accessKeyId }, 404, "no instance nobody"],
    ["PATCH", "instances/demo-mysql", { accessKeyId, allocatedStorage: -1 }, 400, "allocatedStorage"],
    [
      "PATCH",
      "instances/demo-mysql",
      { accessKeyId, parameterApplyStatus: "soon" },
      400,
      "parameterApplyStatus",
    ],
    ["POST", "roles", { accessKeyId }, 400, "externalId"],
    [
      "POST",
      "roles",
      { accessKeyId, externalId: "ab", roleArn: "arn:aws:iam::1:role/x" },
      400,
      "roleArn: must be",
    ],
    ["POST", "roles", { accessKeyId, externalId: "ab", durationSeconds: 43_201 }, 400, "durationSeconds"],
    ["POST", "faults", { accessKeyId, kind: "throttle", afterBytes: 1 }, 400, "hang and reset only"],
    ["PUT", "parameter-application", { accessKeyId, delayMs: -1 }, 400, "delayMs"],
    ["PUT", "workload", { accessKeyId, instance: "nobody" }, 404, "no instance nobody"],
    ["PUT", "workload", { ...mysql, rate: -1 }, 400, "rate"],
    ["PUT", "workload", { accessKeyId, instance: "demo-postgres" }, 409, "postgres has no general log"],
    ["GET", `workload?${new URLSearchParams({ ...mysql, from: "x", to: "1" })}`, undefined, 400, "from"],
    [
      "GET",
      `workload?${new URLSearchParams({ ...mysql, from: "2", to: "1" })}`,
      undefined,
      400,
      "to: must be",
    ],
    ["POST", "log", mysql, 400, "either text or records"],
    ["POST", "log", { ...mysql, text: "x" }, 409, "does not log to a file"],
    ["POST", "log", { ...mysql, records: [{ threadId: 1, command: "Query" }] }, 400, "records.0.statement"],
    ["POST", "log-rotations", mysql, 404, "no log file general/mysql-general.log"],
    ["POST", "log-truncations", { ...mysql, size: 1 }, 409, "no general/mysql-general.log of 1 bytes"],
    [
      "DELETE",
      `log-files?${new URLSearchParams({ ...mysql, logFileName: "x" })}`,
      undefined,
      404,
      "no log file x",
    ],
    ["DELETE", "clock", undefined, 405, "Use PUT here, not DELETE"],
    ["GET", "nothing", undefined, 404, "There is no /_local/nothing"],
    ["PATCH", "instances/", {}, 404, "There is no"],
  ])("answers %s %s with %j by %i", async (method, path, body, status, message) => {
    expect(await control(method, path, body)).toEqual({
      status,
      body: { error: expect.stringContaining(message) },
    });
  });
});
