import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  ModifyDBParameterGroupCommand,
  paginateDescribeDBClusters,
} from "@aws-sdk/client-rds";
import { describe, expect, it } from "vitest";
import { createAccount, createClusterAccount, type LocalAccount } from "./client.ts";
import { AURORA_BANNER, loggingInstance } from "./logs.ts";
import { rdsClient } from "./sdk.ts";

async function instancesOf(account: LocalAccount) {
  const { DBInstances = [] } = await rdsClient(account).send(new DescribeDBInstancesCommand({}));
  return DBInstances;
}

async function membersOf(account: LocalAccount, DBClusterIdentifier: string) {
  const { DBClusters } = await rdsClient(account).send(
    new DescribeDBClustersCommand({ DBClusterIdentifier }),
  );
  return DBClusters?.[0]?.DBClusterMembers?.map((member) => [
    member.DBInstanceIdentifier,
    member.IsClusterWriter ? "writer" : "reader",
  ]);
}

describe("an Aurora cluster", async () => {
  const account = await createClusterAccount("shop", { region: "eu-west-1" });

  it("has a writer and a reader, and the account has nothing else", async () => {
    expect(account.instance).toBe("shop-1");
    expect(await instancesOf(account)).toMatchObject([
      {
        DBInstanceIdentifier: "shop-1",
        DBClusterIdentifier: "shop",
        Engine: "aurora-mysql",
        EngineVersion: "8.0.mysql_aurora.3.10.0",
        StorageType: "aurora",
        AllocatedStorage: 1,
        AvailabilityZone: "eu-west-1a",
        DBParameterGroups: [{ DBParameterGroupName: "shop-1-params", ParameterApplyStatus: "in-sync" }],
      },
      {
        DBInstanceIdentifier: "shop-2",
        DBClusterIdentifier: "shop",
        AvailabilityZone: "eu-west-1b",
        DBParameterGroups: [{ DBParameterGroupName: "shop-2-params" }],
      },
    ]);
  });

  it("is described with its members", async () => {
    const { DBClusters } = await rdsClient(account).send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: "Shop" }),
    );
    expect(DBClusters).toHaveLength(1);
    expect(DBClusters?.[0]).toMatchObject({
      DBClusterIdentifier: "shop",
      DBClusterArn: `arn:aws:rds:eu-west-1:${account.accountId}:cluster:shop`,
      Engine: "aurora-mysql",
      EngineVersion: "8.0.mysql_aurora.3.10.0",
      Status: "available",
      DBClusterParameterGroup: "shop-cluster-params",
      DBClusterMembers: [
        { DBInstanceIdentifier: "shop-1", IsClusterWriter: true, DBClusterParameterGroupStatus: "in-sync" },
        { DBInstanceIdentifier: "shop-2", IsClusterWriter: false, DBClusterParameterGroupStatus: "in-sync" },
      ],
    });
  });

  it("is not an instance, and no instance is a cluster", async () => {
    const rds = rdsClient(account);
    await expect(
      rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" })),
    ).rejects.toMatchObject({ name: "DBInstanceNotFoundFault", message: "DBInstance shop not found." });
    await expect(
      rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier: "shop-1" })),
    ).rejects.toMatchObject({
      name: "DBClusterNotFoundFault",
      message: "DBCluster shop-1 not found.",
      $metadata: { httpStatusCode: 404 },
    });
  });

  it("has the parameters of the logs in the groups of its instances, which log to files unless told otherwise", async () => {
    const rds = rdsClient(account);
    const input = { DBParameterGroupName: "shop-2-params" };
    const { Parameters = [] } = await rds.send(new DescribeDBParametersCommand(input));
    const byName = new Map(Parameters.map((parameter) => [parameter.ParameterName, parameter]));
    expect(byName.get("log_output")).toMatchObject({ ParameterValue: "FILE", Source: "system" });
    for (const name of ["general_log", "slow_query_log", "long_query_time", "min_examined_row_limit"]) {
      expect(byName.get(name)).toMatchObject({ IsModifiable: true, ApplyType: "dynamic" });
    }
    expect(byName.has("time_zone")).toBe(false);
    const change = { ParameterName: "time_zone", ParameterValue: "UTC", ApplyMethod: "immediate" } as const;
    await expect(
      rds.send(new ModifyDBParameterGroupCommand({ ...input, Parameters: [change] })),
    ).rejects.toMatchObject({ message: "Could not find parameter with name: time_zone" });
    await expect(
      rds.send(new DescribeDBParametersCommand({ DBParameterGroupName: "shop-cluster-params" })),
    ).rejects.toMatchObject({ name: "DBParameterGroupNotFoundFault" });
  });

  it("writes a log for each instance, in MySQL's form, and goes on with it after a failover", async () => {
    const made = await loggingInstance({ clusters: [{ identifier: "shop" }] });
    const { account: mine } = made;
    await mine.appendLog("shop-1", "of the writer\n");
    expect(await mine.logText("shop-1")).toBe(`${AURORA_BANNER}of the writer\n`);
    expect(await mine.logFiles("shop-2")).toMatchObject({ isLogging: false, files: [] });
    expect(AURORA_BANNER).toMatch(/^\/rdsdbbin\/oscar\/bin\/mysqld, Version: 8\.0\.42 /);
    await mine.failOver("shop");
    await mine.appendLog("shop-1", "of a reader\n");
    // The server was restarted between them.
    expect(await mine.logText("shop-1")).toBe(`${AURORA_BANNER}of the writer\n${AURORA_BANNER}of a reader\n`);
    expect(await mine.logFiles("shop-2")).toMatchObject({ isLogging: false, files: [] });
  });

  it("has another writer after a failover, and the same members", async () => {
    const mine = await createClusterAccount("shop", {
      members: [
        { identifier: "a" },
        { identifier: "b" },
        { identifier: "c", instanceClass: "db.serverless" },
      ],
    });
    expect(await mine.failOver("shop")).toBe("b");
    expect(await membersOf(mine, "shop")).toEqual([
      ["a", "reader"],
      ["b", "writer"],
      ["c", "reader"],
    ]);
    expect(await mine.failOver("shop", "c")).toBe("c");
    expect(await membersOf(mine, "shop")).toEqual([
      ["a", "reader"],
      ["b", "reader"],
      ["c", "writer"],
    ]);
    await expect(mine.failOver("shop", "c")).rejects.toThrow("409");
    await expect(mine.failOver("nobody")).rejects.toThrow("404");
  });

  it("shows what a test has changed", async () => {
    const mine = await createClusterAccount("shop");
    await mine.patchCluster("shop", { status: "failing-over", parameterGroupStatus: "pending-reboot" });
    const { DBClusters } = await rdsClient(mine).send(new DescribeDBClustersCommand({}));
    expect(DBClusters?.[0]).toMatchObject({
      Status: "failing-over",
      DBClusterMembers: [
        { DBClusterParameterGroupStatus: "pending-reboot" },
        { DBClusterParameterGroupStatus: "pending-reboot" },
      ],
    });
  });
});

