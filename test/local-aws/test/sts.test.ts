import { DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
} from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { createAccount, WORKER_CREDENTIALS } from "./client.ts";
import type { Credentials } from "./control-shapes.ts";
import { rdsClient, sessionOf, stsClient } from "./sdk.ts";

const HOUR_MS = 3_600_000;

const account = await createAccount({ region: "eu-central-1" });
const role = await account.createRole({ externalId: "secret-between-us" });
const worker = stsClient(account, { credentials: WORKER_CREDENTIALS });
const valid = { RoleArn: role.roleArn, ExternalId: role.externalId, RoleSessionName: "captures" };

async function assumeRole(input: Partial<AssumeRoleCommandInput> = {}) {
  return await worker.send(new AssumeRoleCommand({ ...valid, ...input }));
}

async function temporaryCredentials(input: Partial<AssumeRoleCommandInput> = {}): Promise<Credentials> {
  return sessionOf(await assumeRole(input));
}

function describeInstances(credentials: Credentials, systemClockOffset = 0) {
  return rdsClient(account, { credentials, systemClockOffset }).send(new DescribeDBInstancesCommand({}));
}

describe("AssumeRole", () => {
  it("gives credentials for an hour, which reach the role's account", async () => {
    const { Credentials: made, AssumedRoleUser } = await assumeRole();
    expect(made?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(Math.abs((made?.Expiration?.getTime() ?? 0) - Date.now() - HOUR_MS)).toBeLessThan(5_000);
    expect(AssumedRoleUser?.Arn).toBe(
      `${role.roleArn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/captures`,
    );
    const { DBInstances } = await describeInstances(await temporaryCredentials());
    expect(DBInstances?.[0]?.DBInstanceArn).toContain(`:${account.accountId}:`);
  });

  it("gives the demonstration's role to the Worker's identity", async () => {
    const RoleArn = "arn:aws:iam::000000000000:role/captures-demo";
    const { AssumedRoleUser } = await assumeRole({ RoleArn, ExternalId: "captures-demo" });
    expect(AssumedRoleUser?.Arn).toBe("arn:aws:sts::000000000000:assumed-role/captures-demo/captures");
  });

  it.each<[string, Partial<AssumeRoleCommandInput>]>([
    ["a wrong external id", { ExternalId: "guess" }],
    ["no external id", { ExternalId: undefined }],
    ["an unknown role", { RoleArn: "arn:aws:iam::000000000000:role/nobody" }],
    ["a role of an unknown account", { RoleArn: "arn:aws:iam::999999999999:role/nobody" }],
  ])("refuses %s in the same words", async (_title, input) => {
    await expect(assumeRole(input)).rejects.toMatchObject({
      name: "AccessDenied",
      message: `User: arn:aws:iam::111111111111:user/local is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn ?? role.roleArn}`,
      $metadata: { httpStatusCode: 403 },
    });
  });

  it("refuses a caller whom the role does not trust", async () => {
    await expect(stsClient(account).send(new AssumeRoleCommand(valid))).rejects.toMatchObject({
      name: "AccessDenied",
    });
    const own = await account.createRole({ externalId: "own", trustedAccountId: account.accountId });
    const input = { RoleArn: own.roleArn, ExternalId: "own", RoleSessionName: "me" };
    await expect(stsClient(account).send(new AssumeRoleCommand(input))).resolves.toBeDefined();
  });

  it.each<[string, Partial<AssumeRoleCommandInput>, string]>([
    ["no session name", { RoleSessionName: undefined }, "Value null at 'roleSessionName'"],
    ["a session name of one letter", { RoleSessionName: "x" }, "length greater than or equal to 2"],
    ["a session name with a space", { RoleSessionName: "a b" }, "regular expression pattern"],
    ["no role", { RoleArn: undefined }, "Value null at 'roleArn'"],
    ["less than 15 minutes", { DurationSeconds: 899 }, "greater than or equal to 900"],
    [
      "more than the role allows",
      { DurationSeconds: 3_601 },
      "exceeds the MaxSessionDuration set for this role",
    ],
  ])("refuses %s", async (_title, input, message) => {
    await expect(assumeRole(input)).rejects.toMatchObject({
      name: "ValidationError",
      message: expect.stringContaining(message),
      $metadata: { httpStatusCode: 400 },
    });
  });

  it("strikes with the faults of the role's account, and is in its list of requests", async () => {
    await account.clearRequests();
    await account.fault({ kind: "throttle", action: "AssumeRole", times: 1 });
    await expect(assumeRole()).rejects.toMatchObject({ name: "Throttling" });
    await expect(assumeRole()).resolves.toBeDefined();
    const requests = await account.requests();
    expect(requests.map(({ action, status, fault }) => [action, status, fault])).toEqual([
      ["AssumeRole", 400, "throttle"],
      ["AssumeRole", 200, null],
    ]);
    expect(JSON.stringify(requests)).not.toContain(role.externalId);
  });
});

describe("temporary credentials", () => {
  it("expire by the account's clock", async () => {
    const credentials = await temporaryCredentials({ DurationSeconds: 900 });
    await account.setClock(899_000);
    await expect(describeInstances(credentials, 899_000)).resolves.toBeDefined();
    await account.setClock(901_000);
    await expect(describeInstances(credentials, 901_000)).rejects.toMatchObject({
      name: "ExpiredToken",
      message: "The security token included in the request is expired",
      $metadata: { httpStatusCode: 403 },
    });
    await account.setClock(0);
  });

  it("expire when a test says so, and new ones work", async () => {
    const credentials = await temporaryCredentials();
    await account.expireSessions();
    await expect(describeInstances(credentials)).rejects.toMatchObject({ name: "ExpiredToken" });
    await expect(describeInstances(await temporaryCredentials())).resolves.toBeDefined();
  });

  it("last as long as the role says, if it does", async () => {
    const short = await account.createRole({ externalId: "short", durationSeconds: 5 });
    const { Credentials: made } = await assumeRole({ RoleArn: short.roleArn, ExternalId: "short" });
    expect(made?.Expiration?.getTime()).toBeLessThan(Date.now() + 6_000);
  });

  it("are refused without their token or with another's, and so is a long-lived key with a token", async () => {
    const { accessKeyId, secretAccessKey } = await temporaryCredentials();
    const { sessionToken = "" } = await temporaryCredentials();
    const refusal = { name: "InvalidClientTokenId", $metadata: { httpStatusCode: 403 } };
    await expect(describeInstances({ accessKeyId, secretAccessKey })).rejects.toMatchObject(refusal);
    await expect(describeInstances({ accessKeyId, secretAccessKey, sessionToken })).rejects.toMatchObject(
      refusal,
    );
    await expect(describeInstances({ ...account.credentials, sessionToken })).rejects.toMatchObject(refusal);
  });
});

describe("GetCallerIdentity", () => {
  it("says who signed, in any region, whatever the policy denies", async () => {
    const mine = await createAccount();
    await mine.deny("sts:*");
    const identity = await stsClient(mine, { region: "ap-south-1" }).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: mine.accountId,
      Arn: `arn:aws:iam::${mine.accountId}:user/local`,
    });
  });

  it("says so for a session of a role", async () => {
    const credentials = await temporaryCredentials();
    const { Account, Arn, UserId } = await stsClient(account, { credentials }).send(
      new GetCallerIdentityCommand({}),
    );
    expect([Account, Arn]).toEqual([
      account.accountId,
      expect.stringMatching(/:assumed-role\/.+\/captures$/),
    ]);
    expect(UserId).toMatch(/^AROA[A-Z2-7]{16}:captures$/);
  });
});
