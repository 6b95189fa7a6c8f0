import { DemoUser } from "./lib/demo-user.ts";
import { largestWorkerd } from "./lib/usage.ts";
import { type WrittenLog, windowOf, withWrittenLog } from "./lib/written-log.ts";

/*
 * `npm run measure:log`: how fast a general log is read, parsed, redacted, counted, compressed and stored, and what memory
 * that takes: a back-dated capture of a log of MEGABYTES (500) that has been written already, through the whole service.
 */

const MEGABYTES = Number(process.env.MEGABYTES ?? 500);
await withWrittenLog(MEGABYTES, measure);

async function measure(log: WrittenLog): Promise<void> {
  const user = new DemoUser(log.address);
  const before = largestWorkerd(log.pid);
  const { id } = await user.createCapture("measured", "mariadb", windowOf(log));
  await user.waitFor(id, "DONE", 30 * 60_000);
  const after = largestWorkerd(log.pid);
  const times = new Map((await user.events(id)).map(({ time, to: state }) => [state, Date.parse(time)]));
  // Switching the log on is no part of reading it.
  const seconds = ((times.get("DONE") as number) - (times.get("RUNNING") as number)) / 1000;
  const workload = await user.workload(id);
  if (workload.statements !== log.statements) {
    throw new Error(`The log has ${log.statements} statements, and ${workload.statements} were recorded`);
  }
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  console.log(
    `${MEGABYTES} MB of log, ${log.statements} statements, in ${seconds.toFixed(1)} s: ` +
      `${(MEGABYTES / seconds).toFixed(1)} MB/s, and ${(MEGABYTES / cpuSeconds).toFixed(1)} MB per second of workerd's CPU; ` +
      `stored as ${(workload.storedBytes / 1e6).toFixed(1)} MB; ` +
      `peak memory of workerd ${(after.peakKib / 1024).toFixed(0)} MiB`,
  );
}
