/// <reference types="vite/types/importMeta.d.ts" />
import { expect, it } from "vitest";
import { REGION_GROUPS, regionName } from "../../src/console/lib/regions.ts";

interface Sdk {
  partitionsInfo: { partitions: { id: string; regions: Record<string, { description: string }> }[] };
}
// It is no export of the SDK's.
const [sdk] = Object.values(
  import.meta.glob<Sdk>(
    "/node_modules/@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js",
    { eager: true },
  ),
);

it("the list of regions has those of every partition that the installed SDK has, and no others", () => {
  const ofSdk = (sdk?.partitionsInfo.partitions ?? []).flatMap(({ regions }) => Object.keys(regions));
  const real = ofSdk.filter((region) => !region.endsWith("-global"));
  expect(real.length).toBeGreaterThan(40);
  expect(REGION_GROUPS.flatMap(({ regions }) => Object.keys(regions)).toSorted()).toEqual(real.toSorted());
});

it("a region is called by its plain name, and one that is newer than the list by none", () => {
  expect(regionName("eu-central-1")).toBe("Europe (Frankfurt)");
  expect(regionName("eusc-de-east-1")).toBe("European Sovereign Cloud (Germany)");
  expect(regionName("us-future-9")).toBeNull();
});
