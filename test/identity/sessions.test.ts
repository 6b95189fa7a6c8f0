import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectRefusal, type Person, request, requestIn, sessionCookie, signUp } from "../support/api.ts";
import { counting } from "../support/counting.ts";
import { interrupted } from "../support/faults.ts";

const PASSWORD = "a long password";
const DAY_MS = 86_400_000;

const current = (headers: Record<string, string>, bindings: Partial<Cloudflare.Env> = {}) =>
  requestIn<{ user: { id: string } } | null>(bindings, "GET", "/api/auth/get-session", { headers });
const lifetimes = async (userId: string) => {
  const { results } = await env.DB.prepare(
    "select expires_at - updated_at as lifetime from session where user_id = ?",
  )
    .bind(userId)
    .all<{ lifetime: number }>();
  return results.map(({ lifetime }) => lifetime);
};
/** Lets the sessions of somebody grow older by a day. */
const passDay = (userId: string) =>
  env.DB.prepare(
    "update session set updated_at = updated_at - ?1, expires_at = expires_at - ?1 where user_id = ?2",
  )
    .bind(DAY_MS, userId)
    .run();

describe("a new password", () => {
  let addresses = 0;
  const signedInFor = async (rememberMe: boolean | undefined) => {
    const person = await signUp();
    const json = { email: person.email, password: PASSWORD, rememberMe };
    const cookie = sessionCookie(await request("POST", "/api/auth/sign-in/email", { json }));
    return { ...person, headers: { cookie, "cf-connecting-ip": `198.51.100.${++addresses}` } };
  };
  const change = ({ headers }: Person) =>
    request("POST", "/api/auth/change-password", {
      json: { currentPassword: PASSWORD, newPassword: "another password" },
      headers,
    });

  test("does not make a session last that was to end with the browser's", async () => {
    const person = await signedInFor(false);
    const reply = await change(person);
    expect(reply.headers.getSetCookie()[0]).toMatch(/^captures\.session_token=[^;]+; Path=\//);
    expect(await lifetimes(person.id)).toEqual([DAY_MS]);
  });

  test("leaves a session that is to last one that does", async () => {
    const person = await signedInFor(undefined);
    const reply = await change(person);
    expect(reply.headers.getSetCookie()[0]).toMatch(/^captures\.session_token=[^;]+; Max-Age=604800;/);
    expect(await lifetimes(person.id)).toEqual([7 * DAY_MS]);
  });
});

describe("asking who is signed in", () => {
  test("is one round trip, as is the list of one's sessions", async () => {
    const { headers } = await signUp();
    for (const path of ["get-session", "list-sessions"]) {
      const { env: counted, cost } = counting(env);
      expect((await requestIn(counted, "GET", `/api/auth/${path}`, { headers })).status).toBe(200);
      expect(cost.d1).toBe(1);
    }
  });

  test("does not bring back a session that ends while it is prolonged", async () => {
    const { id, headers } = await signUp();
    await passDay(id);
    const DB = interrupted(/update session/, () => request("POST", "/api/auth/sign-out", { headers }));
    const reply = await current(headers, { DB });
    expect(reply).toMatchObject({ status: 200, body: null });
    expect(reply.headers.get("set-cookie") ?? "").not.toMatch(/session_token=[^;]/);
    expect(await lifetimes(id)).toEqual([]);
  });

  test("leaves the cookie of a session that has ended: the browser may have a newer one by then", async () => {
    const { headers } = await signUp();
    await request("POST", "/api/auth/sign-out", { headers });
    const reply = await current(headers);
    expect(reply).toMatchObject({ status: 200, body: null });
    expect(reply.headers.get("set-cookie")).toBeNull();
  });
});

describe("a session by a password, where people sign in by a provider only", () => {
  const only = { SIGN_IN: "sso" } as const;
  const act = (method: string, path: string, { headers }: Person, json?: object) =>
    requestIn(only, method, `/api/auth/${path}`, { headers, json });

  test("is nobody's: it shows nothing and changes nothing", async () => {
    const person = await signUp();
    expect(await current(person.headers, only)).toMatchObject({ status: 200, body: null });
    for (const reply of [
      await act("GET", "list-sessions", person),
      await act("POST", "update-user", person, { name: "Renamed" }),
      await act("POST", "revoke-session", person, { token: "x" }),
      await act("POST", "revoke-sessions", person),
      await act("POST", "revoke-other-sessions", person),
    ])
      expectRefusal(reply, 401, "Login required");
    expect(await current(person.headers)).toMatchObject({
      body: { user: { id: person.id, name: "Person" } },
    });
  });

  test("can still be ended", async () => {
    const person = await signUp();
    expect((await act("POST", "sign-out", person)).status).toBe(200);
    expect(await lifetimes(person.id)).toEqual([]);
  });
});
