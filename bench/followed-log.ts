import type { Bench } from "./measure.ts";
import { Workerd, type WorkerSpec } from "./workerd.ts";

/** The paths of bench/worker/lab.ts at which a log is given and followed. */
export type LogPath = "/lab/log" | "/lab/slow-log";

/**
 * Starts a Worker that has a text as its log.
 * @param isCollectable whether it collects garbage as it goes
 * @param runner see WorkerSpec
 */
export async function startFollowing(
  bench: Bench,
  path: LogPath,
  text: Buffer<ArrayBuffer>,
  { isCollectable = false, ...runner }: { isCollectable?: boolean } & Pick<WorkerSpec, "runner"> = {},
): Promise<Workerd> {
  const bundle = await bench.bundled("bench/worker/lab.ts");
  const lab = { name: "lab", bundle, databases: { DB: "log" }, ...runner };
  const workerd = await Workerd.start([lab], bench.folder(), {
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
