/*
 * The signatures of Standard Webhooks (https://www.standardwebhooks.com, specification 1.0.0): HMAC-SHA256 over id, time and body, by
 * a key that its text has in base64 after `whsec_`. By WebCrypto: the specification's library brings a SHA-256 in JavaScript, and
 * verifies in the tests.
 */

const PREFIX = "whsec_";
const SECRET_BYTES = 32;

/** A new secret. */
export const newSecret = (): string =>
  PREFIX + crypto.getRandomValues(new Uint8Array(SECRET_BYTES)).toBase64();

/**
 * The headers that an attempt is signed with.
 * @param now of the attempt: who receives it refuses what is minutes old
 * @param secrets each signs, so that a receiver may have any of them
 */
export async function signedHeaders(
  id: string,
  now: number,
  body: string,
  secrets: readonly string[],
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000));
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = await Promise.all(secrets.map((secret) => sign(secret, signed)));
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.map((signature) => `v1,${signature}`).join(" "),
  };
}

async function sign(secret: string, signed: Uint8Array): Promise<string> {
  const bytes = Uint8Array.fromBase64(secret.slice(PREFIX.length));
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, signed)).toBase64();
}
