import type { Env } from "../env.ts";
import { derivedKey } from "../lib/derived-key.ts";
import { type SealedCapture, sealingKey, sealKeyOf } from "./seal-keys.ts";

/*
 * Texts of sealed workloads that are kept outside of R2, sealed with the environment's key as its objects are: AES-256-GCM with a key for
 * each text, HKDF-SHA-256 (RFC 5869) of the environment's, a fresh salt, and what the text is. A key seals one text, so that its nonce
 * may be zero. `version.keyNumber.salt.ciphertext`, the last two in base64url.
 */

const VERSION = 1;
const NONCE = new Uint8Array(12);
const base64url = { alphabet: "base64url", omitPadding: true } as const;

/**
 * Seals a text of a capture that is sealed.
 * @param purpose what it is: it opens as nothing else
 */
export async function sealTextOf(
  env: Env,
  capture: SealedCapture,
  purpose: string,
  text: string,
): Promise<string> {
  const { number, key } = await sealingKey(env, capture);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const sealed = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: NONCE },
    await textKey(key, salt, purpose),
    new TextEncoder().encode(text),
  );
  return [VERSION, number, salt.toBase64(base64url), new Uint8Array(sealed).toBase64(base64url)].join(".");
}

/**
 * Opens what `sealTextOf` made.
 * @throws Error when the key is gone, or the text is damaged or something else's
 */
export async function openTextOf(
  env: Env,
  capture: SealedCapture,
  purpose: string,
  sealed: string,
): Promise<string> {
  const [, number, salt = "", text = ""] = /^1\.(\d{1,9})\.([\w-]{22})\.([\w-]+)$/.exec(sealed) ?? [];
  if (number === undefined) throw new Error("A sealed text is not of its form");
  const key = await sealKeyOf(env, capture, Number(number));
  if (key === null) throw new Error(`The environment ${capture.envId} has no key ${number} any more`);
  const opened = await crypto.subtle.decrypt(
    { name: "AES-GCM", iv: NONCE },
    await textKey(key, Uint8Array.fromBase64(salt, { alphabet: "base64url" }), purpose),
    Uint8Array.fromBase64(text, { alphabet: "base64url" }),
  );
  return new TextDecoder().decode(opened);
}

function textKey(key: CryptoKey, salt: Uint8Array<ArrayBuffer>, purpose: string): Promise<CryptoKey> {
  return derivedKey(key, salt, `captures text ${VERSION}\n${purpose}`);
}
