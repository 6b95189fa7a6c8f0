const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Text of random letters, or of other characters, each as likely as the others. */
export function randomText(length: number, alphabet: string = LETTERS): string {
  // Bytes above the last multiple of the alphabet's size would make its first letters more likely.
  const end = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    for (const byte of bytes) if (byte < end) text += alphabet.charAt(byte % alphabet.length);
  }
  return text.slice(0, length);
}

/** 32 random bytes in base64url, which is 43 characters: what nobody can guess, and goes into an address as it is. */
export const randomToken = (): string =>
  crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
