import { joinBytes } from "../../src/lib/bytes.ts";
import { openDownload } from "../../src/workload/download.ts";
import type { DownloadForm } from "../../src/workload/download-cost.ts";
import { crc32 } from "../../src/workload/stored/crc32.ts";
import { deflatePiece } from "../../src/workload/stored/deflate.ts";
import { toNdjson } from "../../src/workload/stored/fragment-line.ts";
import { fragmentKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest } from "../../src/workload/stored/manifest.ts";

/*
 * `npm run measure:downloads`: how much CPU a download of each form takes for a megabyte of NDJSON, for the estimate in
 * src/workload/download-cost.ts. It runs the service's own code in Node.js, whose engine is that of workerd, and whose CPU time
 * can be read; `-- 200` for as many megabytes.
 */

/** Of Node.js, as far as it is used here. */
declare const process: {
  argv: string[];
  cpuUsage(before?: { user: number; system: number }): { user: number; system: number };
};

const TOTAL = Number(process.argv[2] ?? 100) * 1e6;
const FRAGMENT_BYTES = 16e6;
const PIECE_BYTES = 64 * 1024;
const START = Date.UTC(2026, 10, 23) * 1000;

// Those of Workers, as far as a download needs them.
Object.assign(globalThis, {
  IdentityTransformStream: TransformStream,
  FixedLengthStream: class extends TransformStream {
    constructor(_length: number) {
      super();
    }
  },
});

interface Fragment {
  bytes: Uint8Array;
  metadata: Record<string, string>;
}

/** Statements of a shop, 150 bytes a record, of which each is a little different. */
function statementOf(i: number): string {
  const item = (i * 7919) % 100_003;
  if (i % 3 === 0)
    return `SELECT id, name, price FROM items WHERE shop = 'shop-${item % 89}' AND id = ${item}`;
  if (i % 3 === 1)
    return `UPDATE stock SET amount = amount - ${item % 9} WHERE item = ${item} /* checkout */`;
  return `INSERT INTO events (kind, at, note) VALUES ('view', NOW(), 'item ${item} of "${item % 31}"')`;
}

function makeFragments(): { fragments: Fragment[]; manifest: Manifest } {
  const fragments: Fragment[] = [];
  const manifest = emptyManifest(1, "secrets", "general");
  for (let i = 0; manifest.bytes < TOTAL; ) {
    const [firstMicros, first] = [START + i * 1000, i];
    let [text, plainBytes, crc] = ["", 0, 0];
    const pieces: Uint8Array[] = [];
    const flush = () => {
      const plain = new TextEncoder().encode(text);
      plainBytes += plain.length;
      crc = crc32(plain, crc);
      pieces.push(deflatePiece(plain));
      text = "";
    };
    while (plainBytes + text.length < FRAGMENT_BYTES) {
      const record = { timeMicros: START + i * 1000, threadId: 8 + (i % 50), command: "Query" } as const;
      const whole = { ...record, statement: statementOf(i), truncated: false, start: 0, end: 0 };
      text += toNdjson(whole, { user: "app", host: "10.0.0.7", db: "shop" });
      i++;
      if (text.length >= PIECE_BYTES) flush();
    }
    flush();
    const bytes = joinBytes(pieces);
    const said = {
      version: 2,
      firstMicros,
      lastMicros: START + (i - 1) * 1000,
      records: i - first,
      plainBytes,
      crc32: crc,
    };
    fragments.push({
      bytes,
      metadata: Object.fromEntries(Object.entries(said).map(([k, v]) => [k, String(v)])),
    });
    manifest.bytes += plainBytes;
    manifest.storedBytes += bytes.length;
    manifest.records = i;
    manifest.fragments++;
  }
  return { fragments, manifest };
}

/** As much of R2 as a download asks. */
function bucketOf(fragments: Fragment[]): R2Bucket {
  const byKey = new Map(fragments.map((one, i) => [fragmentKey(1, i, "general"), one]));
  const bucket = {
    list: async () => ({
      truncated: false,
      objects: [...byKey].map(([key, { bytes, metadata }]) => ({
        key,
        size: bytes.length,
        customMetadata: metadata,
      })),
    }),
    get: async (key: string) => ({
      body: new Response(byKey.get(key)?.bytes as Uint8Array<ArrayBuffer>).body,
    }),
  };
  return bucket as unknown as R2Bucket;
}

const { fragments, manifest } = makeFragments();
const bucket = bucketOf(fragments);
const stored = manifest.storedBytes / 1e6;
console.log(`${(manifest.bytes / 1e6).toFixed(0)} MB of NDJSON, ${stored.toFixed(0)} MB as stored`);

for (const form of ["gzip", "ndjson", "log", "sql", "csv"] satisfies DownloadForm[]) {
  for (const threadId of [undefined, 8]) {
    let least = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const before = process.cpuUsage();
      const wanted = { from: undefined, to: undefined, threadId };
      const { body } = await openDownload(bucket, manifest, form, wanted, Number.POSITIVE_INFINITY);
      for await (const _ of body.open()) {
        // Only read.
      }
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, (user + system) / 1000);
    }
    const of = threadId === undefined ? "all" : "one session";
    console.log(`${form}, ${of}: ${((least / manifest.bytes) * 1e6).toFixed(2)} ms of CPU for a MB`);
  }
}
