/**
 * SHA-256 of a text in base64url without padding: how API keys and the codes of invites are
 * stored. Only for secrets that are random and long; passwords are hashed by scrypt.
 */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
}
