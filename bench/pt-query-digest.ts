import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { judged, type Row } from "./table.ts";
import { middleHalf, takeTurns } from "./turns.ts";

/* Percona Toolkit's program, which parses a log and digests its statements, and stores nothing. */

const run = promisify(execFile);
/** How often both take turns. */
const ROUNDS = 5;

/** A log for pt-query-digest and the service to follow in turns. */
export interface Compared {
  measure: string;
  /** How many times as fast the service is to be. */
  atLeast: number;
  file: string;
  /** As pt-query-digest calls this kind of log. */
  type: "slowlog" | "genlog";
  bytes: number;
  /** Lets the service follow it. @returns the CPU time that this took, in milliseconds */
  follow: () => Promise<number>;
}

/** Lets the service take turns with pt-query-digest on the same file. Where that is not installed, its own figure stands alone. */
export async function againstPtQueryDigest(
  { measure, atLeast, file, type, bytes, follow }: Compared,
  isQuick: boolean,
): Promise<Row> {
  const megabytes = bytes / 1e6;
  const own = async () => megabytes / ((await follow()) / 1000);
  if (!(await isInstalled())) {
    const figure = `${(await own()).toFixed(1)} MB; pt-query-digest is not installed`;
    return { measure, figure, target: `at least ${atLeast}` };
  }
  const theirs = async () => megabytes / (await cpuSeconds(type, file));
  const turns = await takeTurns(own, theirs, isQuick ? 1 : ROUNDS);
  const more = `${middleHalf(turns, 1)}; ${turns.first.toFixed(1)} MB to ${turns.second.toFixed(1)} MB`;
  return judged(measure, turns.ratio, { atLeast }, { unit: " times", digits: 1, more });
}

async function isInstalled(): Promise<boolean> {
  return run("pt-query-digest", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** The CPU time that pt-query-digest takes for a file, in seconds: user's and system's, by the shell's count. */
async function cpuSeconds(type: Compared["type"], file: string): Promise<number> {
  const script = 'pt-query-digest --type "$1" "$2" > /dev/null && times';
  const { stdout } = await run("sh", ["-c", script, "sh", type, file]);
  // The second line is of the shell's children: `0m7.242s 0m0.125s`.
  const times = [...(stdout.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`The shell gave no times: ${stdout}`);
  return times.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
