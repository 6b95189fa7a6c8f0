import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { createApiKey, createEnvironment, type Person, signUp } from "../support/api.ts";
import { checkUnread } from "../support/contract.ts";
import { answering, clientOf, errorOf, refusal, worker } from "./support.ts";

afterEach(() => {
  vi.useRealTimers();
});

const fine = Response.json([]);

describe("a call that fails", () => {
  test.each([429, 503])("with %i is retried after as many seconds as Retry-After says", async (status) => {
    vi.useFakeTimers();
    const server = answering(refusal(status, { "retry-after": "7" }), fine);
    const call = server.client().environments.list();
    await vi.advanceTimersByTimeAsync(6_900);
    expect(server.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toEqual([]);
    expect(server.requests).toHaveLength(2);
  });

  test("with 503 is retried at the date that Retry-After says", async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 23, 12) });
    const server = answering(refusal(503, { "retry-after": "Mon, 23 Nov 2026 12:00:20 GMT" }), fine);
    const call = server.client().environments.list();
    await vi.advanceTimersByTimeAsync(19_900);
    expect(server.requests).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toEqual([]);
  });

  test("is retried soon, and later each time, when there is no Retry-After", async () => {
    vi.useFakeTimers();
    const server = answering(refusal(503), refusal(503), refusal(503), fine);
    const call = server.client().environments.list();
    await vi.advanceTimersByTimeAsync(500);
    expect(server.requests).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.requests).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(2000);
    expect(await call).toEqual([]);
  });

  test("is not retried more often than was asked for", async () => {
    vi.useFakeTimers();
    const server = answering(refusal(429, { "retry-after": "1" }));
    const call = errorOf(server.client({ retries: 2 }).environments.list());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ status: 429, retryAfter: 1, requestId: "r-1" });
    expect(server.requests).toHaveLength(3);
  });

  test("is not retried at all when the pause would be too long", async () => {
    const server = answering(refusal(429, { "retry-after": "3600" }));
    expect(await errorOf(server.client().environments.list())).toMatchObject({
      status: 429,
      retryAfter: 3600,
    });
    expect(server.requests).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 413, 500, 502, 504])("with %i is not retried", async (status) => {
    const server = answering(refusal(status, { "retry-after": "0" }));
    expect(await errorOf(server.client().environments.list())).toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  test("with a broken connection is retried", async () => {
    vi.useFakeTimers();
    const server = answering(new TypeError("Network connection lost"), fine);
    const call = server.client().environments.list();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await call).toEqual([]);
    const broken = answering(new TypeError("Network connection lost"));
    const error = await errorOf(broken.client({ retries: 0 }).environments.list());
    expect(error).toMatchObject({
      status: null,
      requestId: null,
      message: "The service could not be reached",
    });
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("with 429 is retried whatever it asked for: a stop", async () => {
    const server = answering(refusal(429, { "retry-after": "0" }), Response.json({ id: 1 }));
    expect(await server.client().captures.stop(1)).toEqual({ id: 1 });
    expect(server.requests).toHaveLength(2);
  });

  test("with 503 is not retried when it may have been done and has no key: a stop, an invite", async () => {
    const server = answering(refusal(503, { "retry-after": "0" }));
    const { captures, invites } = server.client();
    expect(await errorOf(captures.stop(1))).toMatchObject({ status: 503 });
    expect(await errorOf(invites.create(1, "member"))).toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(2);
  });

  test("is retried with the same key and body when it makes a capture", async () => {
    const server = answering(
      refusal(503, { "retry-after": "0" }),
      new TypeError("lost"),
      Response.json({ id: 1 }),
    );
    await server.client().captures.create({ name: "once", envId: 1 });
    const keys = server.requests.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[0]).toMatch(/^"[\w-]{36}"$/);
    for (const request of server.requests) expect(await request.json()).toEqual({ name: "once", envId: 1 });
    await server.client().captures.create({ name: "twice", envId: 1 }, { idempotencyKey: "mine" });
    expect(server.requests.at(-1)?.headers.get("idempotency-key")).toBe('"mine"');
  });

  test("is retried with the same key when it makes an environment", async () => {
    const server = answering(refusal(503, { "retry-after": "0" }), Response.json({ id: 1 }, { status: 201 }));
    const credentials = { accessKeyId: "AKIA0000000000000000", secretAccessKey: "secret" };
    const environment = { name: "once", region: "us-east-1", instance: "demo-mysql", credentials };
    await server.client().environments.create(environment);
    const [first, second] = server.requests.map(({ headers }) => headers.get("idempotency-key"));
    expect(first).toMatch(/^"[\w-]{36}"$/);
    expect(second).toBe(first);
  });
});

describe("a client of the Worker", () => {
  let admin: Person;
  let key: string;
  beforeAll(async () => {
    admin = await signUp("Admin");
    ({ key } = await createApiKey(admin));
  });

  test("makes one capture although the first reply was lost", async () => {
    const { id: envId } = (await createEnvironment(admin)).environment;
    let lost = 0;
    const losing = async (request: Request) => {
      const reply = await worker(request);
      if (request.method !== "POST" || lost > 0) return reply;
      lost++;
      throw new TypeError("Network connection lost");
    };
    const { captures } = clientOf(key, { fetch: losing });
    const scheduledStart = new Date(Date.now() + 3_600_000);
    const made = await captures.create({ name: "lost and found", envId, scheduledStart });
    expect(lost).toBe(1);
    expect(await Array.fromAsync(captures.list({ envId }))).toEqual([made]);
  });

  test("waits for as long as a rate limit asks, and then goes on", async () => {
    const { id } = (await createEnvironment(admin)).environment;
    const statuses: number[] = [];
    const limited = async (request: Request) => {
      const reply = await app.fetch(
        request,
        { ...env, WRITE_LIMITER: { limit: async () => ({ success: statuses.length > 0 }) } },
        createExecutionContext(),
      );
      await checkUnread(request, reply);
      statuses.push(reply.status);
      return reply;
    };
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const call = clientOf(key, { fetch: limited }).environments.update(id, { name: "renamed in time" });
    await vi.waitFor(() => expect(statuses).toEqual([429]));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(statuses).toEqual([429]);
    await vi.advanceTimersByTimeAsync(2000);
    vi.useRealTimers();
    expect(await call).toMatchObject({ id, name: "renamed in time" });
    expect(statuses).toEqual([429, 200]);
  });
});
