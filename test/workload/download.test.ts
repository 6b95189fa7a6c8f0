import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { joinBytes } from "../../src/lib/bytes.ts";
import { LogParser } from "../../src/logs/general/parser.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { fragmentKey } from "../../src/workload/stored/keys.ts";
import { formatTime } from "../../src/workload/stored/time.ts";
import { type Cast, createCast } from "../support/api.ts";
import {
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
