import type { Env } from "../../env.ts";
import { type SealedCapture, sealingKey, sealKeyOf } from "../../environments/seal-keys.ts";
import { joinBytes, streamOfChunks } from "../../lib/bytes.ts";
import {
  newSeal,
  objectKey,
  openedSize,
  openSegments,
  partOf,
  readSeal,
  SealBroken,
  sealObject,
  sealText,
} from "./sealed-object.ts";

/* Where a capture's objects are: in R2, as they are or sealed. Who reads and writes them need not know which. */

/** What a listing says of an object. */
export interface StoredObject {
  key: string;
  /** In bytes; of a sealed one, opened. */
  size: number;
  customMetadata?: Record<string, string>;
}

/** An object that is read, or the part of it that was asked for. */
export interface StoredBody extends StoredObject {
  body: ReadableStream<Uint8Array>;
  arrayBuffer(): Promise<ArrayBuffer>;
  text(): Promise<string>;
}

/** As much of an R2 bucket as a capture's objects need. */
export interface ObjectStore {
  get(key: string, options?: { range: { offset: number; length: number } }): Promise<StoredBody | null>;
  head(key: string): Promise<StoredObject | null>;
  put(
    key: string,
    value: Uint8Array | string,
    options?: { customMetadata?: Record<string, string>; httpMetadata?: { contentType: string } },
  ): Promise<unknown>;
  list(options: {
    prefix: string;
    include?: "customMetadata"[];
    cursor?: string;
  }): Promise<{ objects: StoredObject[]; truncated: boolean; cursor?: string }>;
}

/** The name of the metadata that says how an object is sealed. */
export const SEALED = "sealed";

/** Where the objects of a capture are. */
export const storeOf = (env: Env, capture: SealedCapture): ObjectStore =>
  capture.sealed === 1 ? new SealedStore(env, capture) : env.BUCKET;

/** The objects of a capture that is sealed. What is not sealed as it should be is not given to anybody. */
class SealedStore implements ObjectStore {
  readonly #env: Env;
  readonly #capture: SealedCapture;

  constructor(env: Env, capture: SealedCapture) {
    this.#env = env;
    this.#capture = capture;
  }

  /** @throws SealBroken, also while its body is read */
  async get(
    key: string,
    { range } = { range: { offset: 0, length: Number.POSITIVE_INFINITY } },
  ): Promise<StoredBody | null> {
    const part = Number.isFinite(range.length) ? partOf(range.offset, range.length) : null;
    const object = await this.#env.BUCKET.get(key, part === null ? {} : { range: part.range });
    if (object === null) return null;
    const { customMetadata, size } = object;
    const opened = openSegments(await this.#keyOf(key, customMetadata), object.body, size, part?.first);
    const { skip = 0 } = part ?? {};
    const text = named(key, slice(opened, skip, range.length));
    return {
      key,
      size: openedSize(size),
      customMetadata: customMetadata ?? {},
      body: streamOfChunks(text),
      arrayBuffer: async () => (await collect(text)).buffer,
      text: async () => new TextDecoder().decode(await collect(text)),
    };
  }

  async head(key: string): Promise<StoredObject | null> {
    const object = await this.#env.BUCKET.head(key);
    return object === null ? null : opened(object);
  }

  async put(key: string, value: Uint8Array | string, options: Parameters<ObjectStore["put"]>[2] = {}) {
    const { number, key: environmentKey } = await sealingKey(this.#env, this.#capture);
    const seal = newSeal(number);
    const text = typeof value === "string" ? new TextEncoder().encode(value) : value;
    const sealed = await sealObject(await objectKey(environmentKey, seal, key), text);
    const customMetadata = { ...options.customMetadata, [SEALED]: sealText(seal) };
    return this.#env.BUCKET.put(key, sealed, { ...options, customMetadata });
  }

  async list(options: Parameters<ObjectStore["list"]>[0]) {
    const page = await this.#env.BUCKET.list(options);
    return {
      objects: page.objects.map(opened),
      truncated: page.truncated,
      ...(page.truncated && { cursor: page.cursor }),
    };
  }

  async #keyOf(name: string, metadata: Record<string, string> | undefined): Promise<CryptoKey> {
    try {
      const seal = readSeal(metadata?.[SEALED]);
      const key = await sealKeyOf(this.#env, this.#capture, seal.keyNumber);
      if (key === null) throw new SealBroken("the key that opens it is not there any more");
      return await objectKey(key, seal, name);
    } catch (cause) {
      const why =
        cause instanceof SealBroken ? cause.message : "the key that opens it can't be opened itself";
      throw new SealBroken(`${name} can't be opened: ${why}`, { cause });
    }
  }
}

const opened = ({ key, size, customMetadata = {} }: R2Object): StoredObject => ({
  key,
  size: openedSize(size),
  customMetadata,
});

/** As much of a text as is asked for. */
async function* slice(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  skip: number,
  length: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let skipped = 0;
  let left = length;
  for await (const chunk of chunks) {
    const from = Math.min(chunk.length, skip - skipped);
    skipped += from;
    const wanted = chunk.subarray(from, Math.min(chunk.length, from + left));
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
}

/** A text whose damage is told with the name of its object. */
async function* named(
  name: string,
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    yield* chunks;
  } catch (cause) {
    if (!(cause instanceof SealBroken)) throw cause;
    throw new SealBroken(`${name} can't be opened: ${cause.message}`, { cause });
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  return joinBytes(await Array.fromAsync(chunks));
}
