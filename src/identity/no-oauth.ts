import * as z from "zod";

/*
 * Stands in for better-auth's OAuth in the Worker's bundle (`[alias]` in wrangler.toml): people sign in by e-mail and password
 * only, and what better-auth's sign-in imports of it is 2 KB, beside the JWTs that it needs.
 */

function noOAuth(): never {
  throw new Error("There is no OAuth here: people sign in by e-mail and password");
}

export {
  noOAuth as mergeScopes,
  noOAuth as parseStringBoolean,
  noOAuth as supportsIdTokenSignIn,
  noOAuth as verifyProviderIdToken,
};

/** What a request may add for a provider: anything, since there is none. */
export const additionalAuthorizationParamsSchema = z.unknown();
