import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeDBInstancesCommand, DescribeDBParametersCommand } from "@aws-sdk/client-rds";
import { afterEach, describe, expect, it } from "vitest";
import { createAccount } from "./client.ts";
import type { Fault } from "./control-shapes.ts";
import { cloudWatchClient, rdsClient } from "./sdk.ts";

const account = await createAccount();
afterEach(() => account.clearFaults());

function describeInstances(abortSignal?: AbortSignal) {
  return rdsClient(account).send(new DescribeDBInstancesCommand({}), abortSignal ? { abortSignal } : {});
}

function getMetricData() {
  const metric = { Namespace: "AWS/RDS", MetricName: "CPUUtilization" };
  return cloudWatchClient(account).send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 3_600_000),
      EndTime: new Date(),
      MetricDataQueries: [{ Id: "q", MetricStat: { Metric: metric, Period: 60, Stat: "Maximum" } }],
    }),
  );
}

describe("a fault", () => {
  it.each<[Fault["kind"], string, [query: number, json: number]]>([
    ["throttle", "Throttling", [400, 400]],
    ["server-error", "InternalFailure", [500, 500]],
    ["unavailable", "ServiceUnavailable", [503, 503]],
    ["deny", "AccessDenied", [403, 400]],
  ])("%s is answered with %s in either protocol", async (kind, name, [query, json]) => {
    await account.fault({ kind });
    await expect(describeInstances()).rejects.toMatchObject({ name, $metadata: { httpStatusCode: query } });
    await expect(getMetricData()).rejects.toMatchObject({ name, $metadata: { httpStatusCode: json } });
  });

  it("garbage is answered with 200 and a page that neither protocol can read", async () => {
    await account.fault({ kind: "garbage" });
    await expect(describeInstances()).rejects.toMatchObject({ $metadata: { httpStatusCode: 200 } });
    await expect(getMetricData()).rejects.toMatchObject({ $metadata: { httpStatusCode: 200 } });
  });

  it("delay is answered rightly, but late", async () => {
    await account.fault({ kind: "delay", delayMs: 300 });
    const before = performance.now();
    await expect(describeInstances()).resolves.toMatchObject({ $metadata: { httpStatusCode: 200 } });
    expect(performance.now() - before).toBeGreaterThanOrEqual(290);
  });

  it("hang is never answered", async () => {
    await account.fault({ kind: "hang" });
    await expect(describeInstances(AbortSignal.timeout(300))).rejects.toMatchObject({ name: "AbortError" });
  });

  it("reset cuts the connection off", async () => {
    await account.fault({ kind: "reset", times: 1 });
    await expect(describeInstances()).rejects.toThrow("Network connection lost");
  });

  it("has a retry-after if it is given one", async () => {
    await account.fault({ kind: "throttle", retryAfterSeconds: 7 });
    await expect(describeInstances()).rejects.toMatchObject({
      $response: { headers: { "retry-after": "7" } },
    });
  });

  it("strikes as many calls as it says", async () => {
    await account.fault({ kind: "throttle", times: 2 });
    await expect(describeInstances()).rejects.toThrow();
    await expect(describeInstances()).rejects.toThrow();
    await expect(describeInstances()).resolves.toBeDefined();
  });

  it("strikes its action only", async () => {
    await account.fault({ kind: "throttle", action: "GetMetricData" });
    await expect(describeInstances()).resolves.toBeDefined();
    await expect(getMetricData()).rejects.toMatchObject({ name: "Throttling" });
  });

  it("strikes after the fault that was set before it", async () => {
    await account.fault({ kind: "throttle", times: 1 });
    await account.fault({ kind: "unavailable", times: 1 });
    await expect(describeInstances()).rejects.toMatchObject({ name: "Throttling" });
    await expect(describeInstances()).rejects.toMatchObject({ name: "ServiceUnavailable" });
  });

  it("strikes until it is cleared", async () => {
    await account.fault({ kind: "server-error" });
    for (let call = 0; call < 3; call++) await expect(describeInstances()).rejects.toThrow();
    await account.clearFaults();
    await expect(describeInstances()).resolves.toBeDefined();
  });

  it("strikes by chance if it has one, and leaves the other calls to the next fault", async () => {
    await account.fault({ kind: "throttle", chance: 0.5 });
    await account.fault({ kind: "unavailable", chance: 0 });
    const calls = await Promise.allSettled(Array.from({ length: 100 }, () => describeInstances()));
    const struck = calls.filter(({ status }) => status === "rejected");
    // Never so few or so many, in all the runs there will be.
    expect(struck.length).toBeGreaterThan(5);
    expect(struck.length).toBeLessThan(95);
    await account.fault({ kind: "server-error", times: 100 });
    const rest = await Promise.allSettled(Array.from({ length: 100 }, () => describeInstances()));
    expect(rest.every(({ status }) => status === "rejected")).toBe(true);
  });

  it("does not strike other accounts", async () => {
    await account.fault({ kind: "server-error" });
    const other = rdsClient(await createAccount());
    await expect(other.send(new DescribeDBInstancesCommand({}))).resolves.toBeDefined();
  });
});

describe("a policy", () => {
  afterEach(() => account.deny());

  it("refuses an action in AWS's words, and no other", async () => {
    await account.deny("rds:DescribeDBInstances");
    const describeOne = new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mysql" });
    await expect(rdsClient(account).send(describeOne)).rejects.toMatchObject({
      name: "AccessDenied",
      message:
        `User: arn:aws:iam::${account.accountId}:user/local is not authorized to perform: rds:DescribeDBInstances ` +
        `on resource: arn:aws:rds:us-east-1:${account.accountId}:db:demo-mysql because no identity-based policy ` +
        "allows the rds:DescribeDBInstances action",
      $metadata: { httpStatusCode: 403 },
    });
    await expect(getMetricData()).resolves.toBeDefined();
  });

  it("names no resource for an action that has none", async () => {
    await account.deny("cloudwatch:GetMetricData");
    await expect(getMetricData()).rejects.toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining(
        "to perform: cloudwatch:GetMetricData because no identity-based policy",
      ),
    });
  });

  it("can refuse a whole service", async () => {
    await account.deny("rds:*");
    await expect(describeInstances()).rejects.toMatchObject({ name: "AccessDenied" });
    const describeGroup = new DescribeDBParametersCommand({ DBParameterGroupName: "demo-mysql-params" });
    await expect(rdsClient(account).send(describeGroup)).rejects.toMatchObject({ name: "AccessDenied" });
  });
});