describe("a Multi-AZ DB cluster", () => {
  it("has three instances of engine mysql, whose parameter group can't be changed", async () => {
    const account = await createClusterAccount("ha", { engine: "mysql", engineVersion: "8.4.7" });
    const described = await instancesOf(account);
    expect(
      described.map((instance) => [
        instance.DBInstanceIdentifier,
        instance.Engine,
        instance.DBClusterIdentifier,
        instance.DBParameterGroups?.[0]?.DBParameterGroupName,
      ]),
    ).toEqual([1, 2, 3].map((number) => [`ha-instance-${number}`, "mysql", "ha", "default.mysql8.4"]));
    expect(await membersOf(account, "ha")).toEqual([
      ["ha-instance-1", "writer"],
      ["ha-instance-2", "reader"],
      ["ha-instance-3", "reader"],
    ]);
  });
});

describe("DescribeDBClusters", () => {
  it("pages through many clusters, each exactly once", async () => {
    const identifiers = Array.from({ length: 25 }, (_, index) => `c-${String(index).padStart(2, "0")}`);
    const clusters = identifiers.map((identifier) => ({
      identifier,
      members: [{ identifier: `${identifier}-x` }],
    }));
    const account = await createAccount({ clusters });
    const pages: (string | undefined)[][] = [];
    for await (const page of paginateDescribeDBClusters({ client: rdsClient(account), pageSize: 20 }, {})) {
      pages.push((page.DBClusters ?? []).map(({ DBClusterIdentifier }) => DBClusterIdentifier));
    }
    expect(pages.map((page) => page.length)).toEqual([20, 5]);
    expect(pages.flat()).toEqual(identifiers);
  });

  it("answers with none for an account that has none", async () => {
    const { DBClusters } = await rdsClient(await createAccount()).send(new DescribeDBClustersCommand({}));
    expect(DBClusters).toEqual([]);
  });

  it("is refused like other actions", async () => {
    const account = await createClusterAccount();
    await account.deny("rds:DescribeDBClusters");
    await expect(
      rdsClient(account).send(new DescribeDBClustersCommand({ DBClusterIdentifier: "shop" })),
    ).rejects.toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining(
        `rds:DescribeDBClusters on resource: arn:aws:rds:us-east-1:${account.accountId}:cluster:shop`,
      ),
    });
  });
});

describe("an account", () => {
  it("can have instances beside its clusters, but no two of one name", async () => {
    const account = await createAccount({
      instances: [{ identifier: "alone", pendingModifiedValues: { EngineVersion: "8.0.42" } }],
      clusters: [{ identifier: "shop" }],
    });
    const described = await instancesOf(account);
    expect(described.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toEqual([
      "alone",
      "shop-1",
      "shop-2",
    ]);
    expect(described[0]?.PendingModifiedValues).toEqual({ EngineVersion: "8.0.42" });
    expect(described[0]).not.toHaveProperty("DBClusterIdentifier");
    const twins = { instances: [{ identifier: "shop-1" }], clusters: [{ identifier: "shop" }] };
    await expect(createAccount(twins)).rejects.toThrow("two have the same identifier");
  });
});
