/// <reference types="vite/types/importMeta.d.ts" />
import { describe, expect, test } from "vitest";
import environmentPolicy from "../../aws/environment-policy.json";
import template from "../../aws/environment-role.template.json";
import servicePolicy from "../../aws/service-policy.json";

const texts = import.meta.glob<string>(["/src/aws/*.ts", "/docs/connect-aws.md"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const textOf = (path: string): string => {
  const text = texts[path];
  if (text === undefined) throw new Error(`There is no ${path}`);
  return text;
};

/** A policy's statements, as far as they are used here. */
interface Policy {
  Statement: { Effect: string; Action: string | string[]; Resource?: unknown }[];
}
const actionsOf = ({ Statement }: Policy) => Statement.flatMap(({ Action }) => Action).sort();
/** All matches of a pattern's first group. */
const all = (text: string, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(([, found]) => found as string);

/** The IAM actions that the code asks AWS for. */
function actionsInCode(): string[] {
  const callers = Object.keys(texts).filter(
    (path) => textOf(path).includes("callAws(") && !path.endsWith("/client.ts"),
  );
  // What IAM simulates is asked for where credentials happen to be allowed that: no policy here has it.
  expect(callers.sort()).toEqual([
    "/src/aws/cloudwatch.ts",
    "/src/aws/iam.ts",
    "/src/aws/rds-call.ts",
    "/src/aws/sts.ts",
  ]);
  const cloudwatch = all(textOf("/src/aws/cloudwatch.ts"), /"x-amz-target": "\w+\.(\w+)"/g);
  const rds = ["rds-call", "rds-logs", "rds"].map((name) => textOf(`/src/aws/${name}.ts`)).join("");
  const rdsActions = all(rds, /await call(?:ForAll)?\(target, credentials, "(\w+)"/g);
  // One's reply is read byte by byte.
  const rdsBytesActions = all(rds, /const action = "(\w+)"/g);
  const sts = textOf("/src/aws/sts.ts");
  const stsActions = all(sts, /const action = "(\w+)"/g);
  // No call is written in another way, in which its action would be missed.
  expect(cloudwatch).toHaveLength(all(textOf("/src/aws/cloudwatch.ts"), /(callAws\()/g).length);
  // The one call that is given its action as a variable is of those that are made for each page.
  expect(all(rds, /await call\(target, credentials, (action)/g)).toHaveLength(1);
  expect(rdsActions).toHaveLength(all(rds, /(await call(?:ForAll)?\()/g).length - 1);
  expect(all(rds, /(callAws\()/g)).toHaveLength(1);
  expect(rdsBytesActions).toHaveLength(all(rds, /(callAwsForBytes\()/g).length);
  expect(stsActions).toHaveLength(all(sts, /(queryRequest\("sts", action,)/g).length);
  expect(stsActions).toHaveLength(all(sts, /(callAws\()/g).length);
  const named = (service: string, actions: string[]) => actions.map((action) => `${service}:${action}`);
  const actions = [
    ...named("cloudwatch", cloudwatch),
    ...named("rds", [...rdsActions, ...rdsBytesActions]),
    ...named("sts", stsActions),
  ];
  // One instance and all of them are asked for by the same action.
  return [...new Set(actions)].sort();
}

describe("the permissions in aws/", () => {
  test("are those that the code needs, and none more", () => {
    // GetCallerIdentity can't be denied, and needs no permission.
    const needed = actionsInCode().filter((action) => action !== "sts:GetCallerIdentity");
    const granted = [environmentPolicy, servicePolicy].flatMap(({ Statement }) =>
      actionsOf({ Statement: Statement.filter(({ Effect }) => Effect === "Allow") }),
    );
    expect(granted.sort()).toEqual(needed);
  });

  test("are narrowed to one instance and one group wherever AWS can", () => {
    for (const { Action, Resource } of environmentPolicy.Statement) {
      if (Action === "cloudwatch:GetMetricData") expect(Resource).toBe("*");
      else
        expect(Resource).toMatch(
          /^arn:aws:rds:REGION:ACCOUNT:(db:INSTANCE|pg:PARAMETER_GROUP|cluster:CLUSTER)$/,
        );
    }
    expect(JSON.stringify([environmentPolicy, servicePolicy, template])).not.toMatch(/"\w+:\*"/);
  });

  test("are in docs/connect-aws.md to the letter", () => {
    const policies = all(
      textOf("/docs/connect-aws.md"),
      /```json\n( *\{\n *"Version": "2012-10-17",[^`]*)```/g,
    );
    expect(policies.map((text) => JSON.parse(text))).toEqual([
      environmentPolicy,
      trustPolicy(),
      servicePolicy,
    ]);
  });
});

const { Parameters, Conditions, Resources, Outputs } = template;
const role = Resources.Role.Properties;

/** What the placeholders of docs/connect-aws.md stand for in the template. */
const PLACEHOLDERS: Record<string, string | undefined> = {
  ServiceArn: "arn:aws:iam::SERVICE_ACCOUNT:user/captures",
  ExternalId: "EXTERNAL_ID",
  InstanceIdentifier: "INSTANCE",
  ParameterGroupName: "PARAMETER_GROUP",
  ClusterIdentifier: "CLUSTER",
  InstanceRegion: "",
  // CloudFormation leaves out what has this for its value.
  "AWS::NoValue": undefined,
  "AWS::Partition": "aws",
  "AWS::Region": "REGION",
  "AWS::AccountId": "ACCOUNT",
};

/** Does what CloudFormation does with the functions that the template uses. */
function resolve(value: unknown, names: Record<string, unknown> = PLACEHOLDERS): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, names)).filter((item) => item !== undefined);
  }
  if (typeof value !== "object" || value === null) return value;
  const [[name, argument] = [], ...others] = Object.entries(value);
  if (name === "Ref" && others.length === 0) {
    expect(names).toHaveProperty([argument as string]);
    return names[argument as string];
  }
  if (name === "Fn::Sub") {
    const [text, own] = argument as [string, Record<string, unknown>];
    const known: Record<string, unknown> = { ...names, ...(resolve(own, names) as object) };
    return text.replace(/\$\{([\w:]+)\}/g, (_, part: string) => {
      expect(known).toHaveProperty([part]);
      return String(known[part]);
    });
  }
  if (name === "Fn::If") {
    const [condition, yes, no] = argument as [keyof typeof Conditions, unknown, unknown];
    const [one, two] = resolve(Conditions[condition]["Fn::Equals"], names) as [unknown, unknown];
    return resolve(one === two ? yes : no, names);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, names)]));
}

function trustPolicy(): unknown {
  return resolve(role.AssumeRolePolicyDocument);
}

describe("the CloudFormation template of a role", () => {
  test("gives the role the policy, and nothing else", () => {
    expect(Object.keys(Resources)).toEqual(["Role"]);
    expect(Resources.Role.Type).toBe("AWS::IAM::Role");
    expect(Object.keys(role).sort()).toEqual([
      "AssumeRolePolicyDocument",
      "Description",
      "MaxSessionDuration",
      "Path",
      "Policies",
    ]);
    // One that this service may assume.
    expect(servicePolicy.Statement[0]?.Resource).toBe("arn:aws:iam::*:role/captures*");
    expect(role.Path).toBe("/captures/");
    expect(role.Policies).toHaveLength(1);
    expect(resolve(role.Policies[0]?.PolicyDocument)).toEqual(environmentPolicy);
  });

  test("reaches into another region or partition than the stack's when it is told so", () => {
    const names = { ...PLACEHOLDERS, InstanceRegion: "cn-north-1", "AWS::Partition": "aws-cn" };
    const { Statement } = resolve(role.Policies[0]?.PolicyDocument, names) as Policy;
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:db:INSTANCE",
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:pg:PARAMETER_GROUP",
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:cluster:CLUSTER",
      "*",
    ]);
  });

  test("lets nobody ask for clusters where the instance is in none", () => {
    const names = { ...PLACEHOLDERS, ClusterIdentifier: "" };
    const { Statement } = resolve(role.Policies[0]?.PolicyDocument, names) as Policy;
    expect(Statement).toEqual(
      environmentPolicy.Statement.filter(({ Action }) => Action !== "rds:DescribeDBClusters"),
    );
  });

  test("trusts the service with the external id only", () => {
    expect(trustPolicy()).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: PLACEHOLDERS.ServiceArn },
          Action: "sts:AssumeRole",
          Condition: { StringEquals: { "sts:ExternalId": PLACEHOLDERS.ExternalId } },
        },
      ],
    });
    expect(Parameters.ExternalId).not.toHaveProperty("Default");
    expect(JSON.stringify(Outputs)).not.toContain("ExternalId");
    expect(Outputs.RoleArn.Value).toEqual({ "Fn::GetAtt": ["Role", "Arn"] });
  });

  test("uses every parameter, and lets through what the API lets through", () => {
    const used = JSON.stringify([Resources, Conditions]);
    for (const name of Object.keys(Parameters)) expect(used).toMatch(new RegExp(`"${name}"|\\{${name}\\}`));
    // CloudFormation matches the whole value.
    const allows = (name: keyof typeof Parameters, value: string) =>
      new RegExp(`^(?:${Parameters[name].AllowedPattern})$`).test(value);
    for (const [name, good, bad] of [
      ["ServiceArn", "arn:aws:iam::123456789012:user/captures", "arn:aws:iam::123456789012:root"],
      ["ServiceArn", "arn:aws-cn:iam::123456789012:role/a/b", "*"],
      ["ExternalId", "aZ09_+=,.@:/-aZ09", "with a space"],
      ["InstanceIdentifier", "demo-mysql-1", "demo--mysql"],
      ["InstanceIdentifier", "a", "*"],
      ["ParameterGroupName", "demo-mysql-params", "default.mysql8.0"],
      ["ClusterIdentifier", "demo-aurora", "arn:aws:rds:us-east-1:123456789012:cluster:demo-aurora"],
      ["ClusterIdentifier", "", "*"],
      ["InstanceRegion", "us-gov-west-1", "us-east"],
      ["InstanceRegion", "eusc-de-east-1", "us-east-1a"],
      ["InstanceRegion", "", "*"],
    ] as const) {
      expect(allows(name, good)).toBe(true);
      expect(allows(name, bad)).toBe(false);
    }
  });
});
