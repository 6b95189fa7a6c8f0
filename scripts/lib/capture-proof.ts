import { deepStrictEqual, ok } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, report, show } from "./checks.ts";
import type { Database, ServerRecord } from "./database.ts";
import { type CapturedRecord, DemoUser } from "./demo-user.ts";
import { timeOfMicros } from "./micros.ts";
import { countMarked, endless, markOf, type Phase, script } from "./proof-workload.ts";
import { ptQueryDigest } from "./pt-query-digest.ts";
import { withServiceOf } from "./recorded-service.ts";
import { proveSlowLog } from "./slow-proof.ts";
import { proveSummary, SCHEMA } from "./summary-proof.ts";

/*
 * Captures a real server. Clients execute a known number of statements before, during and after a capture, others never pause;
 * then the stored workload is compared with the server's own log, statement by statement: time, thread, command and text,
 * passwords excepted. The other download is what pt-query-digest reads. The server's slow query log is captured beside its
 * general log, and compared entry by entry and digest by digest; digests are compared with the server's own figures if it has some.
 *
 * MariaDB's log has whole seconds and a capture has milliseconds, so nobody can tell which records of the second in which
 * the capture started came before it, or which of the second in which it ended came after. Of those two seconds, the stored
 * workload may lack the first records or the last ones, but none in the middle; of all seconds between, it has to have everything.
 */

const CLIENTS = 6;
const STATEMENTS = { before: 60, during: 300, after: 60 };
/** So that the capture reads its log more than once meanwhile. */
const PACE_MS = { before: 5, during: 80, after: 5 };

const SECRET = /S3cret-[\w-]+/g;
/** A secret with its quotes, which are doubled in a statement that is a string. */
const QUOTED_SECRET = /'{0,2}S3cret-[\w-]+'{0,2}/;

/**
 * Starts a server and the service, proves, prints how the checks went, and ends the process.
 * @param hint what to do where programs are missing
 * @param cleanUp removes the server's folder
 */
export async function proveCapture(database: Database, hint: string, cleanUp: () => void): Promise<never> {
  const version = await database.start().catch(async (error: NodeJS.ErrnoException) => {
    const missing = error.code === "ENOENT" ? `\n${hint}` : "";
    console.error(`${database.name} could not be started: ${error.message}${missing}`);
    await database.stop();
    cleanUp();
    process.exit(1);
  });
  console.log(`${database.name} ${version}`);
  const folder = mkdtempSync(join(tmpdir(), "captures-proof-"));
  try {
    await withServiceOf(database, join(folder, "state"), (address) =>
      prove(database, new DemoUser(address), folder),
    );
  } finally {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
    cleanUp();
  }
  report();
}

async function prove(database: Database, user: DemoUser, folder: string): Promise<void> {
  await database.ask(
    "CREATE DATABASE shop; CREATE TABLE shop.notes (id INT AUTO_INCREMENT PRIMARY KEY, note MEDIUMTEXT)",
  );
  let isOver = false;
  const steady = Promise.all(
    [0, 1, 2].map((n) =>
      database.execute(
        endless(n, () => isOver),
        10,
      ),
    ),
  );

  const executed = { before: await execute(database, "before"), during: 0, after: 0 };
  await nextSecond();
  const { id } = await user.startCapture("proof", "mariadb", { log: "both" });
  await nextSecond();
  await database.figures?.reset();
  executed.during = await execute(database, "during");
  await nextSecond();
  const own = await database.figures?.read(SCHEMA);
  const stopped = await user.stop(id);
  await nextSecond();
  executed.after = await execute(database, "after");
  isOver = true;
  await steady;
  const done = await user.waitFor(id, "DONE");

  const captured = await user.records(id);
  const server = database.readGeneralLog();
  const start = Date.parse(done.start as string) / 1000;
  const end = Date.parse(done.end as string) / 1000;

  for (const phase of ["before", "during", "after"] as const) {
    await check(
      `the server logged the ${executed[phase]} statements that were executed ${phase} the capture`,
      () => deepStrictEqual(countOf(server, phase), executed[phase]),
    );
  }
  await check(`the ${executed.during} statements executed during the capture were captured, no other`, () =>
    deepStrictEqual(
      {
        before: countOf(captured, "before"),
        during: countOf(captured, "during"),
        after: countOf(captured, "after"),
      },
      { before: 0, during: executed.during, after: 0 },
    ),
  );
  const window = server.filter((record) => {
    const second = secondOf(record);
    return second >= Math.floor(start) && second <= Math.floor(end);
  });
  await check(
    `${captured.length} captured records are the server's own of ${Math.ceil(end) - Math.floor(start)} seconds, one by one`,
    () => compare(captured, window, start, end),
  );
  await check("every kind of record is among them", () => {
    const commands = new Set(captured.map(({ command }) => command));
    for (const command of database.commands) {
      ok(commands.has(command), `There is no ${command}`);
    }
    ok(
      captured.some(({ statement }) => statement.length > 100_000),
      "There is no long statement",
    );
  });
  await check("who ran a statement is known of every session that began in the capture", () => {
    const began = new Set(
      captured.filter(({ command }) => command === "Connect").map(({ threadId }) => threadId),
    );
    const nameless = captured.filter(
      ({ threadId, user, host }) => began.has(threadId) && (user !== "root" || host !== "localhost"),
    );
    deepStrictEqual(nameless, []);
  });
  const secrets = new Set(window.flatMap(({ statement }) => statement.match(SECRET) ?? []));
  await check(`none of the ${secrets.size} passwords that the server logged is in the capture`, () => {
    ok(secrets.size >= 7, "The server did not log the passwords: this proves nothing");
    deepStrictEqual(JSON.stringify(captured).match(SECRET), null);
  });
  await check("the manifest counts what is stored, and knows of no gap", async () => {
    const { logs, gapCount } = await user.workload(id);
    const records = logs.find(({ log }) => log === "general")?.records;
    deepStrictEqual({ records, gapCount }, { records: captured.length, gapCount: 0 });
  });
  await check("pt-query-digest reads its log, and counts the queries that the manifest counts", async () => {
    const file = join(folder, "capture.log");
    writeFileSync(file, await user.logText(id));
    const { commands, logs } = await user.workload(id);
    // Of both logs.
    const timed = logs.find(({ log }) => log === "slow")?.statements ?? 0;
    deepStrictEqual(await countQueries(file), (commands.Query ?? 0) - timed);
  });
  const slowWindow = { start: start * 1000, end: end * 1000 };
  await proveSlowLog(user, id, database, captured, markOf("during"), slowWindow, folder);
  if (own !== undefined) await proveSummary(user, id, database, captured, markOf("during"), own);
  await check("the capture ended when it was stopped", () => deepStrictEqual(done.end, stopped.end));
}

