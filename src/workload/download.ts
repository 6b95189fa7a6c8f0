import { pipeline, Readable } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import type { Env } from "../env.ts";
import { type ApiError, tooManyFragments } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { askTwice } from "../lib/transient.ts";
import { isoTime } from "../lib/values.ts";
import { formatTime, LineBuffer, parseTime, toLogText, type WorkloadLine } from "./stored/fragment-line.ts";
import { type FragmentMetadata, fragmentKey, type Manifest } from "./stored/manifest.ts";

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

/** Fragments, one after the other, that the manifest counts and R2 has not, or not whole: a hole that the download says. */
interface Hole {
  fragments: number;
  /** The times of the records before and after it, as far as there are any. */
  afterMicros: number | null;
  beforeMicros: number | null;
}

const isHole = (part: Part | Hole): part is Hole => "fragments" in part;
const isPart = (part: Part | Hole): part is Part => !isHole(part);

/** What a download has. */
export interface Download {
  body: ReadableStream<Uint8Array>;
  /** What is missing of it, in words; null when nothing is. */
  incomplete: string | null;
}

/** An empty gzip file: nothing at all would be no gzip file. */
const EMPTY_GZIP = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** Text is sent on in pieces of about this size. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Opens a download: gzip for `ndjson`, text for `log`. What R2 has lost of it is said where it was, and the rest follows.
 * @throws ApiError 400 when it would have to read too many fragments
 */
export async function openDownload(
  env: Env,
  manifest: Manifest,
  format: "ndjson" | "log",
  range: TimeRange,
): Promise<Download> {
  const all = await findParts(env, manifest, range);
  const parts = all.filter(isPart);
  if (parts.length > MAX_FRAGMENTS) throw tooMany(parts);
  const { captureId } = manifest;
  const incomplete = describeHoles(all.filter(isHole));
  if (incomplete !== null) log.error("workload.download.incomplete", { captureId, incomplete });
  if (format === "log") {
    const open = async (part: Part | Hole) =>
      isHole(part) ? bytesOf(new TextEncoder().encode(holeText(part))) : logText(env, part, range);
    return { body: concatenate(captureId, all, open), incomplete };
  }
  if (all.length === 0) return { body: bytesOf(EMPTY_GZIP), incomplete };
  const sent = all.map((part) =>
    isHole(part) ? gzipSync(new TextEncoder().encode(holeLine(part)), { level: 1 }) : part,
  );
  const length = parts.every(({ whole }) => whole)
    ? sent.reduce((sum, part) => sum + ("bytes" in part ? part.bytes : part.length), 0)
    : undefined;
  const open = async (part: Part | Uint8Array) =>
    "bytes" in part ? gzipOf(env, part, range) : bytesOf(part);
  return { body: concatenate(captureId, sent, open, length), incomplete };
}

const bytesOf = (bytes: Uint8Array) => new Response(bytes).body as ReadableStream<Uint8Array>;

const timeOrNull = (micros: number | null): string | null => (micros === null ? null : formatTime(micros));

/** The line that stands for a hole among the records. */
function holeLine({ fragments, afterMicros, beforeMicros }: Hole): string {
  const missing = { fragments, after: timeOrNull(afterMicros), before: timeOrNull(beforeMicros) };
  return `${JSON.stringify({ missing })}\n`;
}

/** The same in a general log: a statement that does nothing, of a thread that there is not. */
function holeText(hole: Hole): string {
  const statement = `/* Captures: ${describeHole(hole)} */`;
  const timeMicros = hole.afterMicros ?? hole.beforeMicros ?? 0;
  return toLogText({ timeMicros, threadId: 0, command: "Query", statement });
}

function describeHole({ fragments, afterMicros, beforeMicros }: Hole): string {
  const what = fragments === 1 ? "a fragment is missing" : `${fragments} fragments are missing`;
  const bounds = [
    afterMicros === null ? null : `after ${formatTime(afterMicros)}`,
    beforeMicros === null ? null : `before ${formatTime(beforeMicros)}`,
  ];
  return [what, ...bounds.filter((bound) => bound !== null)].join(" ");
}

/** How many holes are described one by one. */
const MAX_HOLES = 5;

