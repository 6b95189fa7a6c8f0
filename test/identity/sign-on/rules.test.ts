import { describe, expect, test } from "vitest";
import { expectRefusal, linesOf } from "../../support/api.ts";
import { Browser, beginWith, signOn, somebody, withProviders } from "./support.ts";

describe("whom a provider has signed in", () => {
  test("gets an account with the provider's address and name, and a session", async () => {
    const claims = somebody({ name: "  Ada Lovelace " });
    const { provider, browser } = await beginWith({ claims });
    const reply = await signOn(browser, provider);
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      user: { id: expect.any(String), name: "Ada Lovelace", email: claims.email },
      isNew: true,
    });
    expect(await browser.user()).toMatchObject({ id: reply.body.user.id, emailVerified: true });
    expect((await browser.ask("GET", "/api/environments")).body).toEqual([]);
    // better-auth ends it as one of its own.
    expect((await browser.ask("POST", "/api/auth/sign-out")).status).toBe(200);
    expect(await browser.user()).toBeNull();
  });

  test.each([
    [
      "no address",
      { email: undefined },
      /^Okta does not say which e-mail address is yours\. Ask whoever runs/,
    ],
    ["something else in its place", { email: "Ada" }, /^Okta does not say which e-mail address/],
    ["a list of addresses", { email: ["a@sso.example"] }, /^Okta does not say which e-mail address/],
    ["an address that is not verified", { email_verified: false }, /^Okta does not confirm/],
    [
      "an address of which it does not say whether it is verified",
      { email_verified: undefined },
      /^Okta does not confirm/,
    ],
    ["an address that is verified with another word", { email_verified: "yes" }, /^Okta does not confirm/],
  ])("is refused with %s", async (_, claims, message) => {
    const { provider, browser } = await beginWith({ claims: somebody(claims) });
    expectRefusal(await signOn(browser, provider), 403, message);
    expect(await browser.user()).toBeNull();
  });

  test("may sign in with an address that is not said to be verified, where the operator trusts the provider", async () => {
    const claims = somebody({ email_verified: undefined });
    const { provider, browser } = await beginWith({ claims, provider: { trustEmail: true } });
    expect((await signOn(browser, provider)).status).toBe(200);
  });

  test.each(["sso.example", "SSO.example"])(
    "may sign in with an address of a domain that may: %s",
    async (domain) => {
      const { provider, browser } = await beginWith({ provider: { domains: ["other.example", domain] } });
      expect((await signOn(browser, provider)).status).toBe(200);
    },
  );

  test.each([
    "ada@evil.example",
    "ada@evil-sso.example",
    "ada@x.sso.example",
    "ada@sso.example.evil.example",
  ])("is refused with an address of another domain: %s", async (email) => {
    const { provider } = await beginWith({ claims: somebody({ email }) });
    const browser = new Browser(
      withProviders([[provider, { domains: ["sso.example"] }]], {}, { contact: "the platform team" }),
    );
    const lines = await linesOf(async () => {
      expectRefusal(
        await signOn(browser, provider),
        403,
        "Your address at Okta is not of a domain that may sign in here. Ask the platform team.",
      );
    });
    expect(await browser.user()).toBeNull();
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "sign_on.refused", provider: "okta", reason: expect.any(String) }),
    );
    expect(JSON.stringify(lines)).not.toContain(email);
  });

  const groups = { claim: "https://example.com/groups", values: ["dba", "sre"] };
  test.each([[["staff", "sre"]], ["dba"]])("may sign in with a group that may: %s", async (theirs) => {
    const claims = somebody({ [groups.claim]: theirs });
    const { provider, browser } = await beginWith({ claims, provider: { groups } });
    expect((await signOn(browser, provider)).status).toBe(200);
  });

  test.each([[["staff", "DBA"]], ["dba,sre"], [[["dba"]]], [{ dba: true }], [undefined], [null], [[]]])(
    "is refused without a group that may: %j",
    async (theirs) => {
      const claims = somebody({ [groups.claim]: theirs });
      const { provider, browser } = await beginWith({ claims, provider: { groups } });
      expectRefusal(
        await signOn(browser, provider),
        403,
        /^You are in no group at Okta that may sign in here\./,
      );
      expect(await browser.user()).toBeNull();
    },
  );

  test("is asked at each sign-on: who has left the group is refused", async () => {
    const { provider, browser } = await beginWith({
      claims: somebody({ groups: ["dba"] }),
      provider: { groups: { ...groups, claim: "groups" } },
    });
    expect((await signOn(browser, provider)).status).toBe(200);
    provider.claims = { ...provider.claims, groups: ["staff"] };
    expectRefusal(await signOn(browser, provider), 403, /^You are in no group/);
  });
});

describe("what the ID token does not say", () => {
  test("is asked of the UserInfo endpoint", async () => {
    const { email, name, sub } = somebody();
    const { provider, browser } = await beginWith({
      claims: { sub },
      provider: { groups: { claim: "groups", values: ["dba"] } },
    });
    provider.userInfo = {
      sub,
      email,
      name,
      email_verified: true,
      groups: ["dba"],
      iss: "https://evil.example",
    };
    const reply = await signOn(browser, provider);
    expect(reply.body).toMatchObject({ user: { email, name } });
    expect(provider.sent.at(-1)?.headers.get("authorization")).toBe("Bearer access");
  });

  test("is not taken from what the endpoint says of somebody else", async () => {
    const { email, sub } = somebody();
    const { provider, browser } = await beginWith({ claims: { sub } });
    provider.userInfo = { sub: "somebody-else", email, email_verified: true };
    expectRefusal(await signOn(browser, provider), 502, /can't be relied on/);
  });

  test("does not verify the address of the other source", async () => {
    const { email, sub } = somebody();
    const { provider, browser } = await beginWith({ claims: { sub, email_verified: true } });
    provider.userInfo = { sub, email };
    expectRefusal(await signOn(browser, provider), 403, /^Okta does not confirm/);
  });
});

describe("the name of a new account", () => {
  test.each([
    ["the claim's", { name: "Ada" }, "Ada"],
    ["the user name, where there is no name", { name: undefined, preferred_username: "ada" }, "ada"],
    ["the user name, where the name can't be one", { name: "A\u0000", preferred_username: "ada" }, "ada"],
    [
      "the user name, where the name is too long",
      { name: "A".repeat(101), preferred_username: "ada" },
      "ada",
    ],
    ["of the address, where there is neither", { name: "", email: "ada.l@sso.example" }, "ada.l"],
  ])("is %s", async (_, claims, name) => {
    const { provider, browser } = await beginWith({ claims: somebody(claims) });
    expect((await signOn(browser, provider)).body.user.name).toBe(name);
  });
});
