import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Env } from "../env.ts";
import { ApiError } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { isoTime } from "../values.ts";
import { type FragmentMetadata, fragmentKey, type Manifest } from "./archive.ts";
import { LineBuffer, parseTime, toLogText, type WorkloadLine } from "./format.ts";

/*
 * Streams a capture's workload out of its fragments, one after the other, with the memory of a few chunks.
 *
 * NDJSON leaves as it is stored, a gzip file of many members (RFC 1952, section 2.2): only a fragment through which a border
 * of the asked time runs is decompressed, filtered and compressed again. The log's text is made of decompressed fragments.
 *
 * Which fragments there are, how long they are and what time they hold is asked of R2 in lists of a thousand, before
 * anything is sent: that costs no more than searching, does not rely on their order in time (server clocks are set back),
 * says the length of the reply, and tells how much of the last fragment counts. That one is still added to while the capture
 * runs, and the object may have a member which the manifest does not count, or which is written again after a crash; but the
 * members that are counted never change, so what counts are its first bytes up to the manifest's sum.
 */

/** A stretch of time: milliseconds since the epoch, `to` excluded; without bounds where undefined. */
export interface TimeRange {
  from: number | undefined;
  to: number | undefined;
}

/**
 * The most fragments that one download reads, each of which is a subrequest: an invocation may make 10,000. At a megabyte or
 * more each, 8 GB compressed.
 */
export const MAX_FRAGMENTS = 8000;

/** A fragment to send, or a part of it. */
interface Part {
  key: string;
  /** How many of its bytes count. */
  bytes: number;
  firstMicros: number;
  /** Whether all of it is in the range. */
  whole: boolean;
}

/** An empty gzip file: nothing at all would be no gzip file. */
const EMPTY_GZIP = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** Text is sent on in pieces of about this size. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Opens a download: gzip for `ndjson`, text for `log`.
 * @throws ApiError 400 when it would have to read too many fragments
 */
export async function openDownload(
  env: Env,
  manifest: Manifest,
  format: "ndjson" | "log",
  range: TimeRange,
): Promise<ReadableStream<Uint8Array>> {
  const parts = await findParts(env, manifest, range);
  if (parts.length > MAX_FRAGMENTS) throw tooMany(parts);
  const { captureId } = manifest;
  if (format === "log") return concatenate(captureId, parts, (part) => logText(env, part, range));
  if (parts.length === 0) return new Response(EMPTY_GZIP).body as ReadableStream<Uint8Array>;
  const length = parts.every(({ whole }) => whole)
    ? parts.reduce((sum, { bytes }) => sum + bytes, 0)
    : undefined;
  return concatenate(captureId, parts, (part) => gzipOf(env, part, range), length);
}

function tooMany(parts: Part[]): ApiError {
  const next = parts[MAX_FRAGMENTS] as Part;
  return new ApiError(
    400,
    `from, to: this would read ${parts.length} fragments, and one download reads at most ${MAX_FRAGMENTS}: ask for less time, such as up to ${isoTime(Math.floor(next.firstMicros / 1000))}`,
  );
}