function describeHoles(holes: Hole[]): string | null {
  if (holes.length === 0) return null;
  const more = holes.length - MAX_HOLES;
  const first = holes.slice(0, MAX_HOLES).map(describeHole);
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function tooMany(parts: Part[]): ApiError {
  const next = parts[MAX_FRAGMENTS] as Part;
  return tooManyFragments(parts.length, MAX_FRAGMENTS, isoTime(Math.floor(next.firstMicros / 1000)));
}

/** What R2 says of a fragment. Times are NaN where it does not say them. */
interface Listed {
  size: number;
  first: number;
  last: number;
}

/** Lists the fragments that the manifest counts, by their numbers. */
async function listFragments(env: Env, { captureId, fragments }: Manifest): Promise<Map<number, Listed>> {
  const found = new Map<number, Listed>();
  // Seven digits are more than there will be; the manifest and the digest are not below it.
  const prefix = fragmentKey(captureId, 0).replace(/[^/]*$/, "0");
  let cursor: string | undefined;
  while (fragments > 0) {
    const page = await env.BUCKET.list({
      prefix,
      include: ["customMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    let sequence = -1;
    for (const { key, size, customMetadata } of page.objects) {
      sequence = Number(/(\d{8})[^/]*$/.exec(key)?.[1]);
      if (sequence >= fragments) break;
      const { firstMicros, lastMicros } = (customMetadata ?? {}) as Partial<FragmentMetadata>;
      found.set(sequence, { size, first: Number(firstMicros), last: Number(lastMicros) });
    }
    if (!page.truncated || sequence >= fragments) break;
    cursor = page.cursor;
  }
  return found;
}

/** The fragments that have records of the range, and the holes between them that may have had some. */
async function findParts(env: Env, manifest: Manifest, range: TimeRange): Promise<(Part | Hole)[]> {
  const { captureId, fragments, storedBytes } = manifest;
  const [from, to] = bounds(range);
  const found = await listFragments(env, manifest);
  const parts: (Part | Hole)[] = [];
  let hole: Hole | null = null;
  let isWhole = true;
  let before = 0;
  let afterMicros: number | null = null;
  const endHole = (beforeMicros: number | null) => {
    if (hole === null) return;
    const { afterMicros: after } = hole;
    if ((beforeMicros ?? Number.POSITIVE_INFINITY) >= from && (after ?? Number.NEGATIVE_INFINITY) < to)
      parts.push({ ...hole, beforeMicros });
    hole = null;
  };
  for (let sequence = 0; sequence < fragments; sequence++) {
    const { size, first, last } = found.get(sequence) ?? { size: 0, first: Number.NaN, last: Number.NaN };
    // After a hole it is not known how much of the last one counts: what it may have too much was recorded all the same.
    const bytes: number = sequence === fragments - 1 && isWhole ? storedBytes - before : size;
    if (bytes > size || bytes <= 0 || !(first <= last)) {
      isWhole = false;
      hole = { fragments: ((hole as Hole | null)?.fragments ?? 0) + 1, afterMicros, beforeMicros: null };
      continue;
    }
    endHole(first);
    if (last >= from && first < to)
      parts.push({
        key: fragmentKey(captureId, sequence),
        bytes,
        firstMicros: first,
        whole: first >= from && last < to,
      });
    before += bytes;
    afterMicros = last;
  }
  endHole(null);
  return parts;
}

/** The range in microseconds. */
const bounds = ({ from, to }: TimeRange): [number, number] => [
  from === undefined ? Number.NEGATIVE_INFINITY : from * 1000,
  to === undefined ? Number.POSITIVE_INFINITY : to * 1000,
];

async function read(env: Env, { key, bytes }: Part): Promise<ReadableStream<Uint8Array>> {
  const object = await askTwice("workload.fragment.repeated", () =>
    env.BUCKET.get(key, { range: { offset: 0, length: bytes } }),
  );
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

/** When a line's record was: fragment-line.ts writes the time first. */
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
function concatenate<P>(
  captureId: number,
  parts: P[],
  open: (part: P) => Promise<ReadableStream<Uint8Array>>,
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
      // The client has gone, or R2 failed amid it: the reply ends short of its end, which the client can see.
      log.warn("workload.download.cut", { captureId, ...describeError(error) });
      await writable.abort(error).catch(() => {});
    }
  };
  void send();
  return readable;
}
