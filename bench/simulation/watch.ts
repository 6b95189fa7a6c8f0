import { cpus } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type Schedule, startOf } from "../starts.ts";
import type { Platform } from "./platform.ts";

/** What was seen while captures started. */
export interface Watched {
  /** The most that the database was behind the schedule at a look at it, in milliseconds. */
  behindMs: number;
  /** How long after the first was due the last had started, and the last had come to its end, in milliseconds. */
  startedMs: number;
  endedMs: number;
  /** The CPU time of a capture from its start to its end, in milliseconds. */
  cpuMs: { api: number; shards: number; aws: number };
  /** How much of its time the machine did nothing until the last had started, from 0 to 1. */
  idle: number;
  /** The most files that any process had open. */
  openFiles: number;
  cronsFailed: number;
}

/** Seldom: watching takes time from the captures that start. */
const POLL_MS = 3000;
/** How many looks are between two lines that are printed. */
const LOOKS_SHOWN = 10;
const CRON_MS = 60_000;
/** How long the last may take to come to its end. */
const WITHIN_MS = 30 * 60_000;

/** Watches captures start and end, with the cron of every minute. @throws Error when they don't end */
export async function watch(platform: Platform, schedule: Schedule): Promise<Watched> {
  await pause(schedule.due - Date.now());
  const ended = new AbortController();
  const [watched, cronsFailed] = await Promise.all([
    watchStarts(platform, schedule).finally(() => ended.abort()),
    runCron(platform, ended.signal),
  ]);
  return { ...watched, cronsFailed };
}

/** Runs the cron again and again, as the platform does, whatever comes of it. @returns how often it failed */
async function runCron({ service }: Platform, signal: AbortSignal): Promise<number> {
  let failed = 0;
  while (!signal.aborted) {
    await service.cron().catch((error: Error) => {
      failed++;
      console.log(error.message);
    });
    await pause(CRON_MS, undefined, { signal }).catch(() => undefined);
  }
  return failed;
}

async function watchStarts(platform: Platform, schedule: Schedule): Promise<Omit<Watched, "cronsFailed">> {
  const { count, due } = schedule;
  const before = platform.usage().cpuMs;
  const [idleBefore, busyBefore] = machineMs();
  const seen = { behindMs: 0, startedMs: 0, openFiles: 0, idle: 0 };
  for (let look = 0; ; look++) {
    const { started, ended } = await progress(platform);
    const now = Date.now();
    if (look % LOOKS_SHOWN === 0)
      console.log(`${((now - due) / 1000).toFixed(0)} s: ${started} have started, ${ended} have ended`);
    const { cpuMs, openFiles } = platform.usage();
    seen.openFiles = Math.max(seen.openFiles, ...openFiles);
    if (started < count) seen.behindMs = Math.max(seen.behindMs, now - startOf(started, schedule));
    else if (seen.startedMs === 0) {
      const [idle, busy] = machineMs();
      seen.startedMs = now - due;
      seen.idle = (idle - idleBefore) / (idle - idleBefore + busy - busyBefore);
    }
    if (ended === count) {
      const each = (part: keyof typeof cpuMs) => (cpuMs[part] - before[part]) / count;
      return {
        ...seen,
        endedMs: now - due,
        cpuMs: { api: each("api"), shards: each("shards"), aws: each("aws") },
      };
    }
    if (now > due + WITHIN_MS) throw new Error(`${started} of ${count} have started, ${ended} have ended`);
    await pause(POLL_MS);
  }
}

/** How many captures have begun to start, and how many have ended. */
async function progress({ service }: Platform): Promise<{ started: number; ended: number }> {
  const [found] = await service.database.run<{ started: number; ended: number }>(
    `select count(*) filter (where status <> 'SCHEDULED') as started,
       count(*) filter (where status in ('DONE', 'FAILED')) as ended from captures`,
  );
  return found ?? { started: 0, ended: 0 };
}

/** How long the machine's cores have done nothing, and something, in milliseconds. */
function machineMs(): [idle: number, busy: number] {
  const times = cpus().map((cpu) => cpu.times);
  const sum = (parts: (keyof (typeof times)[number])[]) =>
    times.reduce((total, time) => total + parts.reduce((part, name) => part + time[name], 0), 0);
  return [sum(["idle"]), sum(["user", "nice", "sys", "irq"])];
}
