import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { readFile } from "../src/cli/replay/record-lines.ts";
import type { ReplayResult } from "../src/cli/replay/result.ts";
import { replayInThreads } from "../src/cli/replay/threads.ts";
import { MariaDb } from "./lib/mariadb.ts";
import { timeOfMicros } from "./lib/micros.ts";

/*
 * `npm run measure:replay`: how fast `captures replay --speed max` is beside as many `mysql` programs that are fed with the same
 * statements, and beside pt-upgrade (not with `-- --no-upgrade`); by turns, three times each, with what a statement takes of the
 * processor, which says more where the machine has much else to do. With `-- --gigabytes 5`, how much memory it takes for so much
 * NDJSON, some of whose sessions are blocked meanwhile.
 */
const { values: options } = parseArgs({
  options: {
    gigabytes: { type: "string" },
    statements: { type: "string", default: "200000" },
    clients: { type: "string", default: "8" },
    rounds: { type: "string", default: "3" },
    upgrade: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const [statements, clients] = [Number(options.statements), Number(options.clients)];

/** The command as it is installed: to run its source takes memory of its own. */
const MAIN = new URL("../src/cli/dist/main.js", import.meta.url).pathname;

const folder = mkdtempSync(join(tmpdir(), "captures-measure-"));
const server = mkdtempSync(join(tmpdir(), "captures-mariadb-"));
const database = new MariaDb(server);
const { socket } = database;
try {
  await database.start();
  await database.ask(`
    SET GLOBAL general_log = 0; SET GLOBAL slow_query_log = 0;
    CREATE DATABASE shop; CREATE TABLE shop.a (id INT PRIMARY KEY, v VARCHAR(50));
    USE shop; INSERT INTO a SELECT seq, MD5(seq) FROM seq_1_to_10000`);
  if (options.gigabytes === undefined) await measureSpeed();
  else await measureMemory(Number(options.gigabytes));
} finally {
  await database.stop();
  for (const path of [folder, server]) rmSync(path, { recursive: true, force: true });
}

async function measureSpeed(): Promise<void> {
  const lists = Array.from({ length: clients }, (_, client) =>
    Array.from({ length: statements / clients }, (_, i) => statementOf(client, i)),
  );
  const file = join(folder, "workload.ndjson");
  await writeWorkload(file, lists);
  for (const [client, list] of lists.entries())
    writeFileSync(join(folder, `${client}.sql`), `use shop\n${list.map((sql) => `${sql};\n`).join("")}`);
  // pt-upgrade takes some minutes for all.
  const few = lists.flat().slice(0, 5000);
  writeFileSync(join(folder, "raw.log"), few.map((sql) => `${sql}\n`).join(""));

  console.log(`${statements} statements of ${clients} sessions, statements per second:`);
  const ways: [string, () => Promise<string>][] = [
    [
      "captures replay --speed max, one thread",
      () => measured(statements, () => replayByThreads(readFile(file), 1)),
    ],
    ["the same by two threads", () => measured(statements, () => replayByThreads(readFile(file), 2))],
    [
      "the same without pipelining",
      () => measured(statements, () => replayByThreads(readFile(file), 1, false)),
    ],
    [`${clients} mysql programs`, () => measured(statements, runPrograms)],
  ];
  if (options.upgrade) ways.push(["pt-upgrade", () => measured(few.length, runUpgrade)]);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const [name, run] of ways) console.log(`  ${name}: ${await run()}`);
  }
}

function statementOf(client: number, i: number): string {
  const id = (client * 7919 + i * 31) % 10_000;
  return i % 3 === 0
    ? `SELECT id, v FROM a WHERE id BETWEEN ${id} AND ${id + 10}`
    : `SELECT id, v FROM a WHERE id = ${id}`;
}

async function writeWorkload(file: string, lists: readonly string[][]): Promise<void> {
  const out = createWriteStream(file);
  for (let i = 0; i < (lists[0] as string[]).length; i++) {
    for (const [client, list] of lists.entries()) {
      const line = `${JSON.stringify(recordOf(i * clients + client, client + 1, list[i] as string))}\n`;
      if (!out.write(line)) await once(out, "drain");
    }
  }
  out.end();
  await finished(out);
}

function recordOf(micros: number, threadId: number, statement: string) {
  return {
    time: timeOfMicros(Date.UTC(2026, 10, 28) * 1000 + micros),
    threadId,
    user: "app",
    host: "web",
    db: "shop",
    command: "Query",
    fingerprint: "0123456789abcdef",
    statement,
  };
}

/** Runs a way. @returns its statements a second, and how many microseconds of the processor one takes there and at the server */
async function measured(count: number, run: () => Promise<unknown>): Promise<string> {
  const serverPid = Number(readFileSync(join(server, "pid"), "utf8"));
  const [began, clientsBefore, serverBefore] = [performance.now(), cpuOf("self"), cpuOf(serverPid)];
  await run();
  const seconds = (performance.now() - began) / 1000;
  const [client, atServer] = [cpuOf("self") - clientsBefore, cpuOf(serverPid) - serverBefore];
  const each = (micros: number) => (micros / count).toFixed(1);
  return `${Math.round(count / seconds)} (${each(client)} µs of the processor each, and ${each(atServer)} µs at the server)`;
}

/** How long a process has had the processor, with the children that it has waited for, in microseconds, as Linux counts it. */
function cpuOf(pid: number | "self"): number {
  // Behind the name, which may have blanks: user and system of its own, and of its children, in hundredths of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * 10_000;
}

/** As the command does it. */
function replayByThreads(chunks: AsyncIterable<Uint8Array>, threads: number, isPipelined = true) {
  const options = { speed: null, writes: false, maxConnections: 100, isRedacted: false };
  const connection = { socketPath: socket, user: "root" };
  const nothing = () => undefined;
  return replayInThreads(
    chunks,
    { options, wanted: {}, connection, db: null, mayPipeline: isPipelined },
    threads,
    {
      onOutcome: nothing,
      onLeftOut: nothing,
      onConnections: nothing,
      onStateLost: nothing,
      onMissing: nothing,
    },
    new AbortController().signal,
  );
}

async function runPrograms(): Promise<void> {
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      const input = openSync(join(folder, `${client}.sql`), "r");
      const program = spawn("mariadb", ["--no-defaults", `--socket=${socket}`, "--user=root"], {
        stdio: [input, "ignore", "inherit"],
      });
      const [code] = await once(program, "close");
      if (code !== 0) throw new Error(`mariadb ended with ${code}`);
    }),
  );
}

