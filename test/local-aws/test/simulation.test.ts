import { AwsClient } from "aws4fetch";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { createAccount, type LocalAccount, localAwsUrl } from "./client.ts";
import type { Credentials } from "./control-shapes.ts";

interface Evaluation {
  EvalActionName: string;
  EvalResourceName: string;
  EvalDecision: string;
  OrganizationsDecisionDetail?: { AllowedByOrganizations: boolean };
  PermissionsBoundaryDecisionDetail?: { AllowedByPermissionsBoundary: boolean };
}

interface Answer {
  status: number;
  code: string | undefined;
  message: string | undefined;
  evaluations: Evaluation[];
  marker: string | undefined;
}

const parser = new XMLParser({ isArray: (name) => name === "member" });

/** AWS's client for IAM is not installed: the call as its API reference has it, signed by hand. */
async function simulate(
  account: LocalAccount,
  asked: Record<string, string>,
  {
    region = "us-east-1",
    credentials = account.credentials,
  }: { region?: string; credentials?: Credentials } = {},
): Promise<Answer> {
  const client = new AwsClient({ ...credentials, service: "iam", region, retries: 0 });
  const body = new URLSearchParams({ Action: "SimulatePrincipalPolicy", Version: "2010-05-08", ...asked });
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const response = await client.fetch(`${localAwsUrl()}/`, {
    method: "POST",
    headers,
    body: body.toString(),
  });
  const parsed = parser.parse(await response.text());
  const result = parsed.SimulatePrincipalPolicyResponse?.SimulatePrincipalPolicyResult;
  return {
    status: response.status,
    code: parsed.ErrorResponse?.Error.Code,
    message: parsed.ErrorResponse?.Error.Message,
    evaluations: result?.EvaluationResults.member ?? [],
    marker: result?.Marker,
  };
}

const userOf = ({ accountId }: LocalAccount) => `arn:aws:iam::${accountId}:user/local`;

function question(source: string, actions: string[], resources: string[] = []): Record<string, string> {
  const list = (name: string, items: string[]) =>
    Object.fromEntries(items.map((item, index) => [`${name}.member.${index + 1}`, item]));
  return { PolicySourceArn: source, ...list("ActionNames", actions), ...list("ResourceArns", resources) };
}

