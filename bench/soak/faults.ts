import { setTimeout as pause } from "node:timers/promises";
import type { FaultKind } from "../../test/local-aws/faults.ts";
import type { Dice } from "../../test/local-aws/random.ts";
import type { BenchEnvironment, Service } from "../service.ts";
import type { FaultCounts } from "./plan.ts";

/** How often each kind of fault happens. Refusals are few: a capture that can't start because of one fails. */
const KINDS: readonly [FaultKind, number][] = [
  ["throttle", 6],
  ["server-error", 4],
  ["unavailable", 4],
  ["delay", 4],
  ["reset", 4],
  ["hang", 2],
  ["garbage", 2],
  ["deny", 1],
];
const BAG = KINDS.flatMap(([kind, times]) => Array<FaultKind>(times).fill(kind)) as [
  FaultKind,
  ...FaultKind[],
];
const MAX_PAUSE_MS = 800;
const MAX_DELAY_MS = 1500;
const MAX_TIMES = 3;

/** Lets calls of AWS fail at random until it is told to stop. @returns how often each kind was set */
export async function failAtRandom(
  service: Service,
  environments: readonly [BenchEnvironment, ...BenchEnvironment[]],
  dice: Dice,
  signal: AbortSignal,
): Promise<FaultCounts> {
  const counts: FaultCounts = {};
  while (!signal.aborted) {
    const kind = dice.pick(BAG);
    const times = 1 + dice.below(MAX_TIMES);
    await service.control("POST", "faults", {
      accessKeyId: dice.pick(environments).accessKeyId,
      kind,
      times,
      ...(kind === "delay" ? { delayMs: dice.below(MAX_DELAY_MS) } : {}),
    });
    counts[`AWS ${kind}`] = (counts[`AWS ${kind}`] ?? 0) + times;
    await pause(dice.below(MAX_PAUSE_MS));
  }
  for (const { accessKeyId } of environments) {
    await service.control("DELETE", `faults?accessKeyId=${accessKeyId}`);
  }
  return counts;
}
