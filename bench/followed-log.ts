import type { Bench } from "./measure.ts";
import { type Lab, Workerd, type WorkerSpec } from "./workerd.ts";

/** The paths of bench/worker/lab.ts at which a log is given and followed. */
export type LogPath = "/lab/log" | "/lab/slow-log";

/**
 * Starts a Worker that has a text as its log.
 * @param isCollectable whether it collects garbage as it goes
 * @param lab the one to start; today's, with the local simulation of R2, unless another is given
 * @param runner see WorkerSpec
 */
export async function startFollowing(
  bench: Bench,
  path: LogPath,
  text: Buffer<ArrayBuffer>,
  {
    isCollectable = false,
    lab,
    ...runner
  }: { isCollectable?: boolean; lab?: Lab } & Pick<WorkerSpec, "runner"> = {},
): Promise<Workerd> {
  const code = lab ?? { bundle: await bench.bundled("bench/worker/lab.ts") };
  const spec = { name: "lab", ...code, databases: { DB: "log" }, ...runner };
  const workerd = await Workerd.start([spec], bench.folder(), {
    isInspected: bench.isProfile,
    isCollectable,
  });
  const given = await fetch(workerd.address("lab") + path, { method: "PUT", body: text });
  if (!given.ok) throw new Error(`The log was answered with ${given.status} ${await given.text()}`);
  return workerd;
}

/**
 * Lets the Worker follow its log to the end.
 * @param query of each step
 * @param onStep told of each step
 * @returns the last step
 */
export async function followToEnd<Step extends { caughtUp: boolean }>(
  workerd: Workerd,
  path: LogPath,
  query = "",
  onStep?: (step: Step) => void,
): Promise<Step> {
  for (;;) {
    const reply = await fetch(workerd.address("lab") + path + query, { method: "POST" });
    if (!reply.ok) throw new Error(`Following the log answered ${reply.status} ${await reply.text()}`);
    const step = (await reply.json()) as Step;
    onStep?.(step);
    if (step.caughtUp) return step;
  }
}
