import { GetMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { DescribeDBInstancesCommand, DescribeDBParametersCommand } from "@aws-sdk/client-rds";
import { AssumeRoleCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { afterEach, describe, expect, it } from "vitest";
import { createAccount, WORKER_CREDENTIALS } from "./client.ts";
import type { Denial, Fault } from "./control-shapes.ts";
import { cloudWatchClient, rdsClient, sessionOf, stsClient } from "./sdk.ts";

const account = await createAccount({ instances: [{ identifier: "shop" }] });
const db = (name: string) => `arn:aws:rds:us-east-1:${account.accountId}:db:${name}`;

afterEach(async () => {
  await account.deny();
  await account.clearFaults();
});

function assume(RoleArn: string, ExternalId?: string) {
  const named = ExternalId === undefined ? {} : { ExternalId };
  const input = { RoleArn, RoleSessionName: "captures", ...named };
  return stsClient(account, { credentials: WORKER_CREDENTIALS }).send(new AssumeRoleCommand(input));
}

function describeOne(credentials = account.credentials) {
  return rdsClient(account, { credentials }).send(
    new DescribeDBInstancesCommand({ DBInstanceIdentifier: "shop" }),
  );
}

describe("a role", () => {
  const denied = { name: "AccessDenied" };

  it("whose policy asks for no external id is given to whoever knows its name", async () => {
    const { roleArn, externalId } = await account.createRole({ externalId: null });
    expect(externalId).toBeNull();
    await expect(assume(roleArn)).resolves.toBeDefined();
    await expect(assume(roleArn, "anything")).resolves.toBeDefined();
  });

  it("whose policy takes any external id needs one", async () => {
    const { roleArn } = await account.createRole({ externalId: "*" });
    await expect(assume(roleArn)).rejects.toMatchObject(denied);
    await expect(assume(roleArn, "anything")).resolves.toBeDefined();
  });

  it("whose policy looks at the external id only if there is one is given without", async () => {
    const { roleArn } = await account.createRole({ externalId: "right", isExternalIdOptional: true });
    await expect(assume(roleArn)).resolves.toBeDefined();
    await expect(assume(roleArn, "right")).resolves.toBeDefined();
    await expect(assume(roleArn, "wrong")).rejects.toMatchObject(denied);
  });

  it("can be given another policy", async () => {
    const { roleArn } = await account.createRole({ externalId: null });
    await account.createRole({ roleArn, externalId: "right" });
    await expect(assume(roleArn)).rejects.toMatchObject(denied);
    await expect(assume(roleArn, "right")).resolves.toBeDefined();
  });

  it.each([
    ["x", "length greater than or equal to 2"],
    ["with space", "regular expression pattern: [\\w+=,.@:\\/-]*"],
  ])("is not asked for with the external id %j, which IAM does not have", async (externalId, message) => {
    const { roleArn } = await account.createRole({ externalId: null });
    await expect(assume(roleArn, externalId)).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining(message),
    });
  });
});

describe("a key", () => {
  it("can be made for another user of the account, and deleted", async () => {
    const { credentials, userArn } = await account.createKey("second");
    expect(userArn).toBe(`arn:aws:iam::${account.accountId}:user/second`);
    const identity = await stsClient(account, { credentials }).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe(userArn);
    await account.deleteKey(credentials.accessKeyId);
    await expect(describeOne(credentials)).rejects.toMatchObject({ name: "InvalidClientTokenId" });
    await expect(account.deleteKey(credentials.accessKeyId)).rejects.toThrow("404");
    await expect(account.deleteKey(account.credentials.accessKeyId)).rejects.toThrow("409");
  });

  it("is remembered with the calls that it signed, and a role with those of its sessions", async () => {
    const mine = await createAccount({ instances: [{ identifier: "shop" }] });
    const { credentials, userArn } = await mine.createKey();
    const { roleArn } = await mine.createRole({ externalId: "right" });
    const session = sessionOf(await assume(roleArn, "right"));
    const input = { DBParameterGroupName: "shop-params" };
    await rdsClient(mine, { credentials }).send(new DescribeDBInstancesCommand({}));
    await rdsClient(mine, { credentials: session }).send(new DescribeDBParametersCommand(input));
    expect(await mine.callsBy(credentials.accessKeyId)).toEqual(["DescribeDBInstances"]);
    expect(await mine.callsBy(userArn)).toEqual(["DescribeDBInstances"]);
    expect(await mine.callsBy(roleArn)).toEqual(["DescribeDBParameters"]);
    expect(await mine.callsBy(WORKER_CREDENTIALS.accessKeyId)).toEqual(["AssumeRole"]);
    expect(await mine.callsBy(mine.credentials.accessKeyId)).toEqual([]);
    const [assumed] = await mine.requests();
    expect(assumed?.parameters).toMatchObject({ RoleArn: roleArn, ExternalId: "(hidden)" });
  });
});

