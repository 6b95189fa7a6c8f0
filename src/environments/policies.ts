/*
 * The IAM policies that an environment needs, made for one instance. They are what aws/environment-policy.json and
 * docs/connect-aws.md show with words in capitals. This knows nothing of Workers: the console uses it too.
 */

/** A policy as IAM takes it. */
export interface PolicyDocument {
  Version: "2012-10-17";
  Statement: PolicyStatement[];
}

/** A statement of a policy that allows something. */
export interface PolicyStatement {
  Effect: "Allow";
  Action: string | string[];
  Resource: string;
}

/** Whom a role trusts: the service, and only with the external id. */
export interface TrustPolicy {
  Version: "2012-10-17";
  Statement: {
    Effect: "Allow";
    Principal: { AWS: string };
    Action: "sts:AssumeRole";
    Condition: { StringEquals: { "sts:ExternalId": string } };
  }[];
}

/** What a policy is to be narrowed to. */
export interface PolicyTarget {
  /** Such as `aws`, or `aws-cn`: the second part of every ARN. */
  partition: string;
  region: string;
  /** Twelve digits: the account of the instance. */
  accountId: string;
  instance: string;
  parameterGroup: string;
  /** The cluster that the instance is a member of; null when it is of none. */
  cluster: string | null;
}

/**
 * What the role or the key of an environment has to be allowed. CloudWatch knows no narrower resource than `*`.
 * See "Actions, resources, and condition keys for Amazon RDS" in AWS's Service Authorization Reference.
 */
export function environmentPolicy(target: PolicyTarget): PolicyDocument {
  const { partition, region, accountId, instance, parameterGroup, cluster } = target;
  const resource = (name: string) => `arn:${partition}:rds:${region}:${accountId}:${name}`;
  const ofCluster: PolicyStatement[] =
    cluster === null
      ? []
      : [{ Effect: "Allow", Action: "rds:DescribeDBClusters", Resource: resource(`cluster:${cluster}`) }];
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: ["rds:DescribeDBInstances", "rds:DescribeDBLogFiles", "rds:DownloadDBLogFilePortion"],
        Resource: resource(`db:${instance}`),
      },
      {
        Effect: "Allow",
        Action: ["rds:DescribeDBParameters", "rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup"],
        Resource: resource(`pg:${parameterGroup}`),
      },
      ...ofCluster,
      { Effect: "Allow", Action: "cloudwatch:GetMetricData", Resource: "*" },
    ],
  };
}

/** Whom the role of an environment has to trust. @param serviceArn the service's own identity */
export function trustPolicy({
  serviceArn,
  externalId,
}: {
  serviceArn: string;
  externalId: string;
}): TrustPolicy {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: serviceArn },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": externalId } },
      },
    ],
  };
}

/** What a link fills in of aws/environment-role.template.json. */
export interface QuickCreate extends Omit<PolicyTarget, "accountId"> {
  /** Where the template is, in S3: CloudFormation takes it from nowhere else. */
  templateUrl: string;
  serviceArn: string;
  externalId: string;
}

/** Where the console of a partition is. Of the others, no address is documented. */
const CONSOLES: Readonly<Record<string, string>> = {
  aws: "console.aws.amazon.com",
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

/**
 * A link that opens AWS's console with the stack of the role filled in ("Create quick-create links for stacks" in the
 * CloudFormation User Guide). Parameters with NoEcho can't be filled in so: the template has none.
 * @returns null for a partition whose console has no known address
 */
export function quickCreateUrl(target: QuickCreate): string | null {
  const { partition, region, instance, parameterGroup, cluster, templateUrl, serviceArn, externalId } =
    target;
  const host = CONSOLES[partition];
  if (host === undefined) return null;
  const values = new URLSearchParams({
    templateURL: templateUrl,
    stackName: `captures-${instance}`,
    param_ServiceArn: serviceArn,
    param_ExternalId: externalId,
    param_InstanceIdentifier: instance,
    param_ParameterGroupName: parameterGroup,
    ...(cluster === null ? {} : { param_ClusterIdentifier: cluster }),
  });
  // A part behind # is no form: there, a plus is a plus.
  const query = values.toString().replaceAll("+", "%20");
  return `https://${region}.${host}/cloudformation/home?region=${region}#/stacks/create/review?${query}`;
}
