import { once } from "node:events";
import { appendFileSync, createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "./client.ts";
import { tryPort } from "./ports.ts";
import { startService, stopGroup } from "./service.ts";

/*
 * `npm run measure:log`: how fast a general log is read, parsed, redacted, counted, compressed and stored, and what memory
 * that takes: a back-dated capture of a log of MEGABYTES (500) that has been written already, through the whole service.
 */

const MEGABYTES = Number(process.env.MEGABYTES ?? 500);
const folder = mkdtempSync(join(tmpdir(), "captures-measure-"));
const logFile = join(folder, "general.log");
const to = Math.floor(Date.now() / 1000) - 60;
const from = to - 3000;
await writeLog();

const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const service = await startService(
  { PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") },
  ["--general-log", logFile],
);
const writing = setInterval(goOn, 1000);
try {
  await measure(new Client(`http://localhost:${port}`));
} finally {
  clearInterval(writing);
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** Writes a log in MariaDB's form, its records spread over the window: about 160 bytes each, as of a busy shop. */
async function writeLog(): Promise<void> {
  const stream = createWriteStream(logFile);
  const bytesASecond = (MEGABYTES * 1e6) / (to - from);
  let id = 0;
  for (let second = from; second < to; second++) {
    let block = timeOf(second);
    while (block.length < bytesASecond) {
      const statement =
        id % 3 === 0
          ? `INSERT INTO orders (customer, sku, amount, note) VALUES (${id}, 'sku-${id % 5000}', ${id % 9}, 'leave it at the door, please; ring twice, ${id}')`
          : `SELECT id, name, total, created_at FROM orders WHERE customer = ${id} AND state IN ('open', 'paid', 'sent') ORDER BY created_at LIMIT 20`;
      block += `\t\t${String(10 + (id % 50)).padStart(6)} Query\t${statement}\n`;
      id++;
    }
    // The first record of a second bears its time, the others two tabs.
    if (!stream.write(block.replace("\t\t", "\t"))) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
}

/** `261123 05:36:15`. */
function timeOf(second: number): string {
  const [date, time] = new Date(second * 1000).toISOString().slice(2, 19).split("T") as [string, string];
  return `${date.replaceAll("-", "")} ${time}`;
}

/** Adds a record from after the window, as the server goes on doing: a log that nobody writes to is taken for one that is off. */
function goOn(): void {
  const now = Math.floor(Date.now() / 1000);
  appendFileSync(logFile, `${timeOf(now)}\t    10 Query\tSELECT 1\n`);
}

async function measure(client: Client): Promise<void> {
  const before = largestWorkerd();
  const { id } = await client.createCapture("measured", "mariadb", {
    start: new Date(from * 1000).toISOString(),
    duration: to - from,
  });
  await client.waitFor(id, "DONE", 30 * 60_000);
  const after = largestWorkerd();
  const times = new Map((await client.events(id)).map(({ time, to: state }) => [state, Date.parse(time)]));
  // Switching the log on is no part of reading it.
  const seconds = ((times.get("DONE") as number) - (times.get("RUNNING") as number)) / 1000;
  const workload = await client.summary(id);
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  console.log(
    `${MEGABYTES} MB of log, ${workload.statements} statements, in ${seconds.toFixed(1)} s: ` +
      `${(MEGABYTES / seconds).toFixed(1)} MB/s, and ${(MEGABYTES / cpuSeconds).toFixed(1)} MB per second of workerd's CPU; ` +
      `stored as ${(workload.storedBytes / 1e6).toFixed(1)} MB; ` +
      `peak memory of workerd ${(after.peakKib / 1024).toFixed(0)} MiB`,
  );
}

interface Usage {
  cpuSeconds: number;
  peakKib: number;
}

/** What this service's largest workerd process has used so far: processor time, and the most memory (VmHWM). Linux only. */
function largestWorkerd(): Usage {
  const group = service.pid as number;
  const used = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid): Usage[] => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
        const isOurs = /^Name:\tworkerd$/m.test(status) && Number(stat?.[2]) === group;
        if (!isOurs) return [];
        // Fields 14 and 15 of proc(5), in hundredths of a second.
        const cpuSeconds = (Number(stat?.[11]) + Number(stat?.[12])) / 100;
        return [{ cpuSeconds, peakKib: Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) }];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
  return used.sort((a, b) => b.peakKib - a.peakKib)[0] ?? { cpuSeconds: 0, peakKib: 0 };
}
