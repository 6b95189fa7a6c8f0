import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import {
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  fakeDatabase,
  type Reply,
  request,
  requestIn,
  sessionCookie,
} from "../support/api.ts";
import { everyMinute } from "../support/cron.ts";
import { inFuture, until } from "../support/time.ts";

const TOMORROW = inFuture(86_400_000);
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;
/** A bookmark as D1 writes them. */
const SOME = `00000001-00000002-00004c6d-${"8e".repeat(16)}`;

let cast: Cast;
let capture: Capture;
let apiKey: string;

beforeAll(async () => {
  cast = await createCast();
  capture = await createCapture(cast.owner, { envId: cast.environment.id, scheduledStart: TOMORROW });
  apiKey = (await createApiKey(cast.owner)).key;
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sends a request. Returns the reply, and how the database was asked: the argument of each session that began. */
async function ask(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  json?: unknown,
): Promise<{ reply: Reply; sessions: unknown[] }> {
  const begin = vi.spyOn(env.DB, "withSession");
  const reply = await requestIn({}, method, path, { json, headers: { ...cast.owner.headers, ...headers } });
  const sessions = begin.mock.calls.flat();
  begin.mockRestore();
  return { reply, sessions };
}

const one = () => `/api/captures/${capture.id}`;
const bookmarkCookie = (reply: Reply) =>
  /captures\.bookmark=([^;]*)/.exec(reply.headers.get("set-cookie") ?? "");

describe("a request that reads", () => {
  test.each(["/api/captures", "/api/environments", "/api/auth/get-session"])(
    "begins at the nearest copy of the database: GET %s",
    async (path) => {
      const { reply, sessions } = await ask("GET", path);
      expect(reply.status).toBe(200);
      expect(sessions).toEqual(["first-unconstrained"]);
    },
  );

  test.each(["metrics", "events", "workload", "workload/digest", "workload/download"])(
    "of a capture's %s does too",
    async (what) => {
      const { reply, sessions } = await ask("GET", `${one()}/${what}`);
      expect(reply.status).toBe(200);
      expect(sessions).toEqual(["first-unconstrained"]);
    },
  );

  const newer = SOME.replace("00000001", "00000003");
  const withCookie = (bookmark: string) =>
    ({ cookie: `${cast.owner.headers.cookie}; captures.bookmark=${bookmark}` }) as const;

  test("starts from the client's bookmark, of the header or of the cookie", async () => {
    expect((await ask("GET", one(), { "x-d1-bookmark": SOME })).sessions).toEqual([SOME]);
    expect((await ask("GET", one(), withCookie(newer))).sessions).toEqual([newer]);
  });

  test("starts from the newer one of both: a part of a page, or another tab, may have changed what this one has not seen", async () => {
    const asked = { "x-d1-bookmark": SOME, ...withCookie(newer) };
    expect((await ask("GET", one(), asked)).sessions).toEqual([newer]);
    const turned = { "x-d1-bookmark": newer, ...withCookie(SOME) };
    expect((await ask("GET", one(), turned)).sessions).toEqual([newer]);
  });

  test("begins at the primary when one of both is no bookmark", async () => {
    const asked = { "x-d1-bookmark": SOME, ...withCookie("x") };
    expect((await ask("GET", one(), asked)).sessions).toEqual(["first-primary"]);
    const turned = { "x-d1-bookmark": "x", ...withCookie(SOME) };
    expect((await ask("GET", one(), turned)).sessions).toEqual(["first-primary"]);
  });

  test.each([
    ["empty", ""],
    ["a word", "first-unconstrained"],
    ["too short", SOME.slice(0, -1)],
    ["too long", `${SOME}0`],
    ["two", `${SOME}, ${SOME}`],
    ["no hexadecimal", SOME.replace("8e", "xy")],
    ["a statement", "'; drop table captures; --"],
    ["very long", "0".repeat(10_000)],
  ])("begins at the primary with a bookmark that is none: %s", async (_, bookmark) => {
    for (const headers of [
      { "x-d1-bookmark": bookmark },
      { cookie: `${cast.owner.headers.cookie}; captures.bookmark=${encodeURIComponent(bookmark)}` },
    ]) {
      const { reply, sessions } = await ask("GET", one(), headers);
      expect(reply.status).toBe(200);
      expect(sessions).toEqual(["first-primary"]);
    }
  });

  test("is answered with the newest bookmark, also by a 304 and a 404, and no cookie", async () => {
    const { reply } = await ask("GET", one());
    const tag = reply.headers.get("etag") ?? "";
    const replies = [
      reply,
      (await ask("GET", one(), { "if-none-match": tag })).reply,
      (await ask("GET", "/api/captures/999999")).reply,
      (await ask("GET", "/api/auth/get-session")).reply,
    ];
    expect(replies.map(({ status }) => status)).toEqual([200, 304, 404, 200]);
    for (const { headers } of replies) {
      expect(headers.get("x-d1-bookmark")).toMatch(BOOKMARK);
      expect(headers.get("set-cookie") ?? "").not.toContain("captures.bookmark");
    }
  });

  test("sees the write whose bookmark it sends", async () => {
    const { reply } = await ask("PUT", one(), {}, { name: `seen ${crypto.randomUUID()}` });
    const bookmark = reply.headers.get("x-d1-bookmark") ?? "";
    const read = await ask("GET", one(), { "x-d1-bookmark": bookmark });
    expect(read.sessions).toEqual([bookmark]);
    expect(read.reply.body).toEqual(reply.body);
  });
});

describe("a request that changes something", () => {
  test("starts at the primary, whatever bookmark it sends", async () => {
    const bookmark = { "x-d1-bookmark": SOME };
    const { id } = await createCapture(cast.owner, {
      envId: cast.environment.id,
      scheduledStart: TOMORROW,
    });
    const made = await ask("POST", "/api/captures", bookmark, {
      name: "made at the primary",
      envId: cast.environment.id,
      scheduledStart: TOMORROW,
    });
    const changed = [
      made,
      await ask("PUT", `/api/captures/${id}`, bookmark, { name: "renamed at the primary" }),
      await ask("POST", `/api/captures/${id}/stop`, bookmark),
      await ask("DELETE", `/api/captures/${id}`, bookmark),
      await ask("POST", "/api/environments/999999/abandon", bookmark),
      await ask("POST", "/api/captures", bookmark, { name: 5 }),
    ];
    expect(changed.map(({ reply }) => reply.status)).toEqual([200, 200, 409, 200, 404, 400]);
    for (const { sessions } of changed) expect(sessions).toEqual(["first-primary"]);
  });

  test("gives a browser a cookie with the bookmark, for the API only and for a while", async () => {
    const { reply } = await ask("PUT", one(), {}, { name: `cookie ${crypto.randomUUID()}` });
    const bookmark = reply.headers.get("x-d1-bookmark");
    expect(bookmark).toMatch(BOOKMARK);
    expect(reply.headers.get("set-cookie")).toBe(
      `captures.bookmark=${bookmark}; Max-Age=600; Path=/api; HttpOnly; SameSite=Lax`,
    );
  });

  test("marks the cookie Secure when it is set over HTTPS", async () => {
    const json = { name: "Secure", email: "secure@example.com", password: "a long password" };
    const reply = await request("POST", "https://captures.test/api/auth/sign-up/email", { json });
    expect(reply.status).toBe(200);
    const cookies = reply.headers.getSetCookie();
    expect(cookies.find((cookie) => cookie.startsWith("__Secure-captures.bookmark="))).toMatch(/; Secure/);
    // And it is read again under that name.
    const begin = vi.spyOn(env.DB, "withSession");
    const cookie = cookies.map((line) => line.split(";")[0]).join("; ");
    const read = await requestIn({}, "GET", "https://captures.test/api/captures", { headers: { cookie } });
    expect(read.status).toBe(200);
    expect(begin).toHaveBeenCalledExactlyOnceWith(reply.headers.get("x-d1-bookmark"));
  });

  test("sets no cookie for an API key, nor when it was refused", async () => {
    const headers = { "x-api-key": apiKey };
    const json = { name: `program ${crypto.randomUUID()}` };
    const reply = await request("PUT", one(), { json, headers });
    expect(reply.status).toBe(200);
    expect(reply.headers.get("x-d1-bookmark")).toMatch(BOOKMARK);
    expect(reply.headers.get("set-cookie")).toBeNull();
    const refused = await ask("POST", `${one()}/stop`);
    expect(refused.reply.status).toBe(409);
    expect(refused.reply.headers.get("set-cookie")).toBeNull();
  });

  test("of a sign-in starts at the primary too, and a sign-in's bookmark finds the session", async () => {
    const { email } = cast.member;
    const begin = vi.spyOn(env.DB, "withSession");
    const json = { email, password: "a long password" };
    const reply = await requestIn({}, "POST", "/api/auth/sign-in/email", { json });
    expect(begin).toHaveBeenCalledExactlyOnceWith("first-primary");
    const [, bookmark] = bookmarkCookie(reply) ?? [];
    const cookie = `${sessionCookie(reply)}; captures.bookmark=${bookmark}`;
    const read = await requestIn({}, "GET", "/api/captures", { headers: { cookie } });
    expect(read.status).toBe(200);
    expect(begin).toHaveBeenLastCalledWith(bookmark);
  });
});

describe("a replica that lags behind", () => {
  /** The database, of which only the primary knows that something has happened. */
  const behind = (stale: D1Database) =>
    ({
      ...fakeDatabase({}),
      withSession: (start: string) =>
        (start === "first-unconstrained" ? stale : env.DB).withSession("first-primary"),
    }) as unknown as D1Database;

  test("may still read for somebody whose key was revoked, but changes nothing for them", async () => {
    const { id, key } = await createApiKey(cast.owner);
    const headers = { "x-api-key": key };
    // What a copy shows that has not heard of the revocation: the key under the same hash.
    const stale = fakeDatabase({
      prepare: (sql: string) => env.DB.prepare(sql.replace("enabled = 1", "enabled in (0, 1)")),
      batch: () => Promise.reject(new Error("No copy is written to")),
    });
    await cast.owner.post("/api/auth/api-key/update", { keyId: id, enabled: false });
    const read = await requestIn({ DB: behind(stale) }, "GET", one(), { headers });
    expect(read.status).toBe(200);
    const json = { name: "revoked" };
    const write = await requestIn({ DB: behind(stale) }, "PUT", one(), { headers, json });
    expect(write.status).toBe(401);
    expect(write.headers.get("x-d1-bookmark")).toBeNull();
    // A reader who has seen the revocation does not see the time before it.
    const later = { headers: { ...headers, "x-d1-bookmark": SOME } };
    expect((await requestIn({ DB: behind(stale) }, "GET", one(), later)).status).toBe(401);
  });
});

test("Durable Objects and cron ask the primary, in no session", async () => {
  const running = await createCapture(cast.owner, { envId: cast.environment.id });
  const begin = vi.spyOn(env.DB, "withSession");
  await everyMinute();
  expect(begin).not.toHaveBeenCalled();
  begin.mockRestore();
  await until(cast.owner, running, "RUNNING");
});

test("a request without a query has no bookmark", async () => {
  const reply = await request("GET", "/api/captures");
  expect(reply.status).toBe(401);
  expect(reply.headers.get("x-d1-bookmark")).toBeNull();
});
