import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBLogFilesCommand,
  DescribeDBParametersCommand,
  DownloadDBLogFilePortionCommand,
} from "@aws-sdk/client-rds";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import { afterEach, describe, expect, it } from "vitest";
import { createAccount, WORKER_CREDENTIALS } from "./client.ts";
import type { Dress } from "./control-shapes.ts";
import { instanceOf, LIVE, loggingInstance } from "./logs.ts";
import { LATEST_HOUR, MINUTE_MS, metricInput, metricQuery } from "./metric-data.ts";
import { cloudWatchClient, rdsClient, stsClient } from "./sdk.ts";

const { account, rds, instance } = await loggingInstance({
  instances: [{ identifier: "shop" }],
  clusters: [{ identifier: "ring" }],
});
const TEXT = "a < b && c > d ]]> ' \" \t end\r\n  indented\u0001\u0085\n<!-- ü -->\n";
await account.appendLog(instance, TEXT);

afterEach(() => account.setDress());

/** What AWS's own clients make of one reply to each of our calls. */
async function everything() {
  const DBInstanceIdentifier = instance;
  const request = metricInput(LATEST_HOUR - 10 * MINUTE_MS, LATEST_HOUR, metricQuery({ instance }));
  const replies = [
    await rds.send(new DescribeDBInstancesCommand({})),
    await rds.send(new DescribeDBClustersCommand({})),
    await rds.send(new DescribeDBParametersCommand({ DBParameterGroupName: "shop-params" })),
    await rds.send(new DescribeDBLogFilesCommand({ DBInstanceIdentifier })),
    await rds.send(
      new DownloadDBLogFilePortionCommand({ DBInstanceIdentifier, LogFileName: LIVE, Marker: "0" }),
    ),
    await cloudWatchClient(account).send(new GetMetricDataCommand(request)),
  ];
  return replies.map(({ $metadata: _metadata, ...reply }) => reply);
}

describe("a reply that is written otherwise", () => {
  const styles: Dress[] = [
    { xml: ["declaration"] },
    { xml: ["indent"] },
    { xml: ["cdata"] },
    { xml: ["references"] },
    { xml: ["comments"] },
    { xml: ["reverse"] },
    { xml: ["extra"] },
    { xml: ["declaration", "indent", "references", "comments", "reverse", "extra"] },
    { json: ["integers"] },
    { json: ["indent", "escapes", "reverse", "extra"] },
  ];

  it.each(styles)("is the same to AWS's own clients: %j", async (dress) => {
    const plain = await everything();
    expect(JSON.stringify(plain)).toContain("]]>");
    await account.setDress(dress);
    expect(await everything()).toEqual(plain);
  });

  it.each(styles.filter(({ xml }) => xml !== undefined))("may be a refusal: %j", async (dress) => {
    await account.setDress(dress);
    const describeNobody = new DescribeDBInstancesCommand({ DBInstanceIdentifier: "nobody" });
    await expect(rds.send(describeNobody)).rejects.toMatchObject({
      name: "DBInstanceNotFoundFault",
      message: "DBInstance nobody not found.",
    });
  });

  it("is not written so for other accounts", async () => {
    const other = await createAccount({ instances: [{ identifier: "shop" }] });
    await account.setDress({ isListEmpty: true });
    const describeAll = () => rdsClient(other).send(new DescribeDBInstancesCommand({}));
    expect((await describeAll()).DBInstances).toHaveLength(1);
  });
});

describe("an optional element", () => {
  const portion = async (Marker: string, NumberOfLines: number) => {
    const input = { DBInstanceIdentifier: instance, LogFileName: LIVE, Marker, NumberOfLines };
    return await rds.send(new DownloadDBLogFilePortionCommand(input));
  };

  it("may be missing from a portion of a log, or be empty, everywhere or at its end", async () => {
    await account.setDress({ portionMarker: "absent" });
    expect(await portion("0", 1)).not.toHaveProperty("Marker");
    await account.setDress({ portionMarker: "empty" });
    expect((await portion("0", 1)).Marker).toBe("");
    await account.setDress({ portionMarker: "absent-at-end" });
    expect((await portion("0", 1)).Marker).toMatch(/./);
    expect(await portion("0", 10_000)).not.toHaveProperty("Marker");
    await account.setDress({ portionMarker: "empty-at-end" });
    expect((await portion("0", 10_000)).Marker).toBe("");
  });

  it("may be missing from log files", async () => {
    const { files } = instanceOf(account, instance);
    await account.setDress({ withoutFileDetails: ["LastWritten"] });
    const [file] = await files({ FilenameContains: "general" });
    expect(file).toEqual({ LogFileName: LIVE, Size: expect.any(Number) });
    await account.setDress({ withoutFileDetails: ["LastWritten", "Size"] });
    expect((await files({ FilenameContains: "general" }))[0]).toEqual({ LogFileName: LIVE });
  });

  it("may be a list without anything, of an instance that is there", async () => {
    await account.setDress({ isListEmpty: true });
    const { DBInstances } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }),
    );
    expect(DBInstances).toEqual([]);
    expect((await rds.send(new DescribeDBClustersCommand({}))).DBClusters).toEqual([]);
  });

  it("may be a list with more parameter groups than the instance's own", async () => {
    await account.setDress({
      groupsBefore: [{ name: "old", status: "pending-reboot" }],
      groupsAfter: [{ name: "new", status: "applying" }],
    });
    const { DBInstances } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }),
    );
    expect(DBInstances?.[0]?.DBParameterGroups).toEqual([
      { DBParameterGroupName: "old", ParameterApplyStatus: "pending-reboot" },
      { DBParameterGroupName: "shop-params", ParameterApplyStatus: "in-sync" },
      { DBParameterGroupName: "new", ParameterApplyStatus: "applying" },
    ]);
  });

  it("may be an empty value, marker or token", async () => {
    await account.setDress({ noValue: "empty", lastMarker: "empty", lastToken: "empty" });
    const { Parameters, Marker } = await rds.send(
      new DescribeDBParametersCommand({ DBParameterGroupName: "shop-params", MaxRecords: 100 }),
    );
    expect(Parameters?.find(({ ParameterName }) => ParameterName === "back_log")?.ParameterValue).toBe("");
    expect(Marker).toBe("");
    const request = metricInput(LATEST_HOUR - 10 * MINUTE_MS, LATEST_HOUR, metricQuery({ instance }));
    const cloudwatch = cloudWatchClient(account);
    expect((await cloudwatch.send(new GetMetricDataCommand(request))).NextToken).toBe("");
    await account.setDress({ lastToken: "null" });
    expect((await cloudwatch.send(new GetMetricDataCommand(request))).NextToken ?? null).toBeNull();
  });

  it("is there as usual when nothing is said", async () => {
    await account.setDress({ portionMarker: "absent", isListEmpty: true });
    await account.setDress();
    expect((await portion("0", 1)).Marker).toMatch(/./);
    expect((await rds.send(new DescribeDBInstancesCommand({}))).DBInstances).toHaveLength(3);
  });
});

describe("the reply to AssumeRole", () => {
  it("is dressed as the caller's account says, which is not the role's", async () => {
    const { roleArn } = await account.createRole({ externalId: "right" });
    await account.setDress({ xml: ["indent", "reverse", "extra"] });
    const sts = stsClient(account, { credentials: WORKER_CREDENTIALS });
    const input = { RoleArn: roleArn, RoleSessionName: "captures", ExternalId: "right" };
    expect((await sts.send(new AssumeRoleCommand(input))).Credentials?.AccessKeyId).toMatch(/^ASIA/);
  });
});
