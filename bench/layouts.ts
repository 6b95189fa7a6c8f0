import { readFileSync } from "node:fs";
import { constants, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { markdown } from "./table.ts";

/*
 * `node bench/layouts.ts FILE`: what other ways to store a workload would take, in bytes for each record and in CPU, of the records in
 * a file of NDJSON (a download of a workload). Deflate of level 3 in pieces is what is stored. The columns are those of a fragment:
 * times as differences, each field that is a number, statements, and the other fields as a number among those that occur together.
 */

/** What a portion of the log becomes, and what a fragment has of the logs that compress to a tenth. */
const PIECE_BYTES = 2_300_000;
const FRAGMENT_BYTES = 16_000_000;
const LF = 10;

type Codec = (bytes: Uint8Array) => Uint8Array;

const deflate =
  (level: number): Codec =>
  (bytes) =>
    deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH });
const inflate: Codec = (bytes) => inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
const zstd =
  (level: number): Codec =>
  (bytes) =>
    zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level } });
const unzstd: Codec = (bytes) => zstdDecompressSync(bytes);

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error("Usage: node bench/layouts.ts FILE");
  process.exit(1);
}
const ndjson = readFileSync(file);
const pieces = piecesOf(ndjson, PIECE_BYTES);
const fragments = piecesOf(ndjson, FRAGMENT_BYTES);
const columns = fragments.flatMap(columnsOf);
const records = fragments.reduce((sum, fragment) => sum + linesOf(fragment).length, 0);

const rows = [
  measure("lines, deflate 3", pieces, deflate(3), inflate),
  measure("lines, deflate 1", pieces, deflate(1), inflate),
  measure("lines, deflate 6", pieces, deflate(6), inflate),
  measure("lines, zstd 1", pieces, zstd(1), unzstd),
  measure("lines, zstd 3", pieces, zstd(3), unzstd),
  measure("lines, zstd 9", pieces, zstd(9), unzstd),
  measure("columns, deflate 3", columns, deflate(3), inflate),
  measure("columns, zstd 3", columns, zstd(3), unzstd),
  measure("columns, zstd 9", columns, zstd(9), unzstd),
];
const title = ["stored as", "bytes a record", "CPU to compress, ms a MB", "CPU to decompress, ms a MB"];
console.log(markdown([title, ["---", "---:", "---:", "---:"], ...rows]));

/** The text in pieces of whole lines, each of some bytes. */
function piecesOf(text: Buffer, bytes: number): Buffer[] {
  const found: Buffer[] = [];
  for (let start = 0; start < text.length; ) {
    const end = start + bytes < text.length ? text.lastIndexOf(LF, start + bytes) + 1 : text.length;
    if (end <= start) throw new Error(`A line has more than ${bytes} bytes`);
    found.push(text.subarray(start, end));
    start = end;
  }
  return found;
}

function linesOf(fragment: Buffer): string[] {
  return fragment
    .toString()
    .split("\n")
    .filter((line) => line !== "");
}

/** The columns of a fragment, each as bytes. */
function columnsOf(fragment: Buffer): Buffer[] {
  const times: number[] = [];
  const others: number[] = [];
  const statements: string[] = [];
  const numbers = new Map<string, (number | null)[]>();
  const known = new Map<string, number>();
  let before = 0;
  for (const [at, line] of linesOf(fragment).entries()) {
    const { time, statement, ...rest } = JSON.parse(line) as Record<string, unknown>;
    const micros = Date.parse(`${String(time).slice(0, 23)}Z`) * 1000 + Number(String(time).slice(23, 26));
    times.push(micros - before);
    before = micros;
    statements.push(String(statement));
    for (const [name, value] of Object.entries(rest)) {
      if (typeof value !== "number") continue;
      delete rest[name];
      const column = numbers.get(name) ?? [];
      numbers.set(name, column);
      while (column.length < at) column.push(null);
      column.push(value);
    }
    const key = JSON.stringify(rest);
    if (!known.has(key)) known.set(key, known.size);
    others.push(known.get(key) as number);
  }
  const columns = [times, others, [...known.keys()], statements, ...numbers.values()];
  return columns.map((column) => Buffer.from(JSON.stringify(column)));
}

/** Compresses and decompresses all of it, and gives a row of the table. CPU is for each MB of NDJSON. */
function measure(name: string, parts: Buffer[], compress: Codec, decompress: Codec): string[] {
  const [compressed, writing] = timed(() => parts.map(compress));
  const [, reading] = timed(() => compressed.map(decompress));
  const bytes = compressed.reduce((sum, { length }) => sum + length, 0);
  const perMb = (milliseconds: number) => (milliseconds / (ndjson.length / 1e6)).toFixed(2);
  return [name, (bytes / records).toFixed(1), perMb(writing), perMb(reading)];
}

/** What a function gives, and the CPU it took in milliseconds. */
function timed<T>(work: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1000];
}
