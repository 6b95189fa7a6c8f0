import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/audit/replies.ts";
import { hashing } from "../../src/identity/hashing.ts";
import {
  addMember,
  type Cast,
  createApiKey,
  createCapture,
  createCast,
  createEnvironment,
  expectRefusal,
  type Person,
  request,
  requestIn,
  sessionCookie,
  signUp,
} from "../support/api.ts";
import { intercept } from "../support/counting.ts";
import { inFuture } from "../support/time.ts";

const password = "a long password";
const deleteAccount = (person: Pick<Person, "headers">, json: object = { password }) =>
  request("DELETE", "/api/account", { headers: person.headers, json });
const rowsOf = (table: string, column: string, id: string) =>
  env.DB.prepare(`select count(*) as n from ${table} where ${column} = ?`).bind(id).first<number>("n");

describe("an account", () => {
  test("is deleted with its sessions, keys and memberships, and its address is free again", async () => {
    const person = await signUp();
    const other = await request("POST", "/api/auth/sign-in/email", {
      json: { email: person.email, password },
    });
    const { key } = await createApiKey(person);
    const calendar = await person.post<{ url: string }>("/api/schedules/calendar");
    const deleted = await deleteAccount(person);
    expect(deleted).toMatchObject({ status: 200, body: { success: true } });
    expect(deleted.headers.get("set-cookie")).toMatch(/^captures\.session_token=; Max-Age=0; Path=\//);
    for (const headers of [person.headers, { cookie: sessionCookie(other) }, { "x-api-key": key }])
      expect((await request("GET", "/api/environments", { headers })).status).toBe(401);
    expect((await request("GET", calendar.body.url)).status).toBe(404);
    for (const [table, column] of [
      ["calendar_feeds", "user_id"],
      ["session", "user_id"],
      ["account", "user_id"],
      ["apikey", "reference_id"],
      ["members", "user_id"],
    ] as const)
      expect(await rowsOf(table, column, person.id), table).toBe(0);
    const left = await env.DB.prepare("select * from user where id = ?").bind(person.id).first();
    expect(left).toMatchObject({ name: "Deleted user", image: null, email_verified: 0 });
    expect(JSON.stringify(left)).not.toContain(person.email);
    const json = { email: person.email, password };
    expect((await request("POST", "/api/auth/sign-in/email", { json })).status).toBe(401);
    const again = await request<{ user: { id: string } }>("POST", "/api/auth/sign-up/email", {
      json: { ...json, name: "Somebody new" },
    });
    expect(again.status).toBe(200);
    expect(again.body.user.id).not.toBe(person.id);
  });

  test.each<[string, object, string]>([
    ["the wrong password", { password: "not this one" }, "password: is not your password"],
    ["no password", {}, "password: is required"],
    ["an empty password", { password: "" }, "password: must not be empty"],
    ["something else", { password, sure: true }, "sure"],
  ])("is not deleted by %s", async (_, json, message) => {
    const person = await signUp();
    expectRefusal(await deleteAccount(person, json), 400, new RegExp(message));
    expect((await person.get("/api/environments")).status).toBe(200);
  });

  test("is not deleted by an API key, by nobody, or by a page of another site", async () => {
    const person = await signUp();
    const { key } = await createApiKey(person);
    expectRefusal(await deleteAccount({ headers: { "x-api-key": key } }), 401, /needs a session/);
    expectRefusal(await deleteAccount({ headers: {} }), 401, /Login required/);
    const headers = { ...person.headers, origin: "https://elsewhere.example.com" };
    expectRefusal(await deleteAccount({ headers }), 403, /another origin/);
    expect((await person.get("/api/environments")).status).toBe(200);
  });

  test("is not deleted by who guesses the password again and again", async () => {
    const person = await signUp();
    const counted = env.DB.prepare(
      "insert into rate_limit (id, key, count, last_request) values (?1, ?2, 10, ?3)",
    ).bind(crypto.randomUUID(), `account-deletion:${person.id}`, Date.now());
    await counted.run();
    const refused = await deleteAccount(person);
    expectRefusal(refused, 429, "Too many tries: wait some minutes");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(500);
  });

  test("is not deleted while too many passwords are hashed", async () => {
    const person = await signUp();
    const { promise, resolve } = Promise.withResolvers<void>();
    const ten = Array.from({ length: 10 }, () => hashing.run(() => promise));
    expectRefusal(await deleteAccount(person), 503, /Too many are signing in/);
    resolve();
    await Promise.all(ten);
  });

  test("without a password is deleted by a session that has just begun only", async () => {
    const person = await signUp();
    await env.DB.prepare("update account set provider_id = 'company', password = null where user_id = ?")
      .bind(person.id)
      .run();
    const begun = (at: number) =>
      env.DB.prepare("update session set created_at = ? where user_id = ?").bind(at, person.id).run();
    await begun(Date.now() - 11 * 60_000);
    expectRefusal(await deleteAccount(person, {}), 403, /sign in again/);
    await begun(Date.now() - 60_000);
    expect((await deleteAccount(person, {})).status).toBe(200);
  });

  test("is deleted without the password of before where people sign in by a provider only", async () => {
    const person = await signUp();
    await env.DB.prepare("update session set signed_in_by = 'sso' where user_id = ?").bind(person.id).run();
    const ask = () =>
      requestIn({ SIGN_IN: "sso" }, "DELETE", "/api/account", { headers: person.headers, json: {} });
    const begun = (at: number) =>
      env.DB.prepare("update session set created_at = ? where user_id = ?").bind(at, person.id).run();
    await begun(Date.now() - 11 * 60_000);
    expectRefusal(await ask(), 403, /sign in again/);
    await begun(Date.now());
    expect((await ask()).status).toBe(200);
  });

  test("is deleted once, however often that is asked for at once", async () => {
    const person = await signUp();
    const all = await Promise.all([1, 2, 3].map(() => deleteAccount(person)));
    const statuses = all.map(({ status }) => status).sort();
    expect(statuses[0]).toBe(200);
    expect(statuses.slice(1).every((status) => status === 401 || status === 409)).toBe(true);
  });
});

test("an account whose password is another than the one that was confirmed stays", async () => {
  const person = await signUp();
  const session = env.DB.withSession();
  const batch = async (statements: D1PreparedStatement[]) => {
    await env.DB.prepare("update account set password = 'another' where user_id = ?1").bind(person.id).run();
    return session.batch(statements);
  };
  const DB = intercept(env.DB, { withSession: () => intercept(session, { batch }) });
  const reply = await requestIn({ DB }, "DELETE", "/api/account", {
    headers: person.headers,
    json: { password },
  });
  expect(reply.status).toBe(409);
  expect((await person.get("/api/environments")).status).toBe(200);
});

describe("an account with environments", () => {
  let cast: Cast;
  beforeAll(async () => {
    cast = await createCast();
  });

  test("stays while it is the only admin of one that others use, and is deleted once there is another", async () => {
    const { environment } = await createEnvironment(cast.stranger, { name: "shop" });
    await addMember(cast.stranger, environment.id, cast.member);
    expectRefusal(await deleteAccount(cast.stranger), 409, /only admin of shop \(has other members\)/);
    const promoted = await cast.stranger.put(
      `/api/environments/${environment.id}/members/${cast.member.id}`,
      {
        role: "admin",
      },
    );
    expect(promoted.status).toBe(200);
    const capture = await createCapture(cast.stranger, {
      envId: environment.id,
      scheduledStart: inFuture(3_600_000),
      duration: 60,
    });
    const invite = await cast.stranger.post<{ id: string }>(`/api/environments/${environment.id}/invites`, {
      role: "viewer",
    });
    const headers = { ...cast.stranger.headers, "cf-connecting-ip": "192.0.2.7" };
    expect((await deleteAccount({ headers })).status).toBe(200);
    // What they owned stays, and shows nobody's name.
    const shown = await cast.member.get(`/api/captures/${capture.id}?view=full`);
    expect(shown).toMatchObject({
      status: 200,
      body: { owner: { id: cast.stranger.id, name: "Deleted user" } },
    });
    const events = await cast.member.get<{ actor: unknown }[]>(`/api/captures/${capture.id}/events`);
    expect(JSON.stringify(events.body)).not.toContain(cast.stranger.email);
    const members = await cast.member.get<{ userId: string }[]>(
      `/api/environments/${environment.id}/members`,
    );
    expect(members.body.map(({ userId }) => userId)).toEqual([cast.member.id]);
    const trail = await cast.member.get<AuditEvent[]>(`/api/environments/${environment.id}/audit?limit=2`);
    const actor = { id: cast.stranger.id, name: "Deleted user", email: null };
    const by = { actor, via: "session", address: "192.0.2.7" };
    expect(trail.body).toMatchObject([
      { ...by, action: "invite.revoked", subject: { id: invite.body.id } },
      { ...by, action: "member.removed", subject: { id: cast.stranger.id, name: "Deleted user" } },
    ]);
  });

  test("stays while a capture of one that it is alone in has not ended; afterwards both are deleted", async () => {
    const alone = await signUp("Alone");
    const { environment } = await createEnvironment(alone, { name: "mine" });
    const capture = await createCapture(alone, {
      envId: environment.id,
      scheduledStart: inFuture(3_600_000),
      duration: 60,
    });
    const invite = await alone.post(`/api/environments/${environment.id}/invites`, { role: "member" });
    expect(invite.status).toBe(201);
    expectRefusal(await deleteAccount(alone), 409, /only admin of mine \(has captures that have not ended\)/);
    expect((await alone.post(`/api/captures/${capture.id}/cancel`)).status).toBe(200);
    expect((await deleteAccount(alone)).status).toBe(200);
    const left = await env.DB.prepare("select deleted_at, credentials from environments where id = ?")
      .bind(environment.id)
      .first();
    expect(left).toEqual({ deleted_at: expect.any(Number), credentials: null });
    const noted = await env.DB.prepare(
      "select actor from audit_events where env_id = ? and action = 'environment.deleted'",
    )
      .bind(environment.id)
      .first("actor");
    expect(noted).toBe(alone.id);
    const captures = await env.DB.prepare("select deleted_at from captures where id = ?")
      .bind(capture.id)
      .first();
    expect(captures).toEqual({ deleted_at: expect.any(Number) });
    expect(await rowsOf("invites", "created_by", alone.id)).toBe(0);
  });
});
