import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { Failure } from "../failure.ts";

/*
 * Bodies of downloads, as they arrive. A file of `ndjson.gz` says by its trailer whether it is whole: a CRC-32 and its length (RFC
 * 1952). What `fetch` decompresses itself it does not check where a body ends early, so records are asked for as such a file.
 */

/** What takes bytes, and waits as long as it has no room. */
export type Take = (bytes: Uint8Array) => Promise<void>;

/**
 * The chunks of a body as they arrive. Who stops reading them ends the request.
 * @throws Failure when it breaks off; what the call was aborted with
 */
export async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { message, cause } = error as Error;
    throw new Failure(`The download broke off: ${cause instanceof Error ? cause.message : message}`);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * Decompresses a gzip file.
 * @param consume is given its plain bytes, in pieces
 * @throws Failure when the file is not whole; what `consume` throws
 */
export async function gunzip(
  chunks: AsyncIterable<Uint8Array>,
  consume: (plain: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  try {
    await pipeline(chunks, createGunzip(), consume);
  } catch (error) {
    throw isOfZlib(error) ? new Failure(`The download is not whole: ${error.message}`) : error;
  }
}

/** Takes a gzip file as it is, and throws at its end what `gunzip` would. */
export async function takeChecked(chunks: AsyncIterable<Uint8Array>, take: Take): Promise<void> {
  const taken = async function* () {
    for await (const chunk of chunks) {
      await take(chunk);
      yield chunk;
    }
  };
  await gunzip(taken(), async (plain) => {
    for await (const _ of plain);
  });
}

const isOfZlib = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
