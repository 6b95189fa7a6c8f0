import { setTimeout as pause } from "node:timers/promises";
import type { Bench, Measure } from "../measure.ts";
import { type BenchEnvironment, Service } from "../service.ts";
import type { Row } from "../table.ts";

/** How often `/metrics` asks CloudWatch: for a capture that runs, again within the cache's time, and once they are stored. */
export const cloudwatch: Measure = {
  name: "cloudwatch",
  async run(bench: Bench): Promise<Row[]> {
    const service = await Service.start(bench);
    try {
      const environment = await service.createEnvironment("production");
      const running = await service.api.captures.create({
        name: "live",
        envId: environment.id,
      });
      await service.waitFor(running.id, "RUNNING");
      const live = await callsFor(service, environment, running.id);
      const cached = await callsFor(service, environment, running.id);
      const archived = await callsFor(service, environment, await archivedCapture(service, environment));
      return [row("live", live, 1), row("again within 30 s", cached, 0), row("archived", archived, 0)];
    } finally {
      await service.stop();
    }
  },
};

function row(which: string, calls: number, target: number): Row {
  return {
    measure: `CloudWatch calls for /metrics: ${which}`,
    figure: String(calls),
    target: String(target),
    isMet: calls === target,
  };
}

async function callsFor(service: Service, { accessKeyId }: BenchEnvironment, id: number): Promise<number> {
  const path = `requests?accessKeyId=${accessKeyId}`;
  await service.control("DELETE", path);
  const { metrics } = await service.api.captures.metrics(id);
  if (metrics.length === 0) throw new Error(`Capture ${id} has no metrics`);
  const { requests } = await service.control<{ requests: { service: string }[] }>("GET", path);
  return requests.filter((request) => request.service === "monitoring").length;
}

/** Makes a capture of some minutes two hours ago, and lets the time pass that its metrics take to be archived. */
async function archivedCapture(service: Service, environment: BenchEnvironment): Promise<number> {
  const start = new Date(Date.now() - 2 * 3_600_000).toISOString();
  const made = { name: "past", envId: environment.id, start, duration: 600 };
  const { id } = await service.api.captures.create(made);
  await service.waitFor(id, "DONE");
  await service.database.run("update captures set due_at = 1 where id = ?1", id);
  await service.cron();
  const sql = "select id from captures where id = ?1 and metrics_archived_at is not null";
  const deadline = Date.now() + 60_000;
  while ((await service.database.run(sql, id)).length === 0) {
    if (Date.now() > deadline) throw new Error("The metrics were not archived within a minute");
    await pause(50);
  }
  return id;
}