/**
 * How many Query records pt-query-digest finds in a general log. Of other commands it finds too many: it takes a line of a
 * statement that looks like a record for one.
 */
async function countQueries(file: string): Promise<number> {
  const filter = ["--filter", '($event->{cmd} || "") eq "Query"'];
  return (await ptQueryDigest("genlog", file, ...filter)).query_count;
}

/** Executes a phase's statements in several clients at once. @returns how many there were */
async function execute(database: Database, phase: Phase): Promise<number> {
  const scripts = Array.from({ length: CLIENTS }, (_, n) =>
    script(phase, n, STATEMENTS[phase], database.dialect),
  );
  await Promise.all(scripts.map((statements) => database.execute(statements, PACE_MS[phase])));
  return countMarked(scripts.flat(), phase, database.dialect);
}

/** How many statements of a phase there are, as they came from the clients. */
function countOf(records: readonly { command: string; statement: string }[], phase: Phase): number {
  return records.filter(({ command, statement }) => command === "Query" && statement.includes(markOf(phase)))
    .length;
}

const secondOf = ({ timeMicros }: ServerRecord) => Math.floor(timeMicros / 1e6);

/** Finds where the captured records begin in the server's, and compares them one by one to the end. */
function compare(
  captured: readonly CapturedRecord[],
  server: readonly ServerRecord[],
  start: number,
  end: number,
): void {
  ok(captured.length > 0, "Nothing was captured");
  const first = server.findIndex((record) => isSame(captured[0] as CapturedRecord, record));
  ok(first >= 0, `The server has not logged ${show(captured[0])}`);
  for (const [i, record] of captured.entries()) {
    const own = server[first + i];
    ok(
      own !== undefined && isSame(record, own),
      `Record ${i} of ${captured.length} is ${show(record)}, not ${show(own)}`,
    );
  }
  const isWhole = (record: ServerRecord) =>
    secondOf(record) > Math.floor(start) && secondOf(record) < Math.floor(end);
  const missing = [...server.slice(0, first), ...server.slice(first + captured.length)].filter(isWhole);
  ok(missing.length === 0, `${missing.length} records are missing, such as ${show(missing[0])}`);
}

function isSame(captured: CapturedRecord, own: ServerRecord): boolean {
  return (
    captured.time === timeOfMicros(own.timeMicros) &&
    captured.threadId === own.threadId &&
    captured.command === own.command &&
    captured.truncated === undefined &&
    isSameText(captured.statement, own.statement)
  );
}

/** In the place of a password, there is a mark in the captured text. */
function isSameText(captured: string, own: string): boolean {
  if (!QUOTED_SECRET.test(own)) return captured === own;
  const parts = own.split(QUOTED_SECRET).map((part) => RegExp.escape(part));
  return new RegExp(`^${parts.join("'{0,2}<secret>'{0,2}")}$`).test(captured);
}

/** Waits for the next whole second, and a moment more. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000)));
}
