import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { labOfCommit } from "../commit.ts";
import { followToEnd, startFollowing } from "../followed-log.ts";
import type { Bench, Measure } from "../measure.ts";
import { withMixedUtf8 } from "../mixed-utf8.ts";
import { judged, type Row } from "../table.ts";
import { middleHalf, takeTurns } from "../turns.ts";
import { LAB_WITHOUT_R2, type Lab, type Workerd } from "../workerd.ts";
import { busyLog } from "./log.ts";

/** How often both take turns. */
const ROUNDS = 15;
/** In how many processes of either build memory is measured. */
const PROCESSES = 3;
/** How many bytes are followed in a turn, at least: a short log is followed again and again. */
const TURN_BYTES = 48e6;

/** A log that both builds follow. */
interface Followed {
  /** As the table names it. */
  name: string;
  text: Buffer<ArrayBuffer>;
  /** How many times as fast today's build is to be. */
  atLeast: number;
}

/** Today's pipeline of the general log against an earlier commit's. */
export const against: Measure = {
  name: "against",
  async run(bench: Bench): Promise<Row[]> {
    if (bench.against === undefined)
      return [{ measure: "against an earlier build", figure: "not measured: no `--against COMMIT`" }];
    const then = await labOfCommit(bench.against);
    const now = { bundle: await bench.bundled(LAB_WITHOUT_R2), config: "wrangler.toml" };
    const rows: Row[] = [];
    const logs = await logsOf(bench);
    for (const log of logs) rows.push(...(await speed(bench, log, now, then)));
    for (const log of logs.filter(({ name }) => !name.includes("UTF-8")))
      rows.push(await liveMemory(bench, log, now, then));
    return rows;
  },
};

/** The busy shop's log and, where one is given, a server's, each of them with text in several scripts too. */
async function logsOf(bench: Bench): Promise<Followed[]> {
  const logs: Followed[] = [{ name: "the busy shop's log", text: await busyLog(bench), atLeast: 1.5 }];
  if (bench.generalLog !== undefined) {
    const text = readFileSync(bench.generalLog);
    logs.unshift({ name: basename(bench.generalLog), text, atLeast: 1.8 });
  }
  return logs.flatMap((log) => [
    log,
    {
      name: `${log.name} with every fifth statement in mixed UTF-8`,
      text: Buffer.from(withMixedUtf8(log.text.toString())),
      atLeast: 2,
    },
  ]);
}

/** Lets both builds follow the log in turns: the CPU that they take, and the bytes that they store. */
async function speed(bench: Bench, { name, text, atLeast }: Followed, now: Lab, then: Lab): Promise<Row[]> {
  const sides: Workerd[] = [];
  try {
    for (const lab of [now, then]) sides.push(await startFollowing(bench, "/lab/log", text, { lab }));
    const [today, earlier] = sides as [Workerd, Workerd];
    // Until the code is compiled.
    const stored = [await followLog(today, text), await followLog(earlier, text)];
    const [a, b] = stored as [Stored, Stored];
    if (Math.abs(a.records - b.records) > b.records / 1000)
      throw new Error(`Of ${name}, ${a.records} records were read, and ${b.records} by the earlier build`);
    const times = Math.ceil(TURN_BYTES / text.length);
    const turn = (workerd: Workerd) => async () => {
      const before = workerd.cpuMs();
      for (let i = 0; i < times; i++) await followLog(workerd, text);
      return (times * text.length) / 1e6 / ((workerd.cpuMs() - before) / 1000);
    };
    const turns = await takeTurns(turn(today), turn(earlier), bench.isQuick ? 1 : ROUNDS);
    const rates = `${turns.first.toFixed(0)} MB to ${turns.second.toFixed(0)} MB`;
    const more = `${middleHalf(turns, 2)}; ${rates}`;
    const [own, others] = stored.map(({ storedBytes, records }) => storedBytes / records) as [number, number];
    return [
      judged(
        `general log: bytes for each second of CPU against ${bench.against}, ${name}`,
        turns.ratio,
        { atLeast },
        { unit: " times", more },
      ),
      judged(
        `stored bytes per statement against ${bench.against}, ${name}`,
        own / others,
        { atMost: 1 },
        { unit: " times", digits: 3, more: `${own.toFixed(2)} to ${others.toFixed(2)}` },
      ),
    ];
  } finally {
    for (const workerd of sides) await workerd.stop();
  }
}

/** What following a log came to. */
interface Stored {
  records: number;
  storedBytes: number;
}

/** Lets a Worker follow the whole log once. */
async function followLog(workerd: Workerd, text: Buffer): Promise<Stored> {
  const { manifest } = await followToEnd<{ manifest: Stored; caughtUp: boolean }>(
    workerd,
    "/lab/log",
    `?bytes=${text.length}`,
  );
  return manifest;
}

/** What memory both builds take to follow the log, beyond a process that has it and follows nothing. */
async function liveMemory(bench: Bench, { name, text }: Followed, now: Lab, then: Lab): Promise<Row> {
  const taken = async (lab: Lab): Promise<number> => {
    const workerd = await startFollowing(bench, "/lab/log", text, { isCollectable: true, lab });
    try {
      const before = workerd.memory().now;
      workerd.forgetPeak();
      await followLog(workerd, text);
      return workerd.memory().peak - before;
    } finally {
      await workerd.stop();
    }
  };
  const processes = bench.isQuick ? 1 : PROCESSES;
  const turns = await takeTurns(
    () => taken(now),
    () => taken(then),
    processes,
  );
  const more = `${middleHalf(turns, 2)}; ${turns.first.toFixed(0)} MiB to ${turns.second.toFixed(0)} MiB`;
  return judged(
    `live memory while following, beyond a runtime that follows nothing, against ${bench.against}, ${name}`,
    turns.ratio,
    { atMost: 0.6 },
    { unit: " times", more },
  );
}
