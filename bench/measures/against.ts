import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { labOfCommit } from "../commit.ts";
import type { Bench, Measure } from "../measure.ts";
import { withMixedUtf8 } from "../mixed-utf8.ts";
import { judged, type Row } from "../table.ts";
import { middleHalf, takeTurns } from "../turns.ts";
import type { Lab, Workerd } from "../workerd.ts";
import { labOfToday, startGeneralLog, storeGeneralLog } from "./general-log.ts";
import { busyLog } from "./log.ts";

/** How often both take turns, and in how many processes of each memory is measured. */
const ROUNDS = 15;
const PROCESSES = 3;
/** How many bytes are followed in a turn, at least: a short log is followed again and again. */
const TURN_BYTES = 48e6;
/** How many times as fast as that commit's today's pipeline is to be, by what it follows. */
const AT_LEAST = { busy: 1.5, server: 1.8, mixed: 2 };
const MEMORY_AT_MOST = 0.6;
/**
 * How much of a log is followed again and again while memory is measured. The allocator keeps what receiving a log has taken, so
 * that following it would be found to take less than it does by as much.
 */
const GIVEN_BYTES = 4e6;
const FOLLOWED_BYTES = 100e6;

/** A log that both builds follow. */
interface Followed {
  /** As the table names it. */
  name: string;
  text: Buffer<ArrayBuffer>;
  kind: keyof typeof AT_LEAST;
}

/** Both builds. */
interface Builds {
  today: Lab;
  earlier: Lab;
  /** As the commit was given. */
  commit: string;
}

/** Today's pipeline of the general log against an earlier commit's. */
export const against: Measure = {
  name: "against",
  async run(bench: Bench): Promise<Row[]> {
    const { against: commit } = bench;
    if (commit === undefined)
      return [
        {
          measure: "the general log's way against an earlier commit's",
          figure: "not measured: no `--against COMMIT`",
        },
      ];
    const builds = { today: await labOfToday(bench), earlier: await labOfCommit(commit), commit };
    const logs = logsFor(bench, await busyLog(bench));
    const rows: Row[] = [];
    for (const log of logs) rows.push(...(await speed(bench, log, builds)));
    for (const log of logs.filter(({ kind }) => kind !== "mixed"))
      rows.push(await liveMemory(bench, log, builds));
    return rows;
  },
};

/** A server's log, where one is given, and the busy shop's; each of them with text in several scripts too. */
function logsFor({ generalLog: file }: Bench, busy: Buffer<ArrayBuffer>): Followed[] {
  const logs: Followed[] = [{ name: "the busy shop's log", text: busy, kind: "busy" }];
  if (file !== undefined) logs.unshift({ name: basename(file), text: readFileSync(file), kind: "server" });
  return logs.flatMap((log) => [
    log,
    {
      name: `${log.name}, every fifth statement in mixed UTF-8`,
      text: Buffer.from(withMixedUtf8(log.text.toString())),
      kind: "mixed",
    },
  ]);
}

/** Lets both builds follow the log in turns: the CPU that they take, and the bytes that they store. */
async function speed(bench: Bench, { name, text, kind }: Followed, builds: Builds): Promise<Row[]> {
  const started: Workerd[] = [];
  const start = async (lab: Lab) => {
    const workerd = await startGeneralLog(bench, text, { lab });
    started.push(workerd);
    // The first time, until the code is compiled.
    return { workerd, stored: await storeGeneralLog(workerd, text.length) };
  };
  try {
    const [today, earlier] = [await start(builds.today), await start(builds.earlier)];
    const [own, others] = [today.stored.records, earlier.stored.records];
    if (Math.abs(own - others) > others / 1000)
      throw new Error(`Of ${name} ${own} records were read, and by ${builds.commit} ${others}`);
    const times = Math.ceil(TURN_BYTES / text.length);
    const megabytesPerSecond =
      ({ workerd }: typeof today) =>
      async () => {
        const before = workerd.cpuMs();
        for (let i = 0; i < times; i++) await storeGeneralLog(workerd, text.length);
        return (times * text.length) / 1000 / (workerd.cpuMs() - before);
      };
    const rounds = bench.isQuick ? 1 : ROUNDS;
    const turns = await takeTurns(megabytesPerSecond(today), megabytesPerSecond(earlier), rounds);
    const more = `${middleHalf(turns, 2)}; ${turns.first.toFixed(0)} MB to ${turns.second.toFixed(0)} MB`;
    const perRecord = ({ stored }: typeof today) => stored.storedBytes / stored.records;
    return [
      judged(
        `bytes for each second of CPU against ${builds.commit}: ${name}`,
        turns.ratio,
        { atLeast: AT_LEAST[kind] },
        { unit: " times", more },
      ),
      {
        measure: `stored bytes for each record, and those of ${builds.commit}: ${name}`,
        figure: `${perRecord(today).toFixed(2)}, ${perRecord(earlier).toFixed(2)}`,
      },
    ];
  } finally {
    for (const workerd of started) await workerd.stop();
  }
}

/** What memory both builds take to follow a log, beyond a process that has it and follows nothing. */
async function liveMemory(bench: Bench, { name, text }: Followed, builds: Builds): Promise<Row> {
  const given = beginningOf(text, GIVEN_BYTES);
  const bytes = bench.isQuick ? GIVEN_BYTES : FOLLOWED_BYTES;
  const mebibytes = (lab: Lab) => async () => {
    const workerd = await startGeneralLog(bench, given, { lab, isCollectable: true });
    try {
      const before = workerd.memory().now;
      workerd.forgetPeak();
      await storeGeneralLog(workerd, bytes);
      return workerd.memory().peak - before;
    } finally {
      await workerd.stop();
    }
  };
  const processes = bench.isQuick ? 1 : PROCESSES;
  const turns = await takeTurns(mebibytes(builds.today), mebibytes(builds.earlier), processes);
  const more = `${middleHalf(turns, 2)}; ${turns.first.toFixed(0)} MiB to ${turns.second.toFixed(0)} MiB`;
  return judged(
    `live memory while following, beyond a process that follows nothing, against ${builds.commit}: ${name}`,
    turns.ratio,
    { atMost: MEMORY_AT_MOST },
    { unit: " times", more },
  );
}

/** The first records of a log: whole lines, of at most so many bytes, without the banner, which would tell each time of a restart. */
function beginningOf(text: Buffer<ArrayBuffer>, bytes: number): Buffer<ArrayBuffer> {
  const records = text.subarray(text.toString("latin1", 0, 1000).search(/^[\dT:.Z-]+( [\d:]+)?\t/m));
  return records.subarray(0, records.lastIndexOf("\n", bytes - 1) + 1);
}
