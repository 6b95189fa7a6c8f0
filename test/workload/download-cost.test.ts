import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { requireAffordable } from "../../src/workload/download-cost.ts";
import type { FragmentPart } from "../../src/workload/stored/fragments-in-range.ts";
import { type Cast, createCast, expectRefusal, requestIn } from "../support/api.ts";
import { ended, iso, open, record } from "../support/stored-workload.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** A capture of four fragments of two records, a second each. Each costs a millisecond, and next to nothing for its bytes. */
const fourFragments = () =>
  ended(
    cast,
    [0, 1, 2, 3].map((second) => [
      [record(second * 1000, "SELECT 1"), record(second * 1000 + 1, "SELECT 2")],
    ]),
  );

const ask = (id: number, query: string, CPU_LIMIT_MS: string) =>
  requestIn({ CPU_LIMIT_MS }, "GET", `/api/captures/${id}/workload/download${query}`, {
    headers: cast.member.headers,
  });

describe("a download that would take more CPU than a request may", () => {
  it("is refused with the range that fits, and that range is sent", async () => {
    const { id } = await fourFragments();
    const refused = await ask(id, "?format=sql", "2.5");
    expectRefusal(
      refused,
      400,
      `from, to: this would take some 1 seconds of the processor as sql, and one download takes at most 1: ask for less time, such as up to ${iso(2000)}, or for format=ndjson.gz, which takes the least`,
    );
    expect((await ask(id, `?format=sql&to=${iso(2000)}`, "2.5")).status).toBe(200);
    expect((await ask(id, `?format=sql&from=${iso(2000)}`, "2.5")).status).toBe(200);
    expect((await ask(id, "?format=sql", "5")).status).toBe(200);
  });

  it.each(["ndjson.gz", "ndjson", "log", "csv"])("is refused as %s, too", async (format) => {
    const { id } = await fourFragments();
    expect((await ask(id, `?format=${format}`, "2.5")).status).toBe(400);
    expect((await ask(id, `?format=${format}&to=${iso(2000)}`, "2.5")).status).toBe(200);
  });

  it("is refused to HEAD, which says what GET would", async () => {
    const { id } = await fourFragments();
    const reply = await open(cast.member, id, "", { CPU_LIMIT_MS: "2.5" }, { method: "HEAD" });
    expect(reply.status).toBe(400);
  });
});

describe("with the limit that is deployed", () => {
  const limit = Number(env.CPU_LIMIT_MS);
  /** A capture of so many gigabytes of NDJSON, in fragments of 16 MB. */
  const parts = (gigabytes: number, isWhole = true): FragmentPart[] =>
    Array.from({ length: gigabytes * 62.5 }, (_, i) => ({
      ...{ key: "", sequence: i, version: 2, bytes: 1_200_000, plainBytes: 16_000_000, crc32: 1, records: 1 },
      ...{ firstMicros: i, lastMicros: i, longestMicros: null, errors: null, isWhole },
    }));

  it.each(["gzip", "ndjson"] as const)("a capture of 10 GB can be sent as %s", (form) => {
    expect(() => requireAffordable(parts(10), form, false, limit)).not.toThrow();
  });

  it("a session of a capture of 10 GB can be sent in any form", () => {
    for (const form of ["gzip", "ndjson", "log", "sql", "csv"] as const)
      expect(() => requireAffordable(parts(10, false), form, true, limit)).not.toThrow();
  });

  it("a capture of 5 GB can be sent as SQL, and one of 6 GB in two pieces", () => {
    expect(() => requireAffordable(parts(5), "sql", false, limit)).not.toThrow();
    expect(() => requireAffordable(parts(6), "sql", false, limit)).toThrow(/take some \d+ seconds/);
    expect(() => requireAffordable(parts(3), "sql", false, limit)).not.toThrow();
  });

  it("fragments that don't say how long they are count as long ones", () => {
    const unknown = parts(6).map((part) => ({ ...part, plainBytes: null }));
    expect(() => requireAffordable(unknown, "sql", false, limit)).toThrow(/take some \d+ seconds/);
  });
});
