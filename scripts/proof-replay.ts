import { deepStrictEqual, ok } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Answer } from "../src/cli/replay/driver.ts";
import { MysqlDriver } from "../src/cli/replay/mysql-driver.ts";
import type { LeftOutReason, Outcome, ReplayEnd } from "../src/cli/replay/outcome.ts";
import { recordsOf } from "../src/cli/replay/record-lines.ts";
import { replayHere } from "../src/cli/replay/replay-here.ts";
import type { ReplayResult } from "../src/cli/replay/result.ts";
import { connectionOptions, parseTarget, type Target } from "../src/cli/replay/target.ts";
import type { StoredWorkloadRecord } from "../src/client/index.ts";
import { makeKey } from "../test/cli/running/world.ts";
import { check, report } from "./lib/checks.ts";
import type { Database, ServerRecord } from "./lib/database.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { withServiceOf } from "./lib/recorded-service.ts";
import { startMariaDbs, startMySqls } from "./lib/replay-servers.ts";
import { CLIENTS, runClient, SCHEMA, TABLES } from "./lib/replay-workload.ts";

/*
 * `npm run proof:replay`: records several clients on a real MariaDB, captures its logs through the service, and replays them on a second
 * server with a copy of the first one's beginning. In the end both have the same rows; the second one's own general log has the same
 * statements in each session in the same order, and the replay took as long as the recording.
 *
 * `-- --mysql` proves it with MySQL 9.7 in a chroot, whose folder MYSQL_ROOT names if it is to be kept. `-- --seconds 600` records for
 * ten minutes instead of one.
 */
const { values: options } = parseArgs({
  options: {
    mysql: { type: "boolean", default: false },
    seconds: { type: "string", default: "60" },
  },
});
const seconds = Number(options.seconds);
const PAUSE_MS = 60;
/** How far the replay's length may be from the recording's. */
const PACE_TOLERANCE = 0.05;

const servers = await (options.mysql ? startMySqls(process.env.MYSQL_ROOT) : startMariaDbs()).catch(
  (error: Error) => {
    console.error(`The servers could not be started: ${error.message}`);
    const packages = options.mysql ? "debootstrap" : "mariadb-server mariadb-client";
    console.error(`On Debian: apt-get install ${packages}`);
    process.exit(1);
  },
);
console.log(servers.name);
const { source, target } = servers;
const stateFolder = mkdtempSync(join(tmpdir(), "captures-state-"));
try {
  await withServiceOf(source, stateFolder, async (address) => {
    const id = await prove(new DemoUser(address));
    await provePipelines();
    await proveCommand(address, id);
  });
} finally {
  await servers.stop();
  rmSync(stateFolder, { recursive: true, force: true });
}
report();

