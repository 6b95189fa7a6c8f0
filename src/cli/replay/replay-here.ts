import type { Driver } from "./driver.ts";
import type { ReplayEnd, ReplayListener } from "./outcome.ts";
import { replay } from "./replay.ts";
import type { ReplayOptions, Source } from "./source.ts";
import { SpillFile } from "./spill-file.ts";
import { systemClock } from "./system-clock.ts";

/** Replays a workload from this machine: by its clock, and with its disk for what is too much for memory. As `replay`. */
export function replayHere(
  source: Source,
  options: ReplayOptions,
  driver: Driver,
  listener: ReplayListener,
  signal: AbortSignal,
): Promise<ReplayEnd> {
  return replay(source, options, driver, listener, { signal, clock: systemClock, spill: new SpillFile() });
}
