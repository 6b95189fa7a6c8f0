import { gzipSync } from "node:zlib";
import { tooManyFragments } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import type { LogName } from "../logs/names.ts";
import { toLogText } from "./log-text.ts";
import { toSlowLogText } from "./slow-log-text.ts";
import type { RecordLine } from "./stored/fragment-line.ts";
import {
  type FragmentPart,
  fragmentsInRange,
  isMissing,
  type MissingFragments,
  type TimeRange,
} from "./stored/fragments-in-range.ts";
import { LineBuffer } from "./stored/line-buffer.ts";
import type { Manifest } from "./stored/manifest.ts";
import { CHUNK_BYTES, openFragment, readRecords, recordsOf } from "./stored/record-iterator.ts";
import { formatTime } from "./stored/time.ts";

/*
 * Streams a capture's workload out of its fragments, one after the other, with the memory of a few chunks.
 *
 * NDJSON is sent as it is stored, a gzip file of many members (RFC 1952, section 2.2): only a fragment that is partly in the
 * range is decompressed, filtered and compressed again. The log's text is made of decompressed fragments.
 */

/**
 * The most fragments that one download reads, each of which is a subrequest: an invocation may make 10,000. At a megabyte or
 * more each, 8 GB compressed.
 */
export const MAX_FRAGMENTS = 8000;

/** What a download has. */
export interface Download {
  body: ReadableStream<Uint8Array>;
  /** What is missing, in words; null when nothing is. */
  incomplete: string | null;
}

/** An empty gzip file: no bytes at all would be no gzip file. */
const EMPTY_GZIP = new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

/**
 * Opens a download: gzip for `ndjson`, text for `log`. Where fragments are missing in R2, a line says so, and the rest follows.
 * @throws ApiError 400 when it would have to read too many fragments
 */
export async function openDownload(
  bucket: R2Bucket,
  manifest: Manifest,
  format: "ndjson" | "log",
  range: TimeRange,
): Promise<Download> {
  const { captureId, log: logName } = manifest;
  const parts = await fragmentsInRange(bucket, manifest, range);
  requireFewFragments(parts);
  const incomplete = describeAllMissing(parts.filter(isMissing));
  if (incomplete !== null) log.error("workload.download.incomplete", { captureId, incomplete });
  const body =
    format === "log"
      ? logOf(captureId, logName, bucket, parts, range)
      : gzipOf(captureId, bucket, parts, range);
  return { body, incomplete };
}

function requireFewFragments(all: readonly (FragmentPart | MissingFragments)[]): void {
  const parts = all.filter((part): part is FragmentPart => !isMissing(part));
  const next = parts[MAX_FRAGMENTS];
  if (next === undefined) return;
  throw tooManyFragments(parts.length, MAX_FRAGMENTS, isoTime(Math.floor(next.firstMicros / 1000)));
}

/** The workload as gzip of NDJSON, with its length where that is known before anything is read. */
function gzipOf(
  captureId: number,
  bucket: R2Bucket,
  parts: readonly (FragmentPart | MissingFragments)[],
  range: TimeRange,
): ReadableStream<Uint8Array> {
  if (parts.length === 0) return streamOfBytes(EMPTY_GZIP);
  const sent = parts.map((part) =>
    isMissing(part) ? gzipSync(encode(missingLine(part)), { level: 1 }) : part,
  );
  const isLengthKnown = parts.every((part) => isMissing(part) || part.isWhole);
  const length = isLengthKnown
    ? sent.reduce((sum, part) => sum + ("bytes" in part ? part.bytes : part.length), 0)
    : undefined;
  const open = async (part: FragmentPart | Uint8Array) =>
    "bytes" in part ? gzipOfPart(bucket, part, range) : streamOfBytes(part);
  return concatenate(captureId, sent, open, length);
}