/** @returns the capture */
async function prove(user: DemoUser): Promise<number> {
  await source.ask(SCHEMA);
  const { id } = await user.startCapture("replay", "mariadb", { log: "both" });
  await pause(1100);
  const until = Date.now() + seconds * 1000;
  const executed = await Promise.all(
    Array.from({ length: CLIENTS }, (_, client) =>
      runClient({ socketPath: source.socket }, client, until, PAUSE_MS),
    ),
  );
  const statements = executed.reduce((sum, count) => sum + count, 0);
  await pause(1100);
  await user.stop(id);
  await user.waitFor(id, "DONE");
  const expected = await checksumsOf(source);
  console.log(`${statements} statements of ${CLIENTS} clients in ${seconds} s were recorded`);

  const recorded = source.readGeneralLog();
  const paced = await replayOnTarget(user, id, { log: "general", speed: 1, writes: true });
  await check("at speed 1, the replay of the general log leaves the same rows", async () =>
    deepStrictEqual(await checksumsOf(target), expected),
  );
  await check("every session has the same statements in the same order, and there are no others", () =>
    deepStrictEqual(sessionsOf(paced.log), sessionsOf(recorded)),
  );
  const { signedIn } = servers;
  if (signedIn !== null)
    await check("every session signed in over TCP, in plain, by caching_sha2_password", async () => {
      const plugin = "SELECT plugin FROM mysql.user WHERE user = 'replayer'";
      deepStrictEqual((await target.ask(plugin)).trim(), "caching_sha2_password");
      expectSignIns(paced.log, signedIn.plain);
    });
  await check("all executions of prepared statements were executed as such", () => {
    const executions = paced.outcomes.filter(({ via }) => via !== "text");
    ok(executions.length > 0, "There is none");
    deepStrictEqual(
      executions.filter(({ via }) => via !== "prepared").map(({ statement }) => statement),
      [],
    );
  });
  await check("what failed in the recording fails, and nothing else does", () =>
    deepStrictEqual(
      paced.outcomes.filter(({ error, statement }) => (error === null) === mustFail(statement)).slice(0, 3),
      [],
    ),
  );
  await check(`the replay took as long as the recording, within ${100 * PACE_TOLERANCE} %`, () => {
    const { startedAt, endedAt } = paced.end;
    // The capture also has records of before and after the clients.
    const times = paced.outcomes.map(({ recordedAt }) => recordedAt).sort((a, b) => a - b);
    const [took, asked] = [endedAt - startedAt, (times.at(-1) as number) - (times[0] as number)];
    console.log(`        ${(took / 1e6).toFixed(2)} s for ${(asked / 1e6).toFixed(2)} s recorded`);
    ok(Math.abs(took / asked - 1) <= PACE_TOLERANCE, `It took ${took} for ${asked} microseconds`);
  });
  await check("no statement was sent before its time", () => {
    const late = paced.outcomes.map(({ lateMicros }) => lateMicros).sort((a, b) => a - b);
    const p95 = late[Math.floor(late.length * 0.95)] as number;
    // How late they are is a matter of what else runs on the machine.
    console.log(
      `        95 of 100 less than ${(p95 / 1000).toFixed(1)} ms late, the latest ${((late.at(-1) ?? 0) / 1000).toFixed(1)} ms`,
    );
    ok((late[0] as number) >= 0, `${late[0]} microseconds`);
  });

  const fast = await replayOnTarget(user, id, {
    log: "general",
    speed: null,
    writes: true,
    maxConnections: 3,
  });
  await check(
    "as fast as it can, with three connections for six clients, it leaves the same rows",
    async () => deepStrictEqual(await checksumsOf(target), expected),
  );
  console.log(
    `        ${fast.outcomes.length} statements in ${((fast.end.endedAt - fast.end.startedAt) / 1e6).toFixed(1)} s`,
  );

  const slow = await replayOnTarget(user, id, { log: "slow", speed: 10, writes: true });
  await check("the replay of the slow log at ten times the speed leaves the same rows", async () =>
    deepStrictEqual(await checksumsOf(target), expected),
  );
  await check("the slow log says how long each statement took when it was recorded", () =>
    deepStrictEqual(
      slow.outcomes.filter(({ recordedMicros }) => recordedMicros === null),
      [],
    ),
  );

  const reading = await replayOnTarget(user, id, { log: "general", speed: null, writes: false });
  await check("without writes nothing is changed", async () => {
    const before = await checksumsOf(target);
    await target.ask(SCHEMA);
    deepStrictEqual(before, await checksumsOf(target));
  });
  await check("without writes, reads are run, and what was left out is counted", () => {
    ok((reading.leftOut.write ?? 0) > 0 && reading.outcomes.length > 0, JSON.stringify(reading.leftOut));
    ok(reading.outcomes.length + (reading.leftOut.write ?? 0) >= statements - CLIENTS, "Some are missing");
    deepStrictEqual(
      reading.log.filter(({ statement }) => /^(?:insert|update|delete)/i.test(statement)),
      [],
    );
  });
  return id;
}

