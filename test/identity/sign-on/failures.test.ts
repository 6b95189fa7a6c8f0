import { describe, expect, test, vi } from "vitest";
import { expectRefusal, linesOf } from "../../support/api.ts";
import { newKey } from "./fake-provider.ts";
import { beginWith, signOn } from "./support.ts";

const DISCOVERY = "/.well-known/openid-configuration";
const AWAY = /^Okta does not answer just now/;
const GARBAGE = /^Okta answered something that can't be relied on/;

/** Each answer that a sign-on needs. */
const PATHS = [DISCOVERY, "/token", "/keys", "/userinfo"];

/** Signs on, with an ID token that lacks what the UserInfo endpoint has. */
async function begin(bindings = {}) {
  const begun = await beginWith({ bindings });
  const { email, ...claims } = begun.provider.claims;
  begun.provider.claims = claims;
  begun.provider.userInfo = { email, email_verified: true };
  return begun;
}

/** The refusal of a sign-on, which may be refused when it begins. */
async function refusalOf({ browser, provider }: Awaited<ReturnType<typeof begin>>) {
  const started = await browser.start();
  return started.status === 200 ? browser.finish(provider.authorize(started.body.url)) : started;
}

describe.each(PATHS)("a provider whose %s", (path) => {
  test.each([500, 502, 503, 429])("answers %i is away for now", async (status) => {
    const begun = await begin();
    begun.provider.instead.set(path, () => new Response("busy", { status }));
    const lines = await linesOf(async () => {
      const reply = await refusalOf(begun);
      expectRefusal(reply, 503, AWAY);
      expect(reply.headers.get("retry-after")).toBe("5");
    });
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: "sign_on.failed",
        provider: "okta",
        error: expect.stringContaining(String(status)),
      }),
    );
    // The next sign-on asks anew.
    begun.provider.instead.delete(path);
    expect((await signOn(begun.browser, begun.provider)).status).toBe(200);
  });

  test("can't be reached is away for now", async () => {
    const begun = await begin();
    begun.provider.instead.set(path, () => Promise.reject(new TypeError("Network connection lost.")));
    expectRefusal(await refusalOf(begun), 503, AWAY);
  });

  test("does not answer in time is away for now", async () => {
    const begun = await begin({ OIDC_TIMEOUT_MS: "50" });
    let end = () => {};
    const never = new Promise<Response>((resolve) => {
      end = () => resolve(new Response());
    });
    begun.provider.instead.set(path, () => never);
    expectRefusal(await refusalOf(begun), 503, AWAY);
    end();
  });

  test("answers something else than JSON of its kind is not relied on", async () => {
    const answers = [
      () => new Response("<p>Welcome</p>", { headers: { "content-type": "text/html" } }),
      () => new Response("{", { headers: { "content-type": "application/json" } }),
      () => Response.json([]),
      () => Response.json(null),
      () => Response.json({}),
      () => new Response(null, { status: 204 }),
      () => new Response(null, { status: 302, headers: { location: "https://evil.example/" } }),
      () => Response.json({ keys: "x".repeat(600_000) }),
    ];
    for (const answer of answers) {
      const begun = await begin();
      begun.provider.instead.set(path, answer);
      expectRefusal(await refusalOf(begun), 502, GARBAGE);
    }
  });
});

describe("a provider", () => {
  test("that names another issuer in its description is not relied on", async () => {
    const { provider, browser } = await beginWith();
    provider.metadata = { issuer: "https://evil.example" };
    expectRefusal(await browser.start(), 502, GARBAGE);
  });

  test.each(["authorization_endpoint", "token_endpoint", "jwks_uri"])(
    "whose %s is not HTTPS is not relied on",
    async (endpoint) => {
      for (const address of ["http://provider.example/x", "javascript:alert(1)", "nothing", undefined]) {
        const { provider, browser } = await beginWith();
        provider.metadata = { [endpoint]: address };
        expectRefusal(await refusalOf({ provider, browser, env: {} }), 502, GARBAGE);
      }
    },
  );

  test("that does not know this service's secret is said to be set up otherwise", async () => {
    const { provider, browser } = await beginWith({ provider: { clientSecret: "another" } });
    const lines = await linesOf(async () => {
      expectRefusal(
        await signOn(browser, provider),
        502,
        /^Okta does not accept this service as it is set up/,
      );
    });
    expect(JSON.stringify(lines)).not.toContain("another");
  });

  test("that takes the secret in the body only gets it there", async () => {
    const { provider, browser } = await beginWith();
    provider.metadata = { token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt"] };
    expect((await signOn(browser, provider)).status).toBe(200);
    const { headers, body } = provider.sent.find(({ url }) => url.pathname === "/token") ?? {};
    expect(headers?.has("authorization")).toBe(false);
    expect(body?.get("client_secret")).toBe(provider.clientSecret);
  });

  test("may sign with a new key: its keys are read anew", async () => {
    const { provider, browser } = await beginWith();
    expect((await signOn(browser, provider)).status).toBe(200);
    provider.keys = [await newKey("second")];
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    try {
      expect((await signOn(browser, provider)).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
    expect(provider.asked("/keys")).toBe(2);
  });

  test("is not asked for its keys again and again for a key that it does not have", async () => {
    const { provider, browser } = await beginWith();
    expect((await signOn(browser, provider)).status).toBe(200);
    const known = provider.keys;
    for (let i = 0; i < 3; i++) {
      provider.keys = [await newKey("unknown"), ...known];
      expectRefusal(await signOn(browser, provider), 502, GARBAGE);
    }
    expect(provider.asked("/keys")).toBe(1);
  });
});
