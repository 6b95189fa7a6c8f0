/*
 * Stands in for @noble/hashes in the Worker's bundle (`[alias]` in wrangler.toml): better-auth derives keys with it for what it
 * encrypts for OAuth and in the cookies of its caches, which this service does not have, and it is 8 KB. Passwords, sessions and
 * API keys are hashed and signed by the platform.
 */

function noEncryption(): never {
  throw new Error("better-auth has nothing to encrypt here");
}

export {
  noEncryption as bytesToHex,
  noEncryption as hexToBytes,
  noEncryption as hkdf,
  noEncryption as sha256,
};

/** Text as UTF-8: better-auth asks for that of constants when it is loaded. */
export function utf8ToBytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
