import { describe, expect, test } from "vitest";
import { hashing } from "../../src/identity/hashing.ts";
import { hashPassword, verifyPassword } from "../../src/identity/passwords.ts";
import { scrypt } from "../../src/identity/scrypt.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const atOnce = async () => {};

describe("scrypt", () => {
  // Of RFC 7914, section 12, those with `p` of 1.
  test.each([
    [
      "pleaseletmein",
      "SodiumChloride",
      { N: 16_384, r: 8, dkLen: 64 },
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    ],
    [
      "",
      "",
      { N: 16, r: 1, dkLen: 64 },
      "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
    ],
  ])("of %j and %j is that of the RFC", async (password, salt, parameters, key) => {
    expect((await scrypt(bytes(password), bytes(salt), parameters, atOnce)).toHex()).toBe(key);
  });

  test("lets others run between its pieces, of which each is a hundredth of it at most", async () => {
    let pauses = 0;
    let others = 0;
    // Something else that is there to be done, again and again.
    const other = setInterval(() => others++, 0);
    const pause = async () => {
      pauses++;
      await scheduler.wait(0);
    };
    await scrypt(bytes("a"), bytes("b"), { N: 16_384, r: 16, dkLen: 64 }, pause);
    clearInterval(other);
    expect(pauses).toBeGreaterThanOrEqual(100);
    expect(others).toBeGreaterThan(0);
  });

  test("fails when its pause does, such as at the end of its request", async () => {
    const pause = () => Promise.reject(new Error("gone"));
    await expect(scrypt(bytes("a"), bytes("b"), { N: 1024, r: 1, dkLen: 8 }, pause)).rejects.toThrow("gone");
  });
});

describe("a password", () => {
  test("is hashed alone or in pieces to the same end: each verifies what the other has made", async () => {
    const alone = await hashPassword("correct horse");
    const [first, second] = await Promise.all([
      hashing.run(async () => [hashing.isContended, await hashPassword("correct horse")] as const),
      hashing.run(async () => verifyPassword({ hash: alone, password: "correct horse" })),
    ]);
    expect([first[0], second]).toEqual([true, true]);
    expect(hashing.isContended).toBe(false);
    expect(await verifyPassword({ hash: first[1], password: "correct horse" })).toBe(true);
  });

  test("is verified by its hash, and no other is", async () => {
    const hash = await hashPassword("correct horse");
    expect(hash).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
    expect(await verifyPassword({ hash, password: "correct horse" })).toBe(true);
    expect(await verifyPassword({ hash, password: "correct horsf" })).toBe(false);
    expect(await verifyPassword({ hash, password: "" })).toBe(false);
    expect(await hashPassword("correct horse")).not.toBe(hash);
  });

  test("that better-auth 1.7.25 has hashed is verified, composed or decomposed, which people can't tell apart", async () => {
    const hash =
      "1d99d933aa43dd9c63947c5e87ba6eb4:d83176094501cf5f4f50bfd59b53534d611197a8fc0629f89f4b473f4b7e2ce8bfb20741a1cfdc22082965458fd2e883518e190049619c7383241d1c73663636";
    for (const form of ["NFC", "NFD"])
      expect(await verifyPassword({ hash, password: "Zürich".normalize(form) })).toBe(true);
    expect(await verifyPassword({ hash, password: "Zurich" })).toBe(false);
  });

  test.each(["", "abc", "00:", ":00", "00:11", `00:${"x".repeat(128)}`, `00:${"0".repeat(128)}:`])(
    "can't be verified by what is no hash: %j",
    async (hash) => {
      await expect(verifyPassword({ hash, password: "a" })).rejects.toThrow();
    },
  );
});
