import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { networkOf } from "../../src/http/rate-limits.ts";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  expectRefusal,
  linesOf,
  type Reply,
  requestIn,
  signUp,
} from "../support/api.ts";
import { inFuture } from "../support/time.ts";
import { limiter } from "./limiter.ts";

const TOMORROW = inFuture(86_400_000);

let cast: Cast;
let path: string;

beforeAll(async () => {
  cast = await createCast();
  const { id } = await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart: TOMORROW });
  path = `/api/captures/${id}`;
});

const failing = (limit: RateLimit["limit"]): RateLimit => ({ limit });

const policyOf = ({ headers }: Reply) => headers.get("ratelimit-policy");

describe("a change", () => {
  /** Renames the capture. */
  const rename = (bindings: Partial<Cloudflare.Env>, headers: Record<string, string>) =>
    requestIn(bindings, "PUT", path, { json: { name: "renamed" }, headers });

  test("is refused with 429 and Retry-After once its caller has made too many, and changes nothing", async () => {
    const bindings = { WRITE_LIMITER: limiter(1).limiter, WRITE_LIMIT: "1" };
    expect((await rename(bindings, cast.owner.headers)).status).toBe(200);
    const json = { name: "one too many" };
    const refused = await requestIn(bindings, "PUT", path, { json, headers: cast.owner.headers });
    expectRefusal(refused, 429, "Too many requests: more than 1 changes in 60 seconds; try again later");
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("ratelimit")).toBe('"writes";r=0;t=60');
    expect(policyOf(refused)).toBe('"writes";q=1;w=60');
    expect((await cast.owner.get(path)).body).toMatchObject({ name: "renamed" });
  });

  test("is refused by the limiter of the platform, too", async () => {
    const bindings = { WRITE_LIMITER: env.TEST_LIMITER, WRITE_LIMIT: "3" };
    const statuses = [];
    // Its windows end with the minute: one may end in between.
    for (let i = 0; i < 7; i++) statuses.push((await rename(bindings, cast.member.headers)).status);
    expect(statuses.slice(0, 3)).toEqual([403, 403, 403]);
    expect(statuses).toContain(429);
  });

  test("says what the limit is, and what is left only when that is nothing", async () => {
    const { headers } = await rename({ WRITE_LIMIT: "120" }, cast.owner.headers);
    expect(headers.get("ratelimit-policy")).toBe('"writes";q=120;w=60');
    expect(headers.get("ratelimit")).toBeNull();
  });

  test("is counted by session and by API key, and neither is told to the limiter", async () => {
    const { key } = await createApiKey(cast.owner);
    const { limiter: WRITE_LIMITER, callers } = limiter(1);
    const bindings = { WRITE_LIMITER };
    const byKey = { "x-api-key": key };
    for (const headers of [cast.owner.headers, byKey, cast.admin.headers]) {
      expect((await rename(bindings, headers)).status).toBe(200);
      expect((await rename(bindings, headers)).status).toBe(429);
    }
    expect((await rename(bindings, { authorization: `Bearer ${key}` })).status).toBe(429);
    expect(new Set(callers).size).toBe(3);
    const token = /session_token=([\w-]+)/.exec(cast.owner.headers.cookie ?? "")?.[1] ?? "";
    expect(token).not.toBe("");
    for (const caller of callers) {
      expect(caller).toMatch(/^(session|apiKey):[\w-]{43}$/);
      expect(caller).not.toContain(key);
      expect(caller).not.toContain(token);
    }
  });

  test.each([
    ["POST", "/api/captures"],
    ["PUT", "/api/captures/1"],
    ["DELETE", "/api/captures/1"],
    ["POST", "/api/captures/1/stop"],
    ["POST", "/api/environments"],
    ["PUT", "/api/environments/1"],
    ["DELETE", "/api/environments/1"],
    ["POST", "/api/environments/1/check"],
    ["POST", "/api/environments/1/invites"],
    ["PUT", "/api/environments/1/members/somebody"],
    ["POST", "/api/invites/accept"],
  ])("of every kind is counted: %s %s", async (method, path) => {
    const bindings = { WRITE_LIMITER: limiter(0).limiter };
    const reply = await requestIn(bindings, method, path, { headers: cast.admin.headers });
    expect(reply.status).toBe(429);
  });

  test.each(["GET", "HEAD"])("is not counted for a %s", async (method) => {
    const { limiter: WRITE_LIMITER, callers } = limiter(0);
    const reply = await requestIn({ WRITE_LIMITER }, method, path, { headers: cast.owner.headers });
    expect(reply.status).toBe(200);
    expect(policyOf(reply)).toBeNull();
    expect(callers).toEqual([]);
  });

  test("without a credential is a 401, and not counted", async () => {
    const { limiter: WRITE_LIMITER, callers } = limiter(0);
    expect((await rename({ WRITE_LIMITER }, {})).status).toBe(401);
    expect((await rename({ WRITE_LIMITER }, { cookie: "captures.session_token=forged.x" })).status).toBe(401);
    expect(callers).toEqual([]);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("limiter down"))],
    [
      "throws",
      () => {
        throw new Error("limiter down");
      },
    ],
    ["never answers", () => new Promise<never>(() => {})],
  ])("goes on when the limiter %s, and the log says so", async (_, limit) => {
    let reply: Reply | undefined;
    const lines = await linesOf(async () => {
      reply = await rename({ WRITE_LIMITER: failing(limit) }, cast.owner.headers);
    });
    expect(reply?.status).toBe(200);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        event: "ratelimit.failed",
        binding: "WRITE_LIMITER",
        error: expect.stringMatching(/limiter (down|did not answer within 500 ms)/),
      }),
    );
  });

  test("is a 500 where the limit is not a number, instead of unlimited", async () => {
    const reply = await rename({ WRITE_LIMIT: "many" }, cast.owner.headers);
    expect(reply.status).toBe(500);
    expect(JSON.stringify(reply.body)).not.toContain("WRITE_LIMIT");
  });
});

