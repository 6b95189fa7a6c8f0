import {
  DescribeDBInstancesCommand,
  DescribeDBParametersCommand,
  ModifyDBParameterGroupCommand,
  type Parameter,
  paginateDescribeDBInstances,
  paginateDescribeDBParameters,
} from "@aws-sdk/client-rds";
import { describe, expect, it } from "vitest";
import { createAccount } from "./client.ts";
import { rdsClient } from "./sdk.ts";

const account = await createAccount({ region: "eu-west-1" });
const rds = rdsClient(account);
const group = "demo-mysql-params";

async function parameterOf(name: string, DBParameterGroupName = group): Promise<Parameter | undefined> {
  for await (const page of paginateDescribeDBParameters({ client: rds }, { DBParameterGroupName })) {
    const found = page.Parameters?.find(({ ParameterName }) => ParameterName === name);
    if (found) return found;
  }
  return undefined;
}

function modify(DBParameterGroupName: string, ...Parameters: Parameter[]) {
  return rds.send(new ModifyDBParameterGroupCommand({ DBParameterGroupName, Parameters }));
}

function change(ParameterName: string, ParameterValue: string, options: Parameter = {}): Parameter {
  return { ParameterName, ParameterValue, ApplyMethod: "immediate", ...options };
}

describe("DescribeDBInstances", () => {
  it("describes one instance", async () => {
    const { DBInstances } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mysql" }),
    );
    expect(DBInstances).toHaveLength(1);
    expect(DBInstances?.[0]).toMatchObject({
      DBInstanceIdentifier: "demo-mysql",
      DBInstanceStatus: "available",
      Engine: "mysql",
      EngineVersion: expect.stringMatching(/^8\.0\./),
      AllocatedStorage: 100,
      MultiAZ: false,
      DBInstanceArn: `arn:aws:rds:eu-west-1:${account.accountId}:db:demo-mysql`,
      DbiResourceId: expect.stringMatching(/^db-[A-Z0-9]+$/),
      DBParameterGroups: [{ DBParameterGroupName: group, ParameterApplyStatus: "in-sync" }],
      Endpoint: { Port: 3306 },
    });
  });

  it("lists all, one for each case that matters: MySQL, MariaDB, a default group, another engine", async () => {
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
    expect(
      DBInstances?.map(({ DBInstanceIdentifier, Engine, DBParameterGroups }) => [
        DBInstanceIdentifier,
        Engine,
        DBParameterGroups?.[0]?.DBParameterGroupName,
      ]),
    ).toEqual([
      ["demo-default-group", "mysql", "default.mysql8.0"],
      ["demo-mariadb", "mariadb", "demo-mariadb-params"],
      ["demo-mysql", "mysql", group],
      ["demo-postgres", "postgres", "demo-postgres-params"],
    ]);
  });

  it("answers 404 for an instance that is not there", async () => {
    await expect(
      rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "nobody" })),
    ).rejects.toMatchObject({
      name: "DBInstanceNotFoundFault",
      Code: "DBInstanceNotFound",
      message: "DBInstance nobody not found.",
      $metadata: { httpStatusCode: 404, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    });
  });

  it("pages through many instances, each exactly once", async () => {
    const identifiers = Array.from({ length: 45 }, (_, index) => `db-${String(index).padStart(2, "0")}`);
    const large = await createAccount({ instances: identifiers.map((identifier) => ({ identifier })) });
    const pages: string[][] = [];
    for await (const page of paginateDescribeDBInstances({ client: rdsClient(large), pageSize: 20 }, {})) {
      pages.push((page.DBInstances ?? []).map(({ DBInstanceIdentifier = "" }) => DBInstanceIdentifier));
    }
    expect(pages.map((page) => page.length)).toEqual([20, 20, 5]);
    expect(pages.flat()).toEqual(identifiers);
  });

  it.each([19, 101])("refuses MaxRecords %i", async (MaxRecords) => {
    await expect(rds.send(new DescribeDBInstancesCommand({ MaxRecords }))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: `Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`,
    });
  });

  it("refuses a marker that is not its own, and filters, which it doesn't have", async () => {
    const refusal = { name: "InvalidParameterValue" };
    await expect(rds.send(new DescribeDBInstancesCommand({ Marker: "x" }))).rejects.toMatchObject(refusal);
    const Filters = [{ Name: "engine", Values: ["mysql"] }];
    await expect(rds.send(new DescribeDBInstancesCommand({ Filters }))).rejects.toMatchObject(refusal);
  });

  it("shows what a test has changed, and only in its account", async () => {
    const mine = await createAccount();
    await mine.patchInstance("demo-mysql", {
      status: "stopped",
      engine: "mariadb",
      engineVersion: "10.6.19",
      parameterGroup: "default.mariadb10.6",
      parameterApplyStatus: "failed-to-apply",
    });
    const describeMySql = new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mysql" });
    expect((await rdsClient(mine).send(describeMySql)).DBInstances?.[0]).toMatchObject({
      DBInstanceStatus: "stopped",
      Engine: "mariadb",
      EngineVersion: "10.6.19",
      DBParameterGroups: [
        { DBParameterGroupName: "default.mariadb10.6", ParameterApplyStatus: "failed-to-apply" },
      ],
    });
    expect((await rds.send(describeMySql)).DBInstances?.[0]?.DBInstanceStatus).toBe("available");
  });
});

