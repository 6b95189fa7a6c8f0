import { deepStrictEqual, ok } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { check, report } from "./checks.ts";
import { type CapturedRecord, Client } from "./client.ts";
import { control } from "./control.ts";
import { LOCAL_AWS } from "./local.ts";
import { tryPort } from "./ports.ts";
import { startProcess, startService, stopGroup } from "./service.ts";

/*
 * `npm run proof:kill`: a capture of the local AWS's busy generator, during which the whole service is killed with -9 and
 * started again, several times: at random moments, amid a reading of the log, and while the capture ends. The local AWS is a
 * process of its own that lives on. What was captured has to be what was generated, exactly.
 */

/** Statements a second: a reading of the log takes long enough to be struck. */
const RATE = 1500;
const RANDOM_KILLS = 3;
/** A random kill comes within so long: sometimes before the first alarm of the restarted service, sometimes after. */
const RANDOM_WITHIN_MS = 15_000;

const folder = mkdtempSync(join(tmpdir(), "captures-kill-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const awsUrl = `http://127.0.0.1:${awsPort}`;
const key = { accessKeyId: LOCAL_AWS.customer.accessKeyId, instance: LOCAL_AWS.instance };
const environment = { PORT: String(port), AWS_ENDPOINT_URL: awsUrl, PERSIST_TO: join(folder, "state") };

const aws = await startProcess(
  process.execPath,
  ["test/aws/server/main.ts", "--port", String(awsPort)],
  `Local AWS on ${awsUrl}`,
);
let service = await startService(environment);
try {
  await prove(new Client(`http://localhost:${port}`));
} finally {
  await stopGroup(service, "SIGKILL");
  await stopGroup(aws, "SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}
report();

async function prove(client: Client): Promise<void> {
  const seed = Math.floor(Math.random() * 1e6);
  await control(awsUrl, "PUT", "workload", { ...key, rate: RATE, seed });
  const { id } = await client.startCapture("survivor", "demo");
  for (let n = 1; n <= RANDOM_KILLS; n++) {
    const after = Math.round(Math.random() * RANDOM_WITHIN_MS);
    await pause(after);
    await kill(`${n}, at a random moment`);
  }
  await nextReading();
  await kill(`${RANDOM_KILLS + 1}, amid a reading of the log`);
  // It catches up with what it has missed, and more.
  await pause(5000);
  const stopped = await client.stop(id);
  await nextReading();
  await kill(`${RANDOM_KILLS + 2}, while the capture ends`);
  const done = await client.waitFor(id, "DONE");

  const captured = await client.records(id);
  const generated = await generatedIn(done.start as string, done.end as string);
  await check("the capture ended when it was stopped, through the kill", () =>
    deepStrictEqual(done.end, stopped.end),
  );
  await check(
    `${generated.filter(({ isDoubtful }) => !isDoubtful).length} records of clients were generated from ${done.start} to ${done.end} (seed ${seed}), ` +
      "and these were captured, each once, in their order",
    () => compare(captured, generated),
  );
  await check("the manifest counts what is stored, and knows of no gap", async () => {
    const { records, gapCount, gaps } = await client.summary(id);
    deepStrictEqual({ records, gapCount, gaps }, { records: captured.length, gapCount: 0, gaps: [] });
  });
}

/** Kills the whole service, and starts it again. */
async function kill(which: string): Promise<void> {
  await stopGroup(service, "SIGKILL");
  const before = Date.now();
  service = await startService(environment);
  console.log(`        kill ${which}; back after ${((Date.now() - before) / 1000).toFixed(1)} s`);
}

/** Waits until the service asks for a stretch of the log: what it does with it is still to come. */
async function nextReading(): Promise<void> {
  await control(awsUrl, "DELETE", `requests?accessKeyId=${key.accessKeyId}`);
  for (let i = 0; i < 6000; i++) {
    const { requests } = await control<{ requests: { action: string }[] }>(
      awsUrl,
      "GET",
      `requests?accessKeyId=${key.accessKeyId}`,
    );
    if (requests.some(({ action }) => action === "DownloadDBLogFilePortion")) {
      return pause(Math.random() * 300);
    }
    await pause(10);
  }
  throw new Error("The log was not read for a minute");
}

/** A record as the generator says it. */
interface GeneratedRecord extends Omit<CapturedRecord, "time"> {
  timeMicros: number;
  /** Amazon's own, in a session that has not given itself away yet: whether it is captured is chance. */
  isDoubtful: boolean;
}

async function generatedIn(from: string, to: string): Promise<GeneratedRecord[]> {
  const { records } = await control<{ records: GeneratedRecord[] }>(
    awsUrl,
    "GET",
    `workload?${new URLSearchParams({ ...key, from, to })}`,
  );
  // Amazon's own records are nobody's workload. A session that is older than the log is known for Amazon's by its heartbeat.
  const known = new Set<number>();
  return records.flatMap((record): GeneratedRecord[] => {
    const { user, threadId, command, statement } = record;
    if (user !== "rdsadmin") return [{ ...record, isDoubtful: false }];
    if (command === "Connect" || statement.includes("rds_heartbeat2")) known.add(threadId);
    return known.has(threadId) ? [] : [{ ...record, isDoubtful: true }];
  });
}

function compare(captured: readonly CapturedRecord[], generated: readonly GeneratedRecord[]): void {
  const began = new Set<number>();
  let i = 0;
  for (const { timeMicros, isDoubtful, ...record } of generated) {
    const millis = new Date(Math.floor(timeMicros / 1000)).toISOString().slice(0, -1);
    const time = `${millis}${String(timeMicros % 1000).padStart(3, "0")}Z`;
    const { user, host, ...found } = captured[i] ?? { user: null, host: null };
    const { user: itsUser, host: itsHost, ...expected } = { time, ...record };
    // What MySQL itself puts in the place of a password is taken for one.
    expected.statement = expected.statement.replaceAll("'<secret>'", "<secret>");
    const isSame = isDeepStrictEqual(found, expected);
    if (isDoubtful && !isSame) continue;
    ok(isSame, `Record ${i} is ${show(captured[i])}, not ${show(expected)}`);
    // Of a session that is older than what was read of the log, nobody knows whose it is.
    if (record.command === "Connect") began.add(record.threadId);
    const isKnown = began.has(record.threadId) || user !== null;
    ok(
      !isKnown || (user === itsUser && host === itsHost),
      `Record ${i} is ${user}@${host}'s, not ${itsUser}@${itsHost}'s`,
    );
    i++;
  }
  ok(captured.length === i, `${captured.length} were captured, the last is ${show(captured.at(-1))}`);
}

function show(record: object | undefined): string {
  const text = JSON.stringify(record) ?? "missing";
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