describe("a change of an account or of API keys", () => {
  const CHANGES = [
    "revoke-session",
    "revoke-sessions",
    "revoke-other-sessions",
    "update-user",
    "change-password",
    "api-key/create",
    "api-key/update",
    "api-key/delete",
  ];
  const change = (
    bindings: Partial<Cloudflare.Env>,
    what: string,
    headers: Record<string, string>,
    json = {},
  ) => requestIn(bindings, "POST", `/api/auth/${what}`, { json, headers });

  test.each(CHANGES)("is counted with its session's other changes: %s", async (what) => {
    const { limiter: WRITE_LIMITER, callers } = limiter(1);
    const bindings = { WRITE_LIMITER, WRITE_LIMIT: "1" };
    await requestIn(bindings, "PUT", path, { json: { name: "renamed" }, headers: cast.owner.headers });
    const refused = await change(bindings, what, cast.owner.headers);
    expectRefusal(refused, 429, "Too many requests: more than 1 changes in 60 seconds; try again later");
    expect(refused.headers.get("ratelimit")).toBe('"writes";r=0;t=60');
    expect(policyOf(refused)).toBe('"writes";q=1;w=60');
    expect(new Set(callers).size).toBe(1);
  });

  test("is counted although an API key is sent beside the cookie, and makes no key", async () => {
    const headers = { ...cast.member.headers, "x-api-key": "captures_other", authorization: "Bearer other" };
    const reply = await change({ WRITE_LIMITER: limiter(0).limiter }, "api-key/create", headers, {
      name: "one too many",
    });
    expect(reply.status).toBe(429);
    const made = await env.DB.prepare("select id from apikey where name = 'one too many'").first();
    expect(made).toBeNull();
  });

  test("that is granted says what the limit is", async () => {
    const json = { name: "Owner" };
    const reply = await change({ WRITE_LIMIT: "120" }, "update-user", cast.owner.headers, json);
    expect(reply.status).toBe(200);
    expect(policyOf(reply)).toBe('"writes";q=120;w=60');
  });

  test("without a session, or from a page of another site, is refused, and not counted", async () => {
    const { limiter: WRITE_LIMITER, callers } = limiter(0);
    expect((await change({ WRITE_LIMITER }, "update-user", {}, { name: "x" })).status).toBe(401);
    const headers = { ...cast.owner.headers, origin: "https://evil.example" };
    expect((await change({ WRITE_LIMITER }, "update-user", headers, { name: "x" })).status).toBe(403);
    expect(callers).toEqual([]);
  });

  test("does not include signing out", async () => {
    const person = await signUp();
    const reply = await change({ WRITE_LIMITER: limiter(0).limiter }, "sign-out", person.headers);
    expect(reply.status).toBe(200);
  });
});

