import { afterEach, describe, expect, it, vi } from "vitest";
import {
  describeCluster,
  describeInstance,
  describeInstances,
  describeParameters,
} from "../../src/aws/rds.ts";
import { answer, KEYS, TARGET } from "./canned-replies.ts";

/* Replies as the RDS API reference has them ("DescribeDBInstances", "DescribeDBClusters"), with the elements that are read and some more. */

const reply = (action: string, result: string) => `<?xml version="1.0"?>
<${action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
  <${action}Result>
    ${result}
  </${action}Result>
  <ResponseMetadata><RequestId>9135fff3-8509-11e0-bd9b-a7b1ece36d51</RequestId></ResponseMetadata>
</${action}Response>`;

/** What RDS says of an instance; `more` are elements that not every instance has. */
const instanceXml = (identifier: string, more = "") => `<DBInstance>
    <BackupRetentionPeriod>7</BackupRetentionPeriod>
    <DBInstanceStatus>available</DBInstanceStatus>
    <DBInstanceIdentifier>${identifier}</DBInstanceIdentifier>
    <VpcSecurityGroups>
      <VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status></VpcSecurityGroupMembership>
    </VpcSecurityGroups>
    <DBParameterGroups>
      <DBParameterGroup>
        <ParameterApplyStatus>in-sync</ParameterApplyStatus>
        <DBParameterGroupName>shop-params</DBParameterGroupName>
      </DBParameterGroup>
    </DBParameterGroups>
    <Engine>mysql</Engine>
    <EngineVersion>8.4.6</EngineVersion>
    <DBInstanceArn>arn:aws:rds:us-east-1:123456789012:db:${identifier}</DBInstanceArn>
    ${more}
  </DBInstance>`;

const memberXml = (instance: string, isWriter: boolean, status = "in-sync") => `<DBClusterMember>
    <DBInstanceIdentifier>${instance}</DBInstanceIdentifier>
    <IsClusterWriter>${isWriter}</IsClusterWriter>
    <PromotionTier>1</PromotionTier>
    ${status && `<DBClusterParameterGroupStatus>${status}</DBClusterParameterGroupStatus>`}
  </DBClusterMember>`;

const clusterXml = (members: string) => `<DBClusters><DBCluster>
    <DBClusterIdentifier>shop</DBClusterIdentifier>
    <DBClusterParameterGroup>default.aurora-mysql8.0</DBClusterParameterGroup>
    <Engine>aurora-mysql</Engine>
    <EngineVersion>8.0.mysql_aurora.3.10.0</EngineVersion>
    <Status>available</Status>
    ${members}
  </DBCluster></DBClusters>`;

afterEach(() => vi.restoreAllMocks());

const SHOP = {
  identifier: "shop",
  arn: "arn:aws:rds:us-east-1:123456789012:db:shop",
  cluster: null,
  instanceClass: null,
  storageType: null,
  engine: "mysql",
  engineVersion: "8.4.6",
  status: "available",
  parameterGroup: "shop-params",
  parameterApplyStatus: "in-sync",
  pendingModified: false,
  accountId: "123456789012",
};

describe("an instance of RDS", () => {
  const describeShop = () => describeInstance(TARGET, KEYS, "shop");

  it("is in no cluster, and waits for nothing, where RDS does not say so", async () => {
    const xml = instanceXml("shop", "<PendingModifiedValues>\n    </PendingModifiedValues>");
    const asked = answer(reply("DescribeDBInstances", `<DBInstances>${xml}</DBInstances>`));
    expect(await describeShop()).toEqual({ ok: true, value: SHOP });
    expect(asked[0]?.get("DBInstanceIdentifier")).toBe("shop");
  });

  it("is described with its cluster, class, storage and what is pending", async () => {
    const xml = instanceXml(
      "shop",
      `<DBClusterIdentifier>shops</DBClusterIdentifier><DBInstanceClass>db.serverless</DBInstanceClass>
       <StorageType>aurora</StorageType><PendingModifiedValues><DBInstanceClass>db.r6g.large</DBInstanceClass>
       </PendingModifiedValues>`,
    );
    answer(reply("DescribeDBInstances", `<DBInstances>${xml}</DBInstances>`));
    const more = { cluster: "shops", instanceClass: "db.serverless", storageType: "aurora" };
    expect(await describeShop()).toEqual({ ok: true, value: { ...SHOP, ...more, pendingModified: true } });
  });
});

