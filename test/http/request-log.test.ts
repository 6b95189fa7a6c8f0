import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { describeError, log } from "../../src/lib/log.ts";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  type LogLine,
  linesOf,
  request,
  requestIn,
} from "../support/api.ts";
import { faultyDatabase } from "../support/faults.ts";
import { inFuture } from "../support/time.ts";

let cast: Cast;
let envId: number;
let captureId: number;
const scheduledStart = inFuture(3_600_000);
beforeAll(async () => {
  cast = await createCast();
  envId = cast.environment.id;
  captureId = (await createCapture(cast.owner, { envId, scheduledStart })).id;
});

/** The line of the one request that is made. */
async function lineOf(run: () => Promise<unknown>): Promise<LogLine> {
  const lines = (await linesOf(run)).filter(({ event }) => event === "request");
  expect(lines).toHaveLength(1);
  return lines[0] as LogLine;
}

describe("a request's line", () => {
  test("has method, route, status, duration and request id", async () => {
    const headers = { ...cast.member.headers, "x-request-id": "find-me" };
    const line = await lineOf(() => request("GET", `/api/captures/${captureId}?view=full`, { headers }));
    expect(line).toEqual({
      level: "info",
      event: "request",
      requestId: expect.stringMatching(/^[\da-f-]{36}$/),
      clientRequestId: "find-me",
      method: "GET",
      route: "/api/captures/:id",
      status: 200,
      duration: expect.any(Number),
      credential: "session",
      caller: cast.member.id,
      captureId,
    });
    expect(line.duration).toBeGreaterThanOrEqual(0);
  });

  test.each([
    ["GET", "/api/captures", "/api/captures", 200],
    ["HEAD", "/api/captures", "/api/captures", 200],
    ["GET", "/api/schedules/occurrences?cron=0+0+*+*+*", "/api/schedules/occurrences", 200],
    ["GET", "/api/captures/0", "/api/captures/:id", 400],
    ["GET", "/api/captures/999999/workload/digest", "/api/captures/:id/workload/digest", 404],
    ["GET", "/api/auth/get-session", "/api/auth/get-session", 200],
    [
      "DELETE",
      "/api/environments/999999/invites/a-live-code",
      "/api/environments/:id/invites/:inviteId",
      404,
    ],
    ["DELETE", "/api/environments/999999/members/somebody", "/api/environments/:id/members/:userId", 404],
    ["GET", "/a-secret/in-the/path", null, 404],
    ["PATCH", "/api/captures/1", null, 405],
  ])("has the route's pattern for %s %s", async (method, path, route, status) => {
    const { headers } = cast.admin;
    const line = await lineOf(() => request(method, path, { headers }));
    expect(line).toMatchObject({ method, route, status });
    expect(JSON.stringify(line)).not.toMatch(/a-live-code|a-secret|somebody/);
  });

  test("has the ids of the capture and environment, by which lines of Durable Objects can be found", async () => {
    const create = () => cast.owner.post("/api/captures", { name: "to be found", envId, scheduledStart });
    const made = await lineOf(create);
    const row = await env.DB.prepare("select id from captures where name = 'to be found'").first();
    expect(made).toMatchObject({ route: "/api/captures", status: 200, captureId: row?.id });
    for (const path of ["", "/members"]) {
      const line = await lineOf(() => cast.admin.get(`/api/environments/${envId}${path}`));
      expect(line).toMatchObject({ envId, caller: cast.admin.id });
    }
    const neither = await lineOf(() => cast.admin.get("/api/captures/9x9"));
    expect(neither).not.toHaveProperty("captureId");
  });

  test("has the caller of a sign-in or sign-up, and none for a request that was refused", async () => {
    const json = { email: cast.owner.email, password: "a long password" };
    expect(await lineOf(() => request("POST", "/api/auth/sign-in/email", { json }))).toMatchObject({
      caller: cast.owner.id,
    });
    expect(await lineOf(() => request("GET", "/api/captures"))).not.toHaveProperty("caller");
    const { key } = await createApiKey(cast.owner);
    const headers = { "x-api-key": key };
    expect(await lineOf(() => request("GET", "/api/captures", { headers }))).toMatchObject({
      credential: "apiKey",
      caller: cast.owner.id,
    });
  });

  test("is written for each of two requests at once, with their own ids", async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `at-once-${i}`);
    const lines = await linesOf(() =>
      Promise.all(
        ids.map((id, i) =>
          request("GET", "/api/captures", {
            headers: { ...(i % 2 === 0 ? cast.owner : cast.member).headers, "x-request-id": id },
          }),
        ),
      ),
    );
    const callers = new Map(lines.map(({ clientRequestId, caller }) => [clientRequestId, caller]));
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(ids.length);
    expect(callers).toEqual(new Map(ids.map((id, i) => [id, (i % 2 === 0 ? cast.owner : cast.member).id])));
  });

  test("has Cloudflare's ray id, and nothing else from that header", async () => {
    const ray = async (value: string) =>
      (await lineOf(() => request("GET", "/api/captures", { headers: { "cf-ray": value } }))).ray;
    expect(await ray("8f3b2c1d4e5f6a7b-FRA")).toBe("8f3b2c1d4e5f6a7b-FRA");
    for (const other of ["a secret", "8f3b2c1d4e5f6a7b-FRA, x", "x".repeat(1000)]) {
      expect(await ray(other)).toBeUndefined();
    }
  });

  test("is an error for a 500, besides the line that has the cause", async () => {
    const DB = faultyDatabase(() => ({ error: new Error("away") }));
    const lines = await linesOf(() =>
      requestIn({ DB }, "GET", `/api/captures/${captureId}`, { headers: cast.admin.headers }),
    );
    const requestId = lines[0]?.requestId;
    expect(requestId).toMatch(/^[\da-f-]{36}$/);
    expect(lines).toEqual([
      expect.objectContaining({ level: "error", event: "request.failed", requestId }),
      expect.objectContaining({ level: "error", event: "request", requestId, status: 500 }),
    ]);
  });

  test("has the client's X-Request-Id, if that looks like a name", async () => {
    const own = async (id: string) =>
      (await lineOf(() => request("GET", "/api/captures", { headers: { "x-request-id": id } })))
        .clientRequestId;
    expect(await own("trace:1/2=3.4+5")).toBe("trace:1/2=3.4+5");
    for (const id of ["a b", '"}{', "x".repeat(101)]) expect(await own(id)).toBeUndefined();
  });
});

