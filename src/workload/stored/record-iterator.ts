import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { retryOnce } from "../../lib/transient.ts";
import { RecordLine } from "./fragment-line.ts";
import {
  type FragmentPart,
  inRange,
  isMissing,
  type MissingFragments,
  type TimeRange,
} from "./fragments-in-range.ts";

/*
 * Reads the records of stored fragments, with the memory of a few chunks. All fragments are of version 1: NDJSON in gzip, without a
 * version in their metadata. A later version says so there, and is to be read by a reader of its own behind this iterator.
 */

/** Text is decompressed in pieces of about this size. */
export const CHUNK_BYTES = 64 * 1024;

/**
 * The records of a range in the order in which they are stored, some hundred at a time, and in their place what stands for
 * fragments that are missing. A fragment is opened when the one before it has been read.
 * @param parts what `fragmentsInRange` has found for the same range
 */
export async function* readRecords(
  bucket: R2Bucket,
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
  bucket: R2Bucket,
  part: FragmentPart,
  range: TimeRange,
): AsyncGenerator<RecordLine[]> {
  const isIn = inRange(range);
  for await (const lines of linesOf(await openFragment(bucket, part))) {
    const records = lines.map((line) => new RecordLine(line));
    yield part.isWhole ? records : records.filter(({ timeMicros }) => isIn(timeMicros));
  }
}

/** A fragment as it is stored, as many of its bytes as count. */
export async function openFragment(
  bucket: R2Bucket,
  { key, bytes }: FragmentPart,
): Promise<ReadableStream<Uint8Array>> {
  const object = await retryOnce("workload.fragment.repeated", () =>
    bucket.get(key, { range: { offset: 0, length: bytes } }),
  );
  if (object === null) throw new Error(`${key} is gone`);
  return object.body;
}

/** The lines of gzip text, without their newlines, those of a chunk at a time. */
async function* linesOf(stored: ReadableStream<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // Whichever end fails or stops takes the other one along; the loop below hears of it.
  pipeline(Readable.fromWeb(stored), gunzip, () => {});
  let rest = "";
  for await (const chunk of gunzip) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    yield lines;
  }
}
