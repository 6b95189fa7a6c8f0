/** The keys that were imported, which takes longer than a signature: a deployment has one. */
const keys = new Map<string, Promise<CryptoKey>>();

function keyOf(secret: string): Promise<CryptoKey> {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["verify"]);
  keys.set(secret, key);
  return key;
}

/** A value, a dot, and the HMAC-SHA-256 of the value in base64: how better-auth signs its cookies. */
const SIGNED = /^(.+)\.([A-Za-z0-9+/]{43}=)$/s;

/**
 * Verifies a signed cookie, its text as the cookie has it.
 * @returns the value that was signed; null when the signature is missing or wrong
 */
export async function signedValue(cookie: string, secret: string): Promise<string | null> {
  const [, value, signature] = SIGNED.exec(cookie) ?? [];
  if (value === undefined || signature === undefined) return null;
  const bytes = Uint8Array.fromBase64(signature);
  const isValid = await crypto.subtle.verify(
    "HMAC",
    await keyOf(secret),
    bytes,
    new TextEncoder().encode(value),
  );
  return isValid ? value : null;
}
