import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { Member } from "../../../src/environments/replies.ts";
import { createEnvironment, expectRefusal, linesOf, type Person, requestToEnd } from "../../support/api.ts";
import { expireLinks, isVerified, mailbox, newAddress, verify } from "./support.ts";

const PASSWORD = "a long password";
const NOT_YOURS =
  "token: is not known, has expired, was used already, or is for another account than the one that is signed in here";

/** Somebody who has signed up, and the link that they were mailed. */
async function newcomer() {
  const box = mailbox();
  const person = await box.signUp();
  return { box, person, token: box.token(person.email), as: { headers: person.headers } };
}

describe("a sign-up", () => {
  test("mails a link to confirm the address", async () => {
    const { box, person, token } = await newcomer();
    const [mail, ...others] = box.to(person.email);
    expect(mail?.subject).toBe("Captures: confirm your e-mail address");
    expect(mail?.text).toContain(`http://captures.test/verify#${token}\n`);
    expect(others).toEqual([]);
  });

  test("mails nothing that the one who signs up has chosen, but to the address itself", async () => {
    const box = mailbox();
    const email = "victim@mail.example";
    await box.post("sign-up/email", { name: "Win at http://evil.example", email, password: PASSWORD });
    expect(box.to(email)).toHaveLength(1);
    expect(JSON.stringify(box.sent)).not.toContain("evil");
  });

  test("with the address of an account that nobody has confirmed tells its owner, and not the caller", async () => {
    const { box, person } = await newcomer();
    const again = { name: "Other", email: person.email.toUpperCase(), password: "other password" };
    const reply = await box.post("sign-up/email", again);
    expectRefusal(reply, 422, /there is an account with this address already/);
    const mail = box.to(person.email).at(-1);
    expect(mail?.subject).toBe("Captures: somebody has tried to sign up with your address");
    const token = box.token(person.email);
    expect((await box.post("reset-password", { token, newPassword: "mine from now on" })).status).toBe(200);
    expect(await box.signsIn(person.email, "mine from now on")).toBe(true);
  });

  test("with the address of an account that is confirmed mails nobody", async () => {
    const { box, person } = await newcomer();
    await verify(person);
    const before = box.sent.length;
    await box.post("sign-up/email", { name: "Other", email: person.email, password: "other password" });
    expect(box.sent).toHaveLength(before);
  });

  test("that is refused mails nobody", async () => {
    const box = mailbox();
    await box.post("sign-up/email", { name: "Short", email: "short@mail.example", password: "short" });
    await box.post("sign-up/email", { name: "", email: "short@mail.example", password: PASSWORD });
    expect(box.sent).toEqual([]);
  });

  test("is made where mail is not configured, or not rightly", async () => {
    for (const [MAIL_FROM, events] of [
      ["", []],
      ["no address", ["mail.failed"]],
    ] as const) {
      const email = `${crypto.randomUUID()}@mail.example`;
      const lines = await linesOf(async () => {
        const reply = await requestToEnd({ MAIL_FROM }, "POST", "/api/auth/sign-up/email", {
          json: { name: "Person", email, password: PASSWORD },
          headers: { "cf-connecting-ip": newAddress() },
        });
        expect(reply.status).toBe(200);
      });
      expect(lines.map(({ event }) => event).filter((event) => event === "mail.failed")).toEqual(events);
    }
  });
});

