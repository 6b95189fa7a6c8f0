import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { LogRecord } from "../../src/logs/record.ts";
import { manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { type Cast, createCast } from "../support/api.ts";
import {
  captureIn,
  compress,
  countingBucket,
  ndjson,
  open,
  putFragment,
  record,
} from "../support/stored-workload.ts";

let cast: Cast;

beforeAll(async () => {
  cast = await createCast();
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
