import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeBusyLog } from "../../scripts/lib/busy-log.ts";
import { followToEnd, startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { median } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import type { Workerd } from "../workerd.ts";

/** How much of the log is unique: it is read again and again. */
const DIFFERENT_MB = 32;
/** How much is followed at full speed: so much that V8 has begun to collect what a portion leaves behind. */
const TIMED_MB = 1500;
/** After how much of the log memory is measured. */
const SIZES_MB = [100, 500, 1000];
/** How much is timed at once. */
const PART_MB = 100;
/** How much more memory the longest log may take than the shortest, to be called flat. */
const FLAT = 1.1;

/** How fast a general log is parsed, redacted, digested, compressed and stored in R2, and with what memory. */
export const log: Measure = {
  name: "log",
  async run(bench: Bench): Promise<Row[]> {
    const text = await busyLog(bench);
    return [...(await speed(bench, text)), await liveMemory(bench, text)];
  },
};

/** How fast the log is followed, and what memory the process takes meanwhile, collected when V8 sees fit. */
async function speed(bench: Bench, text: Buffer<ArrayBuffer>): Promise<Row[]> {
  const megabytes = bench.isQuick ? 40 : TIMED_MB;
  const workerd = await startLog(bench, text);
  try {
    await follow(workerd, DIFFERENT_MB);
    const speeds: Speed[] = [];
    const part = Math.min(megabytes, PART_MB);
    for (let done = 0; done < megabytes; done += part) speeds.push(await follow(workerd, part));
    const wall = `${median(speeds.map(({ wall }) => wall)).toFixed(0)} MB/s by the clock, R2's local simulation among it`;
    return [
      judged(
        "general log parsed, redacted, digested, compressed and stored, for each second of CPU",
        median(speeds.map(({ cpu }) => cpu)),
        { atLeast: 80 },
        { unit: " MB", digits: 0, more: wall },
      ),
      {
        measure: `peak memory of workerd at ${megabytes} MB of log, garbage and R2's local simulation among it`,
        figure: `${workerd.memory().peak.toFixed(0)} MiB`,
      },
    ];
  } finally {
    await workerd.stop();
  }
}

/** What memory is live, by a process of its own, in which garbage is collected before each portion of the log is read. */
async function liveMemory(bench: Bench, text: Buffer<ArrayBuffer>): Promise<Row> {
  const sizes = bench.isQuick ? [20, 30, 40] : SIZES_MB;
  const workerd = await startLog(bench, text, true);
  try {
    const before = workerd.memory().now;
    const samples: { bytes: number; peak: number }[] = [];
    await follow(workerd, Math.max(...sizes), (bytes) => {
      samples.push({ bytes, peak: workerd.memory().peak });
    });
    const peaks = sizes.map(
      (megabytes) => (samples.find(({ bytes }) => bytes >= megabytes * 1e6) ?? samples.at(-1))?.peak ?? 0,
    );
    const [small = 0, large = 0] = [peaks.at(0), peaks.at(-1)];
    const more = `${before.toFixed(0)} before the first, of which the log is ${DIFFERENT_MB} MB`;
    return {
      measure: `peak memory of workerd at ${sizes.join(" / ")} MB of log, what is live alone`,
      figure: `${peaks.map((peak) => peak.toFixed(0)).join(" / ")} MiB (${more})`,
      target: `flat: at most ${FLAT} times`,
      isMet: large <= small * FLAT,
    };
  } finally {
    await workerd.stop();
  }
}

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
  bytesRead: number;
  caughtUp: boolean;
}

/** Megabytes a second. */
interface Speed {
  wall: number;
  cpu: number;
}

/**
 * Starts a Worker that has the text as its log.
 * @param isCollectable whether it collects garbage as it goes, and leaves R2 out
 */
export function startLog(bench: Bench, text: Buffer<ArrayBuffer>, isCollectable = false): Promise<Workerd> {
  return startFollowing(bench, "/lab/log", text, { isCollectable });
}

/** Lets the Worker follow so much of the log. @param onStep told after each step how many bytes have been read */
export async function follow(
  workerd: Workerd,
  megabytes: number,
  onStep?: (bytesRead: number) => void,
): Promise<Speed> {
  const [began, before] = [performance.now(), workerd.cpuMs()];
  const bytes = megabytes * 1e6;
  const { manifest } = await followToEnd<Step>(workerd, "/lab/log", `?bytes=${bytes}`, ({ bytesRead }) =>
    onStep?.(bytesRead),
  );
  const { records, gapCount } = manifest;
  // About 150 bytes each; and what was before the log, which does not begin in 1970, is one gap.
  if (records < bytes / 300 || gapCount !== 1)
    throw new Error(`Only ${records} records were read, with ${gapCount} gaps`);
  return {
    wall: megabytes / ((performance.now() - began) / 1000),
    cpu: megabytes / ((workerd.cpuMs() - before) / 1000),
  };
}
