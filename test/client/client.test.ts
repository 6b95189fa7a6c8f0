import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { type CallOptions, CapturesError, type ClientOptions, createClient } from "captures/client";
import { afterEach, beforeAll, describe, expect, expectTypeOf, test, vi } from "vitest";
import { app } from "../../src/app.ts";
import { type Cast, createApiKey, createCast, createEnvironment, signUp } from "../support/api.ts";
import { checkUnread, operations } from "../support/contract.ts";
import { until } from "../support/time.ts";

const baseUrl = "http://captures.test";

let cast: Cast;
let key: string;
beforeAll(async () => {
  cast = await createCast();
  ({ key } = await createApiKey(cast.admin));
});
afterEach(() => {
  vi.useRealTimers();
});

/** The requests that reached the Worker: method, path without ids, and the headers. */
const sent: Request[] = [];

/** The Worker, whose replies are held against the API's description. */
async function worker(request: Request): Promise<Response> {
  sent.push(request);
  const reply = await exports.default.fetch(request);
  await checkUnread(request, reply);
  return reply;
}

const clientOf = (options: Partial<ClientOptions> = {}) =>
  createClient({ baseUrl, apiKey: key, fetch: worker, ...options });

/** A server that answers with these, one after the other, and counts. */
function answering(...replies: (Response | Error)[]) {
  const requests: Request[] = [];
  const send = async (request: Request) => {
    requests.push(request);
    const reply = replies[Math.min(requests.length, replies.length) - 1] as Response | Error;
    if (reply instanceof Error) throw reply;
    return reply.clone();
  };
  return {
    requests,
    client: (options: Partial<ClientOptions> = {}) => clientOf({ fetch: send, ...options }),
  };
}

const refusal = (status: number, headers: Record<string, string> = {}) =>
  Response.json(
    { code: status, message: `refused with ${status}` },
    { status, headers: { "x-request-id": "r-1", ...headers } },
  );
const fine = Response.json([]);

