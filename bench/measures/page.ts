import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { APIRequestContext, Browser, Page } from "playwright-core";
import { DEMO } from "../../scripts/lib/local.ts";
import { tryPort } from "../../scripts/lib/ports.ts";
import { startService, stopGroup } from "../../scripts/lib/service.ts";
import type { Capture, WorkloadDigest } from "../../src/client/index.ts";
import { findChromium, launch } from "../../test/browser/launch.ts";
import type { Bench, Measure } from "../measure.ts";
import { median } from "../statistics.ts";
import { judged, type Row } from "../table.ts";

/** How many different statements a full table of digests has (src/workload/digest.ts), and how many calls are counted in it. */
const FULL = { digests: 2000, calls: 1_000_000 };
/** A table that a page of the console shows whole. */
const SMALL = { digests: 200, calls: 100_000 };
type Table = typeof FULL;

/** The pages of a capture that show statements. */
const PAGES = [
  { title: "a capture's page", path: ({ id }: Capture) => `/captures/${id}` },
  // What ran since it began: all of it, by the steps of its series.
  {
    title: "its page for a range of time",
    path: ({ id, start }: Capture) => `/captures/${id}?from=${start}`,
  },
  { title: "its statements", path: ({ id }: Capture) => `/captures/${id}/statements` },
];
/** How long the demo's captures may take until they have ended, and a page until it is there, on a busy machine. */
const PATIENCE_MS = 120_000;
/** Noise of a median between two that are the same. */
const AT_MOST = 1.05;

/**
 * The JavaScript that a capture's pages run on the main thread until they can be used, with a full table of digests against one of 200
 * statements, of each of the logs.
 */
export const page: Measure = {
  name: "page",
  async run(bench: Bench): Promise<Row[]> {
    if (findChromium() === undefined)
      return [{ measure: "a capture's page in a browser", figure: "not measured: there is no Chromium" }];
    const folder = mkdtempSync(join(tmpdir(), "captures-page-"));
    const port = String(await tryPort(0));
    const env = { PORT: port, AWS_PORT: String(await tryPort(0)), PERSIST_TO: join(folder, "state") };
    const service = await startService(env);
    const browser = await launch();
    try {
      return await measureAll(browser, `http://localhost:${port}`, bench.isQuick ? 3 : 11);
    } finally {
      await browser.close();
      await stopGroup(service, "SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureAll(browser: Browser, address: string, rounds: number): Promise<Row[]> {
  const context = await browser.newContext({ baseURL: address, viewport: { width: 1280, height: 800 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const credentials = { email: DEMO.email, password: DEMO.password };
  await context.request.post("/api/auth/sign-in/email", { data: credentials, headers: { origin: address } });
  const rows: Row[] = [];
  for (const log of ["general", "slow"]) {
    const capture = await finishedCapture(context.request, log);
    const some: WorkloadDigest[] = await (
      await context.request.get(`/api/captures/${capture.id}/workload/digest`)
    ).json();
    for (const { title, path } of PAGES) {
      const open = (table: Table) => openPage(context.newPage(), path(capture), enlarged(some, table));
      // The first to be opened fills the browser's caches.
      await open(SMALL);
      const pairs: [number, number][] = [];
      for (let i = 0; i < rounds; i++) {
        const isFirst = i % 2 === 0;
        const [one, other] = [await open(isFirst ? FULL : SMALL), await open(isFirst ? SMALL : FULL)];
        pairs.push(isFirst ? [one, other] : [other, one]);
      }
      const [full, small] = [median(pairs.map(([a]) => a)), median(pairs.map(([, b]) => b))];
      rows.push(
        judged(
          `JavaScript of ${title} with ${FULL.digests} different statements (${log} log) against ${SMALL.digests}`,
          full / small,
          { atMost: AT_MOST },
          { more: `${full.toFixed(0)} ms to ${small.toFixed(0)} ms; medians of ${rounds}` },
        ),
      );
    }
  }
  return rows;
}

/** The demo's capture of a log, which is made when the service begins, once it has ended. */
async function finishedCapture(request: APIRequestContext, log: string): Promise<Capture> {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const captures: Capture[] = await (await request.get("/api/captures?status=DONE")).json();
    const found = captures.find(({ name }) => name.endsWith(`(${log} log)`));
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`The finished capture of the ${log} log is not there`);
}

/**
 * Opens a page in a tab of its own whose API has these statements.
 * @returns the milliseconds that its scripts ran until its statements were shown and nothing was left to load
 */
async function openPage(opened: Promise<Page>, path: string, statements: WorkloadDigest[]): Promise<number> {
  const tab = await opened;
  await tab.route(/\/workload\/digest(\?|$)/, (route) =>
    route.fulfill({ json: pageOf(statements, new URL(route.request().url()).searchParams) }),
  );
  const session = await tab.context().newCDPSession(tab);
  await session.send("Performance.enable");
  await tab.goto(path);
  await tab.locator("table.statements tbody tr").first().waitFor();
  await tab.waitForLoadState("networkidle");
  const { metrics } = await session.send("Performance.getMetrics");
  await tab.close();
  const seconds = metrics.find(({ name }) => name === "ScriptDuration")?.value;
  if (seconds === undefined) throw new Error("The browser does not say how long scripts ran");
  return seconds * 1000;
}

/** What the API answers of a table: as many as it is asked for, from where it is asked to go on. */
function pageOf(statements: WorkloadDigest[], query: URLSearchParams): WorkloadDigest[] {
  const limit = Number(query.get("limit") ?? statements.length);
  const cursor = query.get("cursor");
  const from = cursor === null ? 0 : statements.findIndex(({ fingerprint }) => fingerprint === cursor) + 1;
  return statements.slice(from, from + limit);
}

/** A table of so many statements, of some real ones: each with another fingerprint and another name of a table, fewer calls each. */
function enlarged(some: WorkloadDigest[], { digests, calls }: Table): WorkloadDigest[] {
  return Array.from({ length: digests }, (_, i): WorkloadDigest => {
    const one = some[i % some.length] as WorkloadDigest;
    const round = Math.floor(i / some.length);
    const count = Math.max(1, Math.round((2 * calls * (digests - i)) / (digests * (digests + 1))));
    if (round === 0) return { ...one, count };
    const fingerprint = (BigInt(`0x${one.fingerprint}`) ^ BigInt(round)).toString(16).padStart(16, "0");
    return { ...one, fingerprint, count, digest: `${one.digest} AND shard_${round} = ?` };
  });
}
