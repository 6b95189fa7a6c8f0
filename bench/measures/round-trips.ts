import type { Cost } from "../../test/support/cost.ts";
import type { Bench, Measure } from "../measure.ts";
import { Service } from "../service.ts";
import type { Row } from "../table.ts";

/** What each request costs: round trips to D1 and calls of Durable Objects, counted in workerd (bench/worker/lab.ts). */
export const roundTrips: Measure = {
  name: "round-trips",
  async run(bench: Bench): Promise<Row[]> {
    const service = await Service.start(bench, "bench/worker/lab.ts");
    try {
      const { id: envId } = await service.createEnvironment("production");
      const { id } = await service.api.captures.create({ name: "counted", envId });
      await service.waitFor(id, "RUNNING");
      const later = { envId, scheduledStart: new Date(Date.now() + 3_600_000).toISOString(), duration: 3600 };
      const requests: [name: string, method: string, path: string, body: unknown, objects: number][] = [
        ["GET one capture", "GET", `/${id}`, undefined, 0],
        ["GET a list", "GET", `?envId=${envId}&limit=50`, undefined, 0],
        ["PUT", "PUT", `/${id}`, { name: "counted again" }, 0],
        ["POST", "POST", "", { name: "made", ...later }, 1],
        ["stop", "POST", `/${id}/stop`, undefined, 1],
        ["DELETE", "DELETE", `/${id}`, undefined, 1],
      ];
      const rows: Row[] = [];
      for (const [name, method, path, body, objects] of requests) {
        const cost = await costOf(service, method, path, body);
        rows.push({
          measure: `D1 round trips, calls of Durable Objects: ${name}`,
          figure: `${cost.d1}, ${cost.objects}`,
          target: `1, ${objects}`,
          isMet: cost.d1 === 1 && cost.objects === objects,
        });
      }
      return rows;
    } finally {
      await service.stop();
    }
  },
};

async function costOf(service: Service, method: string, path: string, body: unknown): Promise<Cost> {
  const reply = await fetch(`${service.client.address}/api/captures${path}`, {
    method,
    headers: service.caller.headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status} ${await reply.text()}`);
  return JSON.parse(reply.headers.get("x-bench-cost") ?? "") as Cost;
}