test("a line that is written anywhere in a request has its id", async () => {
  const CAPTURE_RUNNER = {
    getByName: () => ({ wake: () => Promise.reject(new Error("unreachable")) }),
  } as unknown as Cloudflare.Env["CAPTURE_RUNNER"];
  const lines = await linesOf(() =>
    requestIn({ CAPTURE_RUNNER }, "POST", "/api/captures", {
      json: { name: "not woken", envId, scheduledStart },
      headers: cast.owner.headers,
    }),
  );
  const [first, last] = ["capture.wake.failed", "request"].map((name) =>
    lines.find(({ event }) => event === name),
  );
  expect(first?.requestId).toMatch(/^[\da-f-]{36}$/);
  expect(first?.requestId).toBe(last?.requestId);
});

describe("a line that quotes what was sent", () => {
  test("is cut, however long that was", async () => {
    const lines = await linesOf(() => request("GET", `/api/${"x".repeat(12_000)}`));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(2000);
  });

  test("has the beginning of an error, and how long it was", async () => {
    const error = new Error("e".repeat(100_000));
    const lines = await linesOf(async () => log.error("too.long", { ...describeError(error), count: 1 }));
    expect(lines).toEqual([
      {
        level: "error",
        event: "too.long",
        error: `Error: ${"e".repeat(993)}… (100007 characters)`,
        stack: expect.stringMatching(/^.{4000}… \(\d+ characters\)$/s),
        count: 1,
      },
    ]);
  });
});
