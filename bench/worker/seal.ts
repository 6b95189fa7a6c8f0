import type { Env } from "../../src/env.ts";
import { purposeOf, type SealedCapture } from "../../src/environments/seal-keys.ts";
import { sealText } from "../../src/environments/sealing.ts";
import { openDownload } from "../../src/workload/download.ts";
import { fragmentStore } from "../../src/workload/stored/fragments.ts";
import type { Manifest } from "../../src/workload/stored/manifest.ts";
import { storeOf } from "../../src/workload/stored/object-store.ts";
import { EndlessLog, Following } from "./log.ts";

/* Records a log and reads it again, sealed or as it is; what is stored is in memory, where that costs nothing. */

const ENVIRONMENT = 1;
/** How large the chunks are in which R2 gives an object. */
const CHUNK_BYTES = 64 * 1024;

/** Objects in memory, as much of R2 as a recording needs. */
class MemoryBucket {
  readonly objects = new Map<string, { bytes: Uint8Array; customMetadata: Record<string, string> }>();

  async put(key: string, bytes: Uint8Array, options: { customMetadata: Record<string, string> }) {
    this.objects.set(key, { bytes: bytes.slice(), customMetadata: options.customMetadata });
  }

  async get(key: string, { range }: { range?: { offset: number; length: number } } = {}) {
    const object = this.objects.get(key);
    if (object === undefined) return null;
    const { bytes, customMetadata } = object;
    const { offset, length } = range ?? { offset: 0, length: bytes.length };
    const part = bytes.subarray(offset, offset + length);
    return {
      ...{ key, size: bytes.length, customMetadata },
      get body() {
        let at = 0;
        return new ReadableStream<Uint8Array>({
          pull(controller) {
            if (at >= part.length) return controller.close();
            controller.enqueue(part.slice(at, at + CHUNK_BYTES));
            at += CHUNK_BYTES;
          },
        });
      },
      arrayBuffer: async () => part.slice().buffer,
    };
  }

  async list() {
    const objects = [...this.objects].map(([key, { bytes, customMetadata }]) => ({
      ...{ key, size: bytes.length, customMetadata },
    }));
    return { objects, truncated: false };
  }
}

/** What a recording takes. */
export interface RecordedSize {
  /** As NDJSON. */
  bytes: number;
  /** In R2. */
  storedBytes: number;
}

/** A log that was recorded, sealed or not. */
export class SealedLog {
  readonly #env: Env;
  readonly #bucket = new MemoryBucket();
  readonly #capture: SealedCapture;
  #manifest!: Manifest;

  private constructor(env: Env, capture: SealedCapture) {
    this.#env = { ...env, BUCKET: this.#bucket as unknown as R2Bucket };
    this.#capture = capture;
  }

  /** Records so many bytes of a log. */
  static async record(env: Env, text: Uint8Array, bytes: number, isSealed: boolean): Promise<SealedLog> {
    const key = await sealText(env, purposeOf(ENVIRONMENT, 1), new Uint8Array(32).fill(3).toBase64());
    const sealKeys = JSON.stringify([[1, key]]);
    const log = new SealedLog(env, { envId: ENVIRONMENT, sealed: isSealed ? 1 : 0, sealKeys });
    const fragments = fragmentStore(storeOf(log.#env, log.#capture), 1, "general", isSealed);
    const following = await Following.begin(new EndlessLog(text, bytes), fragments);
    for (;;) {
      const { manifest, caughtUp } = await following.step();
      log.#manifest = manifest;
      if (caughtUp) return log;
    }
  }

  /** What it takes. */
  get size(): RecordedSize {
    const stored = [...this.#bucket.objects.values()].map(({ bytes }) => bytes.length);
    return { bytes: this.#manifest.bytes, storedBytes: stored.reduce((sum, one) => sum + one, 0) };
  }

  /** Downloads it in a form. @returns how many bytes were sent */
  async download(form: "gzip" | "ndjson"): Promise<number> {
    const store = storeOf(this.#env, this.#capture);
    const all = { from: undefined, to: undefined };
    const { body } = await openDownload(store, this.#manifest, form, all);
    let bytes = 0;
    for await (const chunk of body.open()) bytes += chunk.length;
    return bytes;
  }
}
