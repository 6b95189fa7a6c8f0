import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { MissingRecords, StoredWorkloadRecord } from "../../client/index.ts";
import { STORED_TIME } from "../../workload/stored/time.ts";
import { BrokenSource } from "./source.ts";

/*
 * Records out of a download, or out of a file that was one.
 */

const NEWLINE = 10;
const GZIP = [0x1f, 0x8b];
/** How much of a line that is no record is shown, in characters. */
const MAX_SHOWN = 60;

/**
 * The records of NDJSON, as many at a time as arrive.
 * @param onMissing told of records that were stored and are lost, where the reading has passed them
 * @throws BrokenSource when a line is none: after the records before it
 */
export async function* recordsOf(
  chunks: AsyncIterable<Uint8Array>,
  onMissing?: (missing: MissingRecords) => void,
): AsyncGenerator<readonly StoredWorkloadRecord[]> {
  let rest: Buffer | null = null;
  for await (const chunk of chunks) {
    const bytes: Buffer =
      rest === null
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([rest, chunk]);
    const end = bytes.lastIndexOf(NEWLINE);
    rest = end + 1 === bytes.length ? null : bytes.subarray(end + 1);
    if (end >= 0) yield* parse(bytes.toString("utf8", 0, end), onMissing);
  }
  if (rest !== null) yield* parse(rest.toString(), onMissing);
}

/** The records of whole lines, at once; and before a line that is none, those before it. */
function* parse(
  text: string,
  onMissing?: (missing: MissingRecords) => void,
): Generator<readonly StoredWorkloadRecord[]> {
  const records: StoredWorkloadRecord[] = [];
  for (const line of text.split("\n")) {
    if (line === "" || line === "\r") continue;
    const read = recordOf(line);
    if (read === null) {
      yield records;
      const begin = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN).toWellFormed()}…` : line;
      throw new BrokenSource(`A line of the recording is no record: ${begin}`);
    }
    if ("missing" in read) onMissing?.(read.missing);
    else records.push(read);
  }
  yield records;
}

/** What a line has; null when it is neither a record nor says that some are missing. */
function recordOf(line: string): StoredWorkloadRecord | { missing: MissingRecords } | null {
  let read: StoredWorkloadRecord | { missing: MissingRecords } | null;
  try {
    read = JSON.parse(line) as typeof read;
  } catch {
    return null;
  }
  if (typeof read !== "object" || read === null) return null;
  if ("missing" in read) return read;
  const { time, threadId, command, statement } = read;
  const isRecord =
    typeof time === "string" &&
    STORED_TIME.test(time) &&
    Number.isSafeInteger(threadId) &&
    typeof command === "string" &&
    typeof statement === "string" &&
    (!("log" in read) || Number.isFinite(read.durationMicros));
  return isRecord ? read : null;
}

/** A file of NDJSON, packed by gzip or not: which, its first bytes say. @param path `-` is standard input @throws the system's error */
export async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const file = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 256 * 1024 });
  const head = await new Promise<Buffer | null>((resolve, reject) => {
    file.once("error", reject);
    file.once("end", () => resolve(null));
    file.once("readable", () => resolve(file.read() as Buffer | null));
  });
  if (head === null) return;
  file.unshift(head);
  const isPacked = GZIP.every((byte, at) => head[at] === byte);
  if (!isPacked) return yield* file;
  yield* unpacked(file);
}

/** Decompresses a gzip file. @throws zlib's error when it is not whole, and what the chunks throw */
export async function* unpacked(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const plain = createGunzip({ chunkSize: 256 * 1024 });
  // Its failure is that of `plain`.
  pipeline(chunks, plain).catch(() => undefined);
  yield* plain;
}
