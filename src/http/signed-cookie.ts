/** What is known of a secret. A deployment has one. */
interface Secret {
  /** Its key, whose import takes longer than a signature. */
  key: Promise<CryptoKey>;
  /**
   * The values of cookies whose signature was verified: a browser sends the same one with each of its requests. That it is
   * signed never changes; whether its session is still there is not known by it.
   */
  verified: Map<string, string>;
}

/** How many cookies are remembered, in some 200 KB. */
const MAX_VERIFIED = 1000;

const secrets = new Map<string, Secret>();

function secretOf(text: string): Secret {
  const known = secrets.get(text);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = crypto.subtle.importKey("raw", new TextEncoder().encode(text), algorithm, false, ["verify"]);
  const secret = { key, verified: new Map() };
  secrets.set(text, secret);
  return secret;
}

/** A value, a dot, and the HMAC-SHA-256 of the value in base64: how better-auth signs its cookies. */
const SIGNED = /^(.+)\.([A-Za-z0-9+/]{43}=)$/s;

/**
 * Verifies a signed cookie, its text as the cookie has it.
 * @returns the value that was signed; null when the signature is missing or wrong
 */
export async function signedValue(cookie: string, secret: string): Promise<string | null> {
  const { key, verified } = secretOf(secret);
  const known = verified.get(cookie);
  if (known !== undefined) return known;
  const [, value, signature] = SIGNED.exec(cookie) ?? [];
  if (value === undefined || signature === undefined) return null;
  const bytes = Uint8Array.fromBase64(signature);
  const isValid = await crypto.subtle.verify("HMAC", await key, bytes, new TextEncoder().encode(value));
  if (!isValid) return null;
  // Wrong ones are not remembered, so that nobody fills this who has not signed in.
  if (verified.size >= MAX_VERIFIED) verified.clear();
  // Copies, since a part of a text keeps the whole of it, here all cookies of a request, in memory.
  verified.set(structuredClone(cookie), structuredClone(value));
  return value;
}
