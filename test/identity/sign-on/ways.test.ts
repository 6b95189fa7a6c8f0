import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { everyDay } from "../../../src/cleanup/daily.ts";
import { createApiKey, expectRefusal, linesOf, request, requestIn, signUp } from "../../support/api.ts";
import { begin, decide, poll } from "../device/support.ts";
import { FakeProvider } from "./fake-provider.ts";
import { Browser, beginWith, newAddress, signOn, withProviders } from "./support.ts";

const NO_PASSWORDS = /^People sign in here by single sign-on only/;

describe("the ways to sign in", () => {
  test("are the password alone, where no provider is set up", async () => {
    const { body, headers } = await request("GET", "/api/auth/ways");
    expect(body).toEqual({ password: true, signUp: "open", providers: [], contact: null });
    expect(headers.get("cache-control")).toBe("public, max-age=60");
  });

  test("list the providers by id and name, and nothing else of them", async () => {
    const [first, second] = [await FakeProvider.begin(), await FakeProvider.begin()];
    const bindings = withProviders(
      [[first], [second]],
      { SIGN_UP: "invite" },
      { contact: "platform@example.com" },
    );
    expect((await new Browser(bindings).ways()).body).toEqual({
      password: true,
      signUp: "invite",
      providers: [
        { id: "okta", name: "Okta" },
        { id: "provider-1", name: "Provider 1" },
      ],
      contact: "platform@example.com",
    });
  });

  test("leave the password out, or the providers, as SIGN_IN says", async () => {
    const { env: bindings } = await beginWith();
    expect((await new Browser({ ...bindings, SIGN_IN: "sso" }).ways()).body).toMatchObject({
      password: false,
      providers: [{ id: "okta" }],
    });
    const byPassword = new Browser({ ...bindings, SIGN_IN: "password" });
    expect((await byPassword.ways()).body).toMatchObject({ password: true, providers: [] });
    expectRefusal(await byPassword.start(), 404, /^provider: is not one/);
  });
});

describe("where people sign in by single sign-on only", () => {
  const only = async () => {
    const begun = await beginWith({ bindings: { SIGN_IN: "sso" } });
    return { ...begun, reply: await signOn(begun.browser, begun.provider) };
  };
  const ask = (bindings: object, path: string, json: object, headers: Record<string, string> = {}) =>
    requestIn(bindings, "POST", `/api/auth/${path}`, {
      json,
      headers: { "cf-connecting-ip": newAddress(), ...headers },
    });

  test("nobody signs up, signs in or changes a password", async () => {
    const { env: bindings } = await only();
    const person = await signUp();
    const credentials = { email: person.email, password: "a long password" };
    expectRefusal(await ask(bindings, "sign-in/email", credentials), 403, NO_PASSWORDS);
    const someone = { ...credentials, name: "X", email: "x@example.com" };
    expectRefusal(await ask(bindings, "sign-up/email", someone), 403, NO_PASSWORDS);
    const change = { currentPassword: "a long password", newPassword: "another password" };
    expectRefusal(await ask(bindings, "change-password", change, person.headers), 403, NO_PASSWORDS);
    for (const [path, json] of [
      ["request-password-reset", { email: person.email }],
      ["reset-password", { token: "x", newPassword: "another password" }],
      ["change-email", { newEmail: "y@example.com", password: "a long password" }],
    ] as const)
      expectRefusal(await ask(bindings, path, json, person.headers), 403, NO_PASSWORDS);
  });

  test("who signs in by it makes keys and lets programs in by device login, and keys of before go on", async () => {
    const { env: bindings } = await only();
    const { key } = await createApiKey(await signUp());
    const reply = await requestIn(bindings, "GET", "/api/environments", { headers: { "x-api-key": key } });
    expect(reply.status).toBe(200);

    const { provider } = await beginWith();
    const browser = new Browser(withProviders([[provider]], { SIGN_IN: "sso" }), "http://captures.test");
    await signOn(browser, provider);
    const device = await begin();
    await decide({ headers: { cookie: browser.cookie } }, "approve", device.user_code);
    expect((await poll(device)).status).toBe(200);
    expect((await browser.ask("POST", "/api/auth/api-key/create", { name: "ci" })).status).toBe(200);
  });

  test("a session that was made by a password is nobody's, and somebody's again where passwords are", async () => {
    const { env: bindings } = await only();
    const { id, headers } = await signUp();
    const device = await begin();
    const asked = [
      ["GET", "/api/environments"],
      ["GET", "/api/account/export"],
      ["DELETE", "/api/account", {}],
      ["POST", "/api/auth/api-key/create", { name: "mine" }],
      ["POST", "/api/auth/device/approve", { user_code: device.user_code }],
      ["POST", "/api/invites/accept", { code: "x" }],
      ["POST", "/api/schedules/calendar"],
      ["GET", "/api/auth/list-sessions"],
      ["POST", "/api/auth/revoke-sessions", {}],
      ["POST", "/api/auth/update-user", { name: "Mine" }],
    ] as const;
    for (const [method, path, json] of asked) {
      const reply = await requestIn(bindings, method, path, { headers, ...(json && { json }) });
      expectRefusal(reply, 401, "Login required");
    }
    expect(
      await env.DB.prepare("select count(*) from apikey where reference_id = ?").bind(id).first(),
    ).toEqual({
      "count(*)": 0,
    });
    expect((await requestIn(bindings, "GET", "/api/auth/get-session", { headers })).body).toBeNull();
    for (const SIGN_IN of ["both", "password"])
      expect((await requestIn({ SIGN_IN }, "GET", "/api/environments", { headers })).status).toBe(200);
  });

  test("a session that is older than it is known how it was made counts as by a password", async () => {
    const { env: bindings, browser } = await only();
    const list = () => browser.ask("GET", "/api/environments");
    expect((await list()).status).toBe(200);
    const { results } = await env.DB.prepare("select * from session where signed_in_by = 'sso'").all();
    const { signed_in_by: _, ...older } = results.at(-1) as Record<string, string | number>;
    await env.DB.batch([
      env.DB.prepare("delete from session where id = ?").bind(older.id),
      env.DB.prepare(
        `insert into session (${Object.keys(older)}) values (${Object.keys(older).map(() => "?")})`,
      ).bind(...Object.values(older)),
    ]);
    expectRefusal(await list(), 401, "Login required");
    expect(
      (
        await requestIn({ ...bindings, SIGN_IN: "both" }, "GET", "https://captures.test/api/environments", {
          headers: { cookie: browser.cookie },
        })
      ).status,
    ).toBe(200);
  });

  test("sessions that were made by a password are purged, and others are not", async () => {
    const { browser, env: bindings } = await only();
    const person = await signUp();
    const ofPasswords = () =>
      env.DB.prepare("select count(*) as n from session where signed_in_by = 'password'").first<number>("n");
    const before = await ofPasswords();
    await everyDay(env, Date.now());
    expect(await ofPasswords()).toBe(before);
    const lines = await linesOf(() => everyDay({ ...env, ...bindings }, Date.now()));
    expect(lines).toContainEqual(
      expect.objectContaining({ event: "cleanup.purged", passwordSessions: before }),
    );
    expect(await ofPasswords()).toBe(0);
    expect((await person.get("/api/environments")).status).toBe(401);
    expect((await browser.ask("GET", "/api/environments")).status).toBe(200);
  });
});

