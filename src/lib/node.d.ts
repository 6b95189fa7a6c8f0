/*
 * As much of Node's modules, which workerd has, as is used here and in the tests; all of Node's types would clash with the
 * Workers'.
 */

declare module "node:zlib" {
  export function gunzipSync(bytes: Uint8Array): Uint8Array;
  export function gzipSync(bytes: Uint8Array, options: { level: number }): Uint8Array;
  export function deflateRawSync(
    bytes: Uint8Array,
    options: { level: number; finishFlush: number },
  ): Uint8Array;
  export function inflateRawSync(bytes: Uint8Array, options: { finishFlush: number }): Uint8Array;
  type Decompressor = import("node:stream").Duplex & AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Reads all members of a gzip file, which DecompressionStream refuses. */
  export function createGunzip(options?: { chunkSize?: number }): Decompressor;
  export function createInflateRaw(options: { chunkSize: number; finishFlush: number }): Decompressor;
  export function crc32(bytes: Uint8Array, before?: number): number;
  export const constants: { Z_SYNC_FLUSH: number };
}

declare module "node:stream" {
  export interface Duplex {
    readonly destroyed: boolean;
  }
  export const Readable: { fromWeb(stream: ReadableStream): Duplex };
  export function pipeline<S extends Duplex>(
    source: Duplex,
    into: S,
    done: (error?: Error | null) => void,
  ): S;
}

declare module "node:process" {
  export const env: Record<string, string | undefined>;
}

declare module "node:async_hooks" {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, body: () => R): R;
    getStore(): T | undefined;
  }
}
