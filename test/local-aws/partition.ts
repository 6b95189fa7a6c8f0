/** How the regions of each partition begin; the others are of `aws` (AWS's partitions.json, as the SDKs have it). */
const PREFIXES: readonly [prefix: string, partition: string, suffix: string][] = [
  ["cn-", "aws-cn", "amazonaws.com.cn"],
  ["us-gov-", "aws-us-gov", "amazonaws.com"],
  ["us-iso-", "aws-iso", "c2s.ic.gov"],
  ["us-isob-", "aws-iso-b", "sc2s.sgov.gov"],
  ["eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"],
  ["us-isof-", "aws-iso-f", "csp.hci.ic.gov"],
  ["eusc-", "aws-eusc", "amazonaws.eu"],
];

/** The partition that a region is in, as its ARNs say it, and how the names of its hosts end. */
export function partitionOf(region: string): { name: string; dnsSuffix: string } {
  const found = PREFIXES.find(([prefix]) => region.startsWith(prefix));
  return { name: found?.[1] ?? "aws", dnsSuffix: found?.[2] ?? "amazonaws.com" };
}

/** The one region that IAM's endpoint takes signatures of, in the partition of a region (the SDK's endpoint rules for IAM). */
export function iamRegionOf(region: string): string {
  const regions: Record<string, string> = {
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
    "aws-eusc": "eusc-de-east-1",
  };
  return regions[partitionOf(region).name] ?? "us-east-1";
}
