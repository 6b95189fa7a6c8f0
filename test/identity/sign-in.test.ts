import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { linesOf, request, sessionCookie, signUp } from "../support/api.ts";

const PASSWORD = "a long password";

const signIn = (email: string, password = PASSWORD, base = "") =>
  request<{ message: string }>("POST", `${base}/api/auth/sign-in/email`, { json: { email, password } });

const list = (cookie: string, base = "") =>
  request("GET", `${base}/api/environments`, { headers: { cookie } });

/** The attributes of the session cookie that a reply sets, in lower case. */
function attributes(headers: Headers): string[] {
  const cookie = headers.getSetCookie().find((header) => header.includes("session_token="));
  return (cookie ?? "")
    .split(/; */)
    .slice(1)
    .map((attribute) => attribute.toLowerCase());
}

describe("signing up", () => {
  test("signs the new account in", async () => {
    const reply = await request("POST", "/api/auth/sign-up/email", {
      json: { name: "New", email: "new@example.com", password: PASSWORD },
    });
    expect(reply.status).toBe(200);
    expect((await list(sessionCookie(reply))).status).toBe(200);
  });

  test("keeps the password as a hash only", async () => {
    const { id } = await signUp("Hashed");
    const account = await env.DB.prepare("select * from account where user_id = ?").bind(id).first();
    expect(account).toMatchObject({
      provider_id: "credential",
      password: expect.stringMatching(/^\w+:\w+$/),
    });
    expect(JSON.stringify(account)).not.toContain(PASSWORD);
  });

  test("refuses an address that has an account, in any letter case", async () => {
    const { email } = await signUp("Twice");
    const again = await request("POST", "/api/auth/sign-up/email", {
      json: { name: "Twice", email: email.toUpperCase(), password: "another password" },
    });
    expect(again.status).toBe(422);
    expect(again.body).toEqual({
      code: 422,
      message: expect.stringContaining("an account with this address already"),
    });
    expect((await signIn(email, "another password")).status).toBe(401);
  });

  test("makes one account of two that are asked for at once with the same address", async () => {
    const json = { name: "Racer", email: "racer@example.com", password: PASSWORD };
    const replies = await Promise.all(
      [1, 2, 3].map(() => request("POST", "/api/auth/sign-up/email", { json })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    const { results } = await env.DB.prepare("select id from user where email = ?").bind(json.email).all();
    expect(results).toHaveLength(1);
  });

  test("ignores what a client says about its id or whether its address is verified", async () => {
    const reply = await request<{ user: Record<string, unknown> }>("POST", "/api/auth/sign-up/email", {
      json: { name: "Sly", email: "sly@example.com", password: PASSWORD, id: "mine", emailVerified: true },
    });
    expect(reply.status).toBe(200);
    expect(reply.body.user).toMatchObject({ emailVerified: false });
    expect(reply.body.user.id).not.toBe("mine");
  });

  const good = { name: "Good", email: "good@example.com", password: PASSWORD };
  test.each([
    ["no name", { ...good, name: undefined }, /name/],
    ["an empty name", { ...good, name: "" }, /^name: must not be empty$/],
    ["a name of spaces", { ...good, name: "  " }, /^name: must not be empty$/],
    ["a name of 101 characters", { ...good, name: "x".repeat(101) }, /^name: must be at most 100/],
    ["a NUL in the name", { ...good, name: "a\u0000b" }, /^name: must not contain control/],
    ["a lone surrogate in the name", { ...good, name: "a\ud800" }, /^name: must not contain control/],
    ["no address", { ...good, email: undefined }, /email/],
    ["something that is no address", { ...good, email: "nobody" }, /email/],
    ["an address that is a number", { ...good, email: 7 }, /email/],
    ["no password", { ...good, password: undefined }, /password/],
    ["a short password", { ...good, password: "1234567" }, /[Pp]assword/],
    ["a password of 129 characters", { ...good, password: "x".repeat(129) }, /[Pp]assword/],
    ["a list", [], /body/],
    ["null", null, /body/],
    ["text", "text", /body/],
  ])("refuses %s, and makes no account", async (_, json, message) => {
    const reply = await request("POST", "/api/auth/sign-up/email", { json });
    expect(reply.status).toBe(400);
    expect(reply.body).toEqual({ code: 400, message: expect.stringMatching(message) });
    expect(reply.headers.get("set-cookie")).toBeNull();
    expect(await env.DB.prepare("select id from user where email = ?").bind(good.email).first()).toBeNull();
  });
});

describe("signing in", () => {
  test("gives a session of its own to each sign-in", async () => {
    const { email, headers } = await signUp();
    const second = await signIn(email);
    expect(second.status).toBe(200);
    expect(sessionCookie(second)).not.toBe(headers.cookie);
    expect((await list(sessionCookie(second))).status).toBe(200);
  });

  test("answers a wrong password and an unknown address alike", async () => {
    const { email } = await signUp();
    const wrong = await signIn(email, "not the password");
    const unknown = await signIn("nobody-at-all@example.com");
    expect(wrong.status).toBe(401);
    expect(wrong.body).toEqual({ code: 401, message: "The e-mail address or the password is wrong" });
    expect(unknown.status).toBe(wrong.status);
    expect(unknown.body).toEqual(wrong.body);
    expect(wrong.headers.get("set-cookie")).toBeNull();
  });

  test("sets a cookie that scripts can't read and other sites can't send", async () => {
    const { email } = await signUp();
    const reply = await signIn(email);
    expect(attributes(reply.headers)).toEqual(expect.arrayContaining(["httponly", "samesite=lax", "path=/"]));
    expect(attributes(reply.headers).some((attribute) => attribute.startsWith("domain="))).toBe(false);
  });

  test("sets a Secure cookie of this host alone over HTTPS, and takes it there only", async () => {
    const { email } = await signUp();
    const base = "https://captures.test";
    const reply = await signIn(email, PASSWORD, base);
    expect(attributes(reply.headers)).toEqual(
      expect.arrayContaining(["secure", "httponly", "samesite=lax", "path=/"]),
    );
    expect(attributes(reply.headers).some((attribute) => attribute.startsWith("domain="))).toBe(false);
    const cookie = reply.headers.get("set-cookie")?.split(";")[0] ?? "";
    expect(cookie).toMatch(/^__Host-captures\.session_token=/);
    expect((await list(cookie, base)).status).toBe(200);
    expect((await list(cookie.replace("__Host-", ""), base)).status).toBe(401);
    const over = (path: string) => request("GET", new URL(path, base).href, { headers: { cookie } });
    expect(await over("/api/auth/get-session")).toMatchObject({ status: 200, body: { user: { email } } });
  });

  test("takes no cookie of another prefix over HTTPS, which another host of the domain could have set", async () => {
    const { email } = await signUp();
    const base = "https://captures.test";
    const reply = await signIn(email, PASSWORD, base);
    const cookie = (reply.headers.get("set-cookie")?.split(";")[0] ?? "").replace("__Host-", "__Secure-");
    expect((await list(cookie, base)).status).toBe(401);
    const session = await request("GET", `${base}/api/auth/get-session`, { headers: { cookie } });
    expect(session).toMatchObject({ status: 200, body: null });
  });
});

describe("a session that is not to last", () => {
  const DAY_MS = 86_400_000;
  const sessionOf = (userId: string) =>
    env.DB.prepare("select expires_at as expiresAt, updated_at as updatedAt from session where user_id = ?")
      .bind(userId)
      .first<{ expiresAt: number; updatedAt: number }>();
  const current = (cookie: string) => request("GET", "/api/auth/get-session", { headers: { cookie } });

  test("has a cookie that goes with the browser, and ends in a day", async () => {
    const { id, email } = await signUp();
    await env.DB.prepare("delete from session where user_id = ?").bind(id).run();
    const json = { email, password: PASSWORD, rememberMe: false };
    const reply = await request("POST", "/api/auth/sign-in/email", { json });
    expect(attributes(reply.headers).some((attribute) => /^(max-age|expires)=/.test(attribute))).toBe(false);
    const session = await sessionOf(id);
    expect((session?.expiresAt ?? 0) - (session?.updatedAt ?? 0)).toBe(DAY_MS);
  });

  test("is not prolonged, while one that is to last is, once a day", async () => {
    const [short, long] = [await signUp(), await signUp()];
    await env.DB.prepare("update session set expires_at = updated_at + ? where user_id = ?")
      .bind(DAY_MS, short.id)
      .run();
    const before = await sessionOf(long.id);
    for (const { headers } of [short, long])
      expect((await current(headers.cookie ?? "")).headers.get("set-cookie")).toBeNull();
    expect(await sessionOf(long.id)).toEqual(before);

    const pass = (milliseconds: number) =>
      env.DB.prepare("update session set updated_at = updated_at - ?1, expires_at = expires_at - ?1")
        .bind(milliseconds)
        .run();
    await pass(DAY_MS - 3_600_000);
    expect(await current(short.headers.cookie ?? "")).toMatchObject({ body: { user: { id: short.id } } });
    await pass(3_600_000);
    expect(await current(short.headers.cookie ?? "")).toMatchObject({ body: null });
    const reply = await current(long.headers.cookie ?? "");
    expect(attributes(reply.headers)).toContain("max-age=604800");
    const prolonged = await sessionOf(long.id);
    expect((prolonged?.expiresAt ?? 0) - (prolonged?.updatedAt ?? 0)).toBe(7 * DAY_MS);
    expect(prolonged?.updatedAt).toBeGreaterThan(before?.updatedAt ?? 0);
  });
});

describe("signing out", () => {
  test("takes the cookie from the browser, whoever asks", async () => {
    const person = await signUp();
    for (const headers of [person.headers, person.headers, {}]) {
      const reply = await request("POST", "/api/auth/sign-out", { headers });
      expect(reply).toMatchObject({ status: 200, body: { success: true } });
      expect(reply.headers.get("set-cookie")).toMatch(/^captures\.session_token=; Max-Age=0;/);
    }
  });

  test("ends that session at once, for whoever has its cookie, and no other", async () => {
    const person = await signUp();
    const other = sessionCookie(await signIn(person.email));
    expect((await person.post("/api/auth/sign-out")).status).toBe(200);
    expect((await person.get("/api/environments")).status).toBe(401);
    expect((await list(other)).status).toBe(200);
  });

  test("of all other sessions works at once", async () => {
    const person = await signUp();
    const other = sessionCookie(await signIn(person.email));
    expect((await person.post("/api/auth/revoke-other-sessions", {})).status).toBe(200);
    expect((await list(other)).status).toBe(401);
    expect((await person.get("/api/environments")).status).toBe(200);
  });

  test.each([
    ["ends the other sessions, unless it says otherwise", {}, 401],
    ["ends the other sessions when asked to", { revokeOtherSessions: true }, 401],
    ["leaves the other sessions when asked to", { revokeOtherSessions: false }, 200],
  ])("by changing the password %s", async (_, more, status) => {
    const person = await signUp();
    const other = sessionCookie(await signIn(person.email));
    const changed = await person.post("/api/auth/change-password", {
      currentPassword: PASSWORD,
      newPassword: "a longer password",
      ...more,
    });
    expect(changed.status).toBe(200);
    const own = status === 401 ? sessionCookie(changed) : person.headers.cookie;
    expect((await list(own ?? "")).status).toBe(200);
    expect((await list(other)).status).toBe(status);
    expect((await signIn(person.email)).status).toBe(401);
    expect((await signIn(person.email, "a longer password")).status).toBe(200);
  });
});

describe("a session", () => {
  test("is refused from the moment it expires", async () => {
    const person = await signUp();
    const expire = (at: number) =>
      env.DB.prepare("update session set expires_at = ? where user_id = ?").bind(at, person.id).run();
    await expire(Date.now() + 60_000);
    expect((await person.get("/api/environments")).status).toBe(200);
    await expire(Date.now() - 1);
    const reply = await person.get("/api/environments");
    expect(reply.status).toBe(401);
    expect(reply.body).toEqual({ code: 401, message: "Login required" });
  });

  test("is refused from the moment its row is gone", async () => {
    const person = await signUp();
    await env.DB.prepare("delete from session where user_id = ?").bind(person.id).run();
    expect((await person.get("/api/environments")).status).toBe(401);
  });

  test.each([
    ["without its signature", (cookie: string) => cookie.replace(/=([^.]+)\..*/, "=$1")],
    ["with an empty signature", (cookie: string) => cookie.replace(/=([^.]+)\..*/, "=$1.")],
    [
      "with another token",
      (cookie: string) => cookie.replace(/=([^.])/, (_, first) => `=${first === "A" ? "B" : "A"}`),
    ],
    ["with another signature", (cookie: string) => cookie.replace(/(=[^.]+)\..*/, `$1.${"A".repeat(43)}%3D`)],
    ["with no value", () => "captures.session_token="],
    ["under another name", (cookie: string) => cookie.replace("captures.", "other.")],
  ])("is refused %s", async (_, forge) => {
    const person = await signUp();
    const forged = forge(person.headers.cookie ?? "");
    expect(forged).not.toBe(person.headers.cookie);
    expect((await list(forged)).status).toBe(401);
    expect((await list(person.headers.cookie ?? "")).status).toBe(200);
  });

  test("is refused when it was signed with another secret", async () => {
    const person = await signUp();
    const token = /=([^.]+)\./.exec(person.headers.cookie ?? "")?.[1] ?? "";
    const sign = async (secret: string) => {
      const encode = (text: string) => new TextEncoder().encode(text);
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", encode(secret), algorithm, false, ["sign"]);
      const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(token)));
      return `captures.session_token=${encodeURIComponent(`${token}.${signature.toBase64()}`)}`;
    };
    expect((await list(await sign(env.BETTER_AUTH_SECRET))).status).toBe(200);
    expect((await list(await sign("another secret, just as long as it"))).status).toBe(401);
  });

  test("is not accepted as a token in the query", async () => {
    const person = await signUp();
    const token = /=([^.]+)\./.exec(person.headers.cookie ?? "")?.[1];
    expect((await request("GET", `/api/environments?token=${token}`)).status).toBe(401);
    expect(
      (await request("GET", "/api/environments", { headers: { authorization: `Bearer ${token}` } })).status,
    ).toBe(401);
  });
});

test("a sign-in logs nothing that the caller sent, and goes nowhere that it names", async () => {
  const lines = await linesOf(async () => {
    const json = { email: "nobody@example.com", password: PASSWORD, callbackURL: "https://evil.example/" };
    const reply = await request("POST", "/api/auth/sign-in/email", { json });
    expect(reply.status).toBe(401);
    expect(reply.headers.get("location")).toBeNull();
  });
  expect(lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).not.toMatch(/evil\.example|nobody@|a long password/);
});
