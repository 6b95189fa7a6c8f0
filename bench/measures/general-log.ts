import { readFileSync } from "node:fs";
import { followToEnd, startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { againstPtQueryDigest } from "../pt-query-digest.ts";
import { judged, type Row } from "../table.ts";
import { middleHalf, takeTurns } from "../turns.ts";
import { LAB_WITHOUT_R2, type Lab, type Workerd } from "../workerd.ts";
import { followSlowLog, startSlowLog } from "./slow-log.ts";

const MEASURE =
  "general log parsed, redacted, digested, compressed and stored: bytes for each second of CPU against pt-query-digest";
const AT_LEAST = 22;
const BY_SLOW_LOG = "slow log against general log, both of the same traffic: CPU for each statement";
const AT_MOST = 1.6;
/** How often the service follows the log in its turn, which is much shorter. */
const FOLLOWED = 4;
/** How often the two kinds of log take turns. */
const ROUNDS = 9;

/** How fast a server's general log is followed, as a ratio to pt-query-digest on the same file and to the slow log's way. */
export const generalLog: Measure = {
  name: "general-log",
  async run(bench: Bench): Promise<Row[]> {
    const { generalLog: file, isQuick } = bench;
    if (file === undefined) {
      const figure = "not measured: no `--general-log FILE`";
      return [
        { measure: MEASURE, figure, target: `at least ${AT_LEAST}` },
        { measure: BY_SLOW_LOG, figure, target: `at most ${AT_MOST}` },
      ];
    }
    const text = readFileSync(file);
    const workerd = await startGeneralLog(bench, text);
    try {
      await followGeneralLog(workerd, text);
      const follow = async () => {
        const before = workerd.cpuMs();
        for (let i = 0; i < FOLLOWED; i++) await followGeneralLog(workerd, text);
        return (workerd.cpuMs() - before) / FOLLOWED;
      };
      const bytes = text.length;
      const compared = { measure: MEASURE, atLeast: AT_LEAST, file, type: "genlog", bytes, follow } as const;
      return [await againstPtQueryDigest(compared, isQuick), await bySlowLog(bench, workerd, text)];
    } finally {
      await workerd.stop();
    }
  },
};

/** Lets the slow log and the general log of the same traffic be followed in turns. */
async function bySlowLog(bench: Bench, general: Workerd, text: Buffer): Promise<Row> {
  const { slowLog: file, isQuick } = bench;
  if (file === undefined) {
    const figure = "not measured: no `--slow-log FILE`";
    return { measure: BY_SLOW_LOG, figure, target: `at most ${AT_MOST}` };
  }
  const slowText = readFileSync(file);
  const slow = await startSlowLog(bench, slowText);
  try {
    await followSlowLog(slow, slowText);
    const turns = await takeTurns(
      () => cpuPerStatement(slow, () => followSlowLog(slow, slowText)),
      () => cpuPerStatement(general, () => followGeneralLog(general, text)),
      isQuick ? 1 : ROUNDS,
    );
    const more = `${middleHalf(turns, 2)}; ${turns.first.toFixed(2)} µs to ${turns.second.toFixed(2)} µs`;
    return judged(BY_SLOW_LOG, turns.ratio, { atMost: AT_MOST }, { unit: " times", more });
  } finally {
    await slow.stop();
  }
}

/** The CPU time for each statement of a log, in microseconds. @param follow answers how many statements there were */
async function cpuPerStatement(workerd: Workerd, follow: () => Promise<number>): Promise<number> {
  const before = workerd.cpuMs();
  const statements = await follow();
  return (1000 * (workerd.cpuMs() - before)) / statements;
}

/** Starts a Worker that has the text as its general log, and keeps the last fragment in memory. @param lab today's unless another is given */
export async function startGeneralLog(
  bench: Bench,
  text: Buffer<ArrayBuffer>,
  { lab, isCollectable = false }: { lab?: Lab; isCollectable?: boolean } = {},
): Promise<Workerd> {
  return startFollowing(bench, "/lab/log", text, { lab: lab ?? (await labOfToday(bench)), isCollectable });
}

/** Today's lab, without the local simulation of R2. */
export async function labOfToday(bench: Bench): Promise<Lab> {
  return { bundle: await bench.bundled(LAB_WITHOUT_R2), config: "wrangler.toml" };
}

/** What following a log came to, of a manifest. */
export interface Stored {
  records: number;
  statements: number;
  storedBytes: number;
}

/** Lets a Worker follow the whole log, from its beginning. @returns how many statements it has */
export async function followGeneralLog(workerd: Workerd, text: Buffer): Promise<number> {
  return (await storeGeneralLog(workerd, text.length)).statements;
}

/** Lets a Worker follow so many bytes of its log, from its beginning. @throws Error when it has not read them all */
export async function storeGeneralLog(workerd: Workerd, bytes: number): Promise<Stored> {
  const { manifest } = await followToEnd<{ manifest: Stored; caughtUp: boolean }>(
    workerd,
    "/lab/log",
    `?bytes=${bytes}`,
  );
  // A record takes some 100 to 200 bytes.
  if (manifest.records < bytes / 1000) throw new Error(`Only ${manifest.records} records were read`);
  return manifest;
}
