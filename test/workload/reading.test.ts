import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import {
  digestKey,
  emptyManifest,
  type FragmentMetadata,
  fragmentKey,
  type Manifest,
  manifestKey,
  type WorkloadState,
} from "../../src/workload/archive.ts";
import { Digests, runsStatement } from "../../src/workload/digest.ts";
import { MAX_FRAGMENTS } from "../../src/workload/download.ts";
import { toLogText, toNdjson } from "../../src/workload/format.ts";
import { LogParser } from "../../src/workload/parser.ts";
import type { LogRecord } from "../../src/workload/record.ts";
import type { Workload, WorkloadDigest } from "../../src/workload/schema.ts";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  type Person,
  personWith,
  requestIn,
} from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";

const START = Date.UTC(2026, 10, 23, 5, 0, 0);
const CAPTURES_ENVIRONMENT = "Capture's environment not found";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** A record, so many milliseconds after the start. */
function record(millis: number, statement: string, command: LogRecord["command"] = "Query"): LogRecord {
  const timeMicros = (START + millis) * 1000 + 7;
  return { timeMicros, threadId: 8, command, statement, truncated: false, start: 0, end: 0 };
}

const ndjson = (records: LogRecord[]) =>
  records.map((one) => toNdjson(one, { user: "app", host: "10.0.0.7", db: null })).join("");
const logText = (records: LogRecord[]) => records.map(toLogText).join("");
const iso = (millis: number) => new Date(START + millis).toISOString();

