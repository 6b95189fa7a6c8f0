import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { expectRefusal } from "../../support/api.ts";
import { newKey, sign } from "./fake-provider.ts";
import { beginWith, signOn } from "./support.ts";

const GARBAGE = /^Okta answered something that can't be relied on/;
const accounts = () => env.DB.prepare("select count(*) as n from user").first<number>("n");

describe("an ID token", () => {
  test.each<[string, object]>([
    ["for another client", { aud: "another-client" }],
    ["for two clients, handed to the other", { aud: ["captures", "another-client"], azp: "another-client" }],
    ["of another issuer", { iss: "https://evil.example" }],
    ["of another sign-on", { nonce: "another" }],
    ["without a nonce", { nonce: undefined }],
    ["that has expired", { exp: Math.floor(Date.now() / 1000) - 120 }],
    ["without an end", { exp: undefined }],
    ["that is not valid yet", { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ["of nobody", { sub: undefined }],
    ["whose subject is a number", { sub: 7 }],
  ])("%s signs nobody in", async (_, claims) => {
    const { provider, browser } = await beginWith();
    Object.assign(provider.claims, claims);
    const before = await accounts();
    expectRefusal(await signOn(browser, provider), 502, GARBAGE);
    expect(await accounts()).toBe(before);
    expect(await browser.user()).toBeNull();
  });

  test("that nobody has signed signs nobody in", async () => {
    const { provider, browser } = await beginWith();
    provider.token = async (claims) => {
      const [, payload] = (await sign(claims, await newKey("x"))).split(".");
      const header = btoa(JSON.stringify({ alg: "none" })).replaceAll("=", "");
      return `${header}.${payload}.`;
    };
    expectRefusal(await signOn(browser, provider), 502, GARBAGE);
    expect(await browser.user()).toBeNull();
  });

  test("that is signed with the client's secret, or with the public key as a secret, signs nobody in", async () => {
    for (const secret of ["a client's secret: with & and %", "a public key"]) {
      const { provider, browser } = await beginWith();
      provider.token = async (claims) => {
        const [header, payload] = (await sign(claims, await newKey("first"), { alg: "HS256" })).split(".");
        const algorithm = { name: "HMAC", hash: "SHA-256" };
        const encoder = new TextEncoder();
        const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
        const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`${header}.${payload}`));
        return `${header}.${payload}.${new Uint8Array(mac).toBase64({ alphabet: "base64url", omitPadding: true })}`;
      };
      expectRefusal(await signOn(browser, provider), 502, GARBAGE);
      expect(await browser.user()).toBeNull();
    }
  });

  test("that is signed with a key which the provider does not show signs nobody in", async () => {
    for (const kid of ["first", "other"]) {
      const { provider, browser } = await beginWith();
      const other = await newKey(kid);
      provider.token = (claims) => sign(claims, other);
      expectRefusal(await signOn(browser, provider), 502, GARBAGE);
      expect(await browser.user()).toBeNull();
    }
  });

  test("whose claims were changed after it was signed signs nobody in", async () => {
    const { provider, browser } = await beginWith();
    provider.token = async (claims) => {
      const [header, , signature] = (await sign(claims, provider.keys[0] ?? (await newKey("")))).split(".");
      const [, payload] = (await sign({ ...claims, sub: "somebody-else" }, await newKey(""))).split(".");
      return `${header}.${payload}.${signature}`;
    };
    expectRefusal(await signOn(browser, provider), 502, GARBAGE);
  });

  test("asks for extensions that are not known: it signs nobody in", async () => {
    const { provider, browser } = await beginWith();
    provider.token = async (claims) =>
      sign(claims, provider.keys[0] ?? (await newKey("")), { crit: ["b64"], b64: false });
    expectRefusal(await signOn(browser, provider), 502, GARBAGE);
  });

  test.each([
    ["no token", undefined],
    ["text", "not a token"],
    ["three dots", "..."],
    ["a number", 7],
  ])("has to be one: %s signs nobody in", async (_, token) => {
    const { provider, browser } = await beginWith();
    provider.instead.set("/token", () =>
      Response.json({ access_token: "access", token_type: "Bearer", id_token: token }),
    );
    expectRefusal(await signOn(browser, provider), 502, GARBAGE);
  });

  test("of a provider whose clock is a few seconds ahead is good", async () => {
    const { provider, browser } = await beginWith();
    const soon = Math.floor(Date.now() / 1000) + 10;
    Object.assign(provider.claims, { iat: soon, nbf: soon });
    expect((await signOn(browser, provider)).status).toBe(200);
  });
});
