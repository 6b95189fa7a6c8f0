import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import { type Cast, createCapture, createCast, fakeDatabase } from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import { runAlarm, travel, until } from "../support/time.ts";

/** What a request cost. */
interface Cost {
  /** Round trips to D1: a statement run by itself, or a batch. */
  d1: number;
  /** Calls of Durable Objects. */
  objects: number;
  /** Calls of R2. */
  bucket: number;
  /** Rows that D1 read. */
  rowsRead: number;
}

/** The environment, with every round trip to D1 and every call of a Durable Object counted. */
function counting(): { env: Env; cost: Cost } {
  const cost: Cost = { d1: 0, objects: 0, bucket: 0, rowsRead: 0 };
  const count = async <T>(trip: Promise<T>): Promise<T> => {
    cost.d1++;
    const result = await trip;
    for (const { meta } of [result].flat() as D1Result[]) cost.rowsRead += meta?.rows_read ?? 0;
    return result;
  };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const statement = (original: D1PreparedStatement): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => statement(original.bind(...values)),
      // `first` does not tell what it read; `all` of the same statement does.
      first: async () => (await count(original.all())).results[0] ?? null,
      all: () => count(original.all()),
      run: () => count(original.run()),
    } as unknown as D1PreparedStatement;
    originals.set(wrapped, original);
    return wrapped;
  };
  const DB = fakeDatabase({
    prepare: (sql: string) => statement(env.DB.prepare(sql)),
    batch: (statements: D1PreparedStatement[]) =>
      count(env.DB.batch(statements.map((wrapped) => originals.get(wrapped) ?? wrapped))),
  });
  const CAPTURE_RUNNER = {
    getByName: (name: string) => {
      const runner = env.CAPTURE_RUNNER.getByName(name);
      const call = async (at: () => Promise<unknown>) => {
        cost.objects++;
        return at();
      };
      return {
        wake: (id: number, at: number) => call(() => runner.wake(id, at)),
        workload: () => call(() => runner.workload()),
        fetch: (...request: Parameters<typeof runner.fetch>) => call(() => runner.fetch(...request)),
        metrics: (request: Parameters<typeof runner.metrics>[0]) => call(() => runner.metrics(request)),
      };
    },
  } as unknown as Env["CAPTURE_RUNNER"];
  const BUCKET = {
    get: (key: string) => {
      cost.bucket++;
      return env.BUCKET.get(key);
    },
  } as unknown as R2Bucket;
  return { env: { ...env, DB, CAPTURE_RUNNER, BUCKET }, cost };
}

let cast: Cast;
let running: { id: number };
const keys: Record<string, string> = {};

beforeAll(async () => {
  cast = await createCast();
  const key = await cast.owner.post<{ key: string }>("/api/auth/api-key/create", { name: "program" });
  keys["x-api-key"] = key.body.key;
  for (let i = 0; i < 60; i++) {
    await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: new Date(Date.now() + 1e7).toISOString(),
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
  const { env: counted, cost } = counting();
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

  it("cost no more for a capture with an Idempotency-Key, nor for the repeated request", async () => {
    const keyed = { ...headers(), "idempotency-key": crypto.randomUUID() };
    const json = { name: `made with a key ${keyed["idempotency-key"]}` };
    for (let times = 0; times < 2; times++) {
      expect(await costOfThis("POST", "/api/captures", keyed, json)).toMatchObject({ d1: 1, objects: 1 });
    }
  });

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
