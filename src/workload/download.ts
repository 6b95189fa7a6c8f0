import { log } from "../lib/log.ts";
import { isoTime } from "../lib/values.ts";
import { type Body, bodyOf, type Piece, pieceOfBytes, pieceOfChunks, streamOfBytes } from "./body.ts";
import { type DownloadForm, requireAffordable } from "./download-cost.ts";
import { GzipMember } from "./gzip-member.ts";
import { describeAllMissing, missingLine } from "./missing-fragments.ts";
import { csvText, logText, type RecordText, sqlText } from "./record-text.ts";
import { tooManyFragments } from "./refusals.ts";
import { mayHave } from "./search/fragment-filter.ts";
import { deflatePiece } from "./stored/deflate.ts";
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
import type { ObjectStore } from "./stored/object-store.ts";
import { CHUNK_BYTES, openFragment, readRecords, recordsOf, textOf } from "./stored/record-iterator.ts";

/*
 * Streams a capture's workload out of its fragments, one after the other, with the memory of a few chunks.
 *
 * Fragments are sent as they are stored, within one gzip member: its header, the fragments, and its trailer with a CRC-32 that is
 * combined of theirs. What has to be compressed again is a fragment of version 1, and one that is partly in the range. Plain NDJSON
 * and the log's text are made of decompressed fragments.
 */

/**
 * The most fragments that one download reads, each of which is a subrequest: an invocation may make 10,000. At a megabyte or
 * more each, 8 GB compressed.
 */
export const MAX_FRAGMENTS = 8000;

/** Which records are sent: those of a stretch of time, and of one session if there is a `threadId`. */
export interface WantedRecords extends TimeRange {
  threadId?: number | undefined;
}

/** What a download has. */
export interface Download {
  body: Body;
  /** What is missing, in words; null when nothing is. */
  incomplete: string | null;
}

/** What a download is made of. */
interface Source {
  bucket: ObjectStore;
  manifest: Manifest;
  wanted: WantedRecords;
  parts: readonly (FragmentPart | MissingFragments)[];
}

/**
 * Finds what a download is made of. Where fragments are missing in R2, a line says so, and the rest follows.
 * @param cpuMs how much CPU a request may take, in milliseconds
 * @throws ApiError 400 when it would have to read too many fragments, or take too much CPU
 */
export async function openDownload(
  bucket: ObjectStore,
  manifest: Manifest,
  form: DownloadForm,
  wanted: WantedRecords,
  cpuMs: number,
): Promise<Download> {
  const { captureId } = manifest;
  const parts = await partsOf(bucket, manifest, wanted);
  requireFewFragments(parts);
  requireAffordable(parts, form, wanted.threadId !== undefined, cpuMs);
  const incomplete = describeAllMissing(parts.filter(isMissing));
  if (incomplete !== null) log.error("workload.download.incomplete", { captureId, incomplete });
  const pieces = PIECES_OF[form]({ bucket, manifest, wanted, parts });
  return { body: bodyOf(captureId, pieces), incomplete };
}

const PIECES_OF: Record<DownloadForm, (source: Source) => Piece[]> = {
  gzip: gzipPieces,
  ndjson: plainPieces,
  log: (source) => [pieceOfText(source, logText(source.manifest))],
  sql: (source) => [pieceOfText(source, sqlText(source.manifest))],
  csv: (source) => [pieceOfText(source, csvText())],
};

/** The fragments that have records of what is wanted. Of one session, none of them is whole. */
async function partsOf(bucket: ObjectStore, manifest: Manifest, wanted: WantedRecords) {
  const { threadId } = wanted;
  if (threadId === undefined) return fragmentsInRange(bucket, manifest, wanted);
  const parts = await fragmentsInRange(bucket, manifest, wanted, (one) => mayHave(one, wanted));
  return parts.map((part) => (isMissing(part) ? part : { ...part, isWhole: false }));
}

