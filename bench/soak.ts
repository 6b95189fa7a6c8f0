import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { check, report } from "../scripts/lib/checks.ts";
import { Dice } from "../test/local-aws/random.ts";
import { createBench } from "./measure.ts";
import { type BenchEnvironment, Service } from "./service.ts";
import { Crowd } from "./soak/crowd.ts";
import { failAtRandom } from "./soak/faults.ts";
import { type Left, type Move, violations } from "./soak/history.ts";
import { memoryGrowth, type Sample } from "./soak/memory.ts";
import type { FaultCounts } from "./soak/plan.ts";
import { Platform } from "./soak/platform.ts";
import { isLogging, judgeStored } from "./soak/recordings.ts";

/*
 * `npm run soak`: keeps a mixed load on the service for `--minutes` (5) while captures start, run and end and the local AWS, D1,
 * R2 and Durable Objects fail at random, then lets all captures come to their end and judges the history and the records of each,
 * what callers were told, whether a log was left on, and workerd's memory. What is done follows from `--seed`, which is printed; when, the machine decides. Closes with
 * `N passed, N failed`.
 */

const ENVIRONMENTS = 6;
const SAMPLE_MS = 1000;
/**
 * Three times as often as the platform does, so that cron and the runners meet; more, and cron would fail captures that AWS
 * keeps from starting for a while.
 */
const CRON_MS = 20_000;
const PROGRESS_MS = 15_000;
/** How long the last captures may take to end: those that are scheduled or run when the load ends, and pending changes of AWS. */
const DRAIN_MS = 180_000;
const MAX_SHOWN = 20;
const LIVE = "status not in ('DONE', 'FAILED')";

interface Row extends Left {
  id: number;
  envId: number;
}

/** What was left after the load, when every capture that can end has ended. */
interface Remains {
  /** How many captures have not ended. */
  live: number;
  /** The environments whose log is still on. */
  logging: BenchEnvironment[];
}

const { minutes, seed } = options();
console.log(`A soak of ${minutes} min with --seed ${seed}`);
const service = await Service.start(createBench(), "bench/worker/faulty.ts", {
  AWS_TIMEOUT_MS: "2000",
  // The local AWS writes a log second by second, each when it is over.
  LOG_SETTLE_MS: "2000",
  LEASE_GRACE_MS: "5000",
});
try {
  await soak();
} finally {
  await service.stop();
}
report();

function options(): { minutes: number; seed: number } {
  const { values } = parseArgs({ options: { minutes: { type: "string" }, seed: { type: "string" } } });
  const minutes = Number(values.minutes ?? 5);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6));
  if (minutes > 0 && Number.isSafeInteger(seed)) return { minutes, seed };
  console.error("--minutes must be a number above 0, --seed a whole number");
  process.exit(1);
}

async function soak(): Promise<void> {
  const environments: BenchEnvironment[] = [];
  for (let i = 0; i < ENVIRONMENTS; i++)
    environments.push(await service.createEnvironment(`environment ${i}`));
  const platform = new Platform(service);
  const crowd = new Crowd(service, platform, environments as [BenchEnvironment, ...BenchEnvironment[]]);
  const samples: Sample[] = [];
  const signal = AbortSignal.timeout(minutes * 60_000);
  const [faults] = await Promise.all([
    failAtRandom(service, crowd.environments, new Dice(seed - 1), signal),
    platform.failAtRandom(new Dice(seed - 2), signal),
    crowd.run(seed, signal),
    watch(crowd, samples, signal),
    runCron(crowd, platform, signal),
  ]);
  const draining = new AbortController();
  const cron = runCron(crowd, platform, draining.signal);
  const remains = await drain(crowd);
  draining.abort();
  await cron;
  await judge(crowd, { ...faults, ...(await platform.struck()) }, samples, remains);
}

/** Notes what memory workerd has and how many captures are live, again and again. */
async function watch(crowd: Crowd, samples: Sample[], signal: AbortSignal): Promise<void> {
  const began = Date.now();
  while (!signal.aborted) {
    samples.push({ at: Date.now() - began, mib: service.workerd.memory().now });
    crowd.live = await liveCount();
    if (samples.length % (PROGRESS_MS / SAMPLE_MS) === 0) {
      const { mib } = samples.at(-1) as Sample;
      console.log(
        `        ${crowd.requests} requests, ${crowd.captures.size} captures, ${crowd.live} live, ${mib.toFixed(0)} MiB`,
      );
    }
    await pause(SAMPLE_MS);
  }
}

/** Runs the cron again and again. It may fail while the platform does. */
async function runCron(crowd: Crowd, platform: Platform, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    const since = Date.now();
    if (n % (CRON_MS / SAMPLE_MS) === 0) {
      await service.cron().catch((error: Error) => {
        if (!platform.hasFailedSince(since)) crowd.problems.push(error.message);
      });
    }
    await pause(SAMPLE_MS);
  }
}

async function liveCount(): Promise<number> {
  const [row] = await service.database.run<{ count: number }>(
    `select count(*) as count from captures where ${LIVE}`,
  );
  return row?.count ?? 0;
}

