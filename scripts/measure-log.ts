import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTime, writeBusyLog } from "./lib/busy-log.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { tryPort } from "./lib/ports.ts";
import { startService, stopGroup } from "./lib/service.ts";
import { largestWorkerd } from "./lib/usage.ts";

/*
 * `npm run measure:log`: how fast a general log is read, parsed, redacted, counted, compressed and stored, and what memory
 * that takes: a back-dated capture of a log of MEGABYTES (500) that has been written already, through the whole service.
 */

const MEGABYTES = Number(process.env.MEGABYTES ?? 500);
const folder = mkdtempSync(join(tmpdir(), "captures-measure-"));
const logFile = join(folder, "general.log");
const to = Math.floor(Date.now() / 1000) - 60;
const from = to - 3000;
const statements = await writeBusyLog(logFile, MEGABYTES, from, to);

const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const service = await startService(
  { PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") },
  ["--general-log", logFile],
);
const writing = setInterval(goOn, 1000);
try {
  await measure(new DemoUser(`http://localhost:${port}`));
} finally {
  clearInterval(writing);
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** Adds a record from after the window, as the server goes on doing: a log that nobody writes to is taken for one that is off. */
function goOn(): void {
  const now = Math.floor(Date.now() / 1000);
  appendFileSync(logFile, `${logTime(now)}\t    10 Query\tSELECT 1\n`);
}

async function measure(user: DemoUser): Promise<void> {
  const before = largestWorkerd(service.pid as number);
  const { id } = await user.createCapture("measured", "mariadb", {
    start: new Date(from * 1000).toISOString(),
    duration: to - from,
  });
  await user.waitFor(id, "DONE", 30 * 60_000);
  const after = largestWorkerd(service.pid as number);
  const times = new Map((await user.events(id)).map(({ time, to: state }) => [state, Date.parse(time)]));
  // Switching the log on is no part of reading it.
  const seconds = ((times.get("DONE") as number) - (times.get("RUNNING") as number)) / 1000;
  const workload = await user.workload(id);
  if (workload.statements !== statements) {
    throw new Error(`The log has ${statements} statements, and ${workload.statements} were recorded`);
  }
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  console.log(
    `${MEGABYTES} MB of log, ${statements} statements, in ${seconds.toFixed(1)} s: ` +
      `${(MEGABYTES / seconds).toFixed(1)} MB/s, and ${(MEGABYTES / cpuSeconds).toFixed(1)} MB per second of workerd's CPU; ` +
      `stored as ${(workload.storedBytes / 1e6).toFixed(1)} MB; ` +
      `peak memory of workerd ${(after.peakKib / 1024).toFixed(0)} MiB`,
  );
}