describe("DescribeDBParameters", () => {
  it("describes the parameters of the logs", async () => {
    expect(await parameterOf("general_log")).toMatchObject({
      AllowedValues: "0,1",
      ApplyType: "dynamic",
      DataType: "boolean",
      IsModifiable: true,
      Source: "engine-default",
    });
    expect(await parameterOf("general_log")).not.toHaveProperty("ParameterValue");
    expect(await parameterOf("log_output")).toMatchObject({
      ParameterValue: "TABLE",
      AllowedValues: "TABLE,FILE,NONE",
    });
    expect(await parameterOf("slow_query_log")).toBeDefined();
    expect(await parameterOf("general_log", "demo-postgres-params")).toBeUndefined();
  });

  it("describes those of the families of the newest versions", async () => {
    const credentials = { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" };
    const demo = rdsClient(account, { credentials, region: "us-east-1" });
    const switches = async (instance: string) => {
      const names: string[] = [];
      const input = { DBParameterGroupName: `${instance}-params` };
      for await (const page of paginateDescribeDBParameters({ client: demo }, input)) {
        for (const { ParameterName = "", IsModifiable } of page.Parameters ?? []) {
          if (IsModifiable && /^(general_log|slow_query_log|log_slow_(extra|verbosity))$/.test(ParameterName))
            names.push(ParameterName);
        }
      }
      return names;
    };
    const mysql = ["general_log", "log_slow_extra", "slow_query_log"];
    expect(await switches("demo-mysql-84")).toEqual(mysql);
    expect(await switches("demo-mysql-97")).toEqual(mysql);
    expect(await switches("demo-aurora-1")).toEqual(mysql);
    expect(await switches("demo-mariadb-118")).toEqual([
      "general_log",
      "log_slow_verbosity",
      "slow_query_log",
    ]);
  });

  it("describes those of the slow log, which differ between families", async () => {
    const mine = await createAccount({
      instances: [
        { identifier: "old", engineVersion: "5.7.44" },
        { identifier: "fixed", engine: "mariadb", engineVersion: "10.4.34" },
      ],
    });
    const client = rdsClient(mine);
    const changeable = async (DBParameterGroupName: string, by = client) => {
      const found: string[] = [];
      for await (const page of paginateDescribeDBParameters({ client: by }, { DBParameterGroupName })) {
        for (const { ParameterName = "", IsModifiable } of page.Parameters ?? []) {
          if (ParameterName.startsWith("log_slow_") && IsModifiable) found.push(ParameterName);
        }
      }
      return found;
    };
    expect(await changeable(group, rds)).toEqual(["log_slow_admin_statements", "log_slow_extra"]);
    expect(await changeable("old-params")).toEqual(["log_slow_admin_statements"]);
    expect(await changeable("demo-mariadb-params", rds)).toEqual([
      "log_slow_admin_statements",
      "log_slow_rate_limit",
      "log_slow_verbosity",
    ]);
    expect(await changeable("fixed-params")).toEqual(["log_slow_verbosity"]);
  });

  it("pages through them, each exactly once", async () => {
    const pages: string[][] = [];
    const input = { DBParameterGroupName: group };
    for await (const page of paginateDescribeDBParameters({ client: rds, pageSize: 20 }, input)) {
      pages.push((page.Parameters ?? []).map(({ ParameterName = "" }) => ParameterName));
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(pages.slice(0, -1).every((page) => page.length === 20)).toBe(true);
    expect(new Set(pages.flat()).size).toBe(pages.flat().length);
  });

  it("picks those that a person has set", async () => {
    const mine = await createAccount();
    const client = rdsClient(mine);
    const describeUsers = new DescribeDBParametersCommand({ DBParameterGroupName: group, Source: "user" });
    expect((await client.send(describeUsers)).Parameters).toEqual([]);
    await client.send(
      new ModifyDBParameterGroupCommand({
        DBParameterGroupName: group,
        Parameters: [change("general_log", "1")],
      }),
    );
    expect((await client.send(describeUsers)).Parameters).toMatchObject([
      { ParameterName: "general_log", ParameterValue: "1", Source: "user", ApplyMethod: "immediate" },
    ]);
  });

  it("refuses an unknown group, no group and an unknown source", async () => {
    const describeGroup = (DBParameterGroupName: string, Source?: string) =>
      rds.send(new DescribeDBParametersCommand({ DBParameterGroupName, ...(Source ? { Source } : {}) }));
    await expect(describeGroup("nobody")).rejects.toMatchObject({
      name: "DBParameterGroupNotFoundFault",
      message: "DBParameterGroup not found: nobody",
      $metadata: { httpStatusCode: 404 },
    });
    await expect(describeGroup("")).rejects.toMatchObject({ name: "InvalidParameterValue" });
    await expect(describeGroup(group, "me")).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });
});

describe("ModifyDBParameterGroup", () => {
  it("sets several parameters at once", async () => {
    const { DBParameterGroupName } = await modify(
      group,
      change("general_log", "1"),
      change("log_output", "FILE"),
    );
    expect(DBParameterGroupName).toBe(group);
    expect((await parameterOf("general_log"))?.ParameterValue).toBe("1");
    expect((await parameterOf("log_output"))?.ParameterValue).toBe("FILE");
  });

  it("leaves its instances waiting for a reboot when told so", async () => {
    await modify("demo-mariadb-params", change("performance_schema", "1", { ApplyMethod: "pending-reboot" }));
    const { DBInstances } = await rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: "demo-mariadb" }),
    );
    expect(DBInstances?.[0]?.DBParameterGroups?.[0]?.ParameterApplyStatus).toBe("pending-reboot");
  });

  it.each<[string, Parameter, string, string]>([
    [
      "an unknown parameter",
      change("no_such", "1"),
      "InvalidParameterValue",
      "Could not find parameter with name: no_such",
    ],
    [
      "a value that is not allowed",
      change("general_log", "2"),
      "InvalidParameterValue",
      "allowed values are: 0,1",
    ],
    [
      "a list with a wrong word",
      change("log_output", "FILE,TAPE"),
      "InvalidParameterValue",
      "TABLE,FILE,NONE",
    ],
    ["a number out of range", change("wait_timeout", "0"), "InvalidParameterValue", "1-31536000"],
    ["a parameter of RDS's own", change("datadir", "/tmp"), "InvalidParameterValue", "cannot be modified"],
    ["an empty value", change("general_log", ""), "InvalidParameterValue", "ParameterValue must be provided"],
    [
      "a static parameter at once",
      change("performance_schema", "1"),
      "InvalidParameterCombination",
      "cannot use immediate apply method for static parameter",
    ],
    [
      "an unknown apply method",
      change("general_log", "1", { ApplyMethod: "later" as "immediate" }),
      "InvalidParameterValue",
      "Invalid apply method: later",
    ],
  ])("refuses %s", async (_title, parameter, name, message) => {
    await expect(modify(group, parameter)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("changes nothing if one parameter of several is wrong", async () => {
    await expect(modify(group, change("slow_query_log", "1"), change("no_such", "1"))).rejects.toThrow();
    expect((await parameterOf("slow_query_log"))?.Source).toBe("engine-default");
  });

  it("refuses a default group", async () => {
    await expect(modify("default.mysql8.0", change("general_log", "1"))).rejects.toMatchObject({
      name: "InvalidParameterValue",
      message: "Cannot modify a default parameter group.",
    });
  });

  it("takes 20 parameters, and no 21 nor none", async () => {
    const parameters = Array.from({ length: 20 }, () => change("general_log", "1"));
    await expect(modify(group, ...parameters)).resolves.toBeDefined();
    await expect(modify(group, ...parameters, change("general_log", "1"))).rejects.toMatchObject({
      name: "InvalidParameterValue",
    });
    await expect(modify(group)).rejects.toMatchObject({ name: "InvalidParameterValue" });
  });
});
