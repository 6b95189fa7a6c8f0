import { describe, expect, test } from "vitest";
import { signedValue } from "../../src/http/signed-cookie.ts";

const SECRET = "a secret of this test 0123456789abcdef";

async function signed(value: string, secret = SECRET): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(value));
  return `${value}.${new Uint8Array(signature).toBase64()}`;
}

/** The text with another character at a place. */
const altered = (text: string, place: number): string =>
  text.slice(0, place) + (text[place] === "A" ? "B" : "A") + text.slice(place + 1);

describe("a signed cookie", () => {
  test("gives the value that was signed, the first time and from the cache", async () => {
    const cookie = await signed("a-token");
    for (let i = 0; i < 3; i++) expect(await signedValue(cookie, SECRET)).toBe("a-token");
  });

  test("gives a value with dots in it as a whole", async () => {
    expect(await signedValue(await signed("a.token.with.dots"), SECRET)).toBe("a.token.with.dots");
  });

  test("is refused when any character of it differs from one that was accepted", async () => {
    const cookie = await signed("a-token");
    expect(await signedValue(cookie, SECRET)).toBe("a-token");
    for (let place = 0; place < cookie.length; place++)
      expect(await signedValue(altered(cookie, place), SECRET), `at ${place}`).toBeNull();
  });

  test("is refused under another secret after it was accepted under its own, and the other way around", async () => {
    const cookie = await signed("a-token");
    expect(await signedValue(cookie, SECRET)).toBe("a-token");
    expect(await signedValue(cookie, `${SECRET}2`)).toBeNull();
    expect(await signedValue(await signed("a-token", `${SECRET}2`), `${SECRET}2`)).toBe("a-token");
    expect(await signedValue(await signed("a-token", `${SECRET}2`), SECRET)).toBeNull();
  });

  test("is refused each time when its signature is wrong", async () => {
    const cookie = await signed("another-token", "somebody else's secret");
    for (let i = 0; i < 3; i++) expect(await signedValue(cookie, SECRET)).toBeNull();
  });

  test.each<[string, (cookie: string) => string]>([
    ["nothing", () => ""],
    ["a value alone", () => "a-token"],
    ["a signature alone", (cookie) => cookie.slice("a-token".length)],
    ["cut off", (cookie) => cookie.slice(0, -2)],
    ["followed by something", (cookie) => `${cookie}A`],
  ])("is refused when it is %s", async (_, spoil) => {
    expect(await signedValue(spoil(await signed("a-token")), SECRET)).toBeNull();
  });

  test("is valid although more cookies than the cache holds came in between", async () => {
    const first = await signed("token-0");
    for (let i = 0; i < 2100; i++) {
      const value = `token-${i}`;
      expect(await signedValue(await signed(value), SECRET)).toBe(value);
    }
    expect(await signedValue(first, SECRET)).toBe("token-0");
    expect(await signedValue(altered(first, 0), SECRET)).toBeNull();
  });
});
