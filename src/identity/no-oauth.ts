import * as z from "zod";

/*
 * Stands in for better-auth's OAuth in the Worker's bundle (`[alias]` in wrangler.toml): people sign in by e-mail and password
 * only, and what better-auth's sign-in imports of it is 16 KB, and 14 KB of ciphers that it needs.
 */

function noOAuth(): never {
  throw new Error("There is no OAuth here: people sign in by e-mail and password");
}

export {
  noOAuth as generateIdTokenNonce,
  noOAuth as generateState,
  noOAuth as handleOAuthUserInfo,
  noOAuth as supportsIdTokenSignIn,
  noOAuth as verifyProviderIdToken,
};

/** What a request may add for a provider: anything, since there is none. */
export const additionalAuthorizationParamsSchema = z.unknown();
