/*
 * AWS's partitions: their regions, and their hosts. As the AWS SDK for JavaScript has them (the partitions of @aws-sdk/core, and
 * the endpoint rules of its clients); a test compares all of it with the SDK that is installed. A table of our own, as the SDK's
 * weigh more than the service's whole client. Knows nothing of Workers: the console uses it too.
 */

/** A group of regions with accounts, credentials and hosts of its own. */
export interface Partition {
  /** Its name in ARNs, such as `aws-cn`. */
  id: string;
  /** What its regions' names have before the last two parts, such as `us-gov`; a pattern. */
  prefix: string;
  /** What its hosts end in. */
  suffix: string;
  /** IAM has one host for all regions, and its requests are signed for one of them. */
  iam: { host: string; region: string };
  /** The regions that are known; there may be others of the same form. */
  regions: readonly string[];
}

/** The partition of most regions, and of those of no known form. */
const AWS: Partition = {
  id: "aws",
  prefix: "[a-z]{2}",
  suffix: "amazonaws.com",
  iam: { host: "iam.amazonaws.com", region: "us-east-1" },
  regions: [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
  ],
};

/** All partitions. The last one's form is the others' too. */
export const PARTITIONS: readonly Partition[] = [
  {
    id: "aws-cn",
    prefix: "cn",
    suffix: "amazonaws.com.cn",
    iam: { host: "iam.cn-north-1.amazonaws.com.cn", region: "cn-north-1" },
    regions: ["cn-north-1", "cn-northwest-1"],
  },
  {
    id: "aws-us-gov",
    prefix: "us-gov",
    suffix: "amazonaws.com",
    iam: { host: "iam.us-gov.amazonaws.com", region: "us-gov-west-1" },
    regions: ["us-gov-east-1", "us-gov-west-1"],
  },
  {
    id: "aws-eusc",
    prefix: "eusc-de",
    suffix: "amazonaws.eu",
    iam: { host: "iam.eusc-de-east-1.amazonaws.eu", region: "eusc-de-east-1" },
    regions: ["eusc-de-east-1"],
  },
  {
    id: "aws-iso",
    prefix: "us-iso",
    suffix: "c2s.ic.gov",
    iam: { host: "iam.us-iso-east-1.c2s.ic.gov", region: "us-iso-east-1" },
    regions: ["us-iso-east-1", "us-iso-west-1"],
  },
  {
    id: "aws-iso-b",
    prefix: "us-isob",
    suffix: "sc2s.sgov.gov",
    iam: { host: "iam.us-isob-east-1.sc2s.sgov.gov", region: "us-isob-east-1" },
    regions: ["us-isob-east-1", "us-isob-west-1"],
  },
  {
    id: "aws-iso-e",
    prefix: "eu-isoe",
    suffix: "cloud.adc-e.uk",
    iam: { host: "iam.eu-isoe-west-1.cloud.adc-e.uk", region: "eu-isoe-west-1" },
    regions: ["eu-isoe-west-1"],
  },
  {
    id: "aws-iso-f",
    prefix: "us-isof",
    suffix: "csp.hci.ic.gov",
    iam: { host: "iam.us-isof-south-1.csp.hci.ic.gov", region: "us-isof-south-1" },
    regions: ["us-isof-east-1", "us-isof-south-1"],
  },
  AWS,
];

const formOf = (prefix: string): RegExp => new RegExp(`^(?:${prefix})-[a-z]+-[1-9][0-9]?$`);

/**
 * The form of every region's name, in any partition, also of regions that are not known yet. A name of this form can be put into
 * a host name: it has only letters, digits and hyphens.
 */
export const regionForm = (): RegExp => formOf(PARTITIONS.map(({ prefix }) => prefix).join("|"));

/** The partition that a region is in, by its name; like the SDK's, `aws` for a name of no partition's form. */
export function partitionOf(region: string): Partition {
  return PARTITIONS.find(({ prefix }) => formOf(prefix).test(region)) ?? AWS;
}

/**
 * The regions that an account has without having enabled them: those of before March 2019 ("Enable or disable AWS Regions in
 * your account", AWS Account Management Reference Guide).
 */
const ENABLED_BY_DEFAULT: ReadonlySet<string> = new Set([
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ca-central-1",
  "eu-central-1",
  "eu-north-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "sa-east-1",
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
]);

/** Whether an account has the region only once it has enabled it. */
export function isOptIn(region: string): boolean {
  return partitionOf(region).id === "aws" && !ENABLED_BY_DEFAULT.has(region);
}

/** The region in which a role of a region's environment is assumed: one that no account has to enable. */
export function roleRegion(region: string): string {
  return isOptIn(region) ? partitionOf(region).iam.region : region;
}

/** Whether the region is one that AWS was known to have. One that it opened later is none, although it can be used. */
export function isKnownRegion(region: string): boolean {
  return PARTITIONS.some(({ regions }) => regions.includes(region));
}

/**
 * The host of a service, and the region that requests to it are signed for.
 * @param service its name in host names: `monitoring`, `rds`, `sts` or `iam`
 */
export function hostOf(service: string, region: string): { host: string; signingRegion: string } {
  const { suffix, iam } = partitionOf(region);
  if (service === "iam") return { host: iam.host, signingRegion: iam.region };
  return { host: `${service}.${region}.${suffix}`, signingRegion: region };
}

/** The form of a role's ARN, in any partition (IAM API reference, CreateRole: Path and RoleName). */
export const roleArnForm = (): RegExp =>
  new RegExp(
    `^arn:(?:${PARTITIONS.map(({ id }) => id).join("|")}):iam::[0-9]{12}:role/(?:[!-~]{1,510}/)?[\\w+=,.@-]{1,64}$`,
  );
