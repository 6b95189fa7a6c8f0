import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { ATTEMPT_MS } from "../../../src/identity/sign-on/attempt.ts";
import { expectRefusal, requestIn, signUp } from "../../support/api.ts";
import { faultyDatabase } from "../../support/faults.ts";
import { FakeProvider } from "./fake-provider.ts";
import { Browser, beginWith, newAddress, signOn, withProviders } from "./support.ts";

const NOT_BEGUN = /^This sign-on was not begun in this browser/;
const USED = /^This sign-on was finished already/;

describe("beginning a sign-on", () => {
  test("leads to the provider, with PKCE, state and nonce, and to this service's page for it", async () => {
    const { provider, browser } = await beginWith({
      provider: { scopes: ["groups", "email"], prompt: "select_account" },
    });
    const reply = await browser.start();
    const url = new URL(reply.body.url);
    expect(`${url.origin}${url.pathname}`).toBe(`${provider.issuer}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      // As the provider's own address has it.
      tenant: "one",
      client_id: "captures",
      response_type: "code",
      redirect_uri: "https://captures.test/sign-on/okta",
      scope: "openid email profile groups",
      state: expect.stringMatching(/^.{43}$/),
      nonce: expect.stringMatching(/^.{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
      prompt: "select_account",
    });
    expect(new URL((await browser.start()).body.url).searchParams.get("state")).not.toBe(
      url.searchParams.get("state"),
    );
  });

  test("gives the browser a cookie that only this host can set and no script can read", async () => {
    const { browser } = await beginWith();
    const [cookie = ""] = (await browser.start()).headers.getSetCookie();
    expect(cookie).toMatch(/^__Host-captures\.sign_on=/);
    expect(cookie.split("; ").slice(1).sort()).toEqual(
      ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Strict", "Secure"].sort(),
    );
  });

  test("stores nothing", async () => {
    const { browser } = await beginWith();
    const rows = () => env.DB.prepare("select count(*) as n from verification").first<number>("n");
    const before = await rows();
    await browser.start();
    expect(await rows()).toBe(before);
  });

  test.each([["nope"], [""], ["OKTA"], ["__proto__"]])(
    "refuses a provider that there is not: %j",
    async (id) => {
      const { browser } = await beginWith();
      expectRefusal(await browser.start(id), 404, "provider: is not one that people sign in with here");
      expectRefusal(
        await browser.finish({ provider: id, state: "x", code: "x" }),
        404,
        /^provider: is not one/,
      );
    },
  );

  test("asks for the provider's description once for all sign-ons of an hour", async () => {
    const { provider, browser } = await beginWith();
    await signOn(browser, provider);
    await signOn(browser, provider);
    expect(provider.asked("/.well-known/openid-configuration")).toBe(1);
    expect(provider.asked("/keys")).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61 * 60 * 1000 });
    try {
      expect((await browser.start()).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
    expect(provider.asked("/.well-known/openid-configuration")).toBe(2);
  });
});

describe("finishing a sign-on", () => {
  test("works once: the same code and state are refused afterwards", async () => {
    const { provider, browser } = await beginWith();
    const returned = provider.authorize((await browser.start()).body.url);
    const { cookie } = browser;
    expect((await browser.finish(returned)).status).toBe(200);
    expectRefusal(await browser.finish(returned), 400, NOT_BEGUN);
    // Also with the cookie of before.
    browser.cookie = cookie;
    expectRefusal(await browser.finish(returned), 400, USED);
  });

  test("works once at a provider that takes a code twice", async () => {
    const { provider, browser } = await beginWith();
    const { url } = (await browser.start()).body;
    const { cookie } = browser;
    expect((await browser.finish(provider.authorize(url))).status).toBe(200);
    const sessions = () => env.DB.prepare("select count(*) as n from session").first<number>("n");
    const before = await sessions();
    browser.cookie = cookie;
    expectRefusal(await browser.finish(provider.authorize(url)), 400, USED);
    expect(await sessions()).toBe(before);
  });

  test("of two requests at once lets one sign in", async () => {
    const { provider, browser } = await beginWith();
    const { url } = (await browser.start()).body;
    const replies = await Promise.all([1, 2, 3].map(() => browser.finish(provider.authorize(url))));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
  });

  test("is refused in a browser that has not begun it", async () => {
    const { provider, browser, env: bindings } = await beginWith();
    const returned = provider.authorize((await browser.start()).body.url);
    const victim = new Browser(bindings);
    expectRefusal(await victim.finish(returned), 400, NOT_BEGUN);
    // Nor in one that has begun another.
    await victim.start();
    expectRefusal(await victim.finish(returned), 400, NOT_BEGUN);
    expect(await victim.user()).toBeNull();
    expect(provider.asked("/token")).toBe(0);
  });

  test("is refused with a cookie that this service has not signed, or has signed for something else", async () => {
    const { provider, browser } = await beginWith();
    const returned = provider.authorize((await browser.start()).body.url);
    const [name, value = ""] = browser.cookie.split("=");
    const session = (await signUp()).headers.cookie?.split("=")[1] ?? "";
    for (const wrong of [value.replace(/^./, "x"), value.replace(/\..*/, ""), "x", session]) {
      browser.cookie = `${name}=${wrong}`;
      expectRefusal(await browser.finish(returned), 400, NOT_BEGUN);
    }
  });

  test("is refused after ten minutes", async () => {
    const { provider, browser } = await beginWith();
    const returned = provider.authorize((await browser.start()).body.url);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ATTEMPT_MS + 1 });
    try {
      expectRefusal(await browser.finish(returned), 400, NOT_BEGUN);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is refused with what another provider has sent back", async () => {
    const { provider, browser } = await beginWith();
    const second = await FakeProvider.begin();
    const both = new Browser(withProviders([[provider], [second]]));
    const started = await both.start("okta");
    const returned = provider.authorize(started.body.url);
    expectRefusal(await both.finish({ ...returned, provider: "provider-1" }), 400, NOT_BEGUN);
    expectRefusal(await both.finish({ ...returned, iss: second.issuer }), 502, /can't be relied on/);
    expect(await browser.user()).toBeNull();
  });

  test("needs the issuer in the address, where the provider says that it sends it", async () => {
    const { provider, browser } = await beginWith();
    provider.metadata = { authorization_response_iss_parameter_supported: true };
    expectRefusal(await signOn(browser, provider, { iss: undefined }), 502, /can't be relied on/);
    expect((await signOn(browser, provider)).status).toBe(200);
  });

  test.each(["access_denied", "login_required", "<script>alert(1)</script>"])(
    "says that the provider has signed nobody in when that answers %s",
    async (error) => {
      const { provider, browser } = await beginWith();
      const { state } = provider.authorize((await browser.start()).body.url);
      const reply = await browser.finish({ state, error });
      expectRefusal(reply, 403, "Okta did not sign you in: begin again");
    },
  );

  test("is refused with a code that the provider does not know", async () => {
    const { provider, browser } = await beginWith();
    expectRefusal(await signOn(browser, provider, { code: "made-up" }), 400, USED);
    expectRefusal(await signOn(browser, provider, { code: undefined }), 502, /can't be relied on/);
  });

  test("begins a session of its own, whatever session cookie the browser had", async () => {
    const { provider, env: bindings } = await beginWith();
    const browser = new Browser(bindings, "http://captures.test");
    const other = await signUp();
    browser.cookie = other.headers.cookie ?? "";
    const { body } = await signOn(browser, provider);
    expect((await browser.user())?.id).toBe(body.user.id);
    expect(body.user.id).not.toBe(other.id);
  });

  test("sets a session cookie like that of a sign-in by password", async () => {
    const attributes = (headers: Headers) =>
      headers
        .getSetCookie()
        .find((cookie) => cookie.startsWith("__Host-captures.session_token="))
        ?.split("; ")
        .slice(1)
        .sort();
    const { provider, browser } = await beginWith();
    const byPassword = await requestIn({}, "POST", "https://captures.test/api/auth/sign-up/email", {
      json: { name: "P", email: "cookie@example.com", password: "a long password" },
    });
    const signedOn = await signOn(browser, provider);
    expect(attributes(signedOn.headers)).toEqual(attributes(byPassword.headers));
    expect(attributes(signedOn.headers)).toHaveLength(5);
  });

  test("can be tried again when the database was away", async () => {
    const { provider, env: bindings } = await beginWith();
    const browser = new Browser(bindings);
    const { url } = (await browser.start()).body;
    const { cookie } = browser;
    const lost = new Browser({
      ...bindings,
      DB: faultyDatabase(() => ({ error: new Error("D1_ERROR: Network connection lost.") })),
    });
    lost.cookie = cookie;
    expect((await lost.finish(provider.authorize(url))).status).toBe(503);
    expect((await browser.finish(provider.authorize(url))).status).toBe(200);
  });

  test("is refused for a page of another site", async () => {
    const { provider, browser, env: bindings } = await beginWith();
    const returned = provider.authorize((await browser.start()).body.url);
    for (const path of ["start", "finish"]) {
      const reply = await requestIn(bindings, "POST", `https://captures.test/api/auth/sign-on/${path}`, {
        json: { provider: "okta", ...(path === "finish" && returned) },
        headers: { cookie: browser.cookie, origin: "https://evil.example", "cf-connecting-ip": newAddress() },
      });
      expectRefusal(reply, 403, /another origin/);
    }
  });

  test.each([
    [{ state: "x".repeat(201) }],
    [{ state: "x", code: "x".repeat(8193) }],
    [{ state: "x", code: ["a", "b"] }],
    [{ state: null }],
    [{ state: "x", session_state: "y" }],
    [{}],
  ])("refuses what no provider sends back: %j", async (body) => {
    const { browser } = await beginWith();
    expect((await browser.finish(body)).status).toBe(400);
  });
});