describe("a link to confirm an address", () => {
  test("does so for whoever is signed in to the account, and ends nothing", async () => {
    const { box, person, token, as } = await newcomer();
    expect(await isVerified(person)).toBe(false);
    const reply = await box.post("verify-email", { token }, as);
    expect(reply).toMatchObject({ status: 200, body: { status: true, email: person.email } });
    expect(await isVerified(person)).toBe(true);
    expect((await person.get("/api/environments")).status).toBe(200);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(true);
    expectRefusal(await box.post("verify-email", { token }, as), 404, NOT_YOURS);
  });

  test("is shown in the session, and to the admins of an environment", async () => {
    const { box, person, token, as } = await newcomer();
    const { environment } = await createEnvironment(person);
    const shown = async () => {
      const members = await person.get<Member[]>(`/api/environments/${environment.id}/members`);
      const session = await person.get<{ user: { emailVerified: boolean } }>("/api/auth/get-session");
      return [members.body[0]?.emailVerified, session.body.user.emailVerified];
    };
    expect(await shown()).toEqual([false, false]);
    await box.post("verify-email", { token }, as);
    expect(await shown()).toEqual([true, true]);
  });

  test("does nothing for somebody else, or for nobody", async () => {
    const { box, person, token } = await newcomer();
    const other = await box.signUp();
    expectRefusal(await box.post("verify-email", { token }, { headers: other.headers }), 404, NOT_YOURS);
    expect((await box.post("verify-email", { token })).status).toBe(401);
    expect(await isVerified(person)).toBe(false);
    expect(await isVerified(other)).toBe(false);
  });

  test("is void after an hour, and one for a password does not confirm", async () => {
    const { box, person, as } = await newcomer();
    await box.post("request-password-reset", { email: person.email });
    const token = box.token(person.email);
    expectRefusal(await box.post("verify-email", { token }, as), 404, NOT_YOURS);
    await expireLinks();
    expectRefusal(await box.post("verify-email", { token }, as), 404, NOT_YOURS);
    expect(await isVerified(person)).toBe(false);
  });

  test("is mailed again on request, three times an hour", async () => {
    const { box, person, as } = await newcomer();
    for (let i = 0; i < 2; i++)
      expect((await box.post("send-verification-email", {}, as)).body).toEqual({ status: true });
    expect(box.to(person.email)).toHaveLength(3);
    const refused = await box.post("send-verification-email", {}, as);
    expectRefusal(
      refused,
      429,
      "Too many requests: more than 3 mails to this address in 3600 seconds; try again later",
    );
    expect(refused.headers.get("retry-after")).toBe("3600");
    expect((await box.post("verify-email", { token: box.token(person.email) }, as)).status).toBe(200);
    expectRefusal(
      await box.post("send-verification-email", {}, as),
      409,
      "Your e-mail address is confirmed already",
    );
  });

  test("is not asked for where no mail is sent, or by nobody", async () => {
    const { person, as } = await newcomer();
    const silent = mailbox({ MAIL_FROM: "" });
    expectRefusal(await silent.post("send-verification-email", {}, as), 409, /^This service sends no e-mail/);
    expect((await mailbox().post("send-verification-email", {})).status).toBe(401);
    await person.post("/api/auth/sign-out");
    expectRefusal(await mailbox().post("send-verification-email", {}, as), 401, "Login required");
    expectRefusal(await mailbox().post("verify-email", { token: "x" }, as), 401, "Login required");
  });
});

