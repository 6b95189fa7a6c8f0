import { parseArgs } from "node:util";
import { createBench } from "./measure.ts";
import { endings, wrongHistories } from "./simulation/judge.ts";
import { Platform } from "./simulation/platform.ts";
import { type Watched, watch } from "./simulation/watch.ts";
import { latenessRows, makeScheduled, none, stoppedEnvironments } from "./starts.ts";
import { machine, type Row, table } from "./table.ts";

/*
 * `npm run simulate`: schedules `--captures` (20,000) for one minute on a platform whose parts are processes, with the captures'
 * Durable Objects in `--shards` (6) of them, lets them start and end, and judges the history of each. `--seconds` (60) spreads
 * them over another time. Prints a table, and exits with 1 when a start was lost or early, or a history is wrong.
 */

/** How long making one capture may take, also on a machine that does other things. */
const MAKING_MS = 30;
const LEAST_AHEAD_MS = 15_000;
const MAX_SHOWN = 20;

const { captures, shards, seconds } = options();
const platform = await Platform.start(createBench(), shards);
let rows: Row[];
try {
  rows = await simulate();
} finally {
  await platform.stop();
}
console.log(`\n${table(rows)}\n\n${machine()}`);
process.exit(rows.some(({ isMet }) => isMet === false) ? 1 : 0);

function options(): { captures: number; shards: number; seconds: number } {
  const { values } = parseArgs({
    options: {
      captures: { type: "string", default: "20000" },
      shards: { type: "string", default: "6" },
      seconds: { type: "string", default: "60" },
    },
  });
  const [captures, shards, seconds] = [values.captures, values.shards, values.seconds].map(Number) as [
    number,
    number,
    number,
  ];
  if ([captures, shards, seconds].every((number) => Number.isSafeInteger(number) && number > 0))
    return { captures, shards, seconds };
  console.error("--captures, --shards and --seconds must be whole numbers above 0");
  process.exit(1);
}

async function simulate(): Promise<Row[]> {
  const { service } = platform;
  const environments = await stoppedEnvironments(service);
  const due = Date.now() + LEAST_AHEAD_MS + captures * MAKING_MS;
  const schedule = { count: captures, due, spanMs: seconds * 1000 };
  await makeScheduled(service, environments, schedule);
  console.log(`${captures} captures are made; the first is due at ${new Date(due).toISOString()}`);
  const watched = await watch(platform, schedule);
  const late = await latenessRows(service.database, captures, seconds);
  const wrong = await wrongHistories(service.database);
  for (const what of wrong.slice(0, MAX_SHOWN)) console.log(what);
  const { reasons, byCron } = await endings(service.database);
  console.log(reasons.join("\n"));
  return [
    ...late,
    none("moves that were lost, repeated, illegal or early, in all histories", wrong.length),
    {
      measure: "moves that the cron had to make",
      figure: `${byCron}; it failed ${watched.cronsFailed} times`,
    },
    ...reported(watched),
  ];
}

function reported({ behindMs, startedMs, endedMs, cpuMs, idle, openFiles }: Watched): Row[] {
  const inSeconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(0)} s`;
  const cpu = Object.entries(cpuMs).map(([part, each]) => `${part} ${each.toFixed(1)} ms`);
  return [
    { measure: "the most that D1 was behind the schedule, looked at every 3 s", figure: inSeconds(behindMs) },
    {
      measure: "from the first scheduled start until the last had started, and had come to its end",
      figure: `${inSeconds(startedMs)}, ${inSeconds(endedMs)}`,
    },
    { measure: "CPU of one capture from its start to its end", figure: cpu.join(", ") },
    {
      measure: "idle time of the machine until the last had started",
      figure: `${(idle * 100).toFixed(0)} %`,
    },
    { measure: "files open in one process, at most", figure: String(openFiles) },
  ];
}
