import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { hint, open, seal } from "../../src/environments/credentials.ts";

const KEY = {
  accessKeyId: "AKIA0123456789ABCDEF",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const ROLE = { roleArn: "arn:aws:iam::123456789012:role/x", externalId: "external-id" };

const key = (byte: number) => new Uint8Array(32).fill(byte).toBase64();
const withKeys = (keys: string) => ({ ...env, CREDENTIALS_KEYS: keys });
const base64url = { alphabet: "base64url", omitPadding: true } as const;

describe("sealed credentials", () => {
  test.each([
    ["a key", KEY],
    ["a role", ROLE],
  ])("open again as they were: %s", async (_, credentials) => {
    expect(await open(env, 7, await seal(env, 7, credentials))).toEqual(credentials);
  });

  test("differ each time, nonce and all, and show nothing", async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, () => seal(env, 7, KEY)));
    expect(new Set(texts.map((text) => text.split(".")[1])).size).toBe(20);
    expect(new Set(texts.map((text) => text.split(".")[2])).size).toBe(20);
    for (const text of texts) {
      expect(text).toMatch(/^k2\.[\w-]{16}\.[\w-]+$/);
      expect(text).not.toContain(KEY.accessKeyId);
      expect(text).not.toContain(KEY.secretAccessKey);
    }
  });

  test("open for their own environment only", async () => {
    const text = await seal(env, 7, KEY);
    for (const other of [6, 8, 70, 0]) await expect(open(env, other, text)).rejects.toThrow();
  });

  test.each([
    ["the nonce", 1],
    ["the ciphertext and its tag", 2],
  ])("do not open when any byte of %s has changed", async (_, part) => {
    const parts = (await seal(env, 7, KEY)).split(".");
    const bytes = Uint8Array.fromBase64(parts[part] ?? "", { alphabet: "base64url" });
    expect(bytes.length).toBeGreaterThanOrEqual(12);
    for (let i = 0; i < bytes.length; i++) {
      const tampered = bytes.slice();
      tampered[i] = (tampered[i] ?? 0) ^ 1;
      const text = parts.with(part, tampered.toBase64(base64url)).join(".");
      await expect(open(env, 7, text)).rejects.toThrow();
    }
  });

  test.each([
    ["nothing", ""],
    ["a key id alone", "k2"],
    ["no ciphertext", "k2.AAAAAAAAAAAAAAAA"],
    ["what is no base64url", "k2.AAAAAAAAAAAAAAAA.%%%"],
    ["plain JSON", JSON.stringify(KEY)],
  ])("do not open when they are %s", async (_, text) => {
    await expect(open(env, 7, text)).rejects.toThrow();
  });

  test("do not open when they are cut off or put together from two", async () => {
    const [one, two] = [await seal(env, 7, KEY), await seal(env, 7, KEY)].map((text) => text.split("."));
    await expect(open(env, 7, (one ?? []).join(".").slice(0, -4))).rejects.toThrow();
    await expect(open(env, 7, [one?.[0], one?.[1], two?.[2]].join("."))).rejects.toThrow();
  });
});

describe("rotating the keys", () => {
  test("lets what the old key sealed be opened while the new one seals", async () => {
    const before = withKeys(`k1:${key(1)}`);
    const during = withKeys(`k2:${key(2)}, k1:${key(1)}`);
    const after = withKeys(`k2:${key(2)}`);
    const old = await seal(before, 7, KEY);
    expect(old).toMatch(/^k1\./);
    expect(await open(during, 7, old)).toEqual(KEY);
    const renewed = await seal(during, 7, await open(during, 7, old));
    expect(renewed).toMatch(/^k2\./);
    expect(await open(after, 7, renewed)).toEqual(KEY);
    await expect(open(after, 7, old)).rejects.toThrow('CREDENTIALS_KEYS has no key "k1"');
  });

  test("does not let one key pass for another of the same name", async () => {
    const text = await seal(withKeys(`k1:${key(1)}`), 7, KEY);
    await expect(open(withKeys(`k1:${key(3)}`), 7, text)).rejects.toThrow();
    await expect(open(withKeys(`k1:${key(1)},k2:${key(2)}`), 7, text.replace("k1", "k2"))).rejects.toThrow();
  });
});

describe("CREDENTIALS_KEYS", () => {
  const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQ";
  test.each([
    ["is empty", ""],
    ["is missing", undefined],
    ["has no id", key(1)],
    ["has a short key", `k1:${secret}`],
    ["has a key of 33 bytes", `k1:${new Uint8Array(33).fill(5).toBase64()}`],
    ["has a key that is no base64", `k1:${secret}_-`],
    ["has a key that is base64 with something after it", `k1:${key(1)}==x`],
    ["ends in a comma", `k1:${key(1)},`],
    ["has a bad key behind a good one", `k2:${key(2)},k1:${secret}`],
  ])("that %s says so without printing keys", async (_, keys) => {
    const error = await seal(withKeys(keys as string), 7, KEY).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).toMatch(/^CREDENTIALS_KEYS must be/);
    expect(`${error?.message}${error?.stack}`).not.toContain(secret);
    expect(`${error?.message}${error?.stack}`).not.toContain(key(1));
  });
});

test("a hint shows the last four characters of a key id, or a role's ARN", () => {
  expect(hint(KEY)).toBe("****CDEF");
  expect(hint(ROLE)).toBe(ROLE.roleArn);
});
