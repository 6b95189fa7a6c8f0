import type { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Cast,
  createCapture,
  createCast,
  expectRefusal,
  fakeDatabase,
  recordConsole,
  request,
  requestIn,
} from "./support/api.ts";
import { inFuture } from "./support/time.ts";

let cast: Cast;
let captureId: number;
beforeAll(async () => {
  cast = await createCast();
  const scheduledStart = inFuture(3_600_000);
  captureId = (await createCapture(cast.admin, { envId: cast.environment.id, scheduledStart })).id;
});

describe("an unknown path or method", () => {
  test.each([
    "/",
    "/api",
    "/favicon.ico",
    "/api/nope",
    "/API/captures",
    "/api/captures/1/nope",
    "/api/environments/1/x",
  ])("is a 404 at %s", async (path) => {
    expectRefusal(await request("GET", path, { headers: cast.admin.headers }), 404, "No such path");
  });

  test.each([
    ["PATCH", "/api/captures/1", "GET, HEAD, PUT, DELETE"],
    ["POST", "/api/captures/1", "GET, HEAD, PUT, DELETE"],
    ["DELETE", "/api/captures", "GET, HEAD, POST"],
    ["GET", "/api/captures/1/stop", "POST"],
    ["OPTIONS", "/api/environments", "GET, HEAD, POST"],
    ["PUT", "/api/environments/1/invites", "GET, HEAD, POST"],
    ["POST", "/api/environments/1/members/x", "PUT, DELETE"],
    ["GET", "/api/invites/accept", "POST"],
  ])("is a 405 for %s %s, which says what is possible", async (method, path, allow) => {
    const reply = await request(method, path, { headers: cast.admin.headers });
    expectRefusal(reply, 405, /^\w+ is not possible here; possible: /);
    const sorted = (list: string | null | undefined) => list?.split(", ").sort();
    expect(sorted(reply.headers.get("allow"))).toEqual(sorted(allow));
  });

  test("is refused without a body to HEAD, which is a GET otherwise", async () => {
    const { headers } = cast.admin;
    for (const [path, status] of [
      [`/api/captures/${captureId}`, 200],
      ["/api/captures/0", 400],
      ["/nope", 404],
    ] as const) {
      const reply = await request("HEAD", path, { headers });
      expect(reply.status).toBe(status);
      expect(reply.body).toBeUndefined();
      expect(reply.headers.get("x-request-id")).toBeTruthy();
    }
  });
});

describe("the request id", () => {
  test("is in every reply, and is unique", async () => {
    const { headers } = cast.admin;
    const ids = new Set<string | null>();
    for (const [method, path] of [
      ["GET", "/api/captures"],
      ["GET", "/api/environments"],
      ["GET", "/api/auth/get-session"],
      ["GET", "/nope"],
    ] as const) {
      ids.add((await request(method, path, { headers })).headers.get("x-request-id"));
    }
    expect(ids.size).toBe(4);
    expect(ids).not.toContain(null);
  });

  test("is ours, whatever a client calls its request", async () => {
    const ask = async (id: string) =>
      (await request("GET", "/nope", { headers: { "x-request-id": id } })).headers.get("x-request-id");
    for (const id of ["client-1", '"}{"level":"error', "a b", "x".repeat(300)])
      expect(await ask(id)).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
  });
});

describe("a fault of ours", () => {
  /** A database that is away. */
  const DB = fakeDatabase({
    prepare: () => {
      throw new Error("D1_ERROR: the secret plan failed", { cause: new Error("disk on fire") });
    },
    batch: () => Promise.reject(new Error("D1_ERROR: the secret plan failed")),
  });

  test.each([
    ["GET", "/api/captures", undefined],
    ["GET", "/api/captures/1", undefined],
    ["POST", "/api/captures", { name: "x", envId: 1 }],
    ["PUT", "/api/captures/1", "{"],
    ["GET", "/api/environments", undefined],
    ["POST", "/api/invites/accept", { code: "x" }],
    ["POST", "/api/auth/sign-in/email", { email: "a@example.com", password: "a long password" }],
  ])(
    "is a 500 to %s %s that says nothing, with the cause and the request id in the log",
    async (method, path, json) => {
      const stop = recordConsole();
      const reply = await requestIn({ DB }, method, path, {
        headers: cast.admin.headers,
        ...(json === undefined ? {} : { json }),
      });
      const lines = stop();
      expectRefusal(reply, 500, /^Something went wrong on our side; the request id helps/);
      expect(JSON.stringify(reply.body)).not.toContain("secret plan");
      const failed = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "request.failed");
      expect(failed).toHaveLength(1);
      expect(failed[0]).toMatchObject({
        level: "error",
        requestId: reply.headers.get("x-request-id"),
        method,
        path,
      });
      expect(`${failed[0].error} ${failed[0].stack}`).toMatch(/secret plan|disk on fire/);
    },
  );

  test("is logged without the invite's code", async () => {
    const stop = recordConsole();
    const json = { code: "a-live-code" };
    for (const path of ["/api/invites/accept", "/api/invites/look"]) {
      await requestIn({ DB }, "POST", path, { headers: cast.admin.headers, json });
    }
    expect(stop().join()).not.toContain("a-live-code");
  });

  test.each([["BETTER_AUTH_SECRET"], ["CREDENTIALS_KEYS"], ["AWS_TIMEOUT_MS"]])(
    "such as a missing %s is not somebody else's way in",
    async (name) => {
      const overrides = { [name]: undefined } as unknown as Partial<typeof env>;
      const stop = recordConsole();
      const { credentials, region, instance } = cast.aws;
      const reply = await requestIn(overrides, "POST", "/api/environments", {
        json: { name: "x", region, instance, credentials },
        headers: cast.admin.headers,
      });
      const lines = stop().join("\n");
      expectRefusal(reply, 500, /^Something went wrong on our side/);
      expect(lines).not.toContain(credentials.secretAccessKey);
    },
  );
});

test("no reply names the software of the service, and none can be framed or sniffed", async () => {
  const reply = await request("GET", "/api/captures", { headers: cast.admin.headers });
  expect(reply.headers.get("x-powered-by")).toBeNull();
  expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
  expect(reply.headers.get("x-frame-options")).toBeTruthy();
  expect(reply.headers.get("access-control-allow-origin")).toBeNull();
});
