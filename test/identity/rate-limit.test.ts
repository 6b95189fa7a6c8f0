import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { requestIn, signUp } from "../support/api.ts";

const LIMITED = { AUTH_RATE_LIMIT_MAX: "2", AUTH_RATE_LIMIT_WINDOW_SECONDS: "60" };

let addresses = 0;
/** The headers of a client that has not been heard of. */
const client = () => ({ "cf-connecting-ip": `192.0.2.${++addresses}` });

let nobodies = 0;
/** Tries to sign in, as somebody else each time: wrong passwords of one account are counted, too. */
const signIn = (
  headers: Record<string, string>,
  email = `nobody-${++nobodies}@example.com`,
  password = "a wrong password",
) => requestIn(LIMITED, "POST", "/api/auth/sign-in/email", { json: { email, password }, headers });

describe("sign-in", () => {
  test("is refused with 429 and Retry-After once an address has tried too often", async () => {
    const from = client();
    expect((await signIn(from)).status).toBe(401);
    expect((await signIn(from)).status).toBe(401);
    const refused = await signIn(from);
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ code: 429, message: expect.stringMatching(/^Too many requests/) });
    expect(refused.headers.get("content-type")).toMatch(/^application\/json/);
    const retryAfter = Number(refused.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(0);
    expect(retryAfter).toBeLessThanOrEqual(60);
  });

  test("is refused over the limit even with the right password, and signs nobody in", async () => {
    const { email } = await signUp();
    const from = client();
    await signIn(from);
    await signIn(from);
    const refused = await signIn(from, email, "a long password");
    expect(refused.status).toBe(429);
    expect(refused.headers.get("set-cookie")).toBeNull();
  });

  test("is counted for each client address by itself", async () => {
    const { email } = await signUp();
    const from = client();
    for (let i = 0; i < 3; i++) await signIn(from);
    expect((await signIn(from)).status).toBe(429);
    expect((await signIn(client(), email, "a long password")).status).toBe(200);
  });

  test("counts by the address that Cloudflare saw, whatever other headers say", async () => {
    const from = client();
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      const pretended = { "x-forwarded-for": `198.51.100.${i}`, "x-real-ip": `198.51.100.${i}` };
      statuses.push((await signIn({ ...from, ...pretended })).status);
    }
    expect(statuses).toEqual([401, 401, 429]);
  });

  test("lets no more through when many tries come at once", async () => {
    const from = client();
    const replies = await Promise.all(Array.from({ length: 8 }, () => signIn(from)));
    expect(replies.filter(({ status }) => status !== 429)).toHaveLength(2);
  });

  test("is possible again when the window has passed", async () => {
    const from = client();
    for (let i = 0; i < 3; i++) await signIn(from);
    await env.DB.prepare("update rate_limit set last_request = ? where key like ?")
      .bind(Date.now() - 61_000, `${from["cf-connecting-ip"]}|%`)
      .run();
    expect((await signIn(from)).status).toBe(401);
  });

  test("is not refused because sign-ins come steadily: the window begins with the first of them", async () => {
    const from = client();
    const earlier = (seconds: number) =>
      env.DB.prepare("update rate_limit set last_request = last_request - ? where key like ?")
        .bind(seconds * 1000, `${from["cf-connecting-ip"]}|%`)
        .run();
    for (let i = 0; i < 6; i++) {
      expect((await signIn(from)).status).toBe(401);
      await earlier(40);
    }
  });

  test("says when the window ends that began with the first try, however many were refused since", async () => {
    const from = client();
    await signIn(from);
    await env.DB.prepare("update rate_limit set last_request = last_request - 50000 where key like ?")
      .bind(`${from["cf-connecting-ip"]}|%`)
      .run();
    await signIn(from);
    for (let i = 0; i < 3; i++) {
      const refused = await signIn(from);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(10);
    }
  });

  test.each(["/api/auth/sign-in/email/", "/api/auth//sign-in/email", "/api/auth/sign-in/%65mail"])(
    "can't be had without being counted at %s",
    async (path) => {
      const from = client();
      const { email } = await signUp();
      for (let i = 0; i < 3; i++) await signIn(from);
      const reply = await requestIn(LIMITED, "POST", path, {
        json: { email, password: "a long password" },
        headers: from,
      });
      expect([404, 429]).toContain(reply.status);
      expect(reply.headers.get("set-cookie")).toBeNull();
    },
  );
});

describe("sign-up", () => {
  test("has a count of its own", async () => {
    const from = client();
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      const json = { name: "Many", email: `many-${i}@example.com`, password: "a long password" };
      statuses.push(
        (await requestIn(LIMITED, "POST", "/api/auth/sign-up/email", { json, headers: from })).status,
      );
    }
    expect(statuses).toEqual([200, 200, 429]);
    expect((await signIn(from)).status).toBe(401);
    const made = await env.DB.prepare("select id from user where email = 'many-2@example.com'").first();
    expect(made).toBeNull();
  });
});

test.each(["get-session", "list-sessions", "api-key/list"])(
  "a whole office's reads of %s, which come from one address, are not counted",
  async (path) => {
    const { headers } = await signUp();
    const from = client();
    for (let i = 0; i < 120; i++) {
      const reply = await requestIn(LIMITED, "GET", `/api/auth/${path}`, {
        headers: { ...headers, ...from },
      });
      expect(reply.status).toBe(200);
    }
    const counted = await env.DB.prepare("select count(*) as n from rate_limit where key like ?")
      .bind(`${from["cf-connecting-ip"]}|%`)
      .first("n");
    expect(counted).toBe(0);
  },
);

test.each([["AUTH_RATE_LIMIT_MAX"], ["AUTH_RATE_LIMIT_WINDOW_SECONDS"]])(
  "a %s that is no number stops sign-in instead of lifting the limit",
  async (name) => {
    const reply = await requestIn({ [name]: "many" }, "POST", "/api/auth/sign-in/email", {
      json: { email: "nobody@example.com", password: "a wrong password" },
    });
    expect(reply.status).toBe(500);
    expect(JSON.stringify(reply.body)).not.toContain(name);
  },
);