describe("a refusal by policy", () => {
  const action = "rds:DescribeDBInstances";
  const said = (arn: string) =>
    `User: arn:aws:iam::${account.accountId}:user/local is not authorized to perform: ${action} on resource: ${arn}`;

  it.each<[Omit<Denial, "action">, string]>([
    [{}, ` because no identity-based policy allows the ${action} action`],
    [{ isExplicit: true }, " with an explicit deny in an identity-based policy"],
    [{ policy: "service-control" }, ` because no service control policy allows the ${action} action`],
    [{ policy: "service-control", isExplicit: true }, " with an explicit deny in a service control policy"],
    [
      {
        policy: "service-control",
        isExplicit: true,
        policyArn:
          "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd",
      },
      " with an explicit deny in a service control policy: " +
        "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd",
    ],
    [{ policy: "permissions-boundary" }, ` because no permissions boundary allows the ${action} action`],
    [
      { policy: "permissions-boundary", isExplicit: true },
      " with an explicit deny in a permissions boundary",
    ],
    [{ policy: "session" }, ` because no session policy allows the ${action} action`],
    [{ policy: "resource-control", isExplicit: true }, " with an explicit deny in a resource control policy"],
    [{ policy: "vpc-endpoint" }, ` because no VPC endpoint policy allows the ${action} action`],
    [{ policy: "unsaid" }, ""],
  ])("%j is worded as AWS words it", async (denial, words) => {
    await account.deny({ action, ...denial });
    await expect(describeOne()).rejects.toMatchObject({
      name: "AccessDenied",
      message: said(db("shop")) + words,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("can be of the list of all only, as when the policy allows one instance", async () => {
    await account.deny({ action, resource: "db:*" });
    await expect(describeOne()).resolves.toBeDefined();
    await expect(rdsClient(account).send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
      message: `${said(db("*"))} because no identity-based policy allows the ${action} action`,
    });
  });

  it("can be for one key or one role", async () => {
    const { credentials } = await account.createKey();
    await account.deny({ action, of: credentials.accessKeyId });
    await expect(describeOne(credentials)).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(describeOne()).resolves.toBeDefined();

    const { roleArn } = await account.createRole({ externalId: "right" });
    await account.deny({ action, of: roleArn });
    const session = sessionOf(await assume(roleArn, "right"));
    await expect(describeOne(session)).rejects.toMatchObject({
      message: expect.stringContaining(":assumed-role/"),
    });
    await expect(describeOne(credentials)).resolves.toBeDefined();
  });

  it("can strike AssumeRole, as when the service's own policy denies it", async () => {
    const { roleArn } = await account.createRole({ externalId: null });
    await account.fault({ kind: "deny", action: "AssumeRole", denial: { isExplicit: true } });
    await expect(assume(roleArn)).rejects.toMatchObject({
      name: "AccessDenied",
      message:
        "User: arn:aws:iam::111111111111:user/local is not authorized to perform: sts:AssumeRole on resource: " +
        `${roleArn} with an explicit deny in an identity-based policy`,
    });
  });
});

describe("a refusal for another reason", () => {
  it.each<[NonNullable<Fault["code"]>, string, string]>([
    ["InvalidClientTokenId", "InvalidClientTokenId", "security token included in the request is invalid"],
    ["SignatureDoesNotMatch", "SignatureDoesNotMatch", "signature we calculated does not match"],
    ["SignatureExpired", "SignatureDoesNotMatch", "Signature expired: "],
    ["ExpiredToken", "ExpiredToken", "security token included in the request is expired"],
    ["OptInRequired", "OptInRequired", "needs a subscription for the service"],
    [
      "RegionDisabledException",
      "RegionDisabledException",
      "STS is not activated in this region for account:",
    ],
  ])("%s has AWS's code and words", async (code, name, message) => {
    await account.fault({ kind: "refuse", code });
    const refusal = { name, message: expect.stringContaining(message), $metadata: { httpStatusCode: 403 } };
    await expect(describeOne()).rejects.toMatchObject(refusal);
    const { roleArn } = await account.createRole({ externalId: "right" });
    await expect(assume(roleArn, "right")).rejects.toMatchObject({ name });
  });

  it("can come from a proxy on the way, in a page of its own", async () => {
    await account.fault({ kind: "proxy" });
    await expect(describeOne()).rejects.toMatchObject({ $metadata: { httpStatusCode: 502 } });
    const input = { StartTime: new Date(0), EndTime: new Date(), MetricDataQueries: [] };
    await expect(cloudWatchClient(account).send(new GetMetricDataCommand(input))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 502 },
    });
  });
});