function requireFewFragments(all: readonly (FragmentPart | MissingFragments)[]): void {
  const parts = all.filter((part): part is FragmentPart => !isMissing(part));
  const next = parts[MAX_FRAGMENTS];
  if (next === undefined) return;
  throw tooManyFragments(parts.length, MAX_FRAGMENTS, isoTime(Math.floor(next.firstMicros / 1000)));
}

/** The workload as one gzip member of NDJSON. */
function gzipPieces({ bucket, wanted, parts }: Source): Piece[] {
  const member = new GzipMember();
  const pieces = parts.map((part) => {
    if (isMissing(part)) return gzipOfBytes(encode(missingLine(part)), member);
    return storedPiece(bucket, part, member) ?? gzipOfText(() => textInRange(bucket, part, wanted), member);
  });
  const trailer = { bytes: member.trailer().length, open: async () => streamOfBytes(member.trailer()) };
  return [pieceOfBytes(member.header), ...pieces, trailer];
}

/** A fragment as it is stored, as a piece of a gzip member; null where it has to be compressed again. */
function storedPiece(bucket: ObjectStore, part: FragmentPart, member: GzipMember): Piece | null {
  const { version, isWhole, bytes, crc32, plainBytes } = part;
  if (version === 1 || !isWhole || crc32 === null || plainBytes === null) return null;
  const open = () => {
    member.addKnown(crc32, plainBytes);
    return openFragment(bucket, part);
  };
  return { bytes, open };
}

function gzipOfBytes(plain: Uint8Array, member: GzipMember): Piece {
  const bytes = deflatePiece(plain);
  const open = async () => {
    member.add(plain);
    return streamOfBytes(bytes);
  };
  return { bytes: bytes.length, open };
}

function gzipOfText(text: () => AsyncIterable<Uint8Array>, member: GzipMember): Piece {
  return pieceOfChunks(async function* () {
    for await (const chunk of text()) {
      member.add(chunk);
      yield deflatePiece(chunk);
    }
  });
}

/** The workload as NDJSON. */
function plainPieces({ bucket, wanted, parts }: Source): Piece[] {
  return parts.map((part) => {
    if (isMissing(part)) return pieceOfBytes(encode(missingLine(part)));
    return pieceOfChunks(() => textInRange(bucket, part, wanted), part.isWhole ? part.plainBytes : null);
  });
}

/** The NDJSON of a fragment, as far as it is wanted. */
function textInRange(
  bucket: ObjectStore,
  part: FragmentPart,
  wanted: WantedRecords,
): AsyncGenerator<Uint8Array> {
  return part.isWhole ? textOf(bucket, part) : linesInRange(bucket, part, wanted);
}

async function* linesInRange(
  bucket: ObjectStore,
  part: FragmentPart,
  wanted: WantedRecords,
): AsyncGenerator<Uint8Array> {
  const buffer = new LineBuffer();
  for await (const records of recordsOf(bucket, part, wanted)) {
    for (const { json } of ofSession(records, wanted)) buffer.add(`${json}\n`);
    if (buffer.length >= CHUNK_BYTES) yield buffer.take();
  }
  if (buffer.length > 0) yield buffer.take();
}

const ofSession = (records: RecordLine[], { threadId }: WantedRecords): RecordLine[] =>
  threadId === undefined ? records : records.filter((record) => record.threadId === threadId);

/** The workload as a text that is made of its records. */
function pieceOfText({ bucket, wanted, parts }: Source, text: RecordText): Piece {
  return pieceOfChunks(async function* () {
    const buffer = new LineBuffer();
    buffer.add(text.start);
    for await (const records of readRecords(bucket, parts, wanted)) {
      if (Array.isArray(records)) {
        for (const record of ofSession(records, wanted)) buffer.add(text.record(record));
      } else {
        buffer.add(text.missing(records));
      }
      if (buffer.length >= CHUNK_BYTES) yield buffer.take();
    }
    buffer.add(text.end);
    if (buffer.length > 0) yield buffer.take();
  });
}

const encode = (text: string) => new TextEncoder().encode(text);
