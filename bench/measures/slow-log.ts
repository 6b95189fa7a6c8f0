import { readFileSync } from "node:fs";
import { followToEnd, startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { againstPtQueryDigest } from "../pt-query-digest.ts";
import type { Row } from "../table.ts";
import type { Workerd } from "../workerd.ts";

const MEASURE =
  "slow log parsed, redacted, digested with percentiles and series, compressed and stored: bytes for each second of CPU against pt-query-digest";
const AT_LEAST = 18;
/** How often the service follows the log in its turn, which is much shorter. */
const FOLLOWED = 4;

/** How fast a slow log is followed, as a ratio to pt-query-digest on the same file. */
export const slowLog: Measure = {
  name: "slow-log",
  async run(bench: Bench): Promise<Row[]> {
    const { slowLog: file, isQuick } = bench;
    if (file === undefined) {
      return [
        { measure: MEASURE, figure: "not measured: no `--slow-log FILE`", target: `at least ${AT_LEAST}` },
      ];
    }
    const text = readFileSync(file);
    const workerd = await startSlowLog(bench, text);
    try {
      await followSlowLog(workerd, text);
      const follow = async () => {
        const before = workerd.cpuMs();
        for (let i = 0; i < FOLLOWED; i++) await followSlowLog(workerd, text);
        return (workerd.cpuMs() - before) / FOLLOWED;
      };
      const bytes = text.length;
      const compared = { measure: MEASURE, atLeast: AT_LEAST, file, type: "slowlog", bytes, follow } as const;
      return [await againstPtQueryDigest(compared, isQuick)];
    } finally {
      await workerd.stop();
    }
  },
};

/** Starts a Worker that has the text as its slow log, and follows it in a Durable Object. */
export function startSlowLog(bench: Bench, text: Buffer<ArrayBuffer>): Promise<Workerd> {
  return startFollowing(bench, "/lab/slow-log", text, { runner: { className: "SlowLogFollower" } });
}

/** What a step of following it answers. */
interface Step {
  manifest: { records: number; statements: number; strayBytes?: number };
  caughtUp: boolean;
  /** How many steps the series of the whole has, once all was read. */
  points: number;
}

/**
 * Lets the Worker follow the whole log, from its beginning.
 * @returns how many statements it has
 * @throws Error when it has not read it all
 */
export async function followSlowLog(workerd: Workerd, text: Buffer): Promise<number> {
  const { manifest, points } = await followToEnd<Step>(workerd, "/lab/slow-log");
  const { records, statements, strayBytes = 0 } = manifest;
  // An entry takes some 250 bytes, and the last is still open.
  if (records < text.length / 1000 || strayBytes > 0 || points === 0)
    throw new Error(`Only ${records} records and ${points} points were read, and ${strayBytes} bytes not`);
  return statements;
}
