import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { makeResetLink, resetLinkOptions } from "../../scripts/lib/reset-link.ts";
import { isVerified, mailbox } from "../identity/links/support.ts";

const ORIGIN = "https://captures.example.com";
const PASSWORD = "another long password";

/** Makes a link as the command does, and says which accounts the database found. */
async function made(email: string) {
  const { link, sql } = await makeResetLink({ email, origin: ORIGIN }, Date.now());
  const { results } = await env.DB.prepare(sql).all<{ email: string }>();
  return { link, accounts: results.map((row) => row.email), token: link.split("#")[1] as string, sql };
}

describe("an operator's link", () => {
  test("sets a password once, where no mail is sent", async () => {
    const box = mailbox({ MAIL_FROM: "" });
    const person = await box.signUp();
    const { link, accounts, token, sql } = await made(person.email);
    expect(accounts).toEqual([person.email]);
    expect(link).toMatch(/^https:\/\/captures\.example\.com\/reset#[\w-]{43}$/);
    expect(sql).not.toContain(token);
    expect((await box.post("reset-password", { token, newPassword: PASSWORD })).status).toBe(200);
    expect((await box.post("reset-password", { token, newPassword: PASSWORD })).status).toBe(404);
    expect(await box.signsIn(person.email, PASSWORD)).toBe(true);
    expect(await isVerified(person)).toBe(true);
  });

  test("is for an account only, and is found by its address as it is", async () => {
    expect((await made("nobody@mail.example")).accounts).toEqual([]);
    const email = "o'brien@mail.example";
    await mailbox().signUp(email);
    expect((await made(email)).accounts).toEqual([email]);
    expect((await made("' or 1=1 --@mail.example")).accounts).toEqual([]);
  });
});

describe("its command", () => {
  const options = (email: string[], values = {}) => resetLinkOptions({ positionals: email, values }, "8790");

  test("takes an address, and where the service is", () => {
    expect(options(["A@Example.com"])).toEqual({
      email: "a@example.com",
      remote: false,
      origin: "http://localhost:8790",
    });
    expect(options(["a@example.com"], { remote: true, url: `${ORIGIN}/` })).toEqual({
      email: "a@example.com",
      remote: true,
      origin: ORIGIN,
    });
  });

  test.each([
    [[], {}, /^One e-mail address is needed/],
    [["nobody"], {}, /^One e-mail address is needed/],
    [["a@example.com", "b@example.com"], {}, /^One e-mail address is needed/],
    [["a@example.com"], { remote: true }, /^--remote needs the service's address/],
    [["a@example.com"], { remote: true, url: "http://captures.example.com" }, /^--url must be an address/],
    [["a@example.com"], { url: "captures" }, /^--url must be an address/],
    [["a@example.com"], { url: "file:///tmp" }, /^--url must be an address/],
  ])("refuses %j with %j", (email, values, message) => {
    expect(() => options(email, values)).toThrow(message);
  });
});
