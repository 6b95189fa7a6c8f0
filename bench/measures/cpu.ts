import { Client, type Sent } from "../load.ts";
import type { Bench, Measure } from "../measure.ts";
import { migrate, signUp } from "../seed.ts";
import { median } from "../statistics.ts";
import type { Row } from "../table.ts";
import { Workerd } from "../workerd.ts";

const ROUNDS = 5;

/** The CPU time of workerd that single steps take: many of them in one request, minus a request without any. */
export const cpu: Measure = {
  name: "cpu",
  async run(bench: Bench): Promise<Row[]> {
    const [api, lab] = await Promise.all([
      bench.bundled("src/index.ts"),
      bench.bundled("bench/worker/lab.ts"),
    ]);
    const databases = { DB: "cpu" };
    const workerd = await Workerd.start(
      [
        { name: "api", bundle: api, databases },
        { name: "lab", bundle: lab, databases },
      ],
      bench.folder(),
    );
    const clients = [new Client(workerd.address("api"), 1), new Client(workerd.address("lab"), 1)] as const;
    try {
      await migrate(workerd.database("cpu"));
      const { headers } = await signUp(clients[0]);
      const times = bench.isQuick ? 1000 : 10_000;
      const key = { "x-api-key": `captures_${"k".repeat(64)}` };
      const steps: [string, string, Sent["headers"]][] = [
        ["signing one request for AWS", "/lab/sign", {}],
        ["verifying one session cookie that is new", "/lab/new-credential", {}],
        ["reading one session cookie that came before", "/lab/credential", headers],
        ["hashing one API key", "/lab/credential", key],
        ["the API's own part in GET one capture: no D1, no network", "/lab/request", headers],
      ];
      const rows: Row[] = [];
      for (const [measure, path, sent = {}] of steps) {
        const cost = async (n: number) => {
          const before = workerd.cpuMs();
          const { status, text } = await clients[1].send({
            method: "GET",
            path: `${path}?times=${n}`,
            headers: sent,
          });
          if (status !== 200) throw new Error(`${path} answered ${status} ${text}`);
          return workerd.cpuMs() - before;
        };
        await cost(times / 10);
        const costs: number[] = [];
        for (let i = 0; i < ROUNDS; i++) costs.push((await cost(times)) - (await cost(0)));
        rows.push({
          measure: `CPU of ${measure}`,
          figure: `${((median(costs) / times) * 1000).toFixed(1)} µs`,
        });
      }
      return rows;
    } finally {
      for (const client of clients) client.close();
      await workerd.stop();
    }
  },
};
