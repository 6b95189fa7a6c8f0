import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { check, report } from "./lib/checks.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { GZIP_READERS, readByCurl, readByDuckDb, runInDuckDb } from "./lib/download-readers.ts";
import { DEMO } from "./lib/local.ts";
import { MariaDb } from "./lib/mariadb.ts";
import { MySql } from "./lib/mysql.ts";
import { tryPort } from "./lib/ports.ts";
import { proveScript } from "./lib/script-proof.ts";
import { startService, stopGroup } from "./lib/service.ts";
import { proveTables } from "./lib/tables-proof.ts";

/*
 * `npm run proof:downloads`: downloads the captures that a new local service has, and reads them with gzip, Python, Node, curl and
 * DuckDB, also as CSV and Parquet; then captures a MariaDB server, and has its client run the SQL. A browser is among the console's
 * checks. Closes with `N passed, N failed`.
 *
 * `-- --mysql` captures MySQL 9.7 instead, in a chroot (as `npm run proof:mysql`), whose folder MYSQL_ROOT names if it is to be kept.
 */
const { values: options } = parseArgs({ options: { mysql: { type: "boolean", default: false } } });

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "captures-downloads-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const address = `http://localhost:${port}`;
const service = await startService({
  PORT: String(port),
  AWS_PORT: String(awsPort),
  PERSIST_TO: join(folder, "state"),
});
const cookies = join(folder, "cookies");
try {
  const { email, password } = DEMO;
  const json = JSON.stringify({ email, password });
  await run("curl", ["-sSf", "-c", cookies, "--json", json, `${address}/api/auth/sign-in/email`]);
  const { api } = new DemoUser(address);
  for await (const { id, name } of api.captures.list()) await prove(await ended(id), name);
} finally {
  await stopGroup(service, "SIGKILL");
}
/** Where MySQL's data are in its chroot. */
const HOME = "/downloads";
const kept = options.mysql ? process.env.MYSQL_ROOT : undefined;
// The server's account has to reach it.
const data = kept ?? mkdtempSync(join(tmpdir(), "captures-database-"));
const database = options.mysql ? new MySql(data, { home: HOME }) : new MariaDb(data);
const packages = options.mysql ? "debootstrap" : "mariadb-server mariadb-client";
try {
  let isStarted = false;
  await check(`${database.name} starts (on Debian: apt-get install ${packages})`, async () => {
    await database.start();
    isStarted = true;
  });
  if (isStarted) await proveScript(database, folder);
} finally {
  await database.stop();
  for (const one of [kept === undefined ? data : join(data, HOME), folder])
    rmSync(one, { recursive: true, force: true });
}
report();

/** Waits until a capture is done. */
async function ended(id: number): Promise<number> {
  const { api } = new DemoUser(address);
  for (let tries = 0; (await api.captures.get(id)).status !== "DONE"; tries++) {
    if (tries > 240) throw new Error(`Capture ${id} does not end`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return id;
}

async function prove(id: number, name: string): Promise<void> {
  const url = `${address}/api/captures/${id}/workload/download`;
  const ndjson = ["-b", cookies, `${url}?format=ndjson`];
  const plain = await readByCurl(ndjson);
  const lines = plain.body.split("\n").slice(0, -1);
  const records = lines.map((line) => JSON.parse(line) as { time: string; statement: string });
  expectSame(`${plain.headers.includes("content-encoding")}`, "false", "curl did not ask for an encoding");
  if (records.length < 1000) throw new Error(`${name} has ${records.length} records only`);

  const saving = ["-sSf", "-b", cookies, "-OJ", "-w", "%{filename_effective}", url];
  const { stdout: saved } = await run("curl", saving, { cwd: folder });
  const file = join(folder, saved);
  await check(`${name}: curl -OJ saves the file under its name, as long as HEAD says`, async () => {
    if (!/^capture-\d+(-slow)?\.ndjson\.gz$/.test(saved)) throw new Error(`The file is ${saved}`);
    const head = await readByCurl(["-b", cookies, "-I", url]);
    expectSame(
      /content-length: (\d+)/.exec(head.headers)?.[1],
      String((await stat(file)).size),
      "its length",
    );
  });
  for (const [reader, read] of GZIP_READERS) {
    await check(`${name}: ${reader} reads ${records.length} records`, async () => {
      expectSame(await read(file), plain.body, "the text");
    });
  }
  await check(`${name}: curl --compressed reads the same, in gzip on the way`, async () => {
    const { headers, body } = await readByCurl(["--compressed", ...ndjson]);
    expectSame(/content-encoding: (\w+)/.exec(headers)?.[1], "gzip", "the encoding");
    expectSame(body, plain.body, "the text");
  });
  await check(`${name}: the client reads the same, record by record`, async () => {
    const { api } = new DemoUser(address);
    let at = 0;
    for await (const record of api.captures.downloadRecords(id)) {
      expectSame(JSON.stringify(record), lines[at], `record ${at}`);
      at++;
    }
    expectSame(String(at), String(lines.length), "the number of records");
  });
  await check(`${name}: DuckDB reads the same`, async () => {
    const times = records.map(({ time }) => time).sort();
    const length = records.reduce((sum, { statement }) => sum + [...statement].length, 0);
    const expected = { records: records.length, first: times[0], last: times.at(-1), length };
    expectSame(JSON.stringify(await readByDuckDb(file)), JSON.stringify(expected), "what is found");
  });
  const log = saved.endsWith("-slow.ndjson.gz") ? "slow" : "general";
  await proveTables(new DemoUser(address).api, id, log, name, folder);
  if (log === "slow") await proveRecipes(file, records.length);
}

/** Runs the recipes of docs/studying-a-workload.md on a download of a slow log. */
async function proveRecipes(file: string, statements: number): Promise<void> {
  await check("DuckDB's recipes of docs/studying-a-workload.md find what they are to", async () => {
    const page = readFileSync(new URL("../docs/studying-a-workload.md", import.meta.url), "utf8");
    const recipes = [...page.matchAll(/^```sql\n(.*?)^```/gms)].map(([, sql]) =>
      (sql as string).replace("slow.ndjson.gz", file),
    );
    const [, users = [], minutes = [], sessions = [], slowest = []] = await runInDuckDb(recipes);
    expectSame(`${recipes.length}`, "5", "the number of recipes");
    for (const rows of [users, sessions, slowest]) {
      if (rows.length !== 10) throw new Error(`There are ${rows.length} rows instead of 10`);
    }
    const counted = minutes.reduce((sum, { statements }) => sum + Number(statements), 0);
    expectSame(`${counted}`, `${statements}`, "how many there are in all minutes");
    const times = slowest.map(({ ms }) => Number(ms));
    expectSame(`${times.toSorted((a, b) => b - a)}`, `${times}`, "their order");
  });
}

/** @throws Error when two texts are not the same, which says what they are */
function expectSame(found: string | undefined, expected: string | undefined, what: string): void {
  if (found === expected) return;
  const short = (text: string | undefined) => (text === undefined ? "nothing" : text.slice(0, 200));
  throw new Error(`${what} is ${short(found)}, not ${short(expected)}`);
}
