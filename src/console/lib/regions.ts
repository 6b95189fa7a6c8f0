/* What AWS's regions are called, as its own SDK has them: a test compares them with the installed one. */

/** Regions that are listed together. */
export interface RegionGroup {
  title: string;
  /** What each region is called, by its code. */
  regions: Readonly<Record<string, string>>;
}

/** The regions of all partitions, those that most people use first. */
export const REGION_GROUPS: readonly RegionGroup[] = [
  {
    title: "AWS",
    regions: {
      "af-south-1": "Africa (Cape Town)",
      "ap-east-1": "Asia Pacific (Hong Kong)",
      "ap-east-2": "Asia Pacific (Taipei)",
      "ap-northeast-1": "Asia Pacific (Tokyo)",
      "ap-northeast-2": "Asia Pacific (Seoul)",
      "ap-northeast-3": "Asia Pacific (Osaka)",
      "ap-south-1": "Asia Pacific (Mumbai)",
      "ap-south-2": "Asia Pacific (Hyderabad)",
      "ap-southeast-1": "Asia Pacific (Singapore)",
      "ap-southeast-2": "Asia Pacific (Sydney)",
      "ap-southeast-3": "Asia Pacific (Jakarta)",
      "ap-southeast-4": "Asia Pacific (Melbourne)",
      "ap-southeast-5": "Asia Pacific (Malaysia)",
      "ap-southeast-6": "Asia Pacific (New Zealand)",
      "ap-southeast-7": "Asia Pacific (Thailand)",
      "ca-central-1": "Canada (Central)",
      "ca-west-1": "Canada West (Calgary)",
      "eu-central-1": "Europe (Frankfurt)",
      "eu-central-2": "Europe (Zurich)",
      "eu-north-1": "Europe (Stockholm)",
      "eu-south-1": "Europe (Milan)",
      "eu-south-2": "Europe (Spain)",
      "eu-west-1": "Europe (Ireland)",
      "eu-west-2": "Europe (London)",
      "eu-west-3": "Europe (Paris)",
      "il-central-1": "Israel (Tel Aviv)",
      "me-central-1": "Middle East (UAE)",
      "me-south-1": "Middle East (Bahrain)",
      "me-west-1": "Middle East (Saudi Arabia)",
      "mx-central-1": "Mexico (Central)",
      "sa-east-1": "South America (São Paulo)",
      "sa-west-1": "South America (Chile)",
      "us-east-1": "US East (N. Virginia)",
      "us-east-2": "US East (Ohio)",
      "us-west-1": "US West (N. California)",
      "us-west-2": "US West (Oregon)",
    },
  },
  {
    title: "AWS GovCloud (US)",
    regions: {
      "us-gov-east-1": "GovCloud (US-East)",
      "us-gov-west-1": "GovCloud (US-West)",
    },
  },
  {
    title: "AWS China",
    regions: {
      "cn-north-1": "China (Beijing)",
      "cn-northwest-1": "China (Ningxia)",
    },
  },
  {
    title: "AWS European Sovereign Cloud",
    regions: {
      "eusc-de-east-1": "European Sovereign Cloud (Germany)",
    },
  },
  {
    title: "Isolated partitions (ISO)",
    regions: {
      "us-iso-east-1": "US ISO East",
      "us-iso-west-1": "US ISO West",
      "us-isob-east-1": "US ISOB East (Ohio)",
      "us-isob-west-1": "US ISOB West",
      "eu-isoe-west-1": "EU ISOE West",
      "us-isof-east-1": "US ISOF East",
      "us-isof-south-1": "US ISOF South",
    },
  },
];

/** What a region is called, such as `Europe (Frankfurt)`; null for one that is newer than this list. */
export function regionName(region: string): string | null {
  return REGION_GROUPS.map(({ regions }) => regions[region]).find((name) => name !== undefined) ?? null;
}
