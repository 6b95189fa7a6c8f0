import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeBusyLog } from "./busy-log.ts";
import { tryPort } from "./ports.ts";
import { startProcess, stopGroup } from "./service.ts";
import { largestWorkerd } from "./usage.ts";

/*
 * `npm run measure:pipeline`: how fast workerd parses, redacts, counts and compresses a general log of MEGABYTES (100) that it
 * has in memory, on one core: the code that a capture runs, without AWS, D1 and R2.
 */

const MEGABYTES = Number(process.env.MEGABYTES ?? 100);
const ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), "captures-measure-"));
const logFile = join(folder, "general.log");
const now = Math.floor(Date.now() / 1000);
const statements = await writeBusyLog(logFile, MEGABYTES, now - 3000, now);

const port = await tryPort(0);
const address = `http://localhost:${port}`;
const options = ["--port", String(port), "--inspector-port", "0", "--show-interactive-dev-session=false"];
const worker = await startProcess(
  "wrangler",
  ["dev", "--config", join(import.meta.dirname, "pipeline.toml"), ...options],
  `Ready on ${address}`,
);
try {
  await measure(worker.pid as number);
} finally {
  await stopGroup(worker, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** The first round warms the compiler up. */
async function measure(group: number): Promise<void> {
  await fetch(address, { method: "PUT", body: readFileSync(logFile) });
  await follow();
  const [began, before] = [performance.now(), largestWorkerd(group)];
  for (let round = 0; round < ROUNDS; round++) await follow();
  const [seconds, after] = [(performance.now() - began) / 1000, largestWorkerd(group)];
  const megabytes = MEGABYTES * ROUNDS;
  console.log(
    `${megabytes} MB of log in ${seconds.toFixed(1)} s: ${(megabytes / seconds).toFixed(1)} MB/s, ` +
      `and ${(megabytes / (after.cpuSeconds - before.cpuSeconds)).toFixed(1)} MB per second of workerd's CPU; ` +
      `peak memory of workerd ${(after.peakKib / 1024).toFixed(0)} MiB, ${MEGABYTES} MB of which are the log`,
  );
}

/** Has the log read once. The last record stays open: only the next one would end it. */
async function follow(): Promise<void> {
  const manifest = (await (await fetch(address, { method: "POST" })).json()) as { statements: number };
  if (manifest.statements !== statements - 1) {
    throw new Error(`The log has ${statements} statements, and ${manifest.statements} were read`);
  }
}
