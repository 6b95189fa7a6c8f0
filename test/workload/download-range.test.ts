import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { joinBytes } from "../../src/lib/bytes.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { MAX_FRAGMENTS } from "../../src/workload/download.ts";
import { fragmentKey, manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { type Cast, createCast, expectRefusal, requestIn } from "../support/api.ts";
import {
  captureIn,
  countingBucket,
  download,
  downloadLog,
  ended,
  iso,
  logText,
  ndjson,
  record,
  START,
  type Stored,
  unzip,
} from "../support/stored-workload.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

describe.each([1, 2] as const)("a download of a range of fragments of version %i", (version) => {
  /** A record at a whole millisecond, where a border can be. */
  const exactly = (millis: number, statement: string): LogRecord => ({
    ...record(millis, statement),
    timeMicros: (START + millis) * 1000,
  });
  // Fragments of 10 records, 10 ms apart, 100 ms each.
  const FRAGMENTS = Array.from({ length: 6 }, (_, fragment) => [
    Array.from({ length: 4 }, (_, i) => exactly(fragment * 100 + i * 10, `SELECT 'é${fragment}-${i}'`)),
    Array.from({ length: 6 }, (_, i) => exactly(fragment * 100 + 40 + i * 10, `SELECT '${fragment}+${i}'`)),
  ]);
  let stored: Stored & { id: number };

  beforeAll(async () => {
    stored = await ended(cast, FRAGMENTS, version);
  });

  const inRange = (from: number, to: number) =>
    stored.records.filter(
      ({ timeMicros }) => timeMicros >= (START + from) * 1000 && timeMicros < (START + to) * 1000,
    );

  it.each([
    [0, 600],
    [0, 1],
    [100, 200],
    [90, 200],
    [91, 200],
    [100, 201],
    [99, 300],
    [100, 190],
    [190, 290],
    [145, 155],
    [145, 455],
    [190, 191],
    [191, 200],
    [-1000, 5],
    [590, 10_000],
    [300, 300],
    [10_000, 20_000],
    [-20, -10],
  ])("has the records from %i ms on and before %i ms, in both formats", async (from, to) => {
    const query = `from=${iso(from)}&to=${iso(to)}`;
    expect(unzip(await download(cast.member, stored.id, `?${query}`))).toBe(ndjson(inRange(from, to)));
    expect(await downloadLog(cast.member, stored.id, `&${query}`)).toBe(logText(inRange(from, to)));
  });

  it("may have one bound only", async () => {
    expect(unzip(await download(cast.member, stored.id, `?from=${iso(250)}`))).toBe(
      ndjson(inRange(250, 1e6)),
    );
    expect(unzip(await download(cast.member, stored.id, `?to=${iso(250)}`))).toBe(ndjson(inRange(-1e6, 250)));
  });

  it("reads times as the other endpoints do", async () => {
    const query = `?from=${encodeURIComponent("2026-11-23 05:00:00.250")}&to=${encodeURIComponent("2026-11-23T06:00:00.350+01:00")}`;
    expect(unzip(await download(cast.member, stored.id, query))).toBe(ndjson(inRange(250, 350)));
  });

  it("reads the fragments of the range only, and sends unchanged those that are whole in it", async () => {
    const { BUCKET, fragmentsRead, lists } = countingBucket();
    const bytes = await download(cast.member, stored.id, `?from=${iso(150)}&to=${iso(450)}`, { BUCKET });
    expect(fragmentsRead()).toEqual(
      [1, 2, 3, 4].map((sequence) => fragmentKey(stored.id, sequence, "general", version)),
    );
    expect(lists()).toBe(1);
    if (version === 1) return;
    const whole = joinBytes(stored.fragments.slice(2, 4));
    const at = bytes.findIndex((_, i) => whole.every((byte, j) => bytes[i + j] === byte));
    expect(at).toBeGreaterThan(0);
  });

  it("finds records whose fragments are not in the order of time", async () => {
    const back = await ended(
      cast,
      [[[record(500, "SELECT 1")]], [[record(100, "SELECT 2")]], [[record(300, "SELECT 3")]]],
      version,
    );
    expect(unzip(await download(cast.member, back.id, `?from=${iso(250)}`))).toBe(
      ndjson([record(500, "SELECT 1"), record(300, "SELECT 3")]),
    );
  });

  it("is refused when it would read more fragments than one request can", async () => {
    const fragments = MAX_FRAGMENTS + 10;
    const id = await captureIn(cast, "DONE");
    const { version1, ...empty } = emptyManifest(id, "secrets", "general");
    const manifest = { ...empty, ...(version > 1 && { version1 }), fragments, storedBytes: fragments * 10 };
    await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify(manifest));
    const object = (i: number) => ({
      key: fragmentKey(id, i, "general", version),
      size: 10,
      customMetadata: {
        ...(version > 1 && { version: String(version) }),
        firstMicros: String((START + i) * 1000),
        lastMicros: String((START + i) * 1000),
        records: "1",
      },
    });
    const BUCKET = {
      get: (key: string) => env.BUCKET.get(key),
      list: async ({ cursor }: R2ListOptions) => {
        const from = Number(cursor ?? 0);
        const objects = Array.from({ length: Math.min(1000, fragments - from) }, (_, i) => object(from + i));
        return { objects, truncated: from + 1000 < fragments, cursor: String(from + 1000) };
      },
    } as unknown as R2Bucket;
    const path = `/api/captures/${id}/workload/download`;
    const reply = await requestIn({ BUCKET }, "GET", path, { headers: cast.member.headers });
    expectRefusal(
      reply,
      400,
      `from, to: this would read ${fragments} fragments, and one download reads at most ${MAX_FRAGMENTS}: ask for less time, such as up to ${iso(MAX_FRAGMENTS)}`,
    );
  });

  it.each([
    ["format=xml", "format: must be one of ndjson.gz, ndjson, log, sql, csv"],
    ["format=", "format: must be one of ndjson.gz, ndjson, log, sql, csv"],
    ["format=log&format=log", "format: may be given once only"],
    ["from=yesterday", /^from: must be a time such as/],
    ["to=2026-13-01", /^to: must be a time such as/],
    ["from=2026-11-23T06:00:00Z&to=2026-11-23T05:59:59.999Z", "from: must not be after to"],
    ["log=both", "log: must be one of general, slow"],
    ["form=log", "form: not known here"],
  ])("is refused with ?%s", async (query, message) => {
    const reply = await cast.member.get(`/api/captures/${stored.id}/workload/download?${query}`);
    expectRefusal(reply, 400, message);
  });
});