describe("a change of the address", () => {
  /** Somebody who wants another address, and the link that was mailed to it. */
  async function mover() {
    const { box, person, as } = await newcomer();
    const newEmail = `new-${person.email}`;
    const reply = await box.post("change-email", { newEmail, password: PASSWORD }, as);
    expect(reply).toMatchObject({ status: 200, body: { status: true } });
    return { box, person, newEmail, as };
  }

  test("is confirmed by a link to the new one, and both are told", async () => {
    const { box, person, newEmail, as } = await mover();
    expect(box.to(newEmail).map(({ subject }) => subject)).toEqual([
      "Captures: confirm your new e-mail address",
    ]);
    const asked = box.to(person.email).at(-1);
    expect(asked?.subject).toBe("Captures: your e-mail address is to be changed");
    expect(asked?.text).toContain(newEmail);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(true);
    const reply = await box.post("verify-email", { token: box.token(newEmail) }, as);
    expect(reply).toMatchObject({ status: 200, body: { email: newEmail } });
    expect(await isVerified(person)).toBe(true);
    expect(await box.signsIn(newEmail, PASSWORD)).toBe(true);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(false);
    expect(box.to(person.email).at(-1)?.subject).toBe("Captures: your e-mail address was changed");
    expect((await person.get("/api/environments")).status).toBe(200);
  });

  test("is not confirmed by whoever reads the new one's mail, unless they are signed in as who asked", async () => {
    const { box, person, newEmail } = await mover();
    const token = box.token(newEmail);
    const other = await box.signUp(`other-${newEmail}`);
    expectRefusal(await box.post("verify-email", { token }, { headers: other.headers }), 404, NOT_YOURS);
    const reset = await box.post("reset-password", { token, newPassword: "a stolen account" });
    expectRefusal(reset, 404, /^token: /);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(true);
  });

  test("is void once the password is changed, or another one is asked for", async () => {
    const first = await mover();
    await first.box.post(
      "change-password",
      { currentPassword: PASSWORD, newPassword: "a new password", revokeOtherSessions: false },
      first.as,
    );
    const token = first.box.token(first.newEmail);
    expectRefusal(await first.box.post("verify-email", { token }, first.as), 404, NOT_YOURS);
    const { box, newEmail, as } = await mover();
    const older = box.token(newEmail);
    await box.post("change-email", { newEmail: `second-${newEmail}`, password: PASSWORD }, as);
    expectRefusal(await box.post("verify-email", { token: older }, as), 404, NOT_YOURS);
    expect((await box.post("verify-email", { token: box.token(`second-${newEmail}`) }, as)).status).toBe(200);
  });

  test("to the address of another account is answered the same, and tells that account's owner", async () => {
    const { box, person, as } = await newcomer();
    const other = await box.signUp();
    const reply = await box.post("change-email", { newEmail: other.email, password: PASSWORD }, as);
    expect(reply).toMatchObject({ status: 200, body: { status: true } });
    expect(box.to(other.email).at(-1)?.subject).toBe("Captures: your address has an account already");
    expect(box.to(person.email).at(-1)?.subject).toBe("Captures: your e-mail address is to be changed");
  });

  test("to an address that somebody has signed up with meanwhile is refused, and theirs stays theirs", async () => {
    const { box, person, newEmail, as } = await mover();
    const token = box.token(newEmail);
    const other = await box.signUp(newEmail);
    const refused = await box.post("verify-email", { token }, as);
    expectRefusal(refused, 409, /^There is an account with this address already/);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(true);
    expect((await other.get<{ user: { email: string } }>("/api/auth/get-session")).body.user.email).toBe(
      newEmail,
    );
  });

  test.each([
    ["another password", { password: "not my password" }, 400, "password: is not your password"],
    ["no address", { newEmail: "nobody" }, 400, /^newEmail: must be an e-mail address/],
    ["no password", { password: undefined }, 400, "password: is required"],
  ])("with %s is refused, and mails nobody", async (_, json, status, message) => {
    const { box, person, as } = await newcomer();
    const before = box.sent.length;
    const newEmail = `new-${person.email}`;
    expectRefusal(
      await box.post("change-email", { newEmail, password: PASSWORD, ...json }, as),
      status,
      message,
    );
    expect(box.sent).toHaveLength(before);
  });

  test("to the same one, without a password to sign in with, or without mail is refused", async () => {
    const { box, person, as } = await newcomer();
    const change = (newEmail: string) => ({ newEmail, password: PASSWORD });
    expectRefusal(
      await box.post("change-email", change(person.email), as),
      400,
      "newEmail: is your address already",
    );
    const silent = mailbox({ MAIL_FROM: "" });
    expectRefusal(await silent.post("change-email", change("new@mail.example"), as), 409, /sends no e-mail/);
    await env.DB.prepare("delete from account where user_id = ?").bind(person.id).run();
    const refused = await box.post("change-email", change("new@mail.example"), as);
    expectRefusal(refused, 409, /^You sign in without a password/);
  });

  test("is tried ten times an hour by one account, from whichever address", async () => {
    const { box, as } = await newcomer();
    const attempt = (password: string) =>
      box.post("change-email", { newEmail: "new@mail.example", password }, as);
    for (let i = 0; i < 10; i++) expect((await attempt("a wrong password")).status).toBe(400);
    const refused = await attempt(PASSWORD);
    expectRefusal(refused, 429, /^Too many requests: more than 10 changes of the address in 3600 seconds/);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3500);
  });

  test("mails a new address three times an hour, whoever asks", async () => {
    const box = mailbox();
    for (let i = 0; i < 4; i++) {
      const { headers } = await box.signUp();
      const reply = await box.post(
        "change-email",
        { newEmail: "flooded@mail.example", password: PASSWORD },
        { headers },
      );
      expect(reply.status).toBe(200);
    }
    expect(box.to("flooded@mail.example")).toHaveLength(3);
  });

  test("is not asked for by somebody whose session has ended", async () => {
    const { box, person, as } = await newcomer();
    await person.post("/api/auth/sign-out");
    const reply = await box.post("change-email", { newEmail: "new@mail.example", password: PASSWORD }, as);
    expectRefusal(reply, 401, "Login required");
  });
});

describe("an API key", () => {
  test.each([
    ["send-verification-email", {}],
    ["verify-email", { token: "x" }],
    ["change-email", { newEmail: "new@mail.example", password: PASSWORD }],
  ])("can't %s", async (path, json) => {
    const box = mailbox();
    const person: Person = await box.signUp();
    const { body } = await person.post<{ key: string }>("/api/auth/api-key/create", { name: "a program" });
    const reply = await box.post(path, json, { headers: { "x-api-key": body.key } });
    expectRefusal(reply, 401, /this needs a session/);
  });
});
