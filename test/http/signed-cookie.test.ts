import { describe, expect, test } from "vitest";
import { signedCookie, signedValue } from "../../src/http/signed-cookie.ts";

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

describe("a signed cookie in a header", () => {
  const NAME = "captures.session_token";
  const headerOf = (cookie: string, name = NAME) => `a=1; ${name}=${encodeURIComponent(cookie)}; b=2`;

  test("gives the value that was signed, the first time and when the same header comes again", async () => {
    const header = headerOf(await signed("a-token"));
    for (let i = 0; i < 3; i++) expect(await signedCookie(header, NAME, SECRET)).toBe("a-token");
  });

  test("is not found under another name, also after it was found under its own", async () => {
    const header = headerOf(await signed("a-token"));
    expect(await signedCookie(header, NAME, SECRET)).toBe("a-token");
    expect(await signedCookie(header, `__Secure-${NAME}`, SECRET)).toBeNull();
    expect(
      await signedCookie(headerOf(await signed("a-token"), `__Secure-${NAME}`), NAME, SECRET),
    ).toBeNull();
  });

  test("is refused under another secret after it was accepted under its own", async () => {
    const header = headerOf(await signed("a-token"));
    expect(await signedCookie(header, NAME, SECRET)).toBe("a-token");
    expect(await signedCookie(header, NAME, `${SECRET}2`)).toBeNull();
  });

  test("is refused each time when its signature is wrong", async () => {
    const header = headerOf(altered(await signed("a-token"), 0));
    for (let i = 0; i < 3; i++) expect(await signedCookie(header, NAME, SECRET)).toBeNull();
  });

  test("is the first of two of one name", async () => {
    const [first, second] = [await signed("first"), await signed("second")];
    const header = `${headerOf(first)}; ${NAME}=${encodeURIComponent(second)}`;
    for (let i = 0; i < 2; i++) expect(await signedCookie(header, NAME, SECRET)).toBe("first");
  });

  test("is found in a header that is too long to be kept, and after more headers than are kept", async () => {
    const cookie = await signed("a-token");
    const long = `x=${"y".repeat(5000)}; ${headerOf(cookie)}`;
    for (let i = 0; i < 2; i++) expect(await signedCookie(long, NAME, SECRET)).toBe("a-token");
    const header = headerOf(cookie);
    expect(await signedCookie(header, NAME, SECRET)).toBe("a-token");
    for (let i = 0; i < 1100; i++)
      expect(await signedCookie(`i=${i}; ${header}`, NAME, SECRET)).toBe("a-token");
    expect(await signedCookie(header, NAME, SECRET)).toBe("a-token");
  });
});