describe("the instances of an account", () => {
  it("are read page after page, and those that RDS does not describe in full are left out", async () => {
    const unfinished =
      "<DBInstance><DBInstanceIdentifier>new</DBInstanceIdentifier><Engine>mysql</Engine></DBInstance>";
    const asked = answer(
      reply(
        "DescribeDBInstances",
        `<DBInstances>${instanceXml("shop")}${unfinished}</DBInstances><Marker>next&amp;</Marker>`,
      ),
      reply("DescribeDBInstances", `<DBInstances>${instanceXml("stock")}</DBInstances>`),
    );
    const found = await describeInstances(TARGET, KEYS);
    expect(found.ok && found.value.map(({ identifier }) => identifier)).toEqual(["shop", "stock"]);
    expect(asked.map((call) => [call.get("Marker"), call.get("MaxRecords")])).toEqual([
      [null, "100"],
      ["next&", "100"],
    ]);
  });

  it("are none where there is none", async () => {
    answer(reply("DescribeDBInstances", "<DBInstances/>"));
    expect(await describeInstances(TARGET, KEYS)).toEqual({ ok: true, value: [] });
  });
});

describe("a cluster of RDS", () => {
  const describeShop = () => describeCluster(TARGET, KEYS, "shop");

  it("has members, of which one is the writer", async () => {
    const members = memberXml("shop-1", true) + memberXml("shop-2", false, "");
    const asked = answer(
      reply("DescribeDBClusters", clusterXml(`<DBClusterMembers>${members}</DBClusterMembers>`)),
    );
    expect(await describeShop()).toEqual({
      ok: true,
      value: {
        id: "shop",
        engine: "aurora-mysql",
        engineVersion: "8.0.mysql_aurora.3.10.0",
        status: "available",
        members: [
          { instance: "shop-1", isWriter: true, parameterGroupStatus: "in-sync" },
          { instance: "shop-2", isWriter: false, parameterGroupStatus: null },
        ],
      },
    });
    expect(asked[0]?.get("DBClusterIdentifier")).toBe("shop");
  });

  it("may have no members yet", async () => {
    answer(reply("DescribeDBClusters", clusterXml("<DBClusterMembers/>")));
    expect(await describeShop()).toMatchObject({ ok: true, value: { members: [] } });
  });

  it("that is not described in full is no reply that can be read", async () => {
    answer(reply("DescribeDBClusters", "<DBClusters><DBCluster/></DBClusters>"));
    expect(await describeShop()).toMatchObject({ ok: false, failure: { code: "MalformedReply" } });
  });
});

describe("the parameters of a group", () => {
  const parameter = (source: string) => `<Parameters><Parameter>
    <ParameterName>general_log</ParameterName><ParameterValue>1</ParameterValue>${source}
  </Parameter></Parameters>`;
  const isOwn = async (source: string, asked?: "user") => {
    answer(reply("DescribeDBParameters", parameter(source)));
    const found = await describeParameters(TARGET, KEYS, "shop-params", ["general_log"], asked);
    return found.ok && found.value.get("general_log")?.isOwn;
  };

  it("are its own where their source is the user", async () => {
    expect(await isOwn("<Source>user</Source>")).toBe(true);
    expect(await isOwn("<Source>system</Source>", "user")).toBe(false);
  });

  it("have the source that was asked for where a reply has none, as that of moto 5.2.4", async () => {
    expect(await isOwn("", "user")).toBe(true);
    expect(await isOwn("")).toBe(false);
  });
});
