import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import { collectedLog } from "../../../src/workload/collecting/collected-log.ts";
import { endFollowing, follow } from "../../../src/workload/collecting/follower.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { digestsFormat } from "../../../src/workload/digests-state.ts";
import { type FragmentStore, fragmentStore, listFragments } from "../../../src/workload/stored/fragments.ts";
import { digestKey, fragmentKey, manifestKey } from "../../../src/workload/stored/keys.ts";
import { type Manifest, manifestFormat } from "../../../src/workload/stored/manifest.ts";
import { Summary } from "../../../src/workload/stored/summary.ts";
import { DIGESTS, FOLLOWER, FRAGMENT, LOG, MANIFEST, METADATA } from "../../fixtures/stored-version1.ts";
import { type Cast, createCast } from "../../support/api.ts";
import { captureIn, download, downloadLog, unzip } from "../../support/stored-workload.ts";
import { fixedLog } from "../support.ts";

const START = Date.UTC(2026, 10, 23, 5);
/** What the log has besides, once the capture goes on. */
const MORE = [
  "2026-11-23T05:00:03.000000Z\t    9 Query\tSELECT * FROM Shop.items /*action='list'*/",
  "2026-11-23T05:00:04.000000Z\t    9 Quit\t",
  "",
].join("\n");

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
});

/** A capture whose fragment and manifest are of version 1. */
async function storedByVersion1(status: string): Promise<number> {
  const id = await captureIn(cast, status);
  const bytes = Uint8Array.fromBase64(FRAGMENT);
  await env.BUCKET.put(fragmentKey(id, 0, "general", 1), bytes, { customMetadata: METADATA });
  await env.BUCKET.put(manifestKey(id, "general"), MANIFEST.replace('"captureId":1', `"captureId":${id}`));
  await env.BUCKET.put(digestKey(id, "general"), DIGESTS);
  return id;
}

/** Goes on from the state of version 1 with all of the log, and ends the capture. */
async function goOn(id: number, fragments: FragmentStore): Promise<Manifest> {
  const json = FOLLOWER.replace('"captureId":1', `"captureId":${id}`);
  const before = collectedLog("general").format.parse(json);
  expect(before.tail).toBe(null);
  const text = LOG + MORE;
  const source = fixedLog([{ name: GENERAL.liveFile, text, lastWritten: START + 5000 }]);
  const counts = { digests: new Digests(digestsFormat.parse(DIGESTS)) };
  const window = { start: START, end: START + 60_000 };
  const followed = await follow(before, counts, source, fragments, async () => window);
  if (!followed.ok) throw new Error(followed.failure.message);
  const stored = JSON.parse(JSON.stringify(collectedLog("general").format.write(followed.value.state)));
  const state = collectedLog("general").format.read({ ...stored, parser: followed.value.state.parser });
  const { manifest } = (await endFollowing(state, counts, fragments, window, null)).state;
  await env.BUCKET.put(manifestKey(id, "general"), manifestFormat.stringify(manifest));
  return manifest;
}

const linesOf = (text: string) =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

describe("a capture that was stored by version 1", () => {
  it("is downloaded as it was, in every format", async () => {
    const id = await storedByVersion1("DONE");
    const lines = linesOf(unzip(await download(cast.member, id)));
    expect(lines.map(({ statement }) => statement)).toEqual([
      "app@10.0.0.7 on shop using TCP/IP",
      "SELECT * FROM orders WHERE id = 17",
      "report@10.0.0.8 on shop using TCP/IP",
      "SELECT COUNT(*) FROM visits WHERE note = 'é'",
    ]);
    expect(lines[1]).toEqual({
      time: "2026-11-23T05:00:00.000100Z",
      threadId: 8,
      user: "app",
      host: "10.0.0.7",
      command: "Query",
      statement: "SELECT * FROM orders WHERE id = 17",
    });
    const plain = await download(cast.member, id, "?format=ndjson");
    expect(linesOf(new TextDecoder().decode(plain))).toEqual(lines);
    const log = await downloadLog(cast.member, id);
    expect(LOG.startsWith(log.replaceAll(/^(\S+\t) {4}/gm, "$1    "))).toBe(true);
  });

  it("goes on in a fragment of version 2, and is read as one workload", async () => {
    const id = await storedByVersion1("DONE");
    const manifest = await goOn(id, fragmentStore(env.BUCKET, id, "general"));
    expect(manifest).toMatchObject({
      fragments: 2,
      records: 7,
      version1: { fragments: 1, storedBytes: 266 },
    });
    const lines = linesOf(unzip(await download(cast.member, id)));
    expect(lines.map(({ command, fingerprint, db }) => [command, fingerprint !== undefined, db])).toEqual([
      ["Connect", false, undefined],
      ["Query", false, undefined],
      ["Connect", false, undefined],
      ["Query", false, undefined],
      ["Query", true, "shop"],
      ["Query", true, "shop"],
      ["Quit", false, "shop"],
    ]);
    expect(new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")).length).toBe(
      manifest.bytes,
    );
    const since = await download(cast.member, id, "?from=2026-11-23T05:00:02.000Z&format=ndjson");
    expect(linesOf(new TextDecoder().decode(since))).toEqual(lines.slice(4));
  });

  it("says of what it adds what is in it, but for tables: those of its digests may have been cut", async () => {
    const id = await storedByVersion1("DONE");
    await goOn(id, fragmentStore(env.BUCKET, id, "general"));
    const [first, second] = await Array.fromAsync(listFragments(env.BUCKET, id, "general"));
    expect(first).toMatchObject({ version: 1, summary: null, plainBytes: null, crc32: null });
    expect(second).toMatchObject({ version: 2, records: 3, longestMicros: null, errors: null });
    const summary = Summary.parse(second?.summary);
    expect(summary.mayHave("table", "nowhere")).toBe(true);
    expect(summary.mayHave("user", "report")).toBe(true);
    expect(summary.mayHave("user", "nobody")).toBe(false);
    expect(summary.mayHave("tag", "action=list")).toBe(true);
    expect(summary.mayHave("tag", "action=order")).toBe(false);
  });

  it("counts no more of its last fragment than was kept, where its last step was cut off", async () => {
    const id = await storedByVersion1("DONE");
    const bytes = Uint8Array.fromBase64(FRAGMENT);
    const twice = new Uint8Array([...bytes, ...bytes]);
    await env.BUCKET.put(fragmentKey(id, 0, "general", 1), twice, { customMetadata: METADATA });
    await goOn(id, fragmentStore(env.BUCKET, id, "general"));
    expect(linesOf(unzip(await download(cast.member, id)))).toHaveLength(7);
  });
});
