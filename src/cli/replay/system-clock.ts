import { performance } from "node:perf_hooks";
import { Arrivals } from "./arrivals.ts";
import type { Clock } from "./pace.ts";

/** Who sleeps until a signal is aborted: one listener for all, since each sleep of each session would add one of its own. */
const sleepers = new WeakMap<AbortSignal, Set<() => void>>();

function sleepersOf(signal: AbortSignal): Set<() => void> {
  const known = sleepers.get(signal);
  if (known !== undefined) return known;
  const all = new Set<() => void>();
  sleepers.set(signal, all);
  signal.addEventListener("abort", () => {
    for (const wake of [...all]) wake();
  });
  return all;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => (performance.timeOrigin + performance.now()) * 1000,
  sleep: (millis, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const all = sleepersOf(signal);
      const wake = () => {
        clearTimeout(timer);
        all.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, millis);
      all.add(wake);
    }),
};

/** What comes from the sockets of this thread. */
export const arrivals = new Arrivals({
  now: () => performance.now(),
  slept: () => performance.eventLoopUtilization().idle,
  beforeNextLook: (then) => void setImmediate(then),
});
