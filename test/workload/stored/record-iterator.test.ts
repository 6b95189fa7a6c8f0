import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { joinBytes } from "../../../src/lib/bytes.ts";
import { fragmentsInRange, type TimeRange } from "../../../src/workload/stored/fragments-in-range.ts";
import { fragmentKey } from "../../../src/workload/stored/keys.ts";
import { readRecords } from "../../../src/workload/stored/record-iterator.ts";
import {
  compress,
  countingBucket,
  ndjson,
  putFragment,
  record,
  START,
  type Stored,
  storeFragments,
} from "../../support/stored-workload.ts";

const ALWAYS: TimeRange = { from: undefined, to: undefined };
const from = (millis: number): number => START + millis;

let captureId = 700_000;
const stored = (...fragments: number[][]) =>
  storeFragments(
    ++captureId,
    fragments.map((times) => [times.map((millis) => record(millis, `SELECT ${millis}`))]),
  );

/** The statements of a range, and of what is missing how many fragments. */
async function read({ manifest }: Stored, range: TimeRange, bucket = env.BUCKET) {
  const found: (string | number)[] = [];
  const parts = await fragmentsInRange(bucket, manifest, range);
  for await (const records of readRecords(bucket, parts, range)) {
    if (Array.isArray(records)) found.push(...records.map((one) => one.read().statement));
    else found.push(records.fragments);
  }
  return found;
}

describe("the records of stored fragments", () => {
  it("come in the order in which they are stored, over all fragments", async () => {
    const capture = await stored([0, 1], [2], [3, 4]);
    expect(await read(capture, ALWAYS)).toEqual([0, 1, 2, 3, 4].map((millis) => `SELECT ${millis}`));
  });

  it("are those of the range alone, and no fragment outside it is read", async () => {
    const capture = await stored([0, 10], [20, 30], [40, 50]);
    const { BUCKET, fragmentsRead } = countingBucket();
    expect(await read(capture, { from: from(25), to: from(40) }, BUCKET)).toEqual(["SELECT 30"]);
    expect(fragmentsRead()).toEqual([fragmentKey(captureId, 1, "general")]);
  });

  it("are not read where a fragment says that it has nothing of what is looked for", async () => {
    const { manifest } = await stored([0, 1], [2], [3, 4]);
    const asked: number[] = [];
    const parts = await fragmentsInRange(env.BUCKET, manifest, { from: from(2), to: undefined }, (one) => {
      asked.push(one.sequence);
      expect(one).toMatchObject({ version: 2, summary: null, errors: null });
      return one.records > 1;
    });
    expect(asked).toEqual([1, 2]);
    expect(parts).toMatchObject([{ sequence: 2, records: 2, isWhole: true }]);
  });

  it("are read no further than they are asked for", async () => {
    const { manifest } = await stored([0], [1], [2]);
    const { BUCKET, fragmentsRead } = countingBucket();
    const parts = await fragmentsInRange(BUCKET, manifest, ALWAYS);
    for await (const records of readRecords(BUCKET, parts, ALWAYS)) {
      if (Array.isArray(records) && records.length > 0) break;
    }
    expect(fragmentsRead()).toEqual([fragmentKey(captureId, 0, "general")]);
  });

  it("have in the place of missing fragments how many they are", async () => {
    const capture = await stored([0], [1], [2], [3]);
    await env.BUCKET.delete([fragmentKey(captureId, 1, "general"), fragmentKey(captureId, 2, "general")]);
    expect(await read(capture, ALWAYS)).toEqual(["SELECT 0", 2, "SELECT 3"]);
  });

  it("are those of fragments of both versions, where a capture was begun by version 1", async () => {
    const first = await storeFragments(
      ++captureId,
      [[[record(0, "SELECT 0")]], [[record(1, "SELECT 1")]]],
      1,
    );
    // What a step of version 1 had stored that was cut off: more of the last fragment, and one more.
    const more = [record(2, "SELECT 'not counted'")];
    const last = joinBytes([first.fragments[1] as Uint8Array, await compress(ndjson(more), 1)]);
    await putFragment(captureId, 1, last, [...first.records.slice(1), ...more], 1);
    await putFragment(captureId, 2, await compress(ndjson(more), 1), more, 1);
    const later = [record(3, "SELECT 3")];
    const bytes = await compress(ndjson(later), 2);
    await putFragment(captureId, 2, bytes, later, 2);
    const { storedBytes } = first.manifest;
    const manifest = {
      ...first.manifest,
      fragments: 3,
      storedBytes: storedBytes + bytes.length,
      version1: { fragments: 2, storedBytes },
    };
    expect(await read({ ...first, manifest }, ALWAYS)).toEqual(["SELECT 0", "SELECT 1", "SELECT 3"]);
    expect(await read({ ...first, manifest }, { from: from(1), to: from(3) })).toEqual(["SELECT 1"]);
  });

  it("know their time without being parsed", async () => {
    const { manifest, records: written } = await stored([5]);
    const parts = await fragmentsInRange(env.BUCKET, manifest, ALWAYS);
    const times: number[] = [];
    for await (const records of readRecords(env.BUCKET, parts, ALWAYS)) {
      if (Array.isArray(records)) times.push(...records.map(({ timeMicros }) => timeMicros));
    }
    expect(times).toEqual(written.map(({ timeMicros }) => timeMicros));
  });
});
