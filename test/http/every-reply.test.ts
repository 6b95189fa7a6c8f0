import { beforeAll, describe, expect, test } from "vitest";
import { type Cast, createCapture, createCast, request, requestIn } from "../support/api.ts";
import { inFuture } from "../support/time.ts";

const CORS_ORIGINS = "https://console.example.com";

let cast: Cast;
let path: string;
beforeAll(async () => {
  cast = await createCast();
  const scheduledStart = inFuture(3_600_000);
  const { id } = await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart });
  path = `/api/captures/${id}`;
});

/** The headers of a reply that are the same for all replies, and those that each has a value of its own for. */
function common(reply: { headers: Headers }): Record<string, unknown> {
  const { headers } = reply;
  const own = ["content-type", "content-length", "cache-control", "etag", "link", "vary"];
  const same = [...headers].filter(([name]) => !own.includes(name));
  return {
    ...Object.fromEntries(same),
    "x-request-id": /^[\da-f-]{36}$/.test(headers.get("x-request-id") ?? ""),
    "x-d1-bookmark": headers.has("x-d1-bookmark"),
  };
}

describe("what every reply has", () => {
  test("a capture, a page of them, and a 304 have as well as what is made otherwise", async () => {
    const { headers } = cast.member;
    const otherwise = common(await request("GET", `${path}/events`, { headers }));
    expect(otherwise).toMatchObject({
      "x-request-id": true,
      "x-d1-bookmark": true,
      "x-frame-options": "DENY",
    });
    const one = await request("GET", path, { headers });
    const known = { ...headers, "if-none-match": one.headers.get("etag") as string };
    for (const reply of [
      one,
      await request("GET", `${path}?view=full`, { headers }),
      await request("GET", "/api/captures?limit=1", { headers }),
      await request("GET", path, { headers: known }),
    ]) {
      expect(common(reply)).toEqual(otherwise);
      expect(reply.headers.get("cache-control")).toMatch(/^private, no-cache/);
    }
  });

  test("has an id that is the request's own", async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await request("GET", path, { headers: cast.member.headers })).headers),
    );
    expect(new Set(ids.map((headers) => headers.get("x-request-id"))).size).toBe(2);
  });

  test("is on a capture that a page of a listed origin reads", async () => {
    const headers = { ...cast.member.headers, origin: CORS_ORIGINS };
    const reply = await requestIn({ CORS_ORIGINS }, "GET", path, { headers });
    expect(reply.status).toBe(200);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      "access-control-allow-origin": CORS_ORIGINS,
      "cache-control": "private, no-cache, no-transform",
      "content-type": "application/json",
      "x-content-type-options": "nosniff",
      "x-d1-bookmark": expect.any(String),
      "x-request-id": expect.any(String),
      vary: "Origin",
    });
  });

  test("is kept by no cache where a reply does not say otherwise", async () => {
    const { headers } = cast.member;
    for (const [method, at] of [
      ["GET", `${path}/events`],
      ["GET", "/api/captures/0"],
      ["GET", "/nope"],
    ] as const) {
      expect((await request(method, at, { headers })).headers.get("cache-control")).toBe("no-store");
    }
  });

  test("a preflight's answer says by a header of its own how long it is kept", async () => {
    const headers = { origin: CORS_ORIGINS, "access-control-request-method": "PUT" };
    const reply = await requestIn({ CORS_ORIGINS }, "OPTIONS", path, { headers });
    expect([reply.status, reply.headers.get("cache-control")]).toEqual([204, null]);
    expect(reply.headers.get("access-control-max-age")).not.toBeNull();
  });
});
