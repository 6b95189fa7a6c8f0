import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { INVITE_LIFETIME_MS } from "../../src/environments/invites.ts";
import type { Environment, FullEnvironment } from "../../src/environments/replies.ts";
import { createEnvironment, listed, type Person, requestIn, sessionCookie, signUp } from "../support/api.ts";

const INVITE_ONLY = { SIGN_UP: "invite" };
const REFUSED = { code: 403, message: expect.stringContaining("by invite only") };

let admin: Person;
let environment: FullEnvironment;
beforeAll(async () => {
  admin = await signUp("Admin");
  ({ environment } = await createEnvironment(admin));
});

let people = 0;
const address = () => `invited-${++people}@example.com`;

async function invite(role = "member"): Promise<string> {
  const made = await admin.post<{ code: string }>(`/api/environments/${environment.id}/invites`, { role });
  return made.body.code;
}

const join = (inviteCode: unknown, email = address(), password = "a long password") =>
  requestIn<{ user: { id: string } }>(INVITE_ONLY, "POST", "/api/auth/sign-up/email", {
    json: { name: "Invited", email, password, inviteCode },
  });

const accountOf = (email: string) =>
  env.DB.prepare("select id from user where email = ?").bind(email).first<{ id: string }>();

describe("where sign-up is by invite", () => {
  test.each([
    ["no invite", undefined],
    ["an empty code", ""],
    ["a code that was never given out", "A".repeat(43)],
    ["a code that is a number", 7],
    ["a code that is a list", ["x"]],
    ["a code that is null", null],
  ])("%s makes no account", async (_, code) => {
    const email = address();
    const reply = await join(code, email);
    expect(reply.status).toBe(403);
    expect(reply.body).toEqual(REFUSED);
    expect(await accountOf(email)).toBeNull();
  });

  test("an invite makes an account that is a member at once, in the invite's role", async () => {
    for (const role of ["member", "admin"]) {
      const reply = await join(await invite(role));
      expect(reply.status).toBe(200);
      const seen = await requestIn<Environment[]>(INVITE_ONLY, "GET", "/api/environments", {
        headers: { cookie: sessionCookie(reply) },
      });
      const credentials = role === "admin" ? environment.credentials : null;
      expect(seen.body).toEqual([{ ...listed(environment), role, credentials }]);
    }
  });

  test("an invite makes one account only", async () => {
    const code = await invite();
    expect((await join(code)).status).toBe(200);
    const email = address();
    const second = await join(code, email);
    expect(second.status).toBe(403);
    expect(second.body).toEqual(REFUSED);
    expect(await accountOf(email)).toBeNull();
  });

  test("two addresses that race for one invite get one account between them", async () => {
    const code = await invite();
    const emails = [address(), address(), address()];
    const replies = await Promise.all(emails.map((email) => join(code, email)));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403, 403]);
    const accounts = await Promise.all(emails.map(accountOf));
    expect(accounts.filter((account) => account !== null)).toHaveLength(1);
  });

  test("an expired invite makes no account", async () => {
    const code = await invite();
    await env.DB.prepare("update invites set expires_at = ? where env_id = ? and accepted_at is null")
      .bind(Date.now() - 1, environment.id)
      .run();
    expect((await join(code)).status).toBe(403);
  });

  test("an invite that a member has accepted makes no account", async () => {
    const code = await invite();
    const member = await signUp("Member");
    expect((await member.post("/api/invites/accept", { code })).status).toBe(200);
    expect((await join(code)).status).toBe(403);
  });

  test("an invite that another address has claimed makes no account", async () => {
    const code = await invite();
    const claimedBy = address();
    await env.DB.prepare("update invites set claimed_by = ? where env_id = ? and accepted_at is null")
      .bind(claimedBy, environment.id)
      .run();
    expect((await join(code)).status).toBe(403);
    const stranger = await signUp("Stranger");
    expect((await stranger.post("/api/invites/accept", { code })).status).toBe(404);
    expect((await join(code, claimedBy.toUpperCase())).status).toBe(200);
  });

  test.each([
    ["a mistyped address", { email: "invited@nowhere" }, 400],
    ["a short password", { password: "short" }, 400],
    ["an empty name", { name: "" }, 400],
  ])("%s does not use the invite up, for whichever address comes next", async (_, mistake, status) => {
    const inviteCode = await invite();
    const json = { name: "Hasty", email: address(), password: "a long password", inviteCode, ...mistake };
    const mistaken = await requestIn(INVITE_ONLY, "POST", "/api/auth/sign-up/email", { json });
    expect(mistaken.status).toBe(status);
    expect((await join(inviteCode)).status).toBe(200);
  });

  test("an address that has an account is not said to have one to people without an invite", async () => {
    const taken = await join("A".repeat(43), admin.email);
    expect(taken.status).toBe(403);
    expect(taken.body).toEqual(REFUSED);
  });

  test("an address that has an account can sign in and accept the invite that it tried to sign up with", async () => {
    const code = await invite();
    const person = await signUp("Forgetful");
    expect((await join(code, person.email)).status).toBe(422);
    expect((await person.post("/api/invites/accept", { code })).status).toBe(200);
  });

  test("an unknown value of SIGN_UP means by invite", async () => {
    const reply = await requestIn({ SIGN_UP: "Open " }, "POST", "/api/auth/sign-up/email", {
      json: { name: "Eager", email: address(), password: "a long password" },
    });
    expect(reply.status).toBe(403);
  });
});

describe("where sign-up is open", () => {
  const joinOpenly = (inviteCode: string) =>
    requestIn({}, "POST", "/api/auth/sign-up/email", {
      json: { name: "Open", email: address(), password: "a long password", inviteCode },
    });

  test("an invite still makes the new account a member", async () => {
    const reply = await joinOpenly(await invite());
    const headers = { cookie: sessionCookie(reply) };
    const seen = await requestIn(INVITE_ONLY, "GET", `/api/environments/${environment.id}`, { headers });
    expect(seen.status).toBe(200);
  });

  test("a wrong invite makes an account that is a member of nothing", async () => {
    const reply = await joinOpenly("A".repeat(43));
    expect(reply.status).toBe(200);
    const headers = { cookie: sessionCookie(reply) };
    const seen = await requestIn(INVITE_ONLY, "GET", "/api/environments", { headers });
    expect(seen.body).toEqual([]);
  });
});

test("an invite expires after a week", async () => {
  const before = Date.now();
  const reply = await admin.post<{ expiresAt: string }>(`/api/environments/${environment.id}/invites`, {
    role: "member",
  });
  const lifetime = Date.parse(reply.body.expiresAt) - before;
  expect(lifetime).toBeGreaterThanOrEqual(INVITE_LIFETIME_MS);
  expect(lifetime).toBeLessThan(INVITE_LIFETIME_MS + 10_000);
  expect(INVITE_LIFETIME_MS).toBe(7 * 24 * 60 * 60 * 1000);
});
