import { once } from "node:events";
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
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
try {
  await measure(new Client(`http://localhost:${port}`));
} finally {
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

/** Writes a log in MariaDB's form, its records spread over the window: about 160 bytes each, as of a busy shop. */
async function writeLog(): Promise<void> {
  const stream = createWriteStream(logFile);
  const bytesASecond = (MEGABYTES * 1e6) / (to - from);
  let id = 0;
  for (let second = from; second < to; second++) {
    const [date, time] = new Date(second * 1000).toISOString().slice(2, 19).split("T") as [string, string];
    let block = `${date.replaceAll("-", "")} ${time}`;
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

async function measure(client: Client): Promise<void> {
  const began = performance.now();
  const { id } = await client.createCapture("measured", "mariadb", {
    start: new Date(from * 1000).toISOString(),
    duration: to - from,
  });
  await client.waitFor(id, "DONE", 30 * 60_000);
  const seconds = (performance.now() - began) / 1000;
  const workload = await client.summary(id);
  console.log(
    `${MEGABYTES} MB of log, ${workload.statements} statements, in ${seconds.toFixed(1)} s: ` +
      `${(MEGABYTES / seconds).toFixed(1)} MB/s; stored as ${(workload.storedBytes / 1e6).toFixed(1)} MB; ` +
      `peak memory of workerd ${(peakOfWorkerd() / 1024).toFixed(0)} MiB`,
  );
}

/** The most memory that this service's largest workerd process has had, in KiB (VmHWM, Linux). */
function peakOfWorkerd(): number {
  const group = service.pid as number;
  const peaks = readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ");
        const isOurs = /^Name:\tworkerd$/m.test(status) && Number(stat?.[2]) === group;
        return isOurs ? [Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1])] : [];
      } catch {
        return [];
      }
    });
  return Math.max(0, ...peaks);
}
