import { setTimeout as pause } from "node:timers/promises";
import type { Bench, Measure } from "../measure.ts";
import { Service } from "../service.ts";
import { latenessRows, makeScheduled, startedCount, stoppedEnvironments } from "../starts.ts";
import type { Row } from "../table.ts";

/** Time enough for 5,000 captures to be made in, also on a machine that does other things. */
const AHEAD_MS = 120_000;
const WITHIN_MS = 180_000;
const POLL_MS = 3000;
const MINUTE_MS = 60_000;

/**
 * How late captures start that were scheduled for the same minute, one after the other, by their history. Each then asks AWS for
 * its instance, which is stopped, so that it fails: were all to run, this one process would need more open files for its Durable
 * Objects than it may have. The files are in memory: one thread stands for the platform here, and would wait for the disk more
 * often than there is time for.
 */
export const lateness: Measure = {
  name: "lateness",
  async run(bench: Bench): Promise<Row[]> {
    const count = bench.isQuick ? 100 : 5000;
    const service = await Service.start(bench, "src/index.ts", {}, bench.memoryFolder());
    try {
      const environments = await stoppedEnvironments(service);
      const due = Date.now() + (bench.isQuick ? 10_000 : AHEAD_MS);
      await makeScheduled(service, environments, { count, due, spanMs: MINUTE_MS });
      const deadline = due + WITHIN_MS;
      await pause(due + MINUTE_MS - Date.now());
      // Seldom, and only counted: watching takes time from the captures that start.
      while (Date.now() < deadline && (await startedCount(service.database)) < count) await pause(POLL_MS);
      return await latenessRows(service.database, count, MINUTE_MS / 1000);
    } finally {
      await service.stop();
    }
  },
};