/** A fragment as gzip: as it is stored, or with the lines of the range only. */
async function gzipOfPart(
  bucket: R2Bucket,
  part: FragmentPart,
  range: TimeRange,
): Promise<ReadableStream<Uint8Array>> {
  if (part.isWhole) return openFragment(bucket, part);
  return streamOf(linesInRange(bucket, part, range)).pipeThrough(
    new CompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
}

async function* linesInRange(
  bucket: R2Bucket,
  part: FragmentPart,
  range: TimeRange,
): AsyncGenerator<Uint8Array> {
  const buffer = new LineBuffer();
  for await (const records of recordsOf(bucket, part, range)) {
    for (const { json } of records) buffer.add(`${json}\n`);
    if (buffer.length >= CHUNK_BYTES) yield buffer.take();
  }
  if (buffer.length > 0) yield buffer.take();
}

/** The workload as text of the log. */
function logOf(
  captureId: number,
  logName: LogName,
  bucket: R2Bucket,
  parts: readonly (FragmentPart | MissingFragments)[],
  range: TimeRange,
): ReadableStream<Uint8Array> {
  return concatenate(captureId, [parts], async (all) => streamOf(logTexts(logName, bucket, all, range)));
}

async function* logTexts(
  logName: LogName,
  bucket: R2Bucket,
  parts: readonly (FragmentPart | MissingFragments)[],
  range: TimeRange,
): AsyncGenerator<Uint8Array> {
  const buffer = new LineBuffer();
  for await (const records of readRecords(bucket, parts, range)) {
    if (Array.isArray(records)) {
      for (const record of records) buffer.add(textOf(logName, record));
    } else {
      buffer.add(missingText(logName, records));
    }
    if (buffer.length >= CHUNK_BYTES) yield buffer.take();
  }
  if (buffer.length > 0) yield buffer.take();
}

function textOf(logName: LogName, record: RecordLine): string {
  const { timeMicros } = record;
  if (logName === "slow") return toSlowLogText({ ...record.readSlow(), timeMicros });
  const { threadId, command, statement } = record.read();
  return toLogText({ timeMicros, threadId, command, statement });
}

/** The line that stands for missing fragments among the records. */
function missingLine({ fragments, afterMicros, beforeMicros }: MissingFragments): string {
  const missing = { fragments, after: timeOrNull(afterMicros), before: timeOrNull(beforeMicros) };
  return `${JSON.stringify({ missing })}\n`;
}

const timeOrNull = (micros: number | null): string | null => (micros === null ? null : formatTime(micros));

/** The same in a log: a statement that does nothing, of a thread that does not exist. */
function missingText(logName: LogName, missing: MissingFragments): string {
  const statement = `/* Captures: ${describeMissing(missing)} */`;
  const timeMicros = missing.afterMicros ?? missing.beforeMicros ?? 0;
  const nobodys = { timeMicros, threadId: 0, command: "Query", statement } as const;
  if (logName === "general") return toLogText(nobodys);
  const nothing = { user: null, host: null, db: null, durationMicros: 0, lockMicros: 0, rowsSent: 0 };
  return toSlowLogText({ ...nobodys, ...nothing, rowsExamined: 0 });
}

function describeMissing({ fragments, afterMicros, beforeMicros }: MissingFragments): string {
  const what = fragments === 1 ? "a fragment is missing" : `${fragments} fragments are missing`;
  const bounds = [
    afterMicros === null ? null : `after ${formatTime(afterMicros)}`,
    beforeMicros === null ? null : `before ${formatTime(beforeMicros)}`,
  ];
  return [what, ...bounds.filter((bound) => bound !== null)].join(" ");
}

/** How many places where fragments are missing are described one by one. */
const MAX_DESCRIBED = 5;

function describeAllMissing(missing: readonly MissingFragments[]): string | null {
  if (missing.length === 0) return null;
  const more = missing.length - MAX_DESCRIBED;
  const first = missing.slice(0, MAX_DESCRIBED).map(describeMissing);
  return [...first, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

const encode = (text: string) => new TextEncoder().encode(text);
const streamOfBytes = (bytes: Uint8Array) => new Response(bytes).body as ReadableStream<Uint8Array>;

/** A stream of what a generator yields, which runs only when more is asked for. */
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

/**
 * Streams the parts, each opened when the one before it has been read: for a client that reads slowly, or has stopped reading,
 * nothing is read ahead.
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
      // The client has gone, or R2 failed in the middle: the reply ends short of its end, which the client can see.
      log.warn("workload.download.cut", { captureId, ...describeError(error) });
      await writable.abort(error).catch(() => {});
    }
  };
  void send();
  return readable;
}
