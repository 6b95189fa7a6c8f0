import { describe, expect, test } from "vitest";
import environmentPolicyJson from "../../aws/environment-policy.json";
import template from "../../aws/environment-role.template.json";
import { newExternalId } from "../../src/environments/external-ids.ts";
import { environmentPolicy, quickCreateUrl, trustPolicy } from "../../src/environments/policies.ts";

const TARGET = {
  partition: "aws",
  region: "REGION",
  accountId: "ACCOUNT",
  instance: "INSTANCE",
  parameterGroup: "PARAMETER_GROUP",
  cluster: "CLUSTER",
};

describe("the policy of an environment", () => {
  test("is that of aws/environment-policy.json", () => {
    expect(environmentPolicy(TARGET)).toEqual(environmentPolicyJson);
  });

  test("does not speak of clusters for an instance that is in none", () => {
    const { Statement } = environmentPolicy({ ...TARGET, cluster: null });
    expect(Statement).toEqual(
      environmentPolicyJson.Statement.filter(({ Action }) => Action !== "rds:DescribeDBClusters"),
    );
  });

  test("is of the partition of its instance", () => {
    const { Statement } = environmentPolicy({ ...TARGET, partition: "aws-cn", region: "cn-north-1" });
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:db:INSTANCE",
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:pg:PARAMETER_GROUP",
      "arn:aws-cn:rds:cn-north-1:ACCOUNT:cluster:CLUSTER",
      "*",
    ]);
  });
});

test("the trust policy asks for the external id in its only statement", () => {
  const { Statement } = trustPolicy({
    serviceArn: "arn:aws:iam::111111111111:user/captures",
    externalId: "an-id",
  });
  expect(Statement).toEqual([
    {
      Effect: "Allow",
      Principal: { AWS: "arn:aws:iam::111111111111:user/captures" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:ExternalId": "an-id" } },
    },
  ]);
});

describe("the link that opens CloudFormation", () => {
  const quickCreate = {
    ...TARGET,
    region: "eu-central-1",
    instance: "shop",
    parameterGroup: "shop-params",
    cluster: null,
    templateUrl: "https://bucket.s3.amazonaws.com/a role.json",
    serviceArn: "arn:aws:iam::111111111111:user/a+b",
    externalId: newExternalId(),
  };
  /** The address that a link opens, and what it fills in. */
  const partsOf = (link: string | null) => {
    const [address, fragment = ""] = (link ?? "").split("#");
    return { address, filled: new URLSearchParams(fragment.split("?")[1]) };
  };

  test("fills in what the template asks for, in forms that it takes", () => {
    const { address, filled } = partsOf(quickCreateUrl({ ...quickCreate, cluster: "stock" }));
    expect(address).toBe(
      "https://eu-central-1.console.aws.amazon.com/cloudformation/home?region=eu-central-1",
    );
    const { templateURL, stackName, ...parameters } = Object.fromEntries(filled);
    expect(templateURL).toBe(quickCreate.templateUrl);
    expect(stackName).toMatch(/^[A-Za-z][A-Za-z0-9-]{0,127}$/);
    for (const [name, value] of Object.entries(parameters)) {
      const parameter = template.Parameters[name.replace("param_", "") as keyof typeof template.Parameters];
      expect(value).toMatch(new RegExp(`^(?:${parameter.AllowedPattern})$`));
      // CloudFormation does not take such a one from a link.
      expect(parameter).not.toHaveProperty("NoEcho");
    }
    const needed = Object.entries(template.Parameters).flatMap(([name, parameter]) =>
      "Default" in parameter ? [] : [`param_${name}`],
    );
    expect(Object.keys(parameters).sort()).toEqual([...needed, "param_ClusterIdentifier"].sort());
  });

  test("leaves out the cluster of an instance that is in none", () => {
    expect(quickCreateUrl(quickCreate)).not.toContain("param_ClusterIdentifier");
  });

  test("is of the partition's console, and none where that is not known", () => {
    const inChina = { ...quickCreate, partition: "aws-cn", region: "cn-north-1" };
    expect(quickCreateUrl(inChina)).toMatch(/^https:\/\/cn-north-1\.console\.amazonaws\.cn\//);
    expect(quickCreateUrl({ ...quickCreate, partition: "aws-iso" })).toBeNull();
  });
});
