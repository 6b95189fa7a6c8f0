import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeBusyLog } from "../../scripts/busy-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { median } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import { Workerd } from "../workerd.ts";

/** How much of the log is different: it is read again and again. */
const DIFFERENT_MB = 32;
/** So much that V8 has begun to collect what a portion leaves behind, and twice as much. */
const SIZES_MB = [1500, 3000] as const;
/** How much is timed at once. */
const PART_MB = 100;
/** How much more memory twice the log may take, to be called flat: what V8 has not collected yet comes and goes. */
const FLAT = 1.1;

/** How fast a general log is parsed, redacted, digested, compressed and stored in R2, and with what memory. */
export const log: Measure = {
  name: "log",
  async run(bench: Bench): Promise<Row[]> {
    const [short, long] = bench.isQuick ? [20, 40] : SIZES_MB;
    const text = await busyLog(bench);
    const speeds: Speed[] = [];
    const peaks: number[] = [];
    for (const megabytes of [short, long]) {
      // A process for each: the peak is of its whole life.
      const workerd = await startLog(bench, text);
      try {
        await follow(workerd, DIFFERENT_MB);
        const part = Math.min(megabytes, PART_MB);
        for (let done = 0; done < megabytes; done += part) speeds.push(await follow(workerd, part));
        peaks.push(workerd.memory().peak);
      } finally {
        await workerd.stop();
      }
    }
    const [small = 0, large = 0] = peaks;
    const wall = `${median(speeds.map(({ wall }) => wall)).toFixed(0)} MB/s by the clock, R2's local simulation among it`;
    return [
      judged(
        "general log parsed, redacted, digested, compressed and stored, for each second of CPU",
        median(speeds.map(({ cpu }) => cpu)),
        { atLeast: 80 },
        { unit: " MB", digits: 0, more: wall },
      ),
      {
        measure: `peak memory of workerd at ${short} and ${long} MB of log`,
        figure: `${small.toFixed(0)} and ${large.toFixed(0)} MiB`,
        target: `flat: at most ${FLAT} times`,
        isMet: large <= small * FLAT,
      },
    ];
  },
};

/** The log of a busy shop. */
export async function busyLog(bench: Bench): Promise<Buffer<ArrayBuffer>> {
  const file = join(bench.folder(), "general.log");
  const now = Math.floor(Date.now() / 1000);
  await writeBusyLog(file, DIFFERENT_MB, now - 3000, now);
  return readFileSync(file);
}

/** What a step of following a log answers. */
interface Step {
  manifest: { records: number; gapCount: number };
  caughtUp: boolean;
}

/** Megabytes a second. */
interface Speed {
  wall: number;
  cpu: number;
}

/** Starts a Worker that has the text as its log. */
export async function startLog(bench: Bench, text: Buffer<ArrayBuffer>): Promise<Workerd> {
  const lab = { name: "lab", bundle: await bench.bundled("bench/worker/lab.ts"), databases: { DB: "log" } };
  const workerd = await Workerd.start([lab], bench.folder(), bench.isProfile);
  const given = await fetch(`${workerd.address("lab")}/lab/log`, { method: "PUT", body: text });
  if (!given.ok) throw new Error(`The log was answered with ${given.status}`);
  return workerd;
}

/** Lets the Worker follow so much of the log. */
export async function follow(workerd: Workerd, megabytes: number): Promise<Speed> {
  const [began, before] = [performance.now(), workerd.cpuMs()];
  const bytes = megabytes * 1e6;
  let step: Step;
  do {
    const reply = await fetch(`${workerd.address("lab")}/lab/log?bytes=${bytes}`, { method: "POST" });
    if (!reply.ok) throw new Error(`Following the log answered ${reply.status} ${await reply.text()}`);
    step = (await reply.json()) as Step;
  } while (!step.caughtUp);
  const { records, gapCount } = step.manifest;
  // About 150 bytes each; and what was before the log, which does not begin in 1970, is one gap.
  if (records < bytes / 300 || gapCount !== 1)
    throw new Error(`Only ${records} records were read, with ${gapCount} gaps`);
  return {
    wall: megabytes / ((performance.now() - began) / 1000),
    cpu: megabytes / ((workerd.cpuMs() - before) / 1000),
  };
}
