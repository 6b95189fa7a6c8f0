/*
 * As much of Node's modules, which workerd has, as is used here and in the tests; all of Node's types would clash with the
 * Workers'.
 */

declare module "node:zlib" {
  export function gunzipSync(bytes: Uint8Array): Uint8Array;
  export function gzipSync(bytes: Uint8Array, options: { level: number }): Uint8Array;
  export function deflateRawSync(
    bytes: Uint8Array,
    options: { level: number; memLevel: number; finishFlush: number },
  ): Uint8Array;
  export function inflateRawSync(bytes: Uint8Array, options: { finishFlush: number }): Uint8Array;
  type Decompressor = import("node:stream").Duplex &
    AsyncIterable<Uint8Array<ArrayBuffer>> & { end(bytes: Uint8Array): void };
  /** Reads all members of a gzip file, which DecompressionStream refuses. */
  export function createGunzip(options?: { chunkSize?: number }): Decompressor;
  export function createInflateRaw(options: { chunkSize: number; finishFlush: number }): Decompressor;
  export function crc32(bytes: Uint8Array, before?: number): number;
  export const constants: { Z_SYNC_FLUSH: number };
}

declare module "node:crypto" {
  /** scrypt (RFC 7914) in one piece. */
  export function scryptSync(
    password: Uint8Array,
    salt: Uint8Array,
    keyLength: number,
    options: { N: number; r: number; p: number; maxmem: number },
  ): Uint8Array;
}

declare module "node:buffer" {
  export function isAscii(bytes: Uint8Array): boolean;
  export function isUtf8(bytes: Uint8Array): boolean;
  /** Bytes of which text is made, and in which it is found, faster than in others. */
  export class Buffer extends Uint8Array<ArrayBuffer> {
    static from(text: string, encoding: "utf8" | "latin1"): Buffer;
    static from(bytes: ArrayBuffer, offset: number, length: number): Buffer;
    static concat(pieces: readonly Uint8Array[]): Buffer;
    override includes(searched: number | Uint8Array): boolean;
    override toString(encoding?: "latin1"): string;
    /** Each byte as one character. */
    latin1Slice(start: number, end: number): string;
    utf8Slice(start: number, end: number): string;
    override subarray(start?: number, end?: number): Buffer;
  }
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

declare module "node:net" {
  /** The version of an IP address, 4 or 6; 0 of what is none. */
  export function isIP(text: string): 0 | 4 | 6;
  /** Ranges of addresses. An IPv6 address that maps an IPv4 address is looked for among those of IPv4, too. */
  export class BlockList {
    addSubnet(address: string, prefix: number, family: "ipv4" | "ipv6"): void;
    check(address: string, family: "ipv4" | "ipv6"): boolean;
  }
}