/** Lets every capture come to its end, and every log be switched off: captures that have no end are stopped. */
async function drain(crowd: Crowd): Promise<Remains> {
  const deadline = Date.now() + DRAIN_MS;
  for (;;) {
    const running = await service.database.run<{ id: number }>(
      "select id from captures where status = 'RUNNING' and deleted_at is null",
    );
    for (const { id } of running) await crowd.stop(id);
    const live = await liveCount();
    const logging: BenchEnvironment[] = [];
    for (const environment of crowd.environments)
      if (await isLogging(service, environment)) logging.push(environment);
    if ((live === 0 && logging.length === 0) || Date.now() > deadline) return { live, logging };
    await pause(SAMPLE_MS);
  }
}

async function judge(
  crowd: Crowd,
  faults: FaultCounts,
  samples: readonly Sample[],
  { live, logging }: Remains,
): Promise<void> {
  const rows = await service.database.run<Row>(
    `select id, env_id as envId, status, started_at as start, ended_at as "end", scheduled_start as scheduledStart,
       scheduled_end as scheduledEnd, deleted_at as deletedAt, reason from captures order by id`,
  );
  const moves = await service.database.run<Move & { captureId: number }>(
    `select capture_id as captureId, time, from_status as "from", to_status as "to", actor, reason
     from capture_events order by id`,
  );
  const histories = Map.groupBy(moves, ({ captureId }) => captureId);
  const count = (status: string) => rows.filter((row) => row.status === status).length;

  console.log(
    `        faults: ${Object.entries(faults)
      .sort()
      .map(([kind, times]) => `${kind} ${times}`)
      .join(", ")}`,
  );
  await check(
    `${crowd.requests} requests were answered as the API says, ${crowd.refusals} of them 503 while the platform failed`,
    () => none(crowd.problems),
  );
  await check(`the ${crowd.captures.size} captures that were made are there, and no other`, () =>
    none(difference(new Set(rows.map(({ id }) => id)), new Set(crowd.captures.keys()))),
  );
  await check(`all have ended: ${count("DONE")} DONE, ${count("FAILED")} FAILED`, () =>
    none(live === 0 ? [] : [`${live} have not, ${DRAIN_MS / 1000} s after the load`]),
  );
  await check(
    `${moves.length} moves: none is lost, repeated, illegal or early, no stop or deletion forgotten`,
    () =>
      none(
        rows.flatMap((row) => {
          const history = histories.get(row.id) ?? [];
          const promised = crowd.captures.get(row.id) ?? { stopped: false, deleted: false };
          return violations(row, history, promised).map((what) => `capture ${row.id}: ${what}`);
        }),
      ),
  );
  await judgeRecords(
    crowd,
    rows.filter(({ id }) => histories.get(id)?.some(({ to }) => to === "RUNNING")),
  );
  await check("every log is off that was switched on", () =>
    none(logging.map(({ id }) => `that of environment ${id} is on, ${DRAIN_MS / 1000} s after the load`)),
  );
  const growth = memoryGrowth(samples);
  if (growth === null) console.log("        workerd's memory is judged in longer soaks only");
  else {
    const { early, late, isFlat } = growth;
    const grew = `${early.toFixed(0)} MiB once it is warm, ${late.toFixed(0)} MiB at the end`;
    await check(`workerd's memory stays: ${grew}`, () => none(isFlat ? [] : ["it has grown"]));
  }
  showFailures(rows);
}

/** Judges what captures have stored that ran and were not deleted. */
async function judgeRecords(crowd: Crowd, rows: readonly Row[]): Promise<void> {
  const problems: string[] = [];
  const counts = { captures: 0, stored: 0, excused: 0 };
  for (const { id, envId, status, start, end, deletedAt } of rows) {
    const environment = crowd.environments.find((one) => one.id === envId);
    if (deletedAt !== null || start === null || end === null || environment === undefined) continue;
    const { verdict, gaps } = await judgeStored(service, environment, { id, start, end });
    const { stored, excused, ...wrong } = verdict;
    counts.captures++;
    counts.stored += stored;
    counts.excused += excused;
    for (const [what, found] of Object.entries(wrong)) {
      if (found.length === 0) continue;
      const window = `${new Date(start).toISOString()} to ${new Date(end).toISOString()}`;
      const itsGaps = gaps.map(({ from, to, cause }) => `${from} to ${to} (${cause})`);
      problems.push(
        `capture ${id} (${status}, ${window}): ${found.length} ${what}, such as ${JSON.stringify(found[0])}; ` +
          `its gaps: ${itsGaps.slice(0, MAX_SHOWN).join(", ")}`,
      );
    }
  }
  await check(
    `${counts.stored} records are stored by ${counts.captures} captures, each once and in order; ` +
      `${counts.excused} are in gaps that are reported, none is missing otherwise`,
    () => none(problems),
  );
}

function none(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const more = problems.length > MAX_SHOWN ? [`and ${problems.length - MAX_SHOWN} more`] : [];
  throw new Error([...problems.slice(0, MAX_SHOWN), ...more].join("\n        "));
}

function difference(found: ReadonlySet<number>, made: ReadonlySet<number>): string[] {
  return [
    ...[...made.difference(found)].map((id) => `capture ${id} is lost`),
    ...[...found.difference(made)].map((id) => `capture ${id} was made by a request that was refused`),
  ];
}

/** Says why captures failed: AWS is told to refuse now and then. */
function showFailures(rows: readonly Row[]): void {
  const reasons = Map.groupBy(
    rows.filter(({ status }) => status === "FAILED"),
    ({ reason }) => reason,
  );
  for (const [reason, failed] of reasons) console.log(`        ${failed.length} FAILED: ${reason}`);
}
