import type { Env } from "../env.ts";

/*
 * Sealed texts are `keyId.nonce.ciphertext`, the last two in base64url: AES-256-GCM (NIST SP 800-38D) with a fresh 96-bit nonce each
 * time, and what the text belongs to as additional data. The key id says which of CREDENTIALS_KEYS opens them, so that keys can be
 * rotated.
 */

const NONCE_BYTES = 12;
const base64url = { alphabet: "base64url", omitPadding: true } as const;

/**
 * Seals a text with the key in use.
 * @param subject what it belongs to, such as `environment:1`: it opens as nothing else's
 * @throws Error when CREDENTIALS_KEYS is not what it should be
 */
export async function sealText(env: Env, subject: string, text: string): Promise<string> {
  const [id, key] = (await keyring(env))[0] as [string, CryptoKey];
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(algorithm(nonce, subject), key, new TextEncoder().encode(text));
  return [id, nonce.toBase64(base64url), new Uint8Array(sealed).toBase64(base64url)].join(".");
}

/**
 * Opens what `sealText` made.
 * @throws Error when the key is not there any more, or the text was tampered with or is something else's
 */
export async function openText(env: Env, subject: string, sealed: string): Promise<string> {
  const [id, nonce = "", ciphertext = ""] = sealed.split(".");
  const key = (await keyring(env)).find(([keyId]) => keyId === id)?.[1];
  if (key === undefined) throw new Error(`CREDENTIALS_KEYS has no key ${JSON.stringify(id)}`);
  const opened = await crypto.subtle.decrypt(
    algorithm(Uint8Array.fromBase64(nonce, { alphabet: "base64url" }), subject),
    key,
    Uint8Array.fromBase64(ciphertext, { alphabet: "base64url" }),
  );
  return new TextDecoder().decode(opened);
}

/** The ids of CREDENTIALS_KEYS, the one that seals first. */
export async function keyIds(env: Env): Promise<[sealing: string, ...older: string[]]> {
  return (await keyring(env)).map(([id]) => id) as [string, ...string[]];
}

/**
 * Seals a text anew that an older key sealed.
 * @returns the same text if the key in use sealed it
 * @throws Error as `openText` does
 */
export async function resealText(env: Env, subject: string, sealed: string): Promise<string> {
  const [sealing] = await keyIds(env);
  return sealed.startsWith(`${sealing}.`)
    ? sealed
    : sealText(env, subject, await openText(env, subject, sealed));
}

function algorithm(nonce: Uint8Array<ArrayBuffer>, subject: string) {
  return { name: "AES-GCM", iv: nonce, additionalData: new TextEncoder().encode(subject) };
}

async function keyring(env: Env): Promise<[id: string, key: CryptoKey][]> {
  return Promise.all(
    (env.CREDENTIALS_KEYS ?? "").split(",").map(async (pair): Promise<[string, CryptoKey]> => {
      const [, id, base64] = /^\s*([\w-]+):([\w+/=-]+)\s*$/.exec(pair) ?? [];
      const bytes = base64 === undefined ? undefined : decode(base64);
      if (id === undefined || bytes?.length !== 32) {
        throw new Error("CREDENTIALS_KEYS must be id:base64 pairs parted by commas, each of 32 bytes");
      }
      return [id, await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"])];
    }),
  );
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    return undefined;
  }
}
