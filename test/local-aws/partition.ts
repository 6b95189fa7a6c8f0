/** A group of regions with ARNs and hosts of its own. */
interface Partition {
  /** As its ARNs say it. */
  name: string;
  /** How its regions begin. */
  prefix: string;
  /** How the names of its hosts end. */
  dnsSuffix: string;
  /** The one region that IAM's endpoint takes signatures of (the SDK's endpoint rules for IAM). */
  iamRegion: string;
}

const partition = (name: string, prefix: string, dnsSuffix: string, iamRegion: string): Partition => ({
  name,
  prefix,
  dnsSuffix,
  iamRegion,
});

/** The partition of all other regions. */
const AWS = partition("aws", "", "amazonaws.com", "us-east-1");

/** The others (AWS's partitions.json, as the SDKs have it). */
const PARTITIONS: readonly Partition[] = [
  partition("aws-cn", "cn-", "amazonaws.com.cn", "cn-north-1"),
  partition("aws-us-gov", "us-gov-", "amazonaws.com", "us-gov-west-1"),
  partition("aws-iso", "us-iso-", "c2s.ic.gov", "us-iso-east-1"),
  partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "us-isob-east-1"),
  partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "eu-isoe-west-1"),
  partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "us-isof-south-1"),
  partition("aws-eusc", "eusc-", "amazonaws.eu", "eusc-de-east-1"),
];

/** The partition that a region is in. */
export function partitionOf(region: string): Partition {
  return PARTITIONS.find(({ prefix }) => region.startsWith(prefix)) ?? AWS;
}
