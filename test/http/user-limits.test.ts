import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  linesOf,
  type Person,
  requestIn,
  signUp,
} from "../support/api.ts";
import { inFuture } from "../support/time.ts";
import { limiter } from "./limiter.ts";

let cast: Cast;
let path: string;

beforeAll(async () => {
  cast = await createCast();
  const scheduledStart = inFuture(86_400_000);
  path = `/api/captures/${(await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart })).id}`;
});

const get = (bindings: Partial<Cloudflare.Env>, headers: Record<string, string>, what = path) =>
  requestIn(bindings, "GET", what, { headers });

/** Somebody whose session and API key this isolate has seen. */
async function known(name: string): Promise<{ person: Person; byKey: Record<string, string> }> {
  const person = await signUp(name);
  const byKey = { "x-api-key": (await createApiKey(person)).key };
  for (const headers of [person.headers, byKey]) await get({}, headers, "/api/captures");
  return { person, byKey };
}

describe("a user's requests", () => {
  test("are counted together, by whatever session or key they come, and the next is refused with 429", async () => {
    const { person, byKey } = await known("Reader");
    const { limiter: REQUEST_LIMITER, callers } = limiter(2);
    const bindings = { REQUEST_LIMITER, REQUEST_LIMIT: "2" };
    expect((await get(bindings, person.headers, "/api/captures")).status).toBe(200);
    expect((await get(bindings, byKey, "/api/environments")).status).toBe(200);
    const refused = await get(bindings, byKey, "/api/captures");
    expectRefusal(refused, 429, "Too many requests: more than 2 requests in 60 seconds; try again later");
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("ratelimit")).toBe('"requests";r=0;t=60');
    expect(refused.headers.get("ratelimit-policy")).toBe('"requests";q=2;w=60');
    expect((await get(bindings, person.headers, "/api/auth/get-session")).status).toBe(429);
    expect(new Set(callers)).toEqual(new Set([`user:${person.id}`]));
  });

  test("do not touch those of another user", async () => {
    const [one, other] = [await known("One"), await known("Other")];
    const bindings = { REQUEST_LIMITER: limiter(1).limiter };
    await get(bindings, one.person.headers, "/api/captures");
    expect((await get(bindings, one.byKey, "/api/captures")).status).toBe(429);
    expect((await get(bindings, other.person.headers, "/api/captures")).status).toBe(200);
  });

  test("are changes too, whose own limit is by session and key", async () => {
    const { person, byKey } = await known("Writer");
    const requests = limiter(1);
    const writes = limiter(1);
    const bindings = { REQUEST_LIMITER: requests.limiter, WRITE_LIMITER: writes.limiter };
    const change = (headers: Record<string, string>) =>
      requestIn(bindings, "DELETE", "/api/captures/999999", { headers });
    expect((await change(person.headers)).status).toBe(404);
    expectRefusal(await change(byKey), 429, /more than \d+ requests in 60 seconds/);
    expect(new Set(requests.callers).size).toBe(1);
    expect(new Set(writes.callers).size).toBe(2);
  });

  test("are counted by the address until this isolate has seen whose the credential is", async () => {
    const person = await signUp("New");
    const { key } = await createApiKey(person);
    const { limiter: REQUEST_LIMITER, callers } = limiter(10);
    const headers = { "x-api-key": key, "cf-connecting-ip": "203.0.113.9" };
    await get({ REQUEST_LIMITER }, headers, "/api/captures");
    await get({ REQUEST_LIMITER }, headers, "/api/captures");
    expect(callers).toEqual(["address:203.0.113.9", `user:${person.id}`]);
  });

  test("by made-up API keys are refused by their address, before the database is asked", async () => {
    const bindings = { REQUEST_LIMITER: limiter(2).limiter };
    const from = (address: string, key: string) =>
      get(bindings, { "x-api-key": key, "cf-connecting-ip": address }, "/api/captures");
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await from("203.0.113.10", `made-up-${i}`)).status);
    expect(statuses).toEqual([401, 401, 429, 429]);
    expect((await from("203.0.113.11", "made-up")).status).toBe(401);
  });

  test("are answered as before once the credential is revoked: the user is only who is counted", async () => {
    const { person, byKey } = await known("Revoked");
    const { body } = await person.get<{ apiKeys: { id: string }[] }>("/api/auth/api-key/list");
    await person.post("/api/auth/api-key/delete", { keyId: body.apiKeys[0]?.id });
    expect((await get({}, byKey, "/api/captures")).status).toBe(401);
  });

  test("are counted by the limiter of the platform, too", async () => {
    const { person } = await known("Platform");
    const bindings = { REQUEST_LIMITER: env.TEST_LIMITER };
    const statuses = [];
    // Its windows end with the minute: one may end in between.
    for (let i = 0; i < 7; i++) statuses.push((await get(bindings, person.headers, "/api/captures")).status);
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses).toContain(429);
  });

  test("go on when the limiter fails, and the log says so", async () => {
    const REQUEST_LIMITER: RateLimit = { limit: () => Promise.reject(new Error("limiter down")) };
    const lines = await linesOf(async () => {
      expect((await get({ REQUEST_LIMITER }, cast.owner.headers)).status).toBe(200);
    });
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "ratelimit.failed", binding: "REQUEST_LIMITER" }),
    );
  });
});

