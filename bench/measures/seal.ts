import { startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { judged, type Row } from "../table.ts";
import { middleHalf, takeTurns } from "../turns.ts";
import type { Workerd } from "../workerd.ts";
import { busyLog } from "./log.ts";

/** How much of a log is recorded, and how often both take turns, after so many times to warm up. */
const MEGABYTES = 64;
const ROUNDS = 15;
const WARMING = 2;

/** What the lab says of a recording: as NDJSON, and in R2. */
interface RecordedSize {
  bytes: number;
  storedBytes: number;
}

type How = "plain" | "sealed";

/** What is measured, and the most that sealing may make of its CPU. */
const STEPS = [
  { name: "recording", path: "record", atMost: 1.1 },
  { name: "downloading as NDJSON", path: "ndjson", atMost: 1.25 },
  { name: "downloading as gzip, which is sent as it is stored", path: "gzip", atMost: undefined },
] as const;

/** What it costs to seal a workload and to open it, of the same log without it, in turns. */
export const seal: Measure = {
  name: "seal",
  async run(bench: Bench): Promise<Row[]> {
    const workerd = await startFollowing(bench, "/lab/log", await busyLog(bench));
    try {
      const rows: Row[] = [];
      for (const step of STEPS) rows.push(await compare(bench, workerd, step));
      return [...rows, await sizes(workerd)];
    } finally {
      await workerd.stop();
    }
  },
};

async function compare(
  bench: Bench,
  workerd: Workerd,
  { name, path, atMost }: (typeof STEPS)[number],
): Promise<Row> {
  let bytes = 0;
  const costOf = (how: How) => async () => {
    const before = workerd.cpuMs();
    ({ bytes } = await ask(workerd, path, how));
    return workerd.cpuMs() - before;
  };
  await takeTurns(costOf("sealed"), costOf("plain"), WARMING);
  const turns = await takeTurns(costOf("sealed"), costOf("plain"), bench.isQuick ? 3 : ROUNDS);
  const { ratio, first, second } = turns;
  const measure = `${name}, sealed: CPU against the same without`;
  const [sealed, plain] = [first, second].map((ms) => (bytes / 1000 / ms).toFixed(0));
  const more = `${middleHalf(turns, 2)}; ${sealed} against ${plain} MB of NDJSON for each second of CPU`;
  if (atMost === undefined) return { measure, figure: `${ratio.toFixed(2)} times (${more})` };
  return judged(measure, ratio, { atMost }, { unit: " times", more });
}

async function sizes(workerd: Workerd): Promise<Row> {
  const [plain, sealed] = [await ask(workerd, "record", "plain"), await ask(workerd, "record", "sealed")];
  const more = `${sealed.storedBytes} bytes against ${plain.storedBytes}`;
  return judged(
    "stored size, sealed",
    sealed.storedBytes / plain.storedBytes,
    { atMost: 1.001 },
    { unit: " times", digits: 5, more },
  );
}

/** Asks the lab to do something with the log that it has. */
async function ask(workerd: Workerd, what: string, how: How): Promise<RecordedSize> {
  const query = `bytes=${MEGABYTES * 1e6}&how=${how}`;
  const reply = await fetch(`${workerd.address("lab")}/lab/seal/${what}?${query}`, { method: "POST" });
  if (!reply.ok) throw new Error(`${what} answered ${reply.status} ${await reply.text()}`);
  return (await reply.json()) as RecordedSize;
}
