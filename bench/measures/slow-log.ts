import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { followToEnd, startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { median, quantile } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import type { Workerd } from "../workerd.ts";

const MEASURE =
  "slow log parsed, redacted, digested with percentiles and series, compressed and stored: bytes for each second of CPU against pt-query-digest";
const AT_LEAST = 12;
/** How often both take turns, and how often the service follows the log in its turn, which is much shorter. */
const ROUNDS = 5;
const FOLLOWED = 4;

const run = promisify(execFile);

/** How fast a slow log is followed, as a ratio to pt-query-digest on the same file. */
export const slowLog: Measure = {
  name: "slow-log",
  async run(bench: Bench): Promise<Row[]> {
    if (bench.slowLog === undefined) {
      return [
        { measure: MEASURE, figure: "not measured: no `--slow-log FILE`", target: `at least ${AT_LEAST}` },
      ];
    }
    const text = readFileSync(bench.slowLog);
    const workerd = await startSlowLog(bench, text);
    try {
      await followSlowLog(workerd, text);
      return [await compare(bench, workerd, bench.slowLog, text)];
    } finally {
      await workerd.stop();
    }
  },
};

/** Lets both take turns, so that what else the machine does strikes both. */
async function compare(bench: Bench, workerd: Workerd, file: string, text: Buffer): Promise<Row> {
  const megabytes = text.length / 1e6;
  const isThere = await hasPtQueryDigest();
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = bench.isQuick ? 1 : ROUNDS; round > 0; round--) {
    if (isThere) theirs.push(megabytes / (await ptQueryDigestCpu(file)));
    const before = workerd.cpuMs();
    for (let i = 0; i < FOLLOWED; i++) await followSlowLog(workerd, text);
    own.push((FOLLOWED * megabytes) / ((workerd.cpuMs() - before) / 1000));
  }
  const rate = (values: readonly number[]) => `${median(values).toFixed(1)} MB`;
  if (!isThere) {
    return {
      measure: MEASURE,
      figure: `${rate(own)}; pt-query-digest is not installed`,
      target: `at least ${AT_LEAST}`,
    };
  }
  const ratios = own.map((value, i) => value / (theirs[i] as number));
  const spread = `${quantile(ratios, 0.25).toFixed(1)} to ${quantile(ratios, 0.75).toFixed(1)}`;
  const more = `middle half ${spread}; ${rate(own)} to ${rate(theirs)}`;
  return judged(MEASURE, median(ratios), { atLeast: AT_LEAST }, { unit: " times", digits: 1, more });
}

async function hasPtQueryDigest(): Promise<boolean> {
  return run("pt-query-digest", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** The CPU time that pt-query-digest takes for a file, in seconds: user's and system's, by the shell's count. */
async function ptQueryDigestCpu(file: string): Promise<number> {
  const { stdout } = await run("sh", ["-c", 'pt-query-digest "$1" > /dev/null && times', "sh", file]);
  // The second line is of the shell's children: `0m7.242s 0m0.125s`.
  const times = [...(stdout.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`The shell gave no times: ${stdout}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}

/** Starts a Worker that has the text as its slow log, and follows it in a Durable Object. */
export function startSlowLog(bench: Bench, text: Buffer<ArrayBuffer>): Promise<Workerd> {
  return startFollowing(bench, "/lab/slow-log", text, { runner: { className: "SlowLogFollower" } });
}

/** What a step of following it answers. */
interface Step {
  manifest: { records: number; strayBytes?: number };
  caughtUp: boolean;
  /** How many steps the series of the whole has, once all was read. */
  points: number;
}

/** Lets the Worker follow the whole log, from its beginning. @throws Error when it has not read it all */
export async function followSlowLog(workerd: Workerd, text: Buffer): Promise<void> {
  const { manifest, points } = await followToEnd<Step>(workerd, "/lab/slow-log");
  const { records, strayBytes = 0 } = manifest;
  // An entry takes some 250 bytes, and the last is still open.
  if (records < text.length / 1000 || strayBytes > 0 || points === 0)
    throw new Error(`Only ${records} records and ${points} points were read, and ${strayBytes} bytes not`);
}