async function runUpgrade(): Promise<void> {
  const results = mkdtempSync(join(folder, "results-"));
  const args = [
    "--type",
    "rawlog",
    "--max-class-size",
    "1000000",
    "--save-results",
    results,
    "--no-read-only",
  ];
  const program = spawn("pt-upgrade", [...args, join(folder, "raw.log"), `S=${socket},u=root,D=shop`], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(program, "close");
  if (code !== 0) throw new Error(`pt-upgrade ended with ${code}`);
}

/** A workload of so much NDJSON, most of it text, some of whose sessions wait for a lock at first. Its process is the command's own. */
async function measureMemory(gigabytes: number): Promise<void> {
  const to = `mysql://root@localhost/shop?socket=${socket}`;
  const args = [MAIN, "--json", "replay", "--file", "-", "--speed", "max", "--to", to];
  const command = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  let out = "";
  command.stdout.on("data", (data) => {
    out += data;
  });
  const ended = once(command, "close");
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(command.pid as number));
  }, 500);
  let bytes = 0;
  for (const chunk of chunksOf(gigabytes * 1e9)) {
    bytes += chunk.length;
    if (!command.stdin.write(chunk)) await once(command.stdin, "drain");
  }
  command.stdin.end();
  await ended;
  clearInterval(timer);
  const { statements: count, failed, spilledBytes, startedAt, endedAt } = JSON.parse(out) as ReplayResult;
  console.log(
    `${(bytes / 1e9).toFixed(2)} GB of NDJSON, ${count} statements (${failed} failed) in ${Math.round((endedAt - startedAt) / 1000)} s: at most ${Math.round(peak / 1e6)} MB of memory, ${(spilledBytes / 1e6).toFixed(0)} MB on the disk`,
  );
}

/** The most memory that a process has had, in bytes, as Linux counts it. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

function* chunksOf(size: number): Generator<Buffer> {
  const padding = "x".repeat(2000);
  let i = 0;
  const line = (threadId: number, sql: string) => `${JSON.stringify(recordOf(i++, threadId, sql))}\n`;
  yield Buffer.from([1, 2, 3, 4].map((threadId) => line(threadId, "SELECT GET_LOCK('a', 600)")).join(""));
  let isReleased = false;
  for (let bytes = 0; bytes < size; ) {
    let text = "";
    for (let n = 0; n < 100; n++) text += line(2 + (i % 40), `SELECT ${i} /* ${padding} */`);
    if (!isReleased && bytes > size / 20) {
      isReleased = true;
      for (const threadId of [1, 2, 3, 4]) text += line(threadId, "SELECT RELEASE_LOCK('a')");
    }
    const chunk = Buffer.from(text);
    bytes += chunk.length;
    yield chunk;
  }
}
