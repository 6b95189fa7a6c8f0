import { scryptSync } from "node:crypto";
import { hashing } from "./hashing.ts";
import { scrypt } from "./scrypt.ts";

/*
 * Passwords as better-auth stores them: `salt:key`, both in hexadecimal digits, the key by scrypt of the password in Unicode's form NFKC
 * and of the salt's digits (better-auth 1.7.25, `@better-auth/utils/password`). So what it has hashed is verified here, and the reverse.
 */

const PARAMETERS = { N: 16_384, r: 16, dkLen: 64 };
/** What scrypt takes of memory, and a little more: 128 * N * r bytes (RFC 7914, section 2). */
const MAX_MEMORY = 40 * 1024 * 1024;
const SALT_BYTES = 16;
/** Lets other requests run. With a longer pause a hash would take twice as long, and they no less. */
const pause = () => scheduler.wait(0);

/** What is stored of a password, with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES)).toHex();
  return `${salt}:${(await keyOf(password, salt)).toHex()}`;
}

/** Whether a password is the one of which something was stored. @throws Error when that is no hash of a password */
export async function verifyPassword({
  hash,
  password,
}: {
  hash: string;
  password: string;
}): Promise<boolean> {
  const [salt, key, ...more] = hash.split(":");
  if (!salt || !key || more.length > 0) throw new Error("What is stored of a password is no hash");
  const stored = Uint8Array.fromHex(key);
  if (stored.length !== PARAMETERS.dkLen) throw new Error("What is stored of a password is no hash");
  return crypto.subtle.timingSafeEqual(await keyOf(password, salt), stored);
}

/**
 * The key of a password. One alone is hashed in one piece, which takes 60 ms of CPU and is soon over; where others wait to be hashed,
 * in pieces of 105 ms altogether, so that they don't keep the isolate from everybody else one after the other.
 */
async function keyOf(password: string, salt: string): Promise<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const [secret, salted] = [encoder.encode(password.normalize("NFKC")), encoder.encode(salt)];
  if (hashing.isContended) return scrypt(secret, salted, PARAMETERS, pause);
  const { N, r, dkLen } = PARAMETERS;
  return new Uint8Array(scryptSync(secret, salted, dkLen, { N, r, p: 1, maxmem: MAX_MEMORY }));
}
