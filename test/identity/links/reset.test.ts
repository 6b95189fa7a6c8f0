import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createApiKey, expectRefusal, linesOf, request, requestIn, requestToEnd } from "../../support/api.ts";
import { counting } from "../../support/counting.ts";
import { begin, decide, poll } from "../device/support.ts";
import { expireLinks, isVerified, mailbox, newAddress, verify } from "./support.ts";

const OLD = "a long password";
const NEW = "another long password";
const UNKNOWN = "token: is not known, has expired or was used already: ask for another mail";

/** Somebody whose address is proven, and the link that they asked for. */
async function forgetful() {
  const box = mailbox();
  const person = await box.signUp();
  await verify(person);
  expect((await box.post("request-password-reset", { email: person.email })).body).toEqual({ status: true });
  return { box, person, token: box.token(person.email) };
}

describe("a link to set a new password", () => {
  test("is mailed to the address of an account, with its token behind the # of this service's page", async () => {
    const { box, person, token } = await forgetful();
    const mail = box.to(person.email).at(-1);
    expect(mail?.subject).toBe("Captures: set a new password");
    expect(mail?.text).toContain(`http://captures.test/reset#${token}\n`);
    expect(token).toMatch(/^[A-Za-z]{43}$/);
  });

  test("sets it once, and signs in with it", async () => {
    const { box, person, token } = await forgetful();
    const reply = await box.post("reset-password", { token, newPassword: NEW });
    expect(reply).toMatchObject({
      status: 200,
      body: { status: true, email: person.email, keysRevoked: false },
    });
    expect(reply.headers.get("set-cookie")).not.toContain("session_token");
    expect(await box.signsIn(person.email, OLD)).toBe(false);
    expect(await box.signsIn(person.email, NEW)).toBe(true);
    expectRefusal(await box.post("reset-password", { token, newPassword: "a third password" }), 404, UNKNOWN);
    expect(await box.signsIn(person.email, NEW)).toBe(true);
  });

  test("is used by one of two who use it at once", async () => {
    const { box, token } = await forgetful();
    const replies = await Promise.all(
      [1, 2, 3].map((n) => box.post("reset-password", { token, newPassword: `${NEW} ${n}` })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
  });

  test("ends all sessions, and says so by mail, while API keys go on", async () => {
    const { box, person, token } = await forgetful();
    const key = await createApiKey(person);
    await box.post("reset-password", { token, newPassword: NEW });
    expect((await person.get("/api/environments")).status).toBe(401);
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key.key } })).status).toBe(
      200,
    );
    const mail = box.to(person.email).at(-1);
    expect(mail?.subject).toBe("Captures: your password was changed");
    expect(mail?.text).toMatch(/All sessions have ended/);
    expect(mail?.text).toMatch(/API keys go on working/);
  });

  test("ends API keys, and the address of the calendar, on request", async () => {
    const { box, person, token } = await forgetful();
    const { key } = await createApiKey(person);
    const calendar = await person.post<{ url: string }>("/api/schedules/calendar");
    const reply = await box.post("reset-password", { token, newPassword: NEW, revokeKeys: true });
    expect(reply.body).toMatchObject({ keysRevoked: true });
    expect((await request("GET", "/api/environments", { headers: { "x-api-key": key } })).status).toBe(401);
    expect((await request("GET", calendar.body.url)).status).toBe(404);
    expect(box.to(person.email).at(-1)?.text).toMatch(/API keys and its calendar's address have ended/);
  });

  test("ends the login of a program that waits for its key", async () => {
    const { box, person, token } = await forgetful();
    const login = await begin();
    expect((await decide(person, "approve", login.user_code)).status).toBe(200);
    await box.post("reset-password", { token, newPassword: NEW });
    expect(await poll(login)).toMatchObject({ status: 400, body: { error: "invalid_grant" } });
  });

  test("makes the others void that were mailed before", async () => {
    const { box, person, token } = await forgetful();
    await box.post("request-password-reset", { email: person.email });
    const second = box.token(person.email);
    expect(second).not.toBe(token);
    expect((await box.post("reset-password", { token, newPassword: NEW })).status).toBe(200);
    expectRefusal(await box.post("reset-password", { token: second, newPassword: OLD }), 404, UNKNOWN);
  });

  test("is void after an hour, and after the password was changed", async () => {
    const { box, token } = await forgetful();
    await expireLinks();
    expectRefusal(await box.post("reset-password", { token, newPassword: NEW }), 404, UNKNOWN);
    const other = await forgetful();
    const change = { currentPassword: OLD, newPassword: NEW };
    expect((await other.box.post("change-password", change, { headers: other.person.headers })).status).toBe(
      200,
    );
    expectRefusal(
      await other.box.post("reset-password", { token: other.token, newPassword: OLD }),
      404,
      UNKNOWN,
    );
  });

  test("is void after the account has another address", async () => {
    const { box, person, token } = await forgetful();
    await env.DB.prepare("update user set email = ?2 where id = ?1")
      .bind(person.id, `moved-${person.email}`)
      .run();
    expectRefusal(await box.post("reset-password", { token, newPassword: NEW }), 404, UNKNOWN);
  });

  test("is stored as a hash only, for an hour", async () => {
    const { token, person } = await forgetful();
    const { results } = await env.DB.prepare("select * from email_links where user_id = ?")
      .bind(person.id)
      .all();
    expect(JSON.stringify(results)).not.toContain(token);
    const [row] = results.filter(({ purpose }) => purpose === "reset") as {
      created_at: number;
      expires_at: number;
    }[];
    expect((row as { expires_at: number }).expires_at - (row as { created_at: number }).created_at).toBe(
      3_600_000,
    );
  });

  test("gives an account that has had no password one", async () => {
    const { box, person, token } = await forgetful();
    await env.DB.prepare("delete from account where user_id = ?").bind(person.id).run();
    expect((await box.post("reset-password", { token, newPassword: NEW })).status).toBe(200);
    expect(await box.signsIn(person.email, NEW)).toBe(true);
  });

  test.each([
    ["a short password", { newPassword: "1234567" }, "newPassword: must be at least 8 characters long"],
    ["a long password", { newPassword: "x".repeat(129) }, "newPassword: must be at most 128 characters long"],
    ["an unknown field", { newPassword: NEW, email: "x@example.com" }, "email: not known here"],
    [
      "a long token",
      { newPassword: NEW, token: "x".repeat(129) },
      "token: must be at most 128 characters long",
    ],
  ])("is not used up by %s", async (_, json, message) => {
    const { box, token } = await forgetful();
    expectRefusal(await box.post("reset-password", { token, ...json }), 400, message);
    expect((await box.post("reset-password", { token, newPassword: NEW })).status).toBe(200);
  });

  test("lets somebody in who has mistyped the old one until they had to wait", async () => {
    const { box, person, token } = await forgetful();
    for (let i = 0; i < 11; i++) await box.signsIn(person.email, "mistyped");
    const signIn = (password: string) => box.post("sign-in/email", { email: person.email, password });
    expect((await signIn(OLD)).status).toBe(429);
    await box.post("reset-password", { token, newPassword: NEW });
    expect((await signIn(NEW)).status).toBe(200);
  });

  test("works with a mail that nobody could send: what was set stays set", async () => {
    const { box, person, token } = await forgetful();
    const lines = await linesOf(() =>
      requestToEnd({ MAIL_FROM: "no address" }, "POST", "/api/auth/reset-password", {
        json: { token, newPassword: NEW },
        headers: { "cf-connecting-ip": newAddress() },
      }),
    );
    expect(lines.map(({ event }) => event)).toContain("mail.failed");
    expect(await box.signsIn(person.email, NEW)).toBe(true);
  });
});

