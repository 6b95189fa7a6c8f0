import { createGunzip } from "node:zlib";
import type { LogPortion } from "../../src/aws/rds-logs.ts";
import { joinBytes } from "../../src/lib/bytes.ts";
import { GzipMember } from "../../src/workload/gzip-member.ts";
import { Fingerprints } from "../../src/workload/search/fingerprints.ts";
import type { RecordFilter } from "../../src/workload/search/record-filter.ts";
import { search } from "../../src/workload/search/search.ts";
import { fragmentStore } from "../../src/workload/stored/fragments.ts";
import type { Manifest } from "../../src/workload/stored/manifest.ts";
import { EndlessLog, Following } from "./log.ts";

/* Searches the fragments of a log that was followed; they are in memory, where reading them costs nothing. */

/** What is looked for but once: one statement of a table and a digest of its own. */
const RARE = "SELECT rare_column FROM rare_table WHERE id = 1";
const RARE_RECORD = new TextEncoder().encode(`2026-11-23T05:36:15.000000Z\t   77 Query\t${RARE}\n`);
/** Text is decompressed in pieces of this size, as a search does. */
const PIECE_BYTES = 256 * 1024;

/** A log in which one record stands after so many bytes. */
class LogWithOneRarity extends EndlessLog {
  readonly #after: number;

  constructor(text: Uint8Array, bytes: number, after: number) {
    super(text, bytes);
    this.#after = after;
  }

  override async portion(file: string, marker: string | undefined) {
    const portion = await super.portion(file, marker);
    return Number(marker) <= this.#after && this.#after < Number(portion.value.marker)
      ? { ...portion, value: withRarity(portion.value) }
      : portion;
  }
}

function withRarity(portion: LogPortion): LogPortion {
  const data = new Uint8Array(portion.data.length + RARE_RECORD.length);
  data.set(portion.data);
  data.set(RARE_RECORD, portion.data.length);
  return { ...portion, data };
}

/** A search's count of what it found, the fingerprint of the first, and the bytes that it read. */
export interface Scanned {
  records: number;
  fingerprint: string | null;
  bytesRead: number;
}

/** The fragments of a log. */
export class ScannedLog {
  readonly #objects = new Map<string, { bytes: Uint8Array; customMetadata: Record<string, string> }>();
  readonly #bucket: R2Bucket;
  #manifest!: Manifest;
  #bytesRead = 0;

  private constructor() {
    const objects = this.#objects;
    this.#bucket = {
      put: async (
        key: string,
        bytes: Uint8Array,
        { customMetadata }: { customMetadata: Record<string, string> },
      ) => {
        objects.set(key, { bytes: bytes.slice(), customMetadata });
      },
      get: async (key: string, { range }: { range: { length: number } }) => {
        const { bytes } = objects.get(key) as { bytes: Uint8Array };
        this.#bytesRead += range.length;
        return { arrayBuffer: async () => bytes.slice(0, range.length).buffer };
      },
      list: async () => ({
        objects: [...objects].map(([key, { bytes, customMetadata }]) => ({
          key,
          size: bytes.length,
          customMetadata,
        })),
        truncated: false,
      }),
    } as unknown as R2Bucket;
  }

  /** Follows so many bytes of a log, which has one rare record in its middle. */
  static async follow(text: Uint8Array, bytes: number): Promise<ScannedLog> {
    const scanned = new ScannedLog();
    const log = new LogWithOneRarity(text, bytes, bytes / 2);
    const following = await Following.begin(log, fragmentStore(scanned.#bucket, 1, "general"));
    for (;;) {
      const { manifest, caughtUp } = await following.step();
      scanned.#manifest = manifest;
      if (caughtUp) return scanned;
    }
  }

  /** What there is: how many fragments, and how many bytes they have as stored and as NDJSON. */
  get size(): { fragments: number; storedBytes: number; bytes: number } {
    const { fragments, storedBytes, bytes } = this.#manifest;
    return { fragments, storedBytes, bytes };
  }

  /** Decompresses all of it as gzip, each fragment as a download of it would be, and looks at nothing. @returns how many bytes there are */
  async gunzip(): Promise<number> {
    let bytes = 0;
    for (const member of this.#members()) {
      const plain = createGunzip({ chunkSize: PIECE_BYTES });
      plain.end(member);
      for await (const piece of plain) bytes += piece.length;
    }
    return bytes;
  }

  *#members(): Generator<Uint8Array> {
    for (const { bytes, customMetadata } of this.#objects.values()) {
      const member = new GzipMember();
      member.addKnown(Number(customMetadata.crc32), Number(customMetadata.plainBytes));
      yield joinBytes([member.header, bytes, member.trailer()]);
    }
  }

  /** Finds all records of a filter. */
  async find(filter: Omit<RecordFilter, "from" | "to">): Promise<Scanned> {
    this.#bytesRead = 0;
    const wanted = { from: undefined, to: undefined, ...filter };
    const found = await search(this.#bucket, this.#manifest, wanted, new Fingerprints(), {
      order: "oldest",
      limit: 1000,
      place: null,
      bounds: { scannedBytes: Infinity, fragments: Infinity, replyBytes: Infinity },
    });
    const [first] = found.lines;
    const fingerprint = first === undefined ? null : JSON.parse(first.json).fingerprint;
    return { records: found.lines.length, fingerprint, bytesRead: this.#bytesRead };
  }
}
