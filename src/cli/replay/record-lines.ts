import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import type { MissingRecords, StoredWorkloadRecord } from "../../client/index.ts";

/*
 * Records out of a download, or out of a file that was one.
 */

const NEWLINE = 10;
const GZIP = [0x1f, 0x8b];

/**
 * The records of NDJSON, as many at a time as arrive.
 * @param onMissing told of records that were stored and are lost, where the reading has passed them
 * @throws SyntaxError when a line is none
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
    if (end >= 0) yield parse(bytes.toString("utf8", 0, end), onMissing);
  }
  if (rest !== null) yield parse(rest.toString(), onMissing);
}

function parse(text: string, onMissing?: (missing: MissingRecords) => void): StoredWorkloadRecord[] {
  const records: StoredWorkloadRecord[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const read = JSON.parse(line) as StoredWorkloadRecord | { missing: MissingRecords };
    if ("missing" in read) onMissing?.(read.missing);
    else records.push(read);
  }
  return records;
}

/** A file of NDJSON, packed by gzip or not: which, its first bytes say. @throws the system's error */
export async function* readFile(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const head = await new Promise<Buffer | null>((resolve, reject) => {
    file.once("error", reject);
    file.once("end", () => resolve(null));
    file.once("readable", () => resolve(file.read() as Buffer | null));
  });
  if (head === null) return;
  file.unshift(head);
  const isPacked = GZIP.every((byte, at) => head[at] === byte);
  if (!isPacked) return yield* file;
  const unpacked = createGunzip({ chunkSize: 256 * 1024 });
  file.on("error", (error) => unpacked.destroy(error));
  yield* file.pipe(unpacked);
}