describe("a request that costs money or much CPU", () => {
  const COSTLY: [method: string, path: () => string][] = [
    ["GET", () => `${path}/metrics`],
    ["GET", () => `${path}/workload/download`],
    ["GET", () => `${path}/workload/report`],
    ["GET", () => `${path}/workload/records`],
    ["GET", () => `${path}/workload/sessions/1`],
    ["POST", () => `/api/environments/${cast.environment.id}/check`],
  ];

  test("is counted with the others of its user, and the next is refused before it costs anything", async () => {
    const { key } = await createApiKey(cast.member);
    const { limiter: COSTLY_LIMITER, callers } = limiter(1);
    const bindings = { COSTLY_LIMITER, COSTLY_LIMIT: "1" };
    const first = await get(bindings, cast.member.headers, `${path}/metrics`);
    expect(first.status).toBe(200);
    expect(first.headers.get("ratelimit-policy")).toBe('"costly";q=1;w=60');
    await cast.aws.clearRequests();
    for (const [method, what] of COSTLY) {
      const refused = await requestIn(bindings, method, what(), { headers: { "x-api-key": key } });
      expectRefusal(refused, 429, /^Too many requests: more than 1 requests for metrics, checks, downloads/);
      expect(refused.headers.get("ratelimit")).toBe('"costly";r=0;t=60');
    }
    expect(await cast.aws.requests()).toEqual([]);
    expect(new Set(callers)).toEqual(new Set([`user:${cast.member.id}`]));
    expect((await get(bindings, cast.owner.headers, `${path}/metrics`)).status).toBe(200);
  });

  test("is counted only for who may ask for it", async () => {
    const { limiter: COSTLY_LIMITER, callers } = limiter(0);
    for (const [method, what] of COSTLY) {
      const reply = await requestIn({ COSTLY_LIMITER }, method, what(), { headers: cast.stranger.headers });
      expect(reply.status).toBe(404);
    }
    expect(callers).toEqual([]);
  });

  test("is a list of instances, too", async () => {
    const { aws } = await createEnvironment(cast.admin);
    await aws.clearRequests();
    const json = { region: aws.region, credentials: aws.credentials };
    const { headers } = cast.stranger;
    const bindings = { COSTLY_LIMITER: limiter(0).limiter };
    const refused = await requestIn(bindings, "POST", "/api/environments/instances", { json, headers });
    expect(refused.status).toBe(429);
    expect(await aws.requests()).toEqual([]);
  });

  test("leaves other reads of its user alone", async () => {
    const bindings = { COSTLY_LIMITER: limiter(0).limiter };
    for (const what of ["", "/events", "/live", "/workload", "/workload/digest"])
      expect((await get(bindings, cast.owner.headers, path + what)).status).toBe(200);
  });
});
