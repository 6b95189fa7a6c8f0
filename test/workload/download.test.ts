import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { joinBytes } from "../../src/lib/bytes.ts";
import { LogParser } from "../../src/logs/general/parser.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { MAX_FRAGMENTS } from "../../src/workload/download.ts";
import { fragmentKey, manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { formatTime } from "../../src/workload/stored/time.ts";
import { type Cast, createCast, expectRefusal, requestIn } from "../support/api.ts";
import {
  captureIn,
  compress,
  countingBucket,
  download,
  downloadLog,
  ended,
  iso,
  logText,
  ndjson,
  open,
  putFragment,
  record,
  START,
  type Stored,
  unzip,
  withState,
} from "../support/stored-workload.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** The bytes between the header and the trailer of a gzip member. */
const contentOf = (bytes: Uint8Array) => bytes.slice(10, -10);

describe.each([1, 2] as const)("a download of fragments of version %i", (version) => {
  const UNICODE = [
    record(0, "SELECT 'é😀\n\t\"quoted\"'"),
    record(1, "", "Quit"),
    record(2, `INSERT INTO t VALUES ('${"𝒳".repeat(70_000)}')`),
    record(3, "SELECT '\u2028 \u0000 \\n'"),
  ];

  it("is a gzip file of one member, of stored bytes where they are of version 2", async () => {
    const { id, fragments, records, manifest } = await ended(
      cast,
      [[UNICODE.slice(0, 1), UNICODE.slice(1, 2)], [UNICODE.slice(2)]],
      version,
    );
    const reply = await open(cast.member, id);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "content-type": "application/gzip",
      "content-disposition": `attachment; filename="capture-${id}.ndjson.gz"`,
      "cache-control": "no-store",
    });
    expect(reply.headers.has("content-encoding")).toBe(false);
    const bytes = new Uint8Array(await reply.arrayBuffer());
    expect(unzip(bytes)).toBe(ndjson(records));
    if (version === 2) {
      expect(contentOf(bytes)).toEqual(joinBytes(fragments));
      expect(bytes.length).toBe(manifest.storedBytes + 20);
    }
    // `format=ndjson.gz` is the same, and so is a range around all of it.
    expect(await download(cast.member, id, "?format=ndjson.gz")).toEqual(bytes);
    expect(await download(cast.member, id, `?from=${iso(0)}&to=${iso(4)}`)).toEqual(bytes);
    // As a browser reads it, which wants one member.
    const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(stream).text()).toBe(ndjson(records));
  });

  it("is NDJSON on request, in gzip where the client accepts that", async () => {
    const pieces = [[UNICODE.slice(0, 1), UNICODE.slice(1, 2)], [UNICODE.slice(2)]];
    const { id, records } = await ended(cast, pieces, version);
    const shared = {
      "content-type": "application/x-ndjson",
      "content-disposition": `attachment; filename="capture-${id}.ndjson"`,
      vary: "Accept-Encoding",
    };
    const encoded = await open(cast.member, id, "?format=ndjson", {}, { accept: "br, gzip" });
    expect(Object.fromEntries(encoded.headers)).toMatchObject({ ...shared, "content-encoding": "gzip" });
    expect(unzip(new Uint8Array(await encoded.arrayBuffer()))).toBe(ndjson(records));
    for (const accept of [undefined, "identity", "gzip;q=0", "br"]) {
      const plain = await open(cast.member, id, "?format=ndjson", {}, accept === undefined ? {} : { accept });
      expect(Object.fromEntries(plain.headers)).toMatchObject(shared);
      expect(plain.headers.has("content-encoding")).toBe(false);
      expect(await plain.text()).toBe(ndjson(records));
    }
  });

  it.each([
    ["", undefined, 2],
    ["?format=ndjson", "gzip", 2],
    ["?format=ndjson", undefined, 2],
    ["?format=log", undefined, undefined],
  ] as const)(
    "says to HEAD what there would be, and how much as far as it is known: %s %s",
    async (query, accept, known) => {
      const { id } = await ended(cast, [[UNICODE], [[record(9, "SELECT 1")]]], version);
      const how = accept === undefined ? {} : { accept };
      const { BUCKET, fragmentsRead } = countingBucket();
      const head = await open(cast.member, id, query, { BUCKET }, { ...how, method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.body).toBe(null);
      expect(fragmentsRead()).toEqual([]);
      const reply = await open(cast.member, id, query, {}, how);
      const { length } = new Uint8Array(await reply.arrayBuffer());
      const said = Object.fromEntries(head.headers);
      expect(said["content-length"]).toBe(known === version ? String(length) : undefined);
      delete said["content-length"];
      const names = ["content-type", "content-encoding", "content-disposition", "vary"];
      for (const name of names) expect(said[name]).toBe(reply.headers.get(name) ?? undefined);
    },
  );

  it("is cut short of its end where a fragment is damaged, so that the client sees it", async () => {
    const { id, fragments, records } = await ended(
      cast,
      [[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")]], [[record(9, "SELECT 3")]]],
      version,
    );
    const harmed = (fragments[1] as Uint8Array).slice();
    harmed[harmed.length >> 1] = (harmed[harmed.length >> 1] as number) ^ 0x10;
    await putFragment(id, 1, harmed, records.slice(1, 2), version);
    await expect(downloadLog(cast.member, id)).rejects.toThrow();
    await expect(open(cast.member, id, "?format=ndjson").then((reply) => reply.text())).rejects.toThrow();
    // As it is stored, its CRC-32 shows it.
    await expect(download(cast.member, id).then(unzip)).rejects.toThrow();
  });

  it("is general-log text on request, which reads back as the same records", async () => {
    const { id, records } = await ended(
      cast,
      [[UNICODE.slice(0, 1), UNICODE.slice(1, 2)], [UNICODE.slice(2)]],
      version,
    );
    const reply = await open(cast.member, id, "?format=log");
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
    const { id, records } = await ended(cast, all, version);
    expect(unzip(await download(cast.member, id))).toBe(ndjson(records));
    expect(await downloadLog(cast.member, id)).toBe(logText(records));
  });

  it("leaves out fragments that the manifest does not count", async () => {
    const { id, records } = await ended(
      cast,
      [[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")]]],
      version,
    );
    const stray = [record(9, "SELECT 'left over'")];
    await putFragment(id, 2, await compress(ndjson(stray), version), stray, version);
    expect(unzip(await download(cast.member, id))).toBe(ndjson(records));
    expect(await downloadLog(cast.member, id)).toBe(logText(records));
  });

  it.each(["RUNNING", "DONE"])(
    "leaves out members of the last fragment that the manifest does not count, when the capture is %s",
    async (status) => {
      const { id, records, fragments, manifest, digests } = await ended(
        cast,
        [[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")], [record(6, "SELECT 3")]]],
        version,
      );
      await env.DB.prepare("update captures set status = ?2 where id = ?1").bind(id, status).run();
      const state = withState({ logs: [{ manifest, digests }], caughtUpAt: null, problem: null });
      const more = [record(7, "SELECT 'not yet'")];
      const last = fragments[1] as Uint8Array;
      const longer = joinBytes([last, await compress(ndjson(more), version)]);
      await putFragment(id, 1, longer, [...records.slice(1), ...more], version);
      const bytes = await download(cast.member, id, "", state);
      expect(unzip(bytes)).toBe(ndjson(records));
      if (version === 2) expect(contentOf(bytes)).toEqual(joinBytes(fragments));
      expect(await downloadLog(cast.member, id, "", state)).toBe(logText(records));
      expect(unzip(await download(cast.member, id, `?from=${iso(6)}`, state))).toBe(ndjson(records.slice(2)));
      expect(unzip(await download(cast.member, id, `?from=${iso(5)}&to=${iso(7)}`, state))).toBe(
        ndjson(records.slice(1)),
      );
      expect(unzip(await download(cast.member, id, `?from=${iso(7)}`, state))).toBe("");
    },
  );

  const LOSSES: [string, number, (id: number, bytes: Uint8Array) => Promise<unknown>][] = [
    ["the first is missing", 0, (id) => env.BUCKET.delete(fragmentKey(id, 0, "general", version))],
    ["one in the middle is missing", 1, (id) => env.BUCKET.delete(fragmentKey(id, 1, "general", version))],
    ["the last is missing", 2, (id) => env.BUCKET.delete(fragmentKey(id, 2, "general", version))],
    [
      "the last is too short",
      2,
      (id, bytes) => putFragment(id, 2, bytes.slice(1), [record(9, "SELECT 3")], version),
    ],
    [
      "one does not say its times",
      1,
      (id, bytes) => env.BUCKET.put(fragmentKey(id, 1, "general", version), bytes),
    ],
  ];

  it.each(LOSSES)(
    "says what is missing, and has the rest, where of three fragments %s",
    async (_, lost, damage) => {
      const records = [record(0, "SELECT 1"), record(5, "SELECT 2"), record(9, "SELECT 3")];
      const { id, fragments } = await ended(
        cast,
        records.map((one) => [[one]]),
        version,
      );
      await damage(id, fragments[lost] as Uint8Array);
      const time = (index: number) => {
        const one = records[index];
        return one === undefined ? null : formatTime(one.timeMicros);
      };
      const [after, before] = [time(lost - 1), time(lost + 1)];
      const words = ["a fragment is missing", after && `after ${after}`, before && `before ${before}`]
        .filter(Boolean)
        .join(" ");
      const said = { missing: { fragments: 1, after, before } };

      const reply = await open(cast.member, id);
      expect(reply.status).toBe(200);
      expect(reply.headers.get("x-workload-incomplete")).toBe(words);
      const lines = records.map((one) => ndjson([one]));
      lines[lost] = `${JSON.stringify(said)}\n`;
      expect(unzip(new Uint8Array(await reply.arrayBuffer()))).toBe(lines.join(""));

      const texts = records.map((one) => logText([one]));
      const shown = await downloadLog(cast.member, id);
      for (const [index, text] of texts.entries()) if (index !== lost) expect(shown).toContain(text);
      expect(shown).not.toContain(texts[lost]);
      expect(shown).toContain(`    0 Query\t/* Captures: ${words} */\n`);
    },
  );

  it("says nothing of what is missing outside the range", async () => {
    const { id, records } = await ended(
      cast,
      [0, 5, 9, 20].map((millis) => [[record(millis, `SELECT ${millis}`)]]),
      version,
    );
    await env.BUCKET.delete(fragmentKey(id, 1, "general", version));
    const reply = await open(cast.member, id, `?from=${iso(15)}`);
    expect(reply.headers.has("x-workload-incomplete")).toBe(false);
    expect(unzip(new Uint8Array(await reply.arrayBuffer()))).toBe(ndjson(records.slice(3)));
    const around = await open(cast.member, id, `?to=${iso(7)}`);
    expect(around.headers.get("x-workload-incomplete")).toMatch(/^a fragment is missing/);
  });

  it("retries once a fragment that R2 fails to give for a transient reason", async () => {
    const { id, records } = await ended(
      cast,
      [[[record(0, "SELECT 1")]], [[record(5, "SELECT 2")]]],
      version,
    );
    const { BUCKET, fragmentsRead } = countingBucket();
    let isStruck = false;
    const get = BUCKET.get.bind(BUCKET);
    const failing = {
      list: BUCKET.list,
      get: (key: string, options: R2GetOptions) => {
        if (key !== fragmentKey(id, 1, "general", version) || isStruck) return get(key, options);
        isStruck = true;
        return Promise.reject(new Error("get: We encountered an internal error. Please try again. (10001)"));
      },
    } as unknown as R2Bucket;
    expect(unzip(await download(cast.member, id, "", { BUCKET: failing }))).toBe(ndjson(records));
    expect(isStruck).toBe(true);
    expect(fragmentsRead()).toHaveLength(2);
  });
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
    ["format=csv", "format: must be one of ndjson.gz, ndjson, log"],
    ["format=", "format: must be one of ndjson.gz, ndjson, log"],
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
    const bytes = await compress(ndjson(lines), 2);
    id = await captureIn(cast, "DONE");
    for (let i = 0; i < FRAGMENTS; i++) await putFragment(id, i, bytes, lines);
    storedBytes = FRAGMENTS * bytes.length;
    const manifest = {
      ...emptyManifest(id, "secrets", "general"),
      fragments: FRAGMENTS,
      storedBytes,
      version1: { fragments: 0, storedBytes: 0 },
    };
    await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify({ ...manifest, version: 2 }));
  }, 60_000);

  it.each(["ndjson.gz", "ndjson", "log"])(
    "is read while it is sent: %s",
    async (format) => {
      const { BUCKET, fragmentsRead } = countingBucket();
      const reply = await open(cast.member, id, `?format=${format}`, { BUCKET });
      let bytes = 0;
      let ahead = 0;
      const isPlain = format !== "ndjson.gz";
      const perFragment = (isPlain ? FRAGMENTS * FRAGMENT_BYTES : storedBytes) / FRAGMENTS;
      for await (const chunk of reply.body as unknown as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        ahead = Math.max(ahead, fragmentsRead().length - Math.floor(bytes / perFragment));
      }
      expect(bytes).toBeGreaterThan(isPlain ? 99e6 : storedBytes - 1);
      expect(fragmentsRead().length).toBe(FRAGMENTS);
      expect(ahead).toBeLessThanOrEqual(2);
    },
    60_000,
  );

  it.each(["ndjson.gz", "ndjson", "log"])(
    "is read no further when the client disconnects: %s",
    async (format) => {
      const { BUCKET, fragmentsRead } = countingBucket();
      const reply = await open(cast.member, id, `?format=${format}`, { BUCKET });
      const reader = (reply.body as ReadableStream<Uint8Array>).getReader();
      // A gzip file's header is there before anything is read.
      for (let i = 0; i < (format === "ndjson.gz" ? 2 : 1); i++)
        expect((await reader.read()).done).toBe(false);
      expect(fragmentsRead().length).toBe(1);
      await reader.cancel();
      await scheduler.wait(300);
      expect(fragmentsRead().length).toBe(1);
    },
  );
});
