/**
 * SHA-256 of a text in base64url without padding: how better-auth's API-key plugin stores keys, and how invite codes are
 * stored. Only for secrets that are random and long; better-auth hashes passwords, by scrypt.
 */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}
