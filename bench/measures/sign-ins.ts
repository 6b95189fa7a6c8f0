import { setTimeout as pause } from "node:timers/promises";
import { Client } from "../load.ts";
import type { Bench, Measure } from "../measure.ts";
import { Service } from "../service.ts";
import { median, quantile } from "../statistics.ts";
import { judged, type Row } from "../table.ts";

/** How many sign in at once. */
const AT_ONCE = 40;
/** How many times as long as at rest somebody else's request may take meanwhile. */
const AT_MOST = 2;
/** Between two requests of somebody else, in milliseconds, so that they don't load the service themselves. */
const BETWEEN_MS = 5;

/** What a read of somebody else takes while many sign in at once, against the same at rest; the two take turns. */
export const signIns: Measure = {
  name: "sign-ins",
  async run(bench: Bench): Promise<Row[]> {
    const service = await Service.start(bench, "src/index.ts", {
      // All are of one address here.
      AUTH_RATE_LIMIT_MAX: "1000000",
    });
    const crowd = new Client(service.client.address, AT_ONCE);
    try {
      const busy: number[] = [];
      const idle: number[] = [];
      const statuses = new Map<number, number>();
      for (let i = 0; i < (bench.isQuick ? 2 : 15); i++) {
        let isOver = false;
        const signingIn = Promise.all(Array.from({ length: AT_ONCE }, () => signIn(crowd))).then((all) => {
          isOver = true;
          for (const status of all) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        });
        const before = busy.length;
        while (!isOver) busy.push(await readMs(service));
        await signingIn;
        for (let k = before; k < busy.length; k++) idle.push(await readMs(service));
      }
      const unexpected = [...statuses.keys()].filter((status) => status !== 200 && status !== 503);
      if (unexpected.length > 0) throw new Error(`Sign-ins were answered with ${unexpected.join(", ")}`);
      const done = statuses.get(200) ?? 0;
      const more = (part: number) =>
        `${quantile(busy, part).toFixed(1)} ms to ${quantile(idle, part).toFixed(1)} ms; ${busy.length} reads, ` +
        `${done} sign-ins, ${statuses.get(503) ?? 0} refused`;
      const title = `GET /api/environments while ${AT_ONCE} sign in at once, for each ms at rest`;
      return [
        judged(`${title}, median`, median(busy) / median(idle), { atMost: AT_MOST }, { more: more(0.5) }),
        judged(
          `${title}, 95th percentile`,
          quantile(busy, 0.95) / quantile(idle, 0.95),
          { atMost: AT_MOST },
          { more: more(0.95) },
        ),
      ];
    } finally {
      crowd.close();
      await service.stop();
    }
  },
};

async function signIn(client: Client): Promise<number> {
  const { status } = await client.send({
    method: "POST",
    path: "/api/auth/sign-in/email",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "bench@example.com", password: "a password to measure with" }),
  });
  return status;
}

/** How long one read takes, in milliseconds. */
async function readMs({ client, caller }: Service): Promise<number> {
  await pause(BETWEEN_MS);
  const began = performance.now();
  await client.json({ method: "GET", path: "/api/environments", headers: caller.headers });
  return performance.now() - began;
}
