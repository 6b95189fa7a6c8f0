import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";

/*
 * Programs that read a downloaded workload. Each is asked for the text of the gzip file, or for what it finds in it.
 */

const run = promisify(execFile);
const MAX_OUTPUT = { maxBuffer: 2 ** 30 };

/** DuckDB for Node, as it is installed into a folder of its own: the project does not need it. */
const DUCKDB = "@duckdb/node-api@1.5.6-r.1";

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

const DUCKDB_SCRIPT = `
import { DuckDBInstance } from "@duckdb/node-api";
const connection = await (await DuckDBInstance.create()).connect();
const file = process.argv[2].replaceAll("'", "''");
const columns = "{time: 'VARCHAR', threadId: 'BIGINT', statement: 'VARCHAR'}";
const sql = \`SELECT count(*)::INT, min(time), max(time), sum(length(statement))::INT FROM read_json('\${file}', format = 'newline_delimited', columns = \${columns})\`;
console.log(JSON.stringify((await connection.runAndReadAll(sql)).getRows()[0]));
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

/** What DuckDB finds in a gzip file of NDJSON, installed from npm into a folder. */
export interface Found {
  records: number;
  first: string;
  last: string;
  /** Of all statements, in characters. */
  length: number;
}

/** Installs DuckDB, and asks it. */
export async function readByDuckDb(folder: string, file: string): Promise<Found> {
  await writeFile(join(folder, "package.json"), '{"private":true,"type":"module"}');
  await run("npm", ["install", "--no-audit", "--no-fund", DUCKDB], { cwd: folder });
  await writeFile(join(folder, "read.js"), DUCKDB_SCRIPT);
  const { stdout } = await run(process.execPath, ["read.js", file], { cwd: folder });
  const [records, first, last, length] = JSON.parse(stdout);
  return { records, first, last, length };
}

const DUCKDB_RECIPES_SCRIPT = `
import { DuckDBInstance } from "@duckdb/node-api";
import { readFile } from "node:fs/promises";
const connection = await (await DuckDBInstance.create()).connect();
const found = [];
for (const sql of JSON.parse(await readFile("recipes.json", "utf8"))) {
  found.push((await connection.runAndReadAll(sql)).getRowObjectsJson());
}
console.log(JSON.stringify(found));
`;

/**
 * Runs statements of SQL one after the other in DuckDB, which readByDuckDb has installed into the folder. Files that they read are in
 * it, too. @returns the rows of each
 */
export async function runInDuckDb(
  folder: string,
  statements: string[],
): Promise<Record<string, unknown>[][]> {
  await writeFile(join(folder, "recipes.json"), JSON.stringify(statements));
  await writeFile(join(folder, "recipes.js"), DUCKDB_RECIPES_SCRIPT);
  const { stdout } = await run(process.execPath, ["recipes.js"], { cwd: folder, ...MAX_OUTPUT });
  return JSON.parse(stdout);
}

/** Asks curl. @returns the reply's headers, in lower case, and its body as curl gives it */
export async function readByCurl(args: string[]): Promise<{ headers: string; body: string }> {
  const { stdout } = await run("curl", ["-sSf", "-i", ...args], MAX_OUTPUT);
  const end = stdout.indexOf("\r\n\r\n") + 4;
  return { headers: stdout.slice(0, end).toLowerCase(), body: stdout.slice(end) };
}
