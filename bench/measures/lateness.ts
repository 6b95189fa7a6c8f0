import { setTimeout as pause } from "node:timers/promises";
import type { Bench, Measure } from "../measure.ts";
import { Service } from "../service.ts";
import { quantile } from "../statistics.ts";
import type { Row } from "../table.ts";

const ENVIRONMENTS = 20;
/** Time enough for 5,000 captures to be made in, also on a machine that does other things. */
const AHEAD_MS = 120_000;
/** How many are made at once, and how long that takes at least: objects stay open for ten seconds, each with three files. */
const BATCH = 500;
const BATCH_MS = 6000;
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
      const environments: number[] = [];
      for (let i = 0; i < ENVIRONMENTS; i++) {
        const { id, accessKeyId, instance } = await service.createEnvironment(`environment ${i}`);
        await service.control("PATCH", `instances/${instance}`, { accessKeyId, status: "stopped" });
        environments.push(id);
      }
      const due = Date.now() + (bench.isQuick ? 10_000 : AHEAD_MS);
      let made = 0;
      const next = (until: number) => {
        if (made === until) return null;
        const envId = environments[made % ENVIRONMENTS];
        const scheduledStart = new Date(due + Math.floor((made / count) * MINUTE_MS)).toISOString();
        const body = JSON.stringify({ name: `due ${made++}`, envId, scheduledStart, duration: 3600 });
        return { method: "POST", path: "/api/captures", headers: service.caller.headers, body };
      };
      while (made < count && Date.now() < due) {
        const [began, until] = [Date.now(), Math.min(made + BATCH, count)];
        await service.client.load(due - began, () => next(until));
        if (made < count) await pause(began + BATCH_MS - Date.now());
      }
      if (made < count) throw new Error(`Only ${made} captures could be made before they were due`);
      const late = await startsAfter(service, due, count);
      const ms = (part: number) => `${(quantile(late, part) / 1000).toFixed(2)} s`;
      return [
        {
          measure: `lateness of ${count.toLocaleString("en")} starts scheduled for one minute`,
          figure: `p50 ${ms(0.5)}, p99 ${ms(0.99)}, most ${ms(1)}`,
        },
        amount("lost", count - late.length),
        amount("early", late.filter((milliseconds) => milliseconds < 0).length),
      ];
    } finally {
      await service.stop();
    }
  },
};

function amount(what: string, value: number): Row {
  return {
    measure: `scheduled starts that were ${what}`,
    figure: String(value),
    target: "0",
    isMet: value === 0,
  };
}

/** Waits until all have started or time is up. @returns how late each was, in milliseconds */
async function startsAfter(service: Service, due: number, count: number): Promise<number[]> {
  const deadline = due + WITHIN_MS;
  await pause(due + MINUTE_MS - Date.now());
  // Seldom, and only counted: watching takes time from the captures that start.
  while (Date.now() < deadline) {
    const [found] = await service.database.run<{ started: number }>(
      "select count(*) as started from captures where status <> 'SCHEDULED'",
    );
    if ((found?.started ?? 0) >= count) break;
    await pause(POLL_MS);
  }
  const results = await service.database.run<{ late: number }>(
    `select v.time - c.scheduled_start as late from captures c join capture_events v on v.capture_id = c.id
     where v.from_status = 'SCHEDULED' and v.to_status = 'STARTED'`,
  );
  return results.map(({ late }) => late);
}