describe("a service that is not set up rightly", () => {
  const good = {
    id: "okta",
    name: "Okta",
    issuer: "https://okta.example",
    clientId: "c",
    clientSecret: "hush-hush",
  };
  const config = (provider: object, more: object = {}) =>
    JSON.stringify({ version: 1, providers: [provider], ...more });

  /** The message of the error that the log has. */
  async function fault(bindings: object, base = "https://captures.test"): Promise<string> {
    const lines = await linesOf(async () => {
      const reply = await requestIn(bindings, "GET", `${base}/api/auth/ways`);
      expectRefusal(reply, 500, /^Something went wrong on our side/);
    });
    return String(lines.find(({ event }) => event === "request.failed")?.error);
  }

  test.each([
    ["no JSON", "{", /is not valid JSON$/],
    ["another version", config(good, { version: 2 }), /version: must be 1/],
    ["no version", JSON.stringify({ providers: [good] }), /version: /],
    ["no providers", JSON.stringify({ version: 1, providers: [] }), /providers: must not be empty/],
    ["an unknown field", config({ ...good, domain: ["x.example"] }), /domain: not known here/],
    ["no secret", config({ ...good, clientSecret: "" }), /clientSecret: must not be empty/],
    ["an id with a slash", config({ ...good, id: "a/b" }), /id: must be 1 to 32 of/],
    [
      "an issuer over plain HTTP",
      config({ ...good, issuer: "http://okta.example" }),
      /issuer: must be an address/,
    ],
    [
      "an issuer with a query",
      config({ ...good, issuer: "https://okta.example/?x" }),
      /issuer: must be an address/,
    ],
    [
      "an issuer with a password",
      config({ ...good, issuer: "https://a:b@okta.example/" }),
      /issuer: must be an address/,
    ],
    ["a domain with an @", config({ ...good, domains: ["@x.example"] }), /domains: must be domains/],
    ["no domains at all", config({ ...good, domains: [] }), /domains: must not be empty/],
    [
      "no groups at all",
      config({ ...good, groups: { claim: "g", values: [] } }),
      /groups.values: must not be empty/,
    ],
    ["a scope with a space", config({ ...good, scopes: ["a b"] }), /scopes: must be scopes/],
    [
      "two providers with one id",
      JSON.stringify({ version: 1, providers: [good, good] }),
      /providers: must have an id of its own/,
    ],
  ])("says so in the log, without the secret: %s", async (_, text, message) => {
    const error = await fault({ OIDC_PROVIDERS: text });
    expect(error).toMatch(message);
    expect(error).toMatch(/^Error: The secret OIDC_PROVIDERS/);
    expect(error).not.toContain("hush-hush");
  });

  test("has no provider over plain HTTP on this machine when it is on HTTPS itself", async () => {
    const local = config({ ...good, issuer: "http://localhost:4000" });
    expect(await fault({ OIDC_PROVIDERS: local })).toMatch(/the issuer of okta must begin with https/);
    const reply = await requestIn({ OIDC_PROVIDERS: local }, "GET", "http://captures.test/api/auth/ways");
    expect(reply.body).toMatchObject({ providers: [{ id: "okta", name: "Okta" }] });
  });

  test("lets nobody in by password when single sign-on is to be the only way and there is no provider", async () => {
    expect(await fault({ SIGN_IN: "sso" })).toMatch(
      /SIGN_IN is sso, and the secret OIDC_PROVIDERS is not set/,
    );
    const json = { email: "x@example.com", password: "a long password" };
    for (const SIGN_IN of ["sso", "SSO", ""]) {
      const reply = await requestIn({ SIGN_IN }, "POST", "/api/auth/sign-in/email", { json });
      expect([403, 500]).toContain(reply.status);
    }
    expect(await fault({ SIGN_IN: "SSO" })).toMatch(/The variable SIGN_IN must be password, sso or both/);
  });
});
