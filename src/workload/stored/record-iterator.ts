import { pipeline, Readable } from "node:stream";
import { retryOnce } from "../../lib/transient.ts";
import { crc32 } from "./crc32.ts";
import { decompressor } from "./deflate.ts";
import { RecordLine } from "./fragment-line.ts";
import {
  type FragmentPart,
  inRange,
  isMissing,
  type MissingFragments,
  type TimeRange,
} from "./fragments-in-range.ts";
import type { ObjectStore } from "./object-store.ts";

/* Reads the records of stored fragments, of either version, with the memory of a few chunks. */

/** Text is decompressed in pieces of about this size. */
export const CHUNK_BYTES = 64 * 1024;

/**
 * The records of a range in the order in which they are stored, some hundred at a time, and in their place what stands for
 * fragments that are missing. A fragment is opened when the one before it has been read.
 * @param parts what `fragmentsInRange` has found for the same range
 */
export async function* readRecords(
  bucket: ObjectStore,
  parts: readonly (FragmentPart | MissingFragments)[],
  range: TimeRange,
): AsyncGenerator<RecordLine[] | MissingFragments> {
  for (const part of parts) {
    if (isMissing(part)) yield part;
    else yield* recordsOf(bucket, part, range);
  }
}

/** The records of one fragment that are in a range, some hundred at a time. */
export async function* recordsOf(
  bucket: ObjectStore,
  part: FragmentPart,
  range: TimeRange,
): AsyncGenerator<RecordLine[]> {
  const isIn = inRange(range);
  for await (const lines of linesOf(textOf(bucket, part))) {
    const records = lines.map((line) => new RecordLine(line));
    yield part.isWhole ? records : records.filter(({ timeMicros }) => isIn(timeMicros));
  }
}

/** A fragment as it is stored, as many of its bytes as count. */
export async function openFragment(
  bucket: ObjectStore,
  { key, bytes }: FragmentPart,
): Promise<ReadableStream<Uint8Array>> {
  const object = await retryOnce("workload.fragment.repeated", () =>
    bucket.get(key, { range: { offset: 0, length: bytes } }),
  );
  if (object === null) throw new Error(`${key} is gone`);
  return object.body;
}

/**
 * The NDJSON of a fragment, as much of it as counts, in chunks of at most CHUNK_BYTES.
 * @throws Error at its end when it is damaged
 */
export async function* textOf(
  bucket: ObjectStore,
  part: FragmentPart,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { key, version, plainBytes, crc32: expected } = part;
  const stored = await openFragment(bucket, part);
  const plain = decompressor(version, CHUNK_BYTES);
  // Whichever end fails or stops takes the other one along; the loop below hears of it.
  pipeline(Readable.fromWeb(stored), plain, () => {});
  let bytes = 0;
  let crc = 0;
  for await (const chunk of plain) {
    bytes += chunk.length;
    if (expected !== null) crc = crc32(chunk, crc);
    yield chunk;
  }
  const isDamaged = (plainBytes !== null && bytes !== plainBytes) || (expected !== null && crc !== expected);
  if (isDamaged) throw new Error(`${key} is damaged`);
}

/** The lines of text, without their newlines, those of a chunk at a time. */
async function* linesOf(text: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of text) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    yield lines;
  }
}