describe("a sign-in", () => {
  const signIn = (
    bindings: Partial<Cloudflare.Env>,
    address: string,
    what = "sign-in",
    email = cast.owner.email,
  ) =>
    requestIn(bindings, "POST", `/api/auth/${what}/email`, {
      json: { email, password: "a long password", name: "Somebody" },
      headers: { "cf-connecting-ip": address },
    });

  test("is refused with 429 once its address has tried too often, and signs nobody in", async () => {
    const bindings = { SIGN_IN_LIMITER: limiter(1).limiter, SIGN_IN_LIMIT: "1" };
    expect((await signIn(bindings, "192.0.2.1")).status).toBe(200);
    const refused = await signIn(bindings, "192.0.2.1");
    const message = "Too many requests: more than 1 sign-ins and sign-ups in 60 seconds; try again later";
    expectRefusal(refused, 429, message);
    expect(refused.headers.get("retry-after")).toBe("60");
    expect(refused.headers.get("ratelimit")).toBe('"sign-ins";r=0;t=60');
    expect(refused.headers.get("set-cookie")).toBeNull();
    expect((await signIn(bindings, "192.0.2.2")).status).toBe(200);
  });

  test("is counted together with sign-ups, which are refused as well, and make no account", async () => {
    const bindings = { SIGN_IN_LIMITER: limiter(1).limiter };
    await signIn(bindings, "192.0.2.3");
    const refused = await signIn(bindings, "192.0.2.3", "sign-up", "too-many@example.com");
    expect(refused.status).toBe(429);
    const made = await env.DB.prepare("select id from user where email = 'too-many@example.com'").first();
    expect(made).toBeNull();
  });

  test("names both of its limits, and which of them was reached", async () => {
    const bindings = {
      SIGN_IN_LIMIT: "20",
      AUTH_RATE_LIMIT_MAX: "1",
      AUTH_RATE_LIMIT_WINDOW_SECONDS: "30",
    };
    const first = await signIn(bindings, "192.0.2.4");
    expect(first.status).toBe(200);
    expect(policyOf(first)).toBe('"address";q=1;w=30, "sign-ins";q=20;w=60');
    expect(first.headers.get("ratelimit")).toBeNull();
    const refused = await signIn(bindings, "192.0.2.4");
    expect(refused.status).toBe(429);
    const seconds = refused.headers.get("retry-after");
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(refused.headers.get("ratelimit")).toBe(`"address";r=0;t=${seconds}`);
    expect(policyOf(refused)).toBe(policyOf(first));
  });

  test("is let through when the limiter fails, and D1 still counts", async () => {
    const bindings = {
      SIGN_IN_LIMITER: failing(() => Promise.reject(new Error("limiter down"))),
      AUTH_RATE_LIMIT_MAX: "1",
    };
    const lines = await linesOf(async () => {
      expect((await signIn(bindings, "192.0.2.5")).status).toBe(200);
      expect((await signIn(bindings, "192.0.2.5")).status).toBe(429);
    });
    expect(lines.filter(({ event }) => event === "ratelimit.failed")).toHaveLength(2);
  });

  test("is counted by the /56 of an IPv6 address, which one customer has", async () => {
    const bindings = { SIGN_IN_LIMITER: limiter(1).limiter };
    expect((await signIn(bindings, "2001:db8:0:1::1")).status).toBe(200);
    expect((await signIn(bindings, "2001:db8:0:ff:5:6:7:8")).status).toBe(429);
    expect((await signIn(bindings, "2001:db8:0:100::1")).status).toBe(200);
  });

  test("is counted in D1 by the /56 of an IPv6 address, too", async () => {
    const bindings = { AUTH_RATE_LIMIT_MAX: "1", AUTH_RATE_LIMIT_WINDOW_SECONDS: "60" };
    expect((await signIn(bindings, "2001:db8:1:1::1")).status).toBe(200);
    expect((await signIn(bindings, "2001:db8:1:ff::1")).status).toBe(429);
    expect((await signIn(bindings, "2001:db8:1:100::1")).status).toBe(200);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["unknown", "unknown"],
  ["2001:DB8::1", "2001:db8:0:0"],
  ["2001:0db8:0000:0001:0:0:0:1", "2001:db8:0:0"],
  ["2001:db8:1:12:3:4:5::", "2001:db8:1:0"],
  ["2001:db8:1:abcd::", "2001:db8:1:ab00"],
  ["2001:db8:1:fff::1", "2001:db8:1:f00"],
  ["::1", "0:0:0:0"],
  ["::", "0:0:0:0"],
  ["fe80::", "fe80:0:0:0"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