describe("asking for a link", () => {
  const ask = (overrides: Partial<Cloudflare.Env>, email: string) =>
    requestToEnd(overrides, "POST", "/api/auth/request-password-reset", {
      json: { email },
      headers: { "cf-connecting-ip": newAddress() },
    });

  test("is answered the same for an address that has no account, and costs the database the same", async () => {
    const { person } = await forgetful();
    const answers = [];
    for (const email of [person.email, "nobody@mail.example"]) {
      const { env: counted, cost } = counting(env);
      const { status, body, headers } = await ask(counted, email);
      answers.push({ status, body, headers: [...headers.keys()].sort(), trips: cost.d1 });
    }
    expect(answers[0]).toEqual({ ...answers[1] });
    expect(answers[0]).toMatchObject({ status: 200, body: { status: true } });
  });

  test("writes the same count for an address that has no account, so that the database is as slow", async () => {
    const count = () =>
      env.DB.prepare("select count(*) as n from rate_limit where key like 'mail|%'").first<number>("n");
    const before = (await count()) as number;
    await ask({}, `nobody-${crypto.randomUUID()}@mail.example`);
    expect(await count()).toBe(before + 1);
  });

  test("sends nothing to an address that has no account", async () => {
    const box = mailbox();
    expect((await box.post("request-password-reset", { email: "nobody@mail.example" })).status).toBe(200);
    expect(box.sent).toEqual([]);
  });

  test("finds the account however its address is written", async () => {
    const { box, person } = await forgetful();
    const before = box.to(person.email).length;
    await box.post("request-password-reset", { email: person.email.toUpperCase() });
    expect(box.to(person.email)).toHaveLength(before + 1);
  });

  test("sends an address three mails an hour, whoever asks, and answers the same", async () => {
    const box = mailbox();
    const person = await box.signUp();
    const answers = [];
    for (let i = 0; i < 5; i++)
      answers.push((await box.post("request-password-reset", { email: person.email })).body);
    // The first was the mail of the sign-up.
    expect(box.to(person.email)).toHaveLength(3);
    expect(answers).toEqual(Array(5).fill({ status: true }));
    await env.DB.prepare(
      "update rate_limit set last_request = last_request - 3600000 where key like 'mail|%'",
    ).run();
    await box.post("request-password-reset", { email: person.email });
    expect(box.to(person.email)).toHaveLength(4);
  });

  test("too often from one address of the network is refused, whatever is asked for", async () => {
    const headers = { "cf-connecting-ip": newAddress() };
    const send = (email: string) =>
      requestIn({ AUTH_RATE_LIMIT_MAX: "2" }, "POST", "/api/auth/request-password-reset", {
        json: { email },
        headers,
      });
    for (let i = 0; i < 2; i++) expect((await send(`nobody-${i}@mail.example`)).status).toBe(200);
    const refused = await send("nobody@mail.example");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test.each(["", "no address", "a@example.com\r\nBcc: b@example.com", `${"a".repeat(250)}@example.com`])(
    "with %j is refused",
    async (email) => {
      const reply = await mailbox().post("request-password-reset", { email });
      expectRefusal(reply, 400, /^email: must be (an e-mail address|at most 254 characters)/);
    },
  );

  test("is refused in words where no mail is sent", async () => {
    const reply = await ask({ MAIL_FROM: "" }, "nobody@mail.example");
    expectRefusal(reply, 409, /^This service sends no e-mail\. Ask who runs it/);
  });

  test("says that mail is not configured rightly, rather than to send none", async () => {
    expectRefusal(await ask({ MAIL_FROM: "no address" }, "nobody@mail.example"), 500, /our side/);
  });

  test("leaves no address, link or token in the log", async () => {
    const box = mailbox();
    const person = await box.signUp();
    const lines = await linesOf(() => box.post("request-password-reset", { email: person.email }));
    expect(lines.map(({ event }) => event)).toContain("mail.sent");
    const text = JSON.stringify(lines);
    expect(text).not.toContain(person.email);
    expect(text).not.toContain(box.token(person.email));
    expect(text).not.toContain("#");
  });
});

test("a reset of an account whose address was not proven proves it", async () => {
  const box = mailbox();
  const person = await box.signUp();
  await box.post("request-password-reset", { email: person.email });
  expect(box.to(person.email).at(-1)?.text).toMatch(/Your address was not confirmed before/);
  expect(await isVerified(person)).toBe(false);
  const reply = await box.post("reset-password", { token: box.token(person.email), newPassword: NEW });
  expect(reply.body).toMatchObject({ keysRevoked: true });
  expect(await isVerified(person)).toBe(true);
});
