import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import { CaptureRunner } from "../../src/captures/runner.ts";
import type { LocalAccount } from "../local-aws/test/client.ts";
import { oneAlarmAtATime } from "./alarms.ts";
import { type Person, readCapture, runnerOf } from "./api.ts";

oneAlarmAtATime(CaptureRunner);

let offset = 0;
/** How far the clock of the Worker and its Durable Objects is from the others', while it is wrong. */
let skew = 0;

afterEach(() => {
  vi.useRealTimers();
  offset = 0;
});

// D1's clock is no fake one's: it is told what time it is for the test, in requests' sessions too.
for (const database of [env.DB, env.DB.withSession()].map(Object.getPrototypeOf)) {
  const { prepare } = database as Pick<D1Database, "prepare">;
  database.prepare = function (this: D1Database, sql: string) {
    const told = vi.isFakeTimers()
      ? sql.replaceAll("unixepoch('subsec')", String((Date.now() - skew) / 1000))
      : sql;
    return prepare.call(this, told);
  };
}

/** Lets the clock of the Worker and its Durable Objects be wrong while something runs; D1's and AWS's are right. */
export async function skewed<T>(milliseconds: number, run: () => Promise<T>): Promise<T> {
  const [now, stands] = [Date.now(), vi.isFakeTimers()];
  skew = milliseconds;
  vi.useFakeTimers({ toFake: ["Date"], now: now + skew });
  try {
    return await run();
  } finally {
    skew = 0;
    if (stands) vi.setSystemTime(now);
    else vi.useRealTimers();
  }
}

/**
 * Lets time pass, for the Worker, its Durable Objects and an AWS account, until the test ends. The account's clock goes on
 * from there, the others' stand until the next travel. Alarms keep the real clock: `runAlarm` lets one come.
 */
export async function travel(aws: LocalAccount, milliseconds: number): Promise<void> {
  // From the later of the two clocks: neither goes back.
  const now = Math.max(Date.now(), vi.getRealSystemTime() + offset) + milliseconds;
  offset = now - vi.getRealSystemTime();
  vi.useFakeTimers({ toFake: ["Date"], now });
  await aws.setClock(offset);
}

/**
 * Lets the clock, which AWS and the Worker share until the first `travel`, go on: what is written to a log before this has a
 * time before whatever comes after it. Without it, both may fall in one millisecond, and a capture has the record too.
 */
export const nextMoment = () => scheduler.wait(5);

/** A time to come, as the API takes it. */
export const inFuture = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

/** When the alarm of a capture comes. */
export const alarmOf = (capture: { id: number }) =>
  runInDurableObject(runnerOf(capture), (_, { storage }) => storage.getAlarm()) as Promise<number | null>;

/** Lets the alarm of a capture come now. Returns whether there was one. */
export function runAlarm(capture: { id: number }): Promise<boolean> {
  return runDurableObjectAlarm(runnerOf(capture));
}

/** Waits until a capture has a status, letting its alarms come meanwhile. */
export async function until(person: Person, capture: { id: number }, status: string): Promise<Capture> {
  let last: unknown;
  // Real time, whatever time it is for the test: a log takes a second or two to come to a capture's end.
  for (let attempt = 0; attempt < 500; attempt++) {
    await runAlarm(capture);
    const current = await readCapture(person, capture);
    if (current.status === status) return current;
    last = current;
    // After `travel` the clock stands; waiting for something should still let time pass.
    if (vi.isFakeTimers()) vi.setSystemTime(Date.now() + 50);
    await scheduler.wait(attempt < 20 ? 10 : 30);
  }
  throw new Error(`The capture did not come to ${status}: ${JSON.stringify(last)}`);
}
