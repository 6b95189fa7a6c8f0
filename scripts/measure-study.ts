import { createAccountClient } from "../src/client/account.ts";
import type { WorkloadDigest } from "../src/client/index.ts";
import { DemoUser } from "./lib/demo-user.ts";
import { DEMO } from "./lib/local.ts";
import { withSession } from "./lib/session.ts";
import { type WrittenLog, windowOf, withWrittenLog } from "./lib/written-log.ts";

/*
 * `npm run measure:study`: how long each request of studying takes on a capture of ten million records, of a log of MEGABYTES
 * (1,500) that has been written already, through the whole service. A request is made three times; the slowest is said.
 */

await withWrittenLog(Number(process.env.MEGABYTES ?? 1500), measure);

async function measure(log: WrittenLog): Promise<void> {
  const { address, statements, from } = log;
  const user = new DemoUser(address);
  const began = performance.now();
  const { id } = await user.createCapture("ten million", "mariadb", windowOf(log));
  await user.waitFor(id, "DONE", 30 * 60_000);
  const { records } = await user.workload(id);
  if (records < statements)
    throw new Error(`The log has ${statements} statements, and ${records} records are there`);
  console.log(`${records} records, recorded in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const path = `/api/captures/${id}/workload`;
  const send = withSession();
  await createAccountClient({ baseUrl: address, fetch: send }).signIn(DEMO);
  const get = (query: string) => send(new Request(address + path + query));
  const digest = (await (await get("/digest?limit=1")).json()) as WorkloadDigest[];
  const fingerprint = digest[0]?.fingerprint ?? "";
  const middle = new Date((from + 1500) * 1000).toISOString();
  const soon = new Date((from + 1800) * 1000).toISOString();
  for (const asked of [
    "",
    "/digest?limit=200",
    `/digest/${fingerprint}`,
    "/digest?table=orders",
    "/tables",
    "/users",
    "/series?step=60",
    `/series/statements?from=${middle}&to=${soon}`,
    "/records?limit=100",
    "/records?limit=100&order=newest",
    `/records?limit=100&fingerprint=${fingerprint}&from=${middle}`,
    "/records?limit=100&table=orders&order=newest",
    "/records?limit=100&contains=nowhere%20to%20be%20found",
    `/records?limit=100&contains=customer%20%3D%20268123`,
    "/sessions/12?limit=100",
    "/report?format=html",
  ]) {
    const times: number[] = [];
    let bytes = 0;
    for (let i = 0; i < 3; i++) {
      const before = performance.now();
      const reply = await get(asked);
      bytes = (await reply.arrayBuffer()).byteLength;
      if (!reply.ok) throw new Error(`${asked} answered ${reply.status}`);
      times.push(performance.now() - before);
    }
    console.log(
      `${Math.max(...times)
        .toFixed(0)
        .padStart(6)} ms ${String(bytes).padStart(8)} bytes  ${asked || "/"}`,
    );
  }
}
