import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { makeLink } from "../../src/identity/links/store.ts";
import {
  createEnvironment,
  expectRefusal,
  request,
  requestIn,
  sessionCookie,
  signUp,
} from "../support/api.ts";
import { interrupted } from "../support/faults.ts";

const PASSWORD = "a long password";
const NEW = "a new password";

const signIn = (email: string, password: string, DB = env.DB) =>
  requestIn({ DB }, "POST", "/api/auth/sign-in/email", { json: { email, password } });
const sessionsOf = (userId: string) =>
  env.DB.prepare("select count(*) as n from session where user_id = ?").bind(userId).first<number>("n");
let addresses = 0;
const change = (headers: Record<string, string>, json: object, DB = env.DB) =>
  requestIn({ DB }, "POST", "/api/auth/change-password", {
    json: { currentPassword: PASSWORD, newPassword: NEW, ...json },
    headers: { ...headers, "cf-connecting-ip": `198.51.100.${++addresses}` },
  });

describe("a password that is changed while somebody signs in with the old one", () => {
  test("signs nobody in: the session would outlive the change", async () => {
    const person = await signUp();
    const DB = interrupted(/insert into session/, () => change(person.headers, {}));
    const reply = await signIn(person.email, PASSWORD, DB);
    expectRefusal(reply, 401, "The e-mail address or the password is wrong");
    expect(reply.headers.get("set-cookie")).toBeNull();
    // That of the change.
    expect(await sessionsOf(person.id)).toBe(1);
    expect((await signIn(person.email, NEW)).status).toBe(200);
  });

  test("is the one of the first of two who change it at once", async () => {
    const person = await signUp();
    const other = { cookie: sessionCookie(await signIn(person.email, PASSWORD)) };
    const first = { newPassword: "the first one's", revokeOtherSessions: false };
    const DB = interrupted(/update account/, () => change(other, first));
    const reply = await change(person.headers, { revokeKeys: true }, DB);
    expectRefusal(reply, 400, "currentPassword: is not your password");
    expect(await sessionsOf(person.id)).toBe(2);
    expect((await signIn(person.email, NEW)).status).toBe(401);
    expect((await signIn(person.email, "the first one's")).status).toBe(200);
  });
});

test("a session that ends while it changes the password changes nothing, and is told so", async () => {
  const person = await signUp();
  const DB = interrupted(/update account/, () =>
    request("POST", "/api/auth/sign-out", { headers: person.headers }),
  );
  expectRefusal(await change(person.headers, {}, DB), 401, "Login required");
  expect(await sessionsOf(person.id)).toBe(0);
  expect((await signIn(person.email, PASSWORD)).status).toBe(200);
});

describe("an account that somebody signs in to with its password", () => {
  test("signs nobody in that is deleted meanwhile", async () => {
    const person = await signUp();
    const DB = interrupted(/insert into session/, () =>
      request("DELETE", "/api/account", { json: { password: PASSWORD }, headers: person.headers }),
    );
    expectRefusal(
      await signIn(person.email, PASSWORD, DB),
      401,
      "The e-mail address or the password is wrong",
    );
    expect(await sessionsOf(person.id)).toBe(0);
    const user = await env.DB.prepare("select deleted_at as at from user where id = ?")
      .bind(person.id)
      .first();
    expect(user?.at).toEqual(expect.any(Number));
  });

  test("signs nobody in whose password was set anew by a mailed link meanwhile", async () => {
    const person = await signUp();
    const DB = interrupted(/insert into session/, async () => {
      const link = await makeLink(env.DB, "reset", person.email, Date.now());
      const json = { token: link?.token, newPassword: NEW };
      expect((await request("POST", "/api/auth/reset-password", { json })).status).toBe(200);
    });
    expectRefusal(
      await signIn(person.email, PASSWORD, DB),
      401,
      "The e-mail address or the password is wrong",
    );
    expect(await sessionsOf(person.id)).toBe(0);
  });
});

describe("the last place for an account", () => {
  const join = (email: string, bindings: Partial<Cloudflare.Env>) =>
    requestIn(bindings, "POST", "/api/auth/sign-up/email", {
      json: { name: "New", email, password: PASSWORD },
    });
  const isThere = async (email: string) =>
    (await env.DB.prepare("select id from user where email = ?").bind(email).first()) !== null;

  test("is not given twice, however many ask at once", async () => {
    const accounts = await env.DB.prepare(
      "select count(*) as n from user where deleted_at is null",
    ).first<number>("n");
    const bindings = { MAX_ACCOUNTS: String((accounts ?? 0) + 1) };
    const emails = [1, 2, 3, 4].map((n) => `last-${n}@example.com`);
    const replies = await Promise.all(emails.map((email) => join(email, bindings)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect((await Promise.all(emails.map(isThere))).filter(Boolean)).toHaveLength(1);
  });

  test("of two who come at once with one invite and address, is the first one's, and the invite is used by them", async () => {
    const admin = await signUp();
    const { environment } = await createEnvironment(admin);
    const path = `/api/environments/${environment.id}/invites`;
    const { body } = await admin.post<{ code: string }>(path, { role: "member" });
    const json = {
      name: "New",
      email: "invited-twice@example.com",
      password: PASSWORD,
      inviteCode: body.code,
    };
    const ask = (DB: D1Database) =>
      requestIn({ SIGN_UP: "invite", DB }, "POST", "/api/auth/sign-up/email", { json });
    const DB = interrupted(/insert into user/, () => ask(env.DB));
    expectRefusal(await ask(DB), 422, /^email: there is an account with this address already/);
    const members = await admin.get<{ email: string }[]>(`/api/environments/${environment.id}/members`);
    expect(members.body.map(({ email }) => email)).toContain(json.email);
  });

  test("is told as taken to who comes second with the same address", async () => {
    const email = "twice-at-once@example.com";
    const DB = interrupted(/insert into user/, () => join(email, {}));
    const reply = await join(email, { DB });
    expectRefusal(reply, 422, /^email: there is an account with this address already/);
    expect(reply.headers.get("set-cookie")).toBeNull();
    const { results } = await env.DB.prepare(
      "select a.id from account a join user u on u.id = a.user_id where u.email = ?",
    )
      .bind(email)
      .all();
    expect(results).toHaveLength(1);
  });
});

test("somebody without a password is told how to get one", async () => {
  const { id, headers } = await signUp();
  await env.DB.prepare("delete from account where user_id = ?").bind(id).run();
  expectRefusal(await change(headers, {}), 409, /^Your account has no password yet/);
});
