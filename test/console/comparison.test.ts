import { describe, expect, it } from "vitest";
import type { WorkloadDigest } from "../../src/console/api/types.ts";
import { compareDigests } from "../../src/console/lib/comparison.ts";

const statement = (fingerprint: string, count: number, share: number): WorkloadDigest => ({
  fingerprint,
  digest: `SELECT ${fingerprint}`,
  count,
  overcount: 0,
  share,
  firstSeen: "2026-11-23T10:00:00Z",
  lastSeen: "2026-11-23T11:00:00Z",
  tables: { reads: [], writes: [] },
  examples: [],
  sources: [],
  moreSources: 0,
  tags: [],
  moreTags: 0,

  example: `SELECT ${fingerprint}`,
});

describe("the statements of two captures", () => {
  it("are paired, those first whose shares differ most, also those that one of them does not have", () => {
    const before = [statement("same", 50, 0.5), statement("less", 40, 0.4), statement("gone", 10, 0.1)];
    const after = [statement("same", 500, 0.5), statement("new", 300, 0.3), statement("less", 200, 0.2)];
    const compared = compareDigests(before, after);
    expect(compared.map(({ fingerprint, counts }) => [fingerprint, ...counts])).toEqual([
      ["new", 0, 300],
      ["less", 40, 200],
      ["gone", 10, 0],
      ["same", 50, 500],
    ]);
    expect(compared[0]).toMatchObject({ digest: "SELECT new", shares: [0, 0.3], change: 0.3 });
    expect(compared[1]?.change).toBeCloseTo(-0.2);
  });

  it("are none when nothing was recorded", () => {
    expect(compareDigests([], [])).toEqual([]);
  });
});
