import { parse } from "hono/utils/cookie";

/** A secret's key and the cookies verified with it. A deployment has one secret. */
interface Secret {
  /** Its key. Importing it takes longer than verifying a signature. */
  key: Promise<CryptoKey>;
  /**
   * A cache of the values of verified cookies: a browser sends the same one with each request. Whether the session still
   * exists is asked of the database each time.
   */
  verified: Map<string, string>;
  /** The same by whole `Cookie` headers, for each name of a cookie: finding the cookie and decoding it takes longer than all else. */
  headers: Map<string, Map<string, string>>;
}

/** How many cookies are cached, in some 200 KB; and how many headers, in 1.5 MB at most. */
const MAX_VERIFIED = 1000;
/** Longer headers, which have much that is not ours, are not cached. */
const MAX_HEADER = 1000;

const secrets = new Map<string, Secret>();

function secretOf(text: string): Secret {
  const known = secrets.get(text);
  if (known !== undefined) return known;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = crypto.subtle.importKey("raw", new TextEncoder().encode(text), algorithm, false, ["verify"]);
  const secret = { key, verified: new Map(), headers: new Map() };
  secrets.set(text, secret);
  return secret;
}

/**
 * Finds a signed cookie in a `Cookie` header, and verifies it.
 * @param name the cookie's name, as it is in the header
 * @returns the value that was signed; null when there is no such cookie, or its signature is missing or wrong
 */
export async function signedCookie(header: string, name: string, secret: string): Promise<string | null> {
  const { headers } = secretOf(secret);
  let known = headers.get(name);
  const value = known?.get(header);
  if (value !== undefined) return value;
  const cookie = parse(header, name)[name];
  const verified = cookie === undefined ? null : await signedValue(cookie, secret);
  if (verified === null || header.length > MAX_HEADER) return verified;
  if (known === undefined) {
    known = new Map();
    headers.set(name, known);
  }
  if (known.size >= MAX_VERIFIED) known.clear();
  known.set(structuredClone(header), verified);
  return verified;
}

/** A value, a dot, and the HMAC-SHA-256 of the value in base64: as `setSignedCookie` of Hono signs cookies. */
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
  // Wrong ones are not cached, so that nobody can fill the cache without signing in.
  if (verified.size >= MAX_VERIFIED) verified.clear();
  // Copies, since a part of a text keeps the whole of it, here all cookies of a request, in memory.
  verified.set(structuredClone(cookie), structuredClone(value));
  return value;
}
