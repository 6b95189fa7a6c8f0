import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import { vi } from "vitest";
import { CaptureRunner } from "../../src/captures/runner.ts";
import { runnerOf } from "./api.ts";
import { runAlarm } from "./time.ts";

/** How many steps an alarm's handler still makes before it is aborted; its own, whatever else runs. */
interface Countdown {
  left: number;
  isReached: boolean;
}

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

const countdowns = new AsyncLocalStorage<Countdown>();
let next: Countdown | undefined;

/** Longer than any test: what waits so long is aborted first. */
const FOR_EVER_MS = 3_600_000;

/**
 * Prepares runners to be aborted between any two steps of an alarm, as when the machine dies: before and after each call to AWS, R2
 * and D1, and each setting of the alarm. What is written to the object's storage in between is one transaction. Lasts until
 * `vi.restoreAllMocks()`.
 */
export function prepareCrashes(storage: DurableObjectStorage): void {
  const alarm = CaptureRunner.prototype.alarm;
  vi.spyOn(CaptureRunner.prototype, "alarm").mockImplementation(function (this: CaptureRunner) {
    return next === undefined ? alarm.call(this) : countdowns.run(next, () => alarm.call(this));
  });
  watch(globalThis, "fetch");
  watch(prototypeOf(env.BUCKET), "get", "put", "head", "delete");
  watch(prototypeOf(env.DB), "batch");
  watch(prototypeOf(env.DB.prepare("select 1")), "first", "run", "all");
  watch(prototypeOf(storage), "setAlarm", "deleteAll");
}

/**
 * Lets a capture's alarm come, and aborts all objects at the nth of its steps, from 1.
 * @returns whether there was that step; otherwise the alarm was handled to its end
 */
export async function crashAt(capture: { id: number }, step: number): Promise<boolean> {
  const countdown = { left: step, isReached: false };
  next = countdown;
  let isOver = false;
  const handled = runAlarm(capture)
    .catch((error: unknown) => {
      if (!countdown.isReached) throw error;
    })
    .finally(() => {
      isOver = true;
    });
  while (!isOver && !countdown.isReached) await scheduler.wait(1);
  next = undefined;
  if (countdown.isReached) await abortAllDurableObjects();
  await handled;
  // The platform delivers an alarm again whose handler did not come to its end.
  if (countdown.isReached) await runnerOf(capture).rearm(capture.id);
  return countdown.isReached;
}

const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object;

function watch(target: object, ...names: string[]): void {
  const methods = target as Methods;
  for (const name of names) {
    const original = methods[name] as Methods[string];
    vi.spyOn(methods, name).mockImplementation(async function (this: unknown, ...args) {
      await pass();
      const result = await original.apply(this, args);
      await pass();
      return result;
    });
  }
}

/** Counts a step, and waits to be aborted at the one that was asked for. */
async function pass(): Promise<void> {
  const countdown = countdowns.getStore();
  if (countdown === undefined || --countdown.left !== 0) return;
  countdown.isReached = true;
  await scheduler.wait(FOR_EVER_MS);
}
