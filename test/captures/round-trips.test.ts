import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import { type Cast, createApiKey, createCapture, createCast, personWith } from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import type { Cost } from "../support/cost.ts";
import { counting } from "../support/counting.ts";
import { inFuture, runAlarm, travel, until } from "../support/time.ts";

let cast: Cast;
let running: { id: number };
const keys: Record<string, string> = {};

beforeAll(async () => {
  cast = await createCast();
  keys["x-api-key"] = (await createApiKey(cast.owner)).key;
  for (let i = 0; i < 60; i++) {
    await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: inFuture(1e7),
    });
  }
});

async function costOf(
  method: string,
  path: string,
  headers: Record<string, string>,
  json?: unknown,
): Promise<Cost> {
  running = await until(
    cast.owner,
    await createCapture(cast.owner, { envId: cast.environment.id }),
    "RUNNING",
  );
  return costOfThis(method, path, headers, json);
}

async function costOfThis(
  method: string,
  path: string,
  headers: Record<string, string>,
  json?: unknown,
): Promise<Cost> {
  // A key's first request of a day notes that, after the reply; a day may begin between two tests.
  await personWith("", "", headers).get("/api/environments");
  const { env: counted, cost } = counting(env);
  const init: RequestInit = { method, headers: { "content-type": "application/json", ...headers } };
  if (json !== undefined)
    init.body = JSON.stringify({ ...json, envId: method === "POST" ? cast.environment.id : undefined });
  const context = createExecutionContext();
  const url = `http://captures.test${path.replace("{id}", String(running.id)).replace("{envId}", String(cast.environment.id))}`;
  const asked = new Request(url, init);
  const reply = await app.fetch(asked, counted, context);
  await waitOnExecutionContext(context);
  await checkUnread(asked, reply);
  expect(reply.status).toBe(reply.webSocket === null ? 200 : 101);
  reply.webSocket?.accept();
  reply.webSocket?.close();
  return cost;
}

describe.each([
  ["a session", () => cast.owner.headers],
  ["an API key", () => keys],
])("with %s, the caller, the permission and the data together", (_, headers) => {
  it.each([
    ["GET", "/api/captures/{id}", 0],
    ["GET", "/api/captures", 0],
    ["GET", "/api/captures?envId={envId}&limit=50", 0],
    ["GET", "/api/captures/{id}/events", 0],
    // The runner of a running capture is asked for its metrics and its workload.
    ["GET", "/api/captures/{id}/metrics", 1],
    ["GET", "/api/captures/{id}/live", 1],
    ["GET", "/api/captures/{id}/workload", 1],
    ["GET", "/api/captures/{id}/workload/digest", 1],
    ["GET", "/api/captures/{id}/workload/series", 1],
    ["GET", "/api/captures/{id}/workload/series/statements", 1],
    ["GET", "/api/captures/{id}/workload/download", 1],
    ["GET", "/api/environments", 0],
    ["GET", "/api/environments/{envId}", 0],
    ["GET", "/api/environments/{envId}/members", 0],
  ])("cost one round trip to D1: %s %s", async (method, path, objects) => {
    const cost = await costOf(method, path, headers());
    expect(cost).toMatchObject({ d1: 1, objects });
  });

  it("cost one round trip to D1 and one call of the runner for a live connection", async () => {
    const cost = await costOf("GET", "/api/captures/{id}/live", { ...headers(), upgrade: "websocket" });
    expect(cost).toMatchObject({ d1: 1, objects: 1 });
  });

  it.each([
    ["PUT", "/api/captures/{id}", { name: "renamed once" }, 0],
    ["POST", "/api/captures", { name: "made once" }, 1],
    ["POST", "/api/captures/{id}/stop", undefined, 1],
    ["DELETE", "/api/captures/{id}", undefined, 1],
  ])(
    "cost one batch for %s %s, and a call of the runner where it has something to do",
    async (method, path, json, objects) => {
      const name = json && { name: `${json.name} ${crypto.randomUUID()}` };
      expect(await costOf(method, path, headers(), name)).toMatchObject({ d1: 1, objects });
    },
  );

  it("cost one round trip to D1 and one object of R2 for metrics that are stored, and no call of the runner", async () => {
    const start = new Date(Date.now() - 7_200_000).toISOString();
    const capture = await createCapture(cast.owner, { envId: cast.environment.id, start, duration: 600 });
    running = await until(cast.owner, capture, "DONE");
    await travel(cast.aws, 7 * 60_000);
    await runAlarm(capture);
    const cost = await costOfThis("GET", "/api/captures/{id}/metrics", headers());
    await cast.aws.setClock(0);
    expect(cost).toMatchObject({ d1: 1, objects: 0, bucket: 1 });
  });

  it("read few rows: at most 10 for one capture, at most 4 for each of a page of one environment", async () => {
    expect((await costOf("GET", "/api/captures/{id}", headers())).rowsRead).toBeLessThanOrEqual(10);
    const page = await costOf("GET", "/api/captures?envId={envId}&limit=50", headers());
    expect(page.rowsRead).toBeLessThanOrEqual(4 * 50);
  });
});