/** Texts that are sent at once, as at `--speed max`. */
async function provePipelines(): Promise<void> {
  const driver = new MysqlDriver(connectionToTarget(), null, false, true);
  const answersTo = async (texts: string[]) => {
    const connection = await driver.connect("shop");
    if (!("query" in connection) || connection.pipeline === undefined)
      throw new Error("It takes no pipeline");
    const answers: Answer[] = [];
    await connection.pipeline(texts, (come) => void answers.push(...come));
    await connection.close();
    return answers.map(({ error, inTransaction, isLost }) =>
      isLost ? "lost" : (error?.code ?? inTransaction),
    );
  };
  await check("of texts that are sent at once, each has its own answer, behind an error too", async () =>
    deepStrictEqual(
      await answersTo(["SELECT 1", "SELECT no_such_column", "BEGIN", "SELECT 'é' UNION SELECT 2", "COMMIT"]),
      [false, "ER_BAD_FIELD_ERROR", true, true, false],
    ),
  );
  await check("a connection that is killed amid them is lost for those that have no answer", async () =>
    deepStrictEqual(await answersTo(["BEGIN", "KILL CONNECTION_ID()", "SELECT 1", "SELECT 2"]), [
      true,
      "lost",
      "lost",
      "lost",
    ]),
  );
}

