/// <reference types="vite/types/importMeta.d.ts" />
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import {
  hostOf,
  isKnownRegion,
  PARTITIONS,
  partitionOf,
  regionForm,
  roleArnForm,
} from "../../src/aws/partitions.ts";

// The SDK's own files: its packages do not export them.
const SDK = "/node_modules/@aws-sdk";
const resolvers = import.meta.glob<Resolver>(
  "/node_modules/@aws-sdk/client-{cloudwatch,iam,rds,sts}/dist-es/endpoint/endpointResolver.js",
  { import: "defaultEndpointResolver", eager: true },
);
const partitionFiles = import.meta.glob<SdkPartitions>(
  "/node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js",
  { import: "partitionsInfo", eager: true },
);

/** What one of the SDK's clients says of a region. */
type Resolver = (parameters: { Region: string; UseDualStack: boolean; UseFIPS: boolean }) => {
  url: URL;
  properties?: { authSchemes?: { signingRegion?: string }[] };
};

interface SdkPartitions {
  partitions: {
    id: string;
    outputs: { dnsSuffix: string };
    regionRegex: string;
    regions: Record<string, unknown>;
  }[];
}

const sdk = (Object.values(partitionFiles)[0] as SdkPartitions).partitions;
/** A partition's regions, without the name that the SDK has for its global services. */
const regionsOf = ({ regions }: (typeof sdk)[number]) =>
  Object.keys(regions).filter((name) => !name.endsWith("-global"));

const CLIENTS = { monitoring: "cloudwatch", rds: "rds", sts: "sts", iam: "iam" };

/** Where the SDK's clients send a request for a region, and which region they sign it for. */
function sdkHosts(region: string) {
  return Object.entries(CLIENTS).map(([service, client]) => {
    const resolve = resolvers[`${SDK}/client-${client}/dist-es/endpoint/endpointResolver.js`] as Resolver;
    const { url, properties } = resolve({ Region: region, UseDualStack: false, UseFIPS: false });
    expect(url.pathname).toBe("/");
    const signingRegion = properties?.authSchemes?.[0]?.signingRegion ?? region;
    return { service, host: url.host, signingRegion };
  });
}

const ourHosts = (region: string) =>
  Object.keys(CLIENTS).map((service) => ({ service, ...hostOf(service, region) }));

test("the SDK's rules of all four services are there to be compared with", () => {
  expect(Object.keys(resolvers)).toHaveLength(4);
  expect(Object.keys(partitionFiles)).toHaveLength(1);
});

describe.each(sdk.map((partition) => [partition.id, partition] as const))("the partition %s", (id, its) => {
  it("has the SDK's regions, and the hosts of monitoring, rds, sts and iam in each", () => {
    const ours = PARTITIONS.find((partition) => partition.id === id);
    expect(ours?.regions.toSorted()).toEqual(regionsOf(its).toSorted());
    expect(ours?.suffix).toBe(its.outputs.dnsSuffix);
    for (const region of regionsOf(its)) {
      expect(ourHosts(region)).toEqual(sdkHosts(region));
      expect(partitionOf(region).id).toBe(id);
      expect(region).toMatch(regionForm());
      expect(isKnownRegion(region)).toBe(true);
    }
  });

  it("has the hosts of a region that is opened tomorrow", () => {
    const known = regionsOf(its)[0] as string;
    for (const end of ["north-9", "centraleast-12"]) {
      const region = known.replace(/-[a-z]+-\d+$/, `-${end}`);
      expect(region).toMatch(new RegExp(its.regionRegex));
      expect(region).toMatch(regionForm());
      expect(ourHosts(region)).toEqual(sdkHosts(region));
      expect(isKnownRegion(region)).toBe(false);
    }
  });

  it("is in the ARNs of its roles", () => {
    expect(`arn:${id}:iam::123456789012:role/captures`).toMatch(roleArnForm());
    expect(`arn:${id}:iam::123456789012:role/a/b.c/captures`).toMatch(roleArnForm());
  });
});

test("every partition is one of the SDK's", () => {
  expect(PARTITIONS.map(({ id }) => id).toSorted()).toEqual(sdk.map(({ id }) => id).toSorted());
});

test("whatever is taken for a region has the SDK's hosts, and all of the name is one label of theirs", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const prefixes = fc.oneof(
    fc.constantFrom(
      "us-gov",
      "us-iso",
      "us-isob",
      "us-isof",
      "eu-isoe",
      "eusc-de",
      "eusc-fr",
      "cn",
      "us-isox",
    ),
    fc.stringMatching(/^[a-z]{2}$/),
  );
  const names = fc
    .tuple(prefixes, word, fc.integer({ min: 0, max: 120 }))
    .map(([prefix, place, number]) => `${prefix}-${place}-${number}`);
  const odd = fc
    .tuple(names, fc.constantFrom("", ".", "/", "@", ":", "\n", "A", "_", " "))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(names, odd), (region) => {
      if (!regionForm().test(region)) return;
      expect(new URL(`https://rds.${region}.amazonaws.com/`).host).toBe(`rds.${region}.amazonaws.com`);
      expect(ourHosts(region)).toEqual(sdkHosts(region));
    }),
    { numRuns: 500 },
  );
});

test.each([
  "us-east-1a",
  "us-east",
  "us-east-0",
  "US-EAST-1",
  "aws-global",
  "us-isox-east-1",
  "eusc-fr-west-1",
  "us-east-1.example.com",
  "us-east-1\n",
  "",
])("%j is no region", (name) => {
  expect(name).not.toMatch(regionForm());
});

test.each([
  "arn:aws:iam::123456789012:user/captures",
  "arn:aws:iam::12345678901:role/captures",
  "arn:aws:sts::123456789012:assumed-role/captures/session",
  "arn:other:iam::123456789012:role/captures",
  "arn:aws:iam:us-east-1:123456789012:role/captures",
  `arn:aws:iam::123456789012:role/${"a".repeat(65)}`,
  "arn:aws:iam::123456789012:role/",
  "arn:aws:iam::123456789012:role/a b",
])("%s is no role's ARN", (arn) => {
  expect(arn).not.toMatch(roleArnForm());
});

test("a role can have as long a path and name as IAM lets it have", () => {
  const longest = `arn:aws-us-gov:iam::123456789012:role/${"p".repeat(510)}/${"n".repeat(64)}`;
  expect(longest).toMatch(roleArnForm());
});