/** The error that a call ends with. */
async function errorOf(call: Promise<unknown>): Promise<CapturesError> {
  const error = await call.then(
    () => new Error("It did not fail"),
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(CapturesError);
  return error as CapturesError;
}

describe("the client and the Worker", () => {
  test("do everything that the API offers", async () => {
    const { captures, environments, members, invites } = clientOf();
    const { credentials, region, instance } = (await createEnvironment(cast.admin)).aws;
    const environment = await environments.create({
      name: "made by the client",
      region,
      instance,
      credentials,
    });
    expect(environment).toMatchObject({ name: "made by the client", role: "admin" });
    const envId = environment.id;
    expect(await environments.get(envId)).toEqual(environment);
    expect(await environments.list()).toContainEqual(environment);
    expect(await environments.update(envId, { name: "renamed" })).toMatchObject({ name: "renamed" });
    expect(await environments.check(envId)).toMatchObject({ id: envId, status: "available" });
    expect(await environments.abandon(envId)).toMatchObject({ id: envId, owed: [] });

    const guest = await signUp("Guest");
    const { code } = await invites.create(envId, "member");
    const joined = clientOf({ apiKey: (await createApiKey(guest)).key });
    expect(await joined.invites.accept(code)).toMatchObject({ id: envId, role: "member" });
    expect((await members.list(envId)).map(({ userId }) => userId)).toContain(guest.id);
    expect(await members.setRole(envId, guest.id, "admin")).toEqual({ userId: guest.id, role: "admin" });
    expect(await members.remove(envId, guest.id)).toEqual({ userId: guest.id });

    const capture = await captures.create({ name: "made by the client", envId });
    await until(cast.admin, capture, "RUNNING");
    expect(await captures.rename(capture.id, "renamed")).toMatchObject({ id: capture.id, name: "renamed" });
    expect((await captures.metrics(capture.id, { type: ["READ IOPS"], period: 60 })).metrics).toMatchObject([
      { label: "ReadIOPS" },
    ]);
    expect(await captures.stop(capture.id)).toMatchObject({ status: "STOPPING" });
    await until(cast.admin, capture, "DONE");
    expect(await captures.get(capture.id)).toMatchObject({ status: "DONE" });
    expect((await captures.events(capture.id)).map(({ to }) => to)).toContain("DONE");
    expect(await captures.workload(capture.id)).toMatchObject({ redact: "secrets" });
    expect((await captures.progress(capture.id)).capture.id).toBe(capture.id);
    expect(await captures.digest(capture.id, { limit: 3 })).toEqual(expect.any(Array));
    expect(await captures.series(capture.id, { step: 60 })).toMatchObject({ step: 60 });
    const from = new Date(Date.now() - 60_000);
    const download = await captures.download(capture.id, { format: "log", from });
    expect(download.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    await download.body?.cancel();
    expect(await captures.delete(capture.id)).toMatchObject({ id: capture.id });
    for await (const left of captures.list({ envId })) expect(left.id).not.toBe(capture.id);
    // The parameter group is restored after the capture has ended, and until then this is refused.
    const deleted = () => environments.delete(envId).catch((error: unknown) => error);
    await expect.poll(deleted).toMatchObject({ id: envId });
  });

  test("leave out no operation of the API but signing in and health", () => {
    const calls = new Set(sent.map(({ method, url }) => `${method} ${patternOf(new URL(url).pathname)}`));
    const described = operations
      .filter(({ path }) => !path.startsWith("/api/auth/") && path !== "/api/health")
      .map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, "{}")}`);
    expect([...calls].sort()).toEqual(described.sort());
  });

  const patternOf = (path: string) =>
    path.replace(/(captures|environments)\/\d+/, "$1/{}").replace(/(members|invites)\/[^/]+/, "$1/{}");

  test("page through a list, whatever its filter, and ask for no page that is not read", async () => {
    const envId = cast.environment.id;
    const client = clientOf();
    const scheduledStart = new Date(Date.now() + 3_600_000);
    for (let i = 0; i < 5; i++) await client.captures.create({ name: `page ${i}`, envId, scheduledStart });
    const names: string[] = [];
    sent.length = 0;
    for await (const { name } of client.captures.list({ envId, status: "SCHEDULED", limit: 2 }))
      names.push(name);
    expect(names).toEqual(["page 4", "page 3", "page 2", "page 1", "page 0"]);
    expect(sent).toHaveLength(3);
    sent.length = 0;
    for await (const { name } of client.captures.list({ limit: 2 })) if (name === "page 3") break;
    expect(sent).toHaveLength(1);
  });

  test("give one page of a list, and where the next begins", async () => {
    const { captures } = clientOf();
    const { id: envId } = (await createEnvironment(cast.admin)).environment;
    const scheduledStart = new Date(Date.now() + 3_600_000);
    for (const name of ["oldest", "middle", "newest"]) await captures.create({ name, envId, scheduledStart });
    const first = await captures.page({ envId, limit: 2 });
    expect(first.captures.map(({ name }) => name)).toEqual(["newest", "middle"]);
    const last = await captures.page({ envId, limit: 2, cursor: first.next ?? 0 });
    expect(last.captures.map(({ name }) => name)).toEqual(["oldest"]);
    expect(last.next).toBeNull();
  });

  test("agree on a cookie instead of a key", async () => {
    const withCookie = (request: Request) => {
      const headers = new Headers(request.headers);
      for (const [name, value] of Object.entries(cast.member.headers)) headers.set(name, value);
      return worker(new Request(request, { headers }));
    };
    const client = clientOf({ apiKey: undefined, fetch: withCookie });
    expect(await client.environments.list()).toMatchObject([{ role: "member" }]);
  });

  test("agree on what a refusal is", async () => {
    const error = await errorOf(clientOf().captures.get(999_999));
    expect(error).toMatchObject({
      name: "CapturesError",
      status: 404,
      message: "Capture's environment not found",
      retryAfter: null,
    });
    expect(error.requestId).toMatch(/^[\w-]{8,}$/);
    expect(await errorOf(clientOf({ apiKey: "captures_wrong" }).captures.get(1))).toMatchObject({
      status: 401,
    });
  });

  test("agree on the types", () => {
    const { captures } = clientOf();
    expectTypeOf<Parameters<typeof captures.get>>().toEqualTypeOf<
      [id: number, options?: CallOptions | undefined]
    >();
    // @ts-expect-error: there is no such field
    void (() => captures.create({ name: "x", envId: 1, duraton: 60 }));
    // @ts-expect-error: nor such a status
    void (() => captures.list({ status: "SLEEPING" }));
  });
});

describe("a transient refusal", () => {
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

  test("is retried at the date that Retry-After says", async () => {
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

  test.each([400, 401, 403, 404, 409, 413, 500, 502, 504])("is not %i", async (status) => {
    const server = answering(refusal(status, { "retry-after": "0" }));
    expect(await errorOf(server.client().environments.list())).toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  test("or a broken connection is retried", async () => {
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

  test("by a rate limit is retried whatever the request is: a stop", async () => {
    const server = answering(refusal(429, { "retry-after": "0" }), Response.json({ id: 1 }));
    expect(await server.client().captures.stop(1)).toEqual({ id: 1 });
    expect(server.requests).toHaveLength(2);
  });

  test("is not retried when it may have been done and has no key: a stop, an invite", async () => {
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
  test("makes one capture although the first reply was lost", async () => {
    const { id: envId } = (await createEnvironment(cast.admin)).environment;
    let lost = 0;
    const losing = async (request: Request) => {
      const reply = await worker(request);
      if (request.method !== "POST" || lost > 0) return reply;
      lost++;
      throw new TypeError("Network connection lost");
    };
    const { captures } = clientOf({ fetch: losing });
    const scheduledStart = new Date(Date.now() + 3_600_000);
    const made = await captures.create({ name: "lost and found", envId, scheduledStart });
    expect(lost).toBe(1);
    expect(await Array.fromAsync(captures.list({ envId }))).toEqual([made]);
  });

  test("waits for as long as a rate limit asks, and then goes on", async () => {
    const { id } = (await createEnvironment(cast.admin)).environment;
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
    const call = clientOf({ fetch: limited }).environments.update(id, { name: "renamed in time" });
    await vi.waitFor(() => expect(statuses).toEqual([429]));
    await vi.advanceTimersByTimeAsync(59_000);
    expect(statuses).toEqual([429]);
    await vi.advanceTimersByTimeAsync(2000);
    vi.useRealTimers();
    expect(await call).toMatchObject({ id, name: "renamed in time" });
    expect(statuses).toEqual([429, 200]);
  });

  test("reads its own writes: it sends the newest bookmark that it has received", async () => {
    const bookmarks = ["00000002-b", "00000001-a", null, "00000002-c"];
    const sentBookmarks: (string | null)[] = [];
    const send = async (request: Request) => {
      sentBookmarks.push(request.headers.get("x-d1-bookmark"));
      const bookmark = bookmarks.shift();
      return Response.json([], bookmark ? { headers: { "x-d1-bookmark": bookmark } } : {});
    };
    const { environments } = clientOf({ fetch: send });
    await environments.delete(1);
    for (let reads = 0; reads < 4; reads++) await environments.list();
    expect(sentBookmarks).toEqual([null, "00000002-b", "00000002-b", "00000002-b", "00000002-c"]);
  });
});

describe("a call", () => {
  test("ends when its signal is aborted, also between two tries", async () => {
    const server = answering(refusal(503, { "retry-after": "30" }));
    const controller = new AbortController();
    const call = server.client().environments.list({ signal: controller.signal });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    await expect(server.client().environments.list({ signal: controller.signal })).rejects.toThrow("enough");
  });

  test("sends its key to no other host, wherever a reply's link leads", async () => {
    const link = '<https://evil.example/api/captures?cursor=1>; rel="next"';
    const server = answering(Response.json([], { headers: { link } }));
    const list = server.client().captures.list();
    await expect(list.next()).rejects.toThrow("https://evil.example is not http://captures.test");
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ["an HTML page", "<html>Bad gateway</html>"],
    ["a JSON that is no refusal", '"no"'],
    ["nothing", ""],
  ])("that a server on the way answers with %s is an error with a status too", async (_, body) => {
    const server = answering(new Response(body, { status: 502 }));
    expect(await errorOf(server.client().environments.list())).toMatchObject({
      status: 502,
      message: "The service answered 502",
      requestId: null,
    });
  });

  test("ignores an invalid Retry-After", async () => {
    const server = answering(refusal(429, { "retry-after": "soon" }));
    expect(await errorOf(server.client({ retries: 0 }).environments.list())).toMatchObject({
      retryAfter: null,
    });
  });
});