/** The fragments that have records of the range. */
async function findParts(env: Env, manifest: Manifest, range: TimeRange): Promise<Part[]> {
  const { captureId, fragments, storedBytes } = manifest;
  const [from, to] = bounds(range);
  const parts: Part[] = [];
  let sequence = 0;
  let before = 0;
  let cursor: string | undefined;
  // Seven digits are more than there will be; the manifest and the digest are not below it.
  const prefix = fragmentKey(captureId, 0).replace(/[^/]*$/, "0");
  while (sequence < fragments) {
    const page = await env.BUCKET.list({
      prefix,
      include: ["customMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { key, size, customMetadata } of page.objects) {
      if (sequence === fragments) break;
      const bytes = sequence === fragments - 1 ? storedBytes - before : size;
      const { firstMicros, lastMicros } = (customMetadata ?? {}) as Partial<FragmentMetadata>;
      const [first, last] = [Number(firstMicros), Number(lastMicros)];
      // A part of a workload must not pass for all of it.
      if (key !== fragmentKey(captureId, sequence) || bytes > size || bytes <= 0 || !(first <= last))
        throw new Error(`Capture ${captureId} has no whole fragment ${sequence}`);
      if (last >= from && first < to)
        parts.push({ key, bytes, firstMicros: first, whole: first >= from && last < to });
      sequence++;
      before += bytes;
    }
    if (!page.truncated) break;
    cursor = page.cursor;
  }
  if (sequence < fragments) throw new Error(`Capture ${captureId} has no fragment ${sequence}`);
  return parts;
}

/** The range in microseconds. */
const bounds = ({ from, to }: TimeRange): [number, number] => [
  from === undefined ? Number.NEGATIVE_INFINITY : from * 1000,
  to === undefined ? Number.POSITIVE_INFINITY : to * 1000,
];

async function read(env: Env, { key, bytes }: Part): Promise<ReadableStream<Uint8Array>> {
  const object = await env.BUCKET.get(key, { range: { offset: 0, length: bytes } });
  if (object === null) throw new Error(`${key} is gone`);
  return object.body;
}

/** A part as gzip: as it is stored, or with the lines of the range only. */
async function gzipOf(env: Env, part: Part, range: TimeRange): Promise<ReadableStream<Uint8Array>> {
  const stored = await read(env, part);
  if (part.whole) return stored;
  const isIn = inRange(range);
  const lines = textOf(stored, (line) => (isIn(microsOf(line)) ? `${line}\n` : ""));
  return streamOf(lines).pipeThrough(
    new CompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
}

/** A part as general-log text. */
async function logText(env: Env, part: Part, range: TimeRange): Promise<ReadableStream<Uint8Array>> {
  const stored = await read(env, part);
  const isIn = inRange(range);
  const text = textOf(stored, (line) => {
    const timeMicros = microsOf(line);
    if (!isIn(timeMicros)) return "";
    const { threadId, command, statement } = JSON.parse(line) as WorkloadLine;
    return toLogText({ timeMicros, threadId, command, statement });
  });
  return streamOf(text);
}

/** When a line's record was: format.ts writes the time first. */
const microsOf = (line: string): number => parseTime(line.slice(9, 36));

/** What a generator yields, made when it is asked for. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

function inRange(range: TimeRange): (micros: number) => boolean {
  const [from, to] = bounds(range);
  return (micros) => micros >= from && micros < to;
}

/** What each line of gzip NDJSON becomes, as bytes. */
async function* textOf(
  stored: ReadableStream<Uint8Array>,
  show: (line: string) => string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const buffer = new LineBuffer();
  let rest = "";
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // Whichever end fails or stops takes the other one along; the loop below hears of it.
  pipeline(Readable.fromWeb(stored), gunzip, () => {});
  for await (const chunk of gunzip) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const line of lines) buffer.add(show(line));
    if (buffer.length >= CHUNK_BYTES) yield buffer.take();
  }
  if (buffer.length > 0) yield buffer.take();
}

/**
 * Streams the parts, each opened when the one before it has been read: a client that reads slowly, or no more, has nothing
 * read for it.
 */
function concatenate(
  captureId: number,
  parts: Part[],
  open: (part: Part) => Promise<ReadableStream<Uint8Array>>,
  length?: number,
): ReadableStream<Uint8Array> {
  const { readable, writable } =
    length === undefined ? new IdentityTransformStream() : new FixedLengthStream(length);
  const send = async () => {
    try {
      for (const part of parts) {
        await (await open(part)).pipeTo(writable, { preventClose: true, preventAbort: true });
      }
      await writable.close();
    } catch (error) {
      // The client has gone, or R2 failed: the reply ends short of its end, which the client can see.
      log.warn("workload.download.cut", { captureId, ...describeError(error) });
      await writable.abort(error).catch(() => {});
    }
  };
  void send();
  return readable;
}