describe("SimulatePrincipalPolicy", () => {
  it("is denied unless the account's policies allow it", async () => {
    const account = await createAccount();
    const asked = question(userOf(account), ["rds:DescribeDBInstances"]);
    expect(await simulate(account, asked)).toMatchObject({
      status: 403,
      code: "AccessDenied",
      message:
        `User: ${userOf(account)} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: ` +
        `${userOf(account)} because no identity-based policy allows the iam:SimulatePrincipalPolicy action`,
    });
    await account.allowSimulation();
    expect(await simulate(account, asked)).toMatchObject({ status: 200 });
    await account.allowSimulation(false);
    expect(await simulate(account, asked)).toMatchObject({ status: 403 });
  });

  it("says of each action on each resource what the policies say", async () => {
    const account = await createAccount({ instances: [{ identifier: "shop" }] });
    await account.allowSimulation();
    await account.deny(
      "rds:DownloadDBLogFilePortion",
      { action: "rds:DescribeDBInstances", resource: "db:*" },
      { action: "rds:ModifyDBParameterGroup", isExplicit: true },
      { action: "rds:DescribeDBLogFiles", policy: "service-control", isExplicit: true },
      { action: "rds:ResetDBParameterGroup", policy: "permissions-boundary" },
    );
    const db = (name: string) => `arn:aws:rds:us-east-1:${account.accountId}:db:${name}`;
    const decisions = async (actions: string[], resources: string[]) =>
      (await simulate(account, question(userOf(account), actions, resources))).evaluations;
    expect(
      await decisions(["rds:DescribeDBInstances", "rds:DownloadDBLogFilePortion"], [db("shop"), db("*")]),
    ).toMatchObject([
      { EvalActionName: "rds:DescribeDBInstances", EvalResourceName: db("shop"), EvalDecision: "allowed" },
      { EvalActionName: "rds:DescribeDBInstances", EvalResourceName: db("*"), EvalDecision: "implicitDeny" },
      { EvalActionName: "rds:DownloadDBLogFilePortion", EvalDecision: "implicitDeny" },
      { EvalActionName: "rds:DownloadDBLogFilePortion", EvalDecision: "implicitDeny" },
    ]);
    const rest = ["rds:ModifyDBParameterGroup", "rds:DescribeDBLogFiles", "rds:ResetDBParameterGroup"];
    const [modify, list, reset] = await decisions([...rest, "cloudwatch:GetMetricData"], []);
    expect(modify).toMatchObject({ EvalDecision: "explicitDeny", EvalResourceName: "*" });
    expect(modify).not.toHaveProperty("OrganizationsDecisionDetail");
    expect(list).toMatchObject({
      EvalDecision: "explicitDeny",
      OrganizationsDecisionDetail: { AllowedByOrganizations: false },
    });
    expect(reset).toMatchObject({
      EvalDecision: "implicitDeny",
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: false },
    });
  });

  it("is about the user or the role that is named", async () => {
    const account = await createAccount();
    await account.allowSimulation();
    const { roleArn } = await account.createRole({ externalId: "right" });
    await account.deny({ action: "rds:DescribeDBInstances", of: roleArn });
    const decide = async (source: string) =>
      (await simulate(account, question(source, ["rds:DescribeDBInstances"]))).evaluations[0]?.EvalDecision;
    expect(await decide(roleArn)).toBe("implicitDeny");
    expect(await decide(userOf(account))).toBe("allowed");
  });

  it("refuses a session's ARN, and principals that it does not know", async () => {
    const account = await createAccount();
    await account.allowSimulation();
    const actions = ["rds:DescribeDBInstances"];
    const session = `arn:aws:sts::${account.accountId}:assumed-role/captures/captures`;
    expect(await simulate(account, question(session, actions))).toMatchObject({
      status: 400,
      code: "InvalidInput",
      message: `Invalid Entity Arn: ${session} does not clearly define entity type and name.`,
    });
    const nobody = `arn:aws:iam::${account.accountId}:role/some/path/nobody`;
    expect(await simulate(account, question(nobody, actions))).toMatchObject({
      status: 404,
      code: "NoSuchEntity",
      message: "The role with name nobody cannot be found.",
    });
    expect(await simulate(account, question(userOf(account), []))).toMatchObject({
      status: 400,
      code: "ValidationError",
    });
  });

  it("pages through its results", async () => {
    const account = await createAccount();
    await account.allowSimulation();
    const actions = ["rds:DescribeDBInstances", "rds:DescribeDBLogFiles", "rds:DescribeDBParameters"];
    const asked = { ...question(userOf(account), actions), MaxItems: "2" };
    const first = await simulate(account, asked);
    expect(first.evaluations).toHaveLength(2);
    const second = await simulate(account, { ...asked, Marker: first.marker ?? "" });
    expect(second.evaluations).toMatchObject([{ EvalActionName: "rds:DescribeDBParameters" }]);
    expect(second.marker).toBeUndefined();
  });

  it("is signed for the one region of IAM, whatever the account's", async () => {
    const account = await createAccount({ region: "eu-west-1" });
    await account.allowSimulation();
    const asked = question(userOf(account), ["rds:DescribeDBInstances"]);
    expect(await simulate(account, asked)).toMatchObject({ status: 200 });
    expect(await simulate(account, asked, { region: "eu-west-1" })).toMatchObject({
      code: "SignatureDoesNotMatch",
    });
    const china = await createAccount({ region: "cn-northwest-1" });
    await china.allowSimulation();
    const { status, evaluations } = await simulate(
      china,
      question(`arn:aws-cn:iam::${china.accountId}:user/local`, ["rds:DescribeDBInstances"]),
      { region: "cn-north-1" },
    );
    expect([status, evaluations.length]).toEqual([200, 1]);
  });
});
