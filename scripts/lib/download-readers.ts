import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";

/*
 * Programs that read a downloaded workload. Each is asked for the text of the gzip file, or for what it finds in it.
 */

const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 2 ** 30 };

/** What Python's modules make of a gzip file: its text, and whether nothing follows its first member. */
const PYTHON = `
import gzip, sys, zlib
data = open(sys.argv[1], "rb").read()
text = gzip.decompress(data)
first = zlib.decompressobj(wbits=31)
assert first.decompress(data) == text, "the first member is not all"
assert first.eof and first.unused_data == b"", "something follows the first member"
sys.stdout.buffer.write(text)
`;

/** The text of a gzip file, as each of these reads it. */
export const GZIP_READERS: [name: string, read: (file: string) => Promise<string>][] = [
  ["gzip", async (file) => (await run("gzip", ["-dc", file], MAX_OUTPUT)).stdout],
  ["Python", async (file) => (await run("python3", ["-c", PYTHON, file], MAX_OUTPUT)).stdout],
  ["Node's zlib", async (file) => gunzipSync(await readFile(file)).toString()],
  [
    "Node's DecompressionStream",
    async (file) => {
      const stream = new Blob([await readFile(file)]).stream().pipeThrough(new DecompressionStream("gzip"));
      return new Response(stream).text();
    },
  ],
];

/** What DuckDB finds in a gzip file of NDJSON. */
export interface Found {
  records: number;
  first: string;
  last: string;
  /** Of all statements, in characters. */
  length: number;
}

/** Asks DuckDB about a gzip file of NDJSON. */
export async function readByDuckDb(file: string): Promise<Found> {
  const columns = "{time: 'VARCHAR', threadId: 'BIGINT', statement: 'VARCHAR'}";
  const [[found]] = (await runInDuckDb([
    `SELECT count(*)::INT AS records, min(time) AS first, max(time) AS last, sum(length(statement))::INT AS length
     FROM read_json('${file.replaceAll("'", "''")}', format = 'newline_delimited', columns = ${columns})`,
  ])) as unknown as [[Found]];
  return found;
}

/**
 * Runs statements of SQL one after the other in DuckDB.
 * @returns the rows of each, as JSON has them
 */
export async function runInDuckDb(statements: readonly string[]): Promise<Record<string, unknown>[][]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const found: Record<string, unknown>[][] = [];
    for (const sql of statements) found.push((await connection.runAndReadAll(sql)).getRowObjectsJson());
    return found;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Asks curl. @returns the reply's headers, in lower case, and its body as curl gives it */
export async function readByCurl(args: string[]): Promise<{ headers: string; body: string }> {
  const { stdout } = await run("curl", ["-sSf", "-i", ...args], MAX_OUTPUT);
  const end = stdout.indexOf("\r\n\r\n") + 4;
  return { headers: stdout.slice(0, end).toLowerCase(), body: stdout.slice(end) };
}
