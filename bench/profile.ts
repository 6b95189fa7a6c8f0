import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { profile, timesOf } from "./inspector.ts";
import { createBench } from "./measure.ts";
import { busyLog, follow, startLog } from "./measures/log.ts";
import { startBoth } from "./measures/requests.ts";
import { followSlowLog, startSlowLog } from "./measures/slow-log.ts";
import { markdown } from "./table.ts";

/*
 * `npm run bench:profile`: where the time of the API and of the bare Worker goes for each kind of request, and that of following
 * a log, by V8's profiler. The profiler itself takes time, most of it where functions are short: read it for what is large.
 * `--top N` shows so many parts of each (8).
 */

const WARM_UP_MS = 2000;
const PROFILED_MS = 5000;
const LOG_MB = 100;
/** How often the slow log is followed, with `--slow-log FILE`. */
const FOLLOWED = 4;
const OWN_TIMES = 20_000;

const { values } = parseArgs({ options: { top: { type: "string" }, "slow-log": { type: "string" } } });
const top = Number(values.top ?? 8);
const bench = createBench({ isProfile: true, slowLog: values["slow-log"] });
const [api, bare, lab] = (await Promise.all(
  ["src/index.ts", "bench/worker/bare.ts", "bench/worker/lab.ts"].map((entry) => bench.bundled(entry)),
)) as [string, string, string];

const { workerd, clients, kinds, stop } = await startBoth(bench);
for (const { measure, next, prepare } of kinds) {
  for (const [side, main] of [
    ["api", api],
    ["bare", bare],
  ] as const) {
    await prepare();
    await clients[side].load(WARM_UP_MS, next);
    await prepare();
    let requests = 0;
    const found = await profile(await workerd.inspectorUrl(side), async () => {
      ({ requests } = await clients[side].load(PROFILED_MS, next));
    });
    show(
      `${measure}, ${side === "api" ? "the API" : "the bare Worker"}: µs a request`,
      timesOf(found, main),
      requests,
    );
  }
}
await stop();

const logging = await startLog(bench, await busyLog(bench));
await follow(logging, LOG_MB);
const found = await profile(await logging.inspectorUrl("lab"), () => follow(logging, LOG_MB));
show("following a log: µs a MB", timesOf(found, lab), LOG_MB);

// The cookie is valid there too: the secrets are the same, and no database is asked.
const { headers = {} } = kinds[0]?.next() ?? {};
const answerMany = () => fetch(`${logging.address("lab")}/lab/request?times=${OWN_TIMES}`, { headers });
await answerMany();
const own = await profile(await logging.inspectorUrl("lab"), answerMany);
show("the API's own part in GET one capture: µs a request", timesOf(own, lab), OWN_TIMES);
await logging.stop();

if (bench.slowLog !== undefined) {
  const text = readFileSync(bench.slowLog);
  const slow = await startSlowLog(bench, text);
  await followSlowLog(slow, text);
  const url = await slow.inspectorUrl("lab");
  const times = await profile(url, async () => {
    for (let i = 0; i < FOLLOWED; i++) await followSlowLog(slow, text);
  });
  show("following a slow log: µs a MB", timesOf(times, lab), (FOLLOWED * text.length) / 1e6);
  await slow.stop();
}
process.exit();

/** Prints the parts that took longest, for each of so many. */
function show(title: string, times: readonly [string, number][], divisor: number): void {
  const rest = times.slice(top).reduce((sum, [, micros]) => sum + micros, 0);
  const rows = [...times.slice(0, top), ["all others", rest] as const].map(([part, micros]) => [
    part,
    (micros / divisor).toFixed(1),
  ]);
  console.log(`\n${markdown([[title, ""], ["---", "---:"], ...rows])}`);
}
