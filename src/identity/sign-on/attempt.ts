import { deleteCookie, getSignedCookie, setSignedCookie } from "hono/cookie";
import * as z from "zod";
import { COOKIE_PREFIX } from "../../http/authentication.ts";
import type { AppContext } from "../../http/context.ts";
import { isHttps } from "../../http/scheme.ts";
import { storedFormat } from "../../lib/stored.ts";

/*
 * What the browser that has begun a sign-on keeps of it, in a signed cookie that no script can read and no other site can send: so
 * only that browser can finish it. The service stores nothing of a sign-on before it is finished.
 */

/** How long somebody may take at the provider. */
export const ATTEMPT_MS = 10 * 60 * 1000;

const NAME = `${COOKIE_PREFIX}.sign_on`;
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

const format = storedFormat("cookie of a sign-on", 1, () =>
  z.object({
    provider: z.string(),
    state: z.string(),
    nonce: z.string(),
    verifier: z.string(),
    expiresAt: z.number(),
  }),
);

/** A sign-on that has begun. */
export interface Attempt {
  /** The id of the provider that it is at. */
  provider: string;
  /** What the provider has to send back. */
  state: string;
  /** What the ID token has to name. */
  nonce: string;
  /** The secret whose SHA-256 the provider was shown (PKCE, RFC 7636). */
  verifier: string;
  expiresAt: number;
}

/** With `__Host-`, a browser takes the cookie from this host only: another host of the domain can't have somebody finish its own. */
const prefixed = (c: AppContext) => (isHttps(c) ? { prefix: "host" as const } : {});

/** Gives the browser a sign-on to keep, in the place of one before. */
export async function keepAttempt(c: AppContext, attempt: Attempt): Promise<void> {
  const value = new TextEncoder().encode(format.stringify(attempt)).toBase64(BASE64);
  await setSignedCookie(c, NAME, value, c.env.BETTER_AUTH_SECRET, {
    httpOnly: true,
    sameSite: "Strict",
    maxAge: ATTEMPT_MS / 1000,
    ...prefixed(c),
  });
}

/** The sign-on that the browser keeps; null when it keeps none that is good at a time. */
export async function keptAttempt(c: AppContext, now: number): Promise<Attempt | null> {
  const value = await getSignedCookie(c, c.env.BETTER_AUTH_SECRET, NAME, prefixed(c).prefix);
  if (!value) return null;
  try {
    const kept = format.parse(new TextDecoder().decode(Uint8Array.fromBase64(value, BASE64)));
    return kept.expiresAt > now ? kept : null;
  } catch {
    // Another value that this service has signed, such as a session's.
    return null;
  }
}

/** Takes the sign-on from the browser. */
export const forgetAttempt = (c: AppContext): void => void deleteCookie(c, NAME, prefixed(c));