async function gzip(text: string | Uint8Array): Promise<Uint8Array> {
  const compressed = new Blob([text as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

function join(pieces: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

const unzip = (bytes: Uint8Array) => new TextDecoder().decode(gunzipSync(bytes));

/** A capture in some state, without having been there. */
async function captureIn(status: string): Promise<number> {
  const { id } = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: new Date(Date.now() + 86_400_000).toISOString(),
  });
  await env.DB.prepare("update captures set status = ?2, due_at = null where id = ?1").bind(id, status).run();
  return id;
}

/** What was stored of a capture. */
interface Stored extends Omit<WorkloadState, "caughtUpAt"> {
  records: LogRecord[];
  /** The fragments' bytes. */
  fragments: Uint8Array[];
}

/** Stores fragments of members of records, as a follower does. */
async function storeFragments(id: number, fragments: LogRecord[][][]): Promise<Stored> {
  const manifest: Manifest = { ...emptyManifest(id, "secrets"), fragments: fragments.length };
  const digests = new Digests();
  const stored: Uint8Array[] = [];
  for (const [sequence, members] of fragments.entries()) {
    const bytes = join(await Promise.all(members.map((member) => gzip(ndjson(member)))));
    const records = members.flat();
    await putFragment(id, sequence, bytes, records);
    stored.push(bytes);
    manifest.storedBytes += bytes.length;
  }
  const records = fragments.flat(2);
  const times = records.map(({ timeMicros }) => timeMicros);
  for (const one of records) {
    digests.add(one);
    manifest.commands[one.command] = (manifest.commands[one.command] ?? 0) + 1;
  }
  Object.assign(manifest, {
    records: records.length,
    statements: records.filter(runsStatement).length,
    bytes: new TextEncoder().encode(ndjson(records)).length,
    firstMicros: Math.min(...times),
    lastMicros: Math.max(...times),
  });
  return { manifest, digests: digests.toJSON(), records, fragments: stored };
}

async function putFragment(id: number, sequence: number, bytes: Uint8Array, records: LogRecord[]) {
  const times = records.map(({ timeMicros }) => timeMicros);
  const customMetadata: FragmentMetadata = {
    firstMicros: String(Math.min(...times)),
    lastMicros: String(Math.max(...times)),
    records: String(records.length),
  };
  await env.BUCKET.put(fragmentKey(id, sequence), bytes, { customMetadata });
}

/** A capture that has ended, with such fragments. */
async function ended(fragments: LogRecord[][][]): Promise<Stored & { id: number }> {
  const id = await captureIn("DONE");
  const stored = await storeFragments(id, fragments);
  await env.BUCKET.put(manifestKey(id), JSON.stringify(stored.manifest));
  await env.BUCKET.put(digestKey(id), JSON.stringify(stored.digests));
  return { id, ...stored };
}

/** The environment with runners that know this. */
const withState = (state: WorkloadState | null | Error): Partial<Env> => ({
  CAPTURE_RUNNER: {
    getByName: () => ({
      workload: async () => {
        if (state instanceof Error) throw state;
        return state;
      },
    }),
  } as unknown as Env["CAPTURE_RUNNER"],
});

/** Asks the Worker in-process: the body as it leaves, and none of it read before the test does. */
async function open(id: number, query = "", overrides: Partial<Env> = {}): Promise<Response> {
  const url = `http://captures.test/api/captures/${id}/workload/download${query}`;
  const asked = new Request(url, { headers: cast.member.headers });
  const reply = await app.fetch(asked, { ...env, ...overrides }, createExecutionContext());
  await checkUnread(asked, reply);
  return reply;
}

async function download(id: number, query = "", overrides: Partial<Env> = {}): Promise<Uint8Array> {
  const reply = await open(id, query, overrides);
  expect(reply.status).toBe(200);
  return new Uint8Array(await reply.arrayBuffer());
}

const downloadLog = async (id: number, query = "", overrides: Partial<Env> = {}) =>
  new TextDecoder().decode(await download(id, `?format=log${query}`, overrides));

/** A bucket that counts what is read of it. */
function countingBucket() {
  const reads: string[] = [];
  let lists = 0;
  const BUCKET = {
    get: (key: string, options: R2GetOptions) => {
      reads.push(key);
      return env.BUCKET.get(key, options);
    },
    list: (options: R2ListOptions) => {
      lists++;
      return env.BUCKET.list(options);
    },
  } as unknown as R2Bucket;
  return {
    BUCKET,
    fragmentsRead: () => reads.filter((key) => key.endsWith(".gz")),
    lists: () => lists,
  };
}

const PATHS = ["workload", "workload/digest", "workload/download", "workload/download?format=log"];

describe.each(PATHS)("GET /api/captures/{id}/%s", (path) => {
  let id: number;

  beforeAll(async () => {
    ({ id } = await ended([[[record(0, "SELECT 1")]]]));
  });

  it.each<[string, () => Person]>([
    ["the owner", () => cast.owner],
    ["a member", () => cast.member],
    ["an admin", () => cast.admin],
  ])("serves %s", async (_, person) => {
    expect((await person().get(`/api/captures/${id}/${path}`)).status).toBe(200);
  });

  it("answers 401 to somebody who is not signed in, whatever they ask", async () => {
    const nobody = personWith("", "", {});
    expectRefusal(await nobody.get(`/api/captures/${id}/${path}`), 401, "Login required");
    const query = path.includes("?") ? "&from=never" : "?limit=never";
    expectRefusal(await nobody.get(`/api/captures/${id}/${path}${query}`), 401, "Login required");
  });

  it("answers a stranger as if there were nothing", async () => {
    expectRefusal(await cast.stranger.get(`/api/captures/${id}/${path}`), 404, CAPTURES_ENVIRONMENT);
    expectRefusal(await cast.member.get(`/api/captures/999999/${path}`), 404, CAPTURES_ENVIRONMENT);
  });

  it("is gone with the capture", async () => {
    const { id: deleted } = await ended([[[record(0, "SELECT 1")]]]);
    await cast.owner.delete(`/api/captures/${deleted}`);
    expectRefusal(await cast.owner.get(`/api/captures/${deleted}/${path}`), 404, CAPTURES_ENVIRONMENT);
  });
});

describe("a capture that has captured nothing", () => {
  it.each(["SCHEDULED", "STARTING", "RUNNING", "STOPPING", "DONE", "FAILED"])(
    "has an empty workload when %s",
    async (status) => {
      const id = await captureIn(status);
      const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
      expect(body).toEqual({
        records: 0,
        statements: 0,
        commands: {},
        bytes: 0,
        storedBytes: 0,
        fragments: 0,
        firstRecord: null,
        lastRecord: null,
        gaps: [],
        gapCount: 0,
        redact: "secrets",
        live: status === "RUNNING" || status === "STOPPING" ? { behindBy: null } : null,
      });
      expect((await cast.member.get(`/api/captures/${id}/workload/digest`)).body).toEqual([]);
      expect(unzip(await download(id))).toBe("");
      expect(unzip(await download(id, `?from=${iso(0)}`))).toBe("");
      expect(await downloadLog(id)).toBe("");
    },
  );
});

describe("the manifest", () => {
  it("tells what was stored, with times in ISO 8601", async () => {
    const records = [record(0, "", "Quit"), record(5, "SELECT 1"), record(2000, "SELECT 2")];
    const { id, manifest } = await ended([[records]]);
    manifest.gaps = [{ from: START + 10, to: START + 1000, cause: "The log was gone" }];
    manifest.gapCount = 1;
    await env.BUCKET.put(manifestKey(id), JSON.stringify(manifest));
    const { body } = await cast.member.get<Workload>(`/api/captures/${id}/workload`);
    expect(body).toEqual({
      records: 3,
      statements: 2,
      commands: { Quit: 1, Query: 2 },
      bytes: ndjson(records).length,
      storedBytes: manifest.storedBytes,
      fragments: 1,
      firstRecord: "2026-11-23T05:00:00.000007Z",
      lastRecord: "2026-11-23T05:00:02.000007Z",
      gaps: [{ from: iso(10), to: iso(1000), cause: "The log was gone" }],
      gapCount: 1,
      redact: "secrets",
      live: null,
    });
  });

  it.each(["RUNNING", "STOPPING"])(
    "is the runner's when %s, with how far the log is behind",
    async (status) => {
      const id = await captureIn(status);
      const { manifest, digests } = await storeFragments(id, [[[record(0, "SELECT 1")]]]);
      const state = { manifest, digests, caughtUpAt: Date.now() - 42_000 };
      const get = (path: string, overrides: Partial<Env>) =>
        requestIn(overrides, "GET", `/api/captures/${id}/${path}`, { headers: cast.member.headers });
      expect((await get("workload", withState(state))).body).toMatchObject({
        records: 1,
        live: { behindBy: 42 },
      });
      expect((await get("workload", withState({ ...state, caughtUpAt: null }))).body).toMatchObject({
        live: { behindBy: null },
      });
      expect((await get("workload/digest", withState(state))).body).toMatchObject([{ count: 1 }]);
    },
  );

  it("is the stored one when the capture ended just now", async () => {
    const { id } = await ended([[[record(0, "SELECT 1")]]]);
    await env.DB.prepare("update captures set status = 'STOPPING' where id = ?1").bind(id).run();
    const { body } = await cast.member.get(`/api/captures/${id}/workload`);
    expect(body).toMatchObject({ records: 1, live: null });
  });

  it.each(["", "/digest", "/download"])(
    "is not made up when the runner does not answer: workload%s",
    async (part) => {
      const id = await captureIn("RUNNING");
      const path = `/api/captures/${id}/workload${part}`;
      const away = withState(new Error("Network connection lost"));
      const reply = await requestIn(away, "GET", path, { headers: cast.member.headers });
      expectRefusal(reply, 503, /try again/);
      expect(reply.headers.get("retry-after")).toBe("5");
    },
  );
});

describe("the digest", () => {
  it("has the statements by how often they ran, with their share, their times and an example", async () => {
    const { id } = await ended([
      [[record(0, "SELECT 1"), record(5, "DELETE FROM t"), record(9, "SELECT 2"), record(10, "SELECT 3")]],
    ]);
    const { body } = await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest`);
    expect(body).toEqual([
      {
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        digest: expect.stringMatching(/^select \?$/i),
        count: 3,
        overcount: 0,
        share: 0.75,
        firstSeen: "2026-11-23T05:00:00.000007Z",
        lastSeen: "2026-11-23T05:00:00.010007Z",
        example: "SELECT 1",
      },
      expect.objectContaining({ count: 1, share: 0.25, example: "DELETE FROM t" }),
    ]);
  });

  it("has a hundred, or as many as are asked for", async () => {
    const records = Array.from({ length: 150 }, (_, i) => record(i, `SELECT c${"x".repeat(i)}`));
    const { id } = await ended([[records]]);
    const count = async (query: string) =>
      (await cast.member.get<WorkloadDigest[]>(`/api/captures/${id}/workload/digest${query}`)).body.length;
    expect(await Promise.all(["", "?limit=1", "?limit=1000"].map(count))).toEqual([100, 1, 150]);
  });

  it.each(["0", "1001", "-1", "1.5", "ten", "", "1&limit=2"])("refuses limit=%s", async (limit) => {
    const id = await captureIn("DONE");
    const reply = await cast.member.get(`/api/captures/${id}/workload/digest?limit=${limit}`);
    expectRefusal(reply, 400, /^limit: /);
  });
});

describe("a download", () => {
  const UNICODE = [
    record(0, "SELECT 'é😀\n\t\"quoted\"'"),
    record(1, "", "Quit"),
    record(2, `INSERT INTO t VALUES ('${"𝒳".repeat(70_000)}')`),
    record(3, "SELECT '\u2028 \u0000 \\n'"),
  ];

  it("has the stored bytes, as a gzip file of a known length", async () => {
    const { id, fragments, records, manifest } = await ended([
      [UNICODE.slice(0, 1), UNICODE.slice(1, 2)],
      [UNICODE.slice(2)],
    ]);
    const reply = await open(id);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "application/gzip",
      "content-disposition": `attachment; filename="capture-${id}.ndjson.gz"`,
      "cache-control": "no-store",
    });
    expect(reply.headers.has("content-encoding")).toBe(false);
    const bytes = new Uint8Array(await reply.arrayBuffer());
    expect(bytes).toEqual(join(fragments));
    expect(bytes.length).toBe(manifest.storedBytes);
    expect(unzip(bytes)).toBe(ndjson(records));
    // `format=ndjson` is the same, and so is a range around all of it.
    expect(await download(id, "?format=ndjson")).toEqual(bytes);
    expect(await download(id, `?from=${iso(0)}&to=${iso(4)}`)).toEqual(bytes);
  });

  it("is general-log text on request, which reads back as the same records", async () => {
    const { id, records } = await ended([[UNICODE.slice(0, 1), UNICODE.slice(1, 2)], [UNICODE.slice(2)]]);
    const reply = await open(id, "?format=log");
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="capture-${id}.log"`,
    });
    const bytes = new Uint8Array(await reply.arrayBuffer());
    expect(new TextDecoder().decode(bytes)).toBe(logText(records));
    const parser = new LogParser();
    const bare = ({ timeMicros, threadId, command, statement }: LogRecord) =>
      [timeMicros, threadId, command, statement] as const;
    expect([...parser.push(bytes), ...parser.end()].map(bare)).toEqual(records.map(bare));
  });

  it("is in the order of its fragments, however many", async () => {
    const all = Array.from({ length: 120 }, (_, i) => [[record(i * 10, `SELECT ${i}`)]]);
    const { id, records } = await ended(all);
    expect(unzip(await download(id))).toBe(ndjson(records));
    expect(await downloadLog(id)).toBe(logText(records));
  });

  it("has no fragment that the manifest does not count", async () => {
    const { id, records } = await ended([[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")]]]);
    const stray = [record(9, "SELECT 'left over'")];
    await putFragment(id, 2, await gzip(ndjson(stray)), stray);
    expect(unzip(await download(id))).toBe(ndjson(records));
    expect(await downloadLog(id)).toBe(logText(records));
  });

  it.each(["RUNNING", "DONE"])(
    "has no member of the last fragment that the manifest does not count, of one that is %s",
    async (status) => {
      const { id, records, fragments, manifest, digests } = await ended([
        [[record(0, "SELECT 1")]],
        [[record(5, "SELECT 2")], [record(6, "SELECT 3")]],
      ]);
      await env.DB.prepare("update captures set status = ?2 where id = ?1").bind(id, status).run();
      const state = withState({ manifest, digests, caughtUpAt: null });
      const more = [record(7, "SELECT 'not yet'")];
      const last = fragments[1] as Uint8Array;
      await putFragment(id, 1, join([last, await gzip(ndjson(more))]), [...records.slice(1), ...more]);
      expect(await download(id, "", state)).toEqual(join(fragments));
      expect(await downloadLog(id, "", state)).toBe(logText(records));
      expect(unzip(await download(id, `?from=${iso(6)}`, state))).toBe(ndjson(records.slice(2)));
      expect(unzip(await download(id, `?from=${iso(5)}&to=${iso(7)}`, state))).toBe(ndjson(records.slice(1)));
      expect(unzip(await download(id, `?from=${iso(7)}`, state))).toBe("");
    },
  );

  it.each<[string, (id: number, bytes: Uint8Array) => Promise<unknown>]>([
    ["is missing", (id) => env.BUCKET.delete(fragmentKey(id, 0))],
    ["that is the last is missing", (id) => env.BUCKET.delete(fragmentKey(id, 1))],
    ["is too short", (id, bytes) => putFragment(id, 1, bytes.slice(1), [record(5, "SELECT 2")])],
    ["does not say its times", (id, bytes) => env.BUCKET.put(fragmentKey(id, 1), bytes)],
  ])("is an error and not a part when a fragment %s", async (_, damage) => {
    const { id, fragments } = await ended([[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")]]]);
    await damage(id, fragments[1] as Uint8Array);
    expect((await open(id)).status).toBe(500);
    expect((await open(id, "?format=log")).status).toBe(500);
  });
});

describe("a download of a range", () => {
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
    stored = await ended(FRAGMENTS);
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
    expect(unzip(await download(stored.id, `?${query}`))).toBe(ndjson(inRange(from, to)));
    expect(await downloadLog(stored.id, `&${query}`)).toBe(logText(inRange(from, to)));
  });

  it("may have one border only", async () => {
    expect(unzip(await download(stored.id, `?from=${iso(250)}`))).toBe(ndjson(inRange(250, 1e6)));
    expect(unzip(await download(stored.id, `?to=${iso(250)}`))).toBe(ndjson(inRange(-1e6, 250)));
  });

  it("reads times as the other endpoints do", async () => {
    const query = `?from=${encodeURIComponent("2026-11-23 05:00:00.250")}&to=${encodeURIComponent("2026-11-23T06:00:00.350+01:00")}`;
    expect(unzip(await download(stored.id, query))).toBe(ndjson(inRange(250, 350)));
  });

  it("reads the fragments of the range only, and passes on unchanged those that are whole in it", async () => {
    const { BUCKET, fragmentsRead, lists } = countingBucket();
    const bytes = await download(stored.id, `?from=${iso(150)}&to=${iso(450)}`, { BUCKET });
    expect(fragmentsRead()).toEqual([1, 2, 3, 4].map((sequence) => fragmentKey(stored.id, sequence)));
    expect(lists()).toBe(1);
    const whole = join(stored.fragments.slice(2, 4));
    const at = bytes.findIndex((_, i) => whole.every((byte, j) => bytes[i + j] === byte));
    expect(at).toBeGreaterThan(0);
  });

  it("finds records whose fragments are not in the order of time", async () => {
    const back = await ended([
      [[record(500, "SELECT 1")]],
      [[record(100, "SELECT 2")]],
      [[record(300, "SELECT 3")]],
    ]);
    expect(unzip(await download(back.id, `?from=${iso(250)}`))).toBe(
      ndjson([record(500, "SELECT 1"), record(300, "SELECT 3")]),
    );
  });

  it("is refused when it would read more fragments than one request can", async () => {
    const fragments = MAX_FRAGMENTS + 10;
    const id = await captureIn("DONE");
    await env.BUCKET.put(
      manifestKey(id),
      JSON.stringify({ ...emptyManifest(id, "secrets"), fragments, storedBytes: fragments * 10 }),
    );
    const object = (i: number) => ({
      key: fragmentKey(id, i),
      size: 10,
      customMetadata: {
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
    ["format=csv", "format: must be one of ndjson, log"],
    ["format=", "format: must be one of ndjson, log"],
    ["format=log&format=log", "format: may be given once only"],
    ["from=yesterday", /^from: must be a time such as/],
    ["to=2026-13-01", /^to: must be a time such as/],
    ["from=2026-11-23T06:00:00Z&to=2026-11-23T05:59:59.999Z", "from: must not be after to"],
    ["form=log", "form: not known here"],
  ])("is refused with ?%s", async (query, message) => {
    const reply = await cast.member.get(`/api/captures/${stored.id}/workload/download?${query}`);
    expectRefusal(reply, 400, message);
  });
});

describe("a download of 100 MB", () => {
  const FRAGMENTS = 25;
  const FRAGMENT_BYTES = 4_000_000;
  let id: number;
  let storedBytes: number;

  beforeAll(async () => {
    // Random, so that it is large when stored too.
    const lines: LogRecord[] = [];
    for (let i = 0; i < FRAGMENT_BYTES / 40_000; i++) {
      const noise = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30_000))));
      lines.push(record(i, `SELECT '${noise}'`));
    }
    const bytes = await gzip(ndjson(lines));
    id = await captureIn("DONE");
    for (let i = 0; i < FRAGMENTS; i++) await putFragment(id, i, bytes, lines);
    storedBytes = FRAGMENTS * bytes.length;
    const manifest = { ...emptyManifest(id, "secrets"), fragments: FRAGMENTS, storedBytes };
    await env.BUCKET.put(manifestKey(id), JSON.stringify(manifest));
  }, 60_000);

  it.each(["ndjson", "log"])(
    "is read while it is sent, as %s",
    async (format) => {
      const { BUCKET, fragmentsRead } = countingBucket();
      const reply = await open(id, `?format=${format}`, { BUCKET });
      let bytes = 0;
      let ahead = 0;
      const perFragment = (format === "log" ? FRAGMENTS * FRAGMENT_BYTES : storedBytes) / FRAGMENTS;
      for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        ahead = Math.max(ahead, fragmentsRead().length - Math.floor(bytes / perFragment));
      }
      expect(bytes).toBeGreaterThan(format === "log" ? 99e6 : storedBytes - 1);
      expect(fragmentsRead().length).toBe(FRAGMENTS);
      expect(ahead).toBeLessThanOrEqual(2);
    },
    60_000,
  );

  it.each(["ndjson", "log"])("is read no further when the client goes, as %s", async (format) => {
    const { BUCKET, fragmentsRead } = countingBucket();
    const reply = await open(id, `?format=${format}`, { BUCKET });
    const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    expect(fragmentsRead().length).toBe(1);
    await reader.cancel();
    await scheduler.wait(300);
    expect(fragmentsRead().length).toBe(1);
  });
});
