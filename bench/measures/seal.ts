import { startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { median, quantile } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import type { Workerd } from "../workerd.ts";
import { busyLog } from "./log.ts";

/** How much of a log is recorded, and how often both take turns. */
const MEGABYTES = 64;
const ROUNDS = 15;

/** What the lab says of a recording: as NDJSON, and in R2. */
interface RecordedSize {
  bytes: number;
  storedBytes: number;
}

const HOW = ["plain", "sealed"] as const;
type How = (typeof HOW)[number];

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
  const rounds = bench.isQuick ? 3 : ROUNDS;
  const speeds: Record<How, number[]> = { plain: [], sealed: [] };
  const ratios: number[] = [];
  // The first two warm up.
  for (let round = -2; round < rounds; round++) {
    const costs: Record<How, number> = { plain: 0, sealed: 0 };
    for (const how of round % 2 === 0 ? HOW : HOW.toReversed()) {
      const before = workerd.cpuMs();
      const { bytes } = await ask(workerd, path, how);
      costs[how] = workerd.cpuMs() - before;
      if (round >= 0) speeds[how].push(bytes / 1e6 / (costs[how] / 1000));
    }
    if (round >= 0) ratios.push(costs.sealed / costs.plain);
  }
  const measure = `${name}, sealed: CPU against the same without`;
  const [plain, sealed] = HOW.map((how) => median(speeds[how]).toFixed(0));
  const more = `middle half ${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}; ${sealed} against ${plain} MB of NDJSON for each second of CPU`;
  if (atMost === undefined) return { measure, figure: `${median(ratios).toFixed(2)} times (${more})` };
  return judged(measure, median(ratios), { atMost }, { unit: " times", more });
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
