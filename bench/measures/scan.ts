import { startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { median, quantile } from "../statistics.ts";
import { judged, type Row } from "../table.ts";
import type { Workerd } from "../workerd.ts";
import { busyLog } from "./log.ts";

/** How much of a log is looked through, and how much there is for a filter that one fragment in a hundred has. */
const SCANNED_MB = 64;
const FILTERED_MB = 1600;
/** How often both take turns. */
const ROUNDS = 9;
/** What is nowhere in the log, in several scripts: the figure is that of the slowest. */
const TEXTS = ["Zebra crossing", "7f3a-91c0-55", "8273645123", "überfällig", "payments_archive"];
const AT_MOST = 1.6;
/** What one fragment in a hundred has (bench/worker/scan.ts), and which part of the bytes may be read for it. */
const RARE_TABLE = "rare_table";
const READ_AT_MOST = 0.05;

/** What a search in the lab answers. */
interface Scanned {
  records: number;
  /** Of the first one. */
  fingerprint: string | null;
  bytesRead: number;
}

/** What it costs to look for records in what is stored. */
export const scan: Measure = {
  name: "scan",
  async run(bench: Bench): Promise<Row[]> {
    const text = await busyLog(bench);
    const workerd = await startFollowing(bench, "/lab/log", text);
    try {
      return [await compare(bench, workerd), ...(await filter(bench, workerd))];
    } finally {
      await workerd.stop();
    }
  },
};

/** Looks for texts that are rare, and decompresses the same fragments without looking, in turns. */
async function compare(bench: Bench, workerd: Workerd): Promise<Row> {
  await ask(workerd, "follow", `bytes=${SCANNED_MB * 1e6}`);
  const rounds = bench.isQuick ? 3 : ROUNDS;
  const costOf = async (path: string, query = "") => {
    const before = workerd.cpuMs();
    await ask(workerd, path, query);
    return workerd.cpuMs() - before;
  };
  let slowest: { text: string; ratios: number[] } | undefined;
  for (const text of TEXTS) {
    const query = `contains=${encodeURIComponent(text)}`;
    const { records } = await ask<Scanned>(workerd, "find", query);
    if (records > 0) throw new Error(`The log has ${text}, which is to be rare`);
    const ratios: number[] = [];
    for (let i = 0; i < rounds; i++) {
      const [first, second] = i % 2 === 0 ? ["gunzip", "find"] : ["find", "gunzip"];
      const costs = { [first]: await costOf(first, query), [second]: await costOf(second, query) };
      ratios.push((costs.find as number) / (costs.gunzip as number));
    }
    if (slowest === undefined || median(ratios) > median(slowest.ratios)) slowest = { text, ratios };
  }
  const { text, ratios } = slowest as NonNullable<typeof slowest>;
  const spread = `${quantile(ratios, 0.25).toFixed(2)} to ${quantile(ratios, 0.75).toFixed(2)}`;
  return judged(
    "looking for a text that is rare: CPU against gunzip alone over the same fragments",
    median(ratios),
    { atMost: AT_MOST },
    { unit: " times", more: `middle half ${spread}; of ${TEXTS.length} texts the slowest, "${text}"` },
  );
}

/** Looks for what one fragment of many has, and counts what is read. */
async function filter(bench: Bench, workerd: Workerd): Promise<Row[]> {
  const megabytes = bench.isQuick ? 100 : FILTERED_MB;
  const { fragments, storedBytes } = await ask<{ fragments: number; storedBytes: number }>(
    workerd,
    "follow",
    `bytes=${megabytes * 1e6}`,
  );
  const judge = async (name: string, value: string): Promise<{ row: Row; fingerprint: string }> => {
    const { records, fingerprint, bytesRead } = await ask<Scanned>(workerd, "find", `${name}=${value}`);
    if (records !== 1 || fingerprint === null) throw new Error(`${name} ${value} has ${records} records`);
    const measure = `a filter by ${name} that one of ${fragments} fragments has: bytes read, of all that are stored`;
    return {
      row: judged(measure, bytesRead / storedBytes, { atMost: READ_AT_MOST }, { digits: 3 }),
      fingerprint,
    };
  };
  const byTable = await judge("table", RARE_TABLE);
  const byFingerprint = await judge("fingerprint", byTable.fingerprint);
  return [byTable.row, byFingerprint.row];
}

/** Asks the lab for something about the log that it has. */
async function ask<T>(workerd: Workerd, what: string, query: string): Promise<T> {
  const reply = await fetch(`${workerd.address("lab")}/lab/scan/${what}?${query}`, { method: "POST" });
  if (!reply.ok) throw new Error(`${what} answered ${reply.status} ${await reply.text()}`);
  return (await reply.json()) as T;
}