/** `captures replay`, as a user runs it. */
async function proveCommand(address: string, id: number): Promise<void> {
  const key = await makeKey(address);
  const start = (args: string[]) =>
    spawn(
      process.execPath,
      ["src/cli/main.ts", "replay", String(id), "--to", toEncrypted, "--json", ...args],
      {
        env: {
          ...process.env,
          CAPTURES_URL: address,
          CAPTURES_KEY: key,
          CAPTURES_CONFIG_DIR: stateFolder,
          MYSQL_PWD: servers.password,
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
  const read = async (command: ReturnType<typeof start>) => {
    let out = "";
    command.stdout.on("data", (data) => {
      out += data;
    });
    const [code] = await once(command, "close");
    return { code, result: JSON.parse(out) as ReplayResult };
  };
  const { signedIn, toEncrypted } = servers;
  const way = signedIn === null ? "" : ", over an encrypted connection";
  await check(`captures replay replays a capture, and reports it${way}`, async () => {
    await target.ask(SCHEMA);
    const before = target.readGeneralLog().length;
    const { code, result } = await read(start(["--speed", "max", "--writes", "--user", "root"]));
    deepStrictEqual([code, result.endedBy, result.source.capture], [0, null, id]);
    deepStrictEqual(await checksumsOf(target), await checksumsOf(source));
    ok(result.executions.prepared > 0 && result.executions.asText === 0, JSON.stringify(result.executions));
    ok(
      result.errors.some(({ code: name }) => name === "ER_BAD_FIELD_ERROR"),
      JSON.stringify(result.errors),
    );
    ok(result.digest.length > 5, "The digest is empty");
    if (signedIn !== null) expectSignIns(target.readGeneralLog().slice(before), signedIn.encrypted);
  });
  await check("Ctrl-C ends it with the report so far, and leaves no session behind", async () => {
    const before = target.readGeneralLog().length;
    const command = start(["--speed", "0.5"]);
    const ended = read(command);
    const isRunning = () => target.readGeneralLog().slice(before).filter(isOnTables).length > 5;
    while (command.exitCode === null && !isRunning()) await pause(200);
    command.kill("SIGINT");
    const { code, result } = await ended;
    deepStrictEqual([code, result.endedBy], [130, "It was interrupted"]);
    ok(result.statements > 0, "It ran nothing");
    const sessions = await target.ask(
      "SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Sleep'",
    );
    deepStrictEqual(Number(sessions), 0);
  });
}

/** How the target is reached, in plain. */
function connectionToTarget() {
  return connectionOptions({ ...(parseTarget(servers.to) as Target), password: servers.password }, null);
}

interface Replayed {
  end: ReplayEnd;
  outcomes: Outcome[];
  leftOut: Partial<Record<LeftOutReason, number>>;
  /** What the target logged meanwhile. */
  log: ServerRecord[];
}

/** Replays a capture on a fresh copy. */
async function replayOnTarget(
  user: DemoUser,
  id: number,
  how: { log: "general" | "slow"; speed: number | null; writes: boolean; maxConnections?: number },
): Promise<Replayed> {
  await target.ask(SCHEMA);
  const before = target.readGeneralLog().length;
  const { log, speed, writes, maxConnections = 100 } = how;
  const { body } = await user.api.captures.download(id, { log, format: "ndjson" });
  const outcomes: Outcome[] = [];
  const leftOut: Replayed["leftOut"] = {};
  const isOfClients = ({ user: name }: StoredWorkloadRecord) => name === "root";
  const db = log === "slow" ? servers.slowLogDb : null;
  const driver = new MysqlDriver(connectionToTarget(), db, !writes, speed === null);
  const end = await replayHere(
    recordsOf(body as ReadableStream<Uint8Array>),
    { speed, writes, maxConnections, isRedacted: false, isWanted: isOfClients },
    driver,
    {
      onOutcome: (outcome) => void outcomes.push(outcome),
      onLeftOut: (reason) => {
        leftOut[reason] = (leftOut[reason] ?? 0) + 1;
      },
      onConnections: () => undefined,
      onStateLost: (lost) => console.log(`        state lost: ${JSON.stringify(lost)}`),
    },
    new AbortController().signal,
  );
  return { end, outcomes, leftOut, log: target.readGeneralLog().slice(before) };
}

/** The statements of each session that has some of the clients', in order, the sessions by their statements. */
function sessionsOf(log: readonly ServerRecord[]): string[][] {
  const sessions = new Map<number, string[]>();
  for (const { threadId, command, statement } of log) {
    if (command !== "Query" && command !== "Execute") continue;
    // The default database is chosen in another way.
    if (/^use /i.test(statement)) continue;
    const session = sessions.get(threadId) ?? [];
    sessions.set(threadId, session);
    // Times are bound as text.
    session.push(`${command} ${statement.replaceAll(/\b(?:TIMESTAMP|DATE|TIME)'/g, "'")}`);
  }
  const isOfClient = (statements: readonly string[]) =>
    statements.some((statement) => /orders|notes|items/.test(statement));
  return [...sessions.values()]
    .filter(
      (statements) =>
        isOfClient(statements) &&
        !statements.some((one) => one.includes("CREATE TABLE") || one.includes("CHECKSUM")),
    )
    .sort((a, b) => (a.join("\n") < b.join("\n") ? -1 : 1));
}

/** Whether the server ran a statement on one of the tables. */
function isOnTables({ command, statement }: ServerRecord): boolean {
  return command !== "Prepare" && /orders|notes|items/.test(statement);
}

/** Expects that who signed in, did so in one way. Root, who looks at the server by its socket, is not meant. */
function expectSignIns(log: readonly ServerRecord[], way: RegExp): void {
  const signIns = log
    .filter(({ command, statement }) => command === "Connect" && !statement.startsWith("root@"))
    .map(({ statement }) => statement);
  ok(signIns.length >= CLIENTS, `There are ${signIns.length}`);
  deepStrictEqual(
    signIns.filter((statement) => !way.test(statement)),
    [],
  );
}

/** Whether a statement of the clients' is one that they know to fail. MySQL's log does not have the text of a PREPARE that failed. */
function mustFail(statement: string): boolean {
  return /no_such_column|'duplicate'|^PREPARE `s` FROM '\.\.\.'$/.test(statement);
}

function checksumsOf(database: Database): Promise<string> {
  return database.ask(`CHECKSUM TABLE ${TABLES.join(", ")}`);
}
