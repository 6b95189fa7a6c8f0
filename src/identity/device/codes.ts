import { randomText } from "../../lib/random-text.ts";

/*
 * The secrets of a login by device code (RFC 8628), and how they are written. The device code is the program's, long, and never
 * shown. The user code is short, since a person copies it: it is good for a few minutes, and few tries.
 */

/** RFC 8628, section 6.1: no vowels, so no words, and no digits that look like letters. */
const USER_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const USER_CODE_LENGTH = 8;
/** 245 bits. */
const DEVICE_CODE_LENGTH = 43;

/** A user code without its hyphen. */
export const USER_CODE = new RegExp(`^[${USER_LETTERS}]{${USER_CODE_LENGTH}}$`);

/** A new device code. */
export const newDeviceCode = (): string => randomText(DEVICE_CODE_LENGTH);
/** A new user code, without its hyphen. */
export const newUserCode = (): string => randomText(USER_CODE_LENGTH, USER_LETTERS);

/** A user code as people are shown it: `BCDF-GHJK`. */
export const shownCode = (code: string): string => `${code.slice(0, 4)}-${code.slice(4)}`;

/** A user code without what people may type along with it: hyphens, spaces, small letters. */
export const typedCode = (text: string): string => text.replace(/[^a-z0-9]/gi, "").toUpperCase();

/**
 * What is stored of a user code. Its plain hash would say the code: there are few enough to try them all.
 * @param secret the service's own, without which nobody can try
 */
export async function userCodeHash(code: string, secret: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  // Named, since the same secret signs cookies.
  const signature = await crypto.subtle.sign("HMAC", key, encoder.encode(`device user code ${code}`));
  return new Uint8Array(signature).toBase64({ alphabet: "base64url", omitPadding: true });
}
