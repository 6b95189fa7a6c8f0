import * as z from "zod";

/*
 * Stands in for better-auth's list of social providers in the Worker's bundle (`[alias]` in wrangler.toml): people sign in by
 * e-mail and password only, and the providers are 60 KB.
 */

/** How each provider is made, by its name. */
export const socialProviders = {};

/** What a request may call a provider, in better-auth's own words: any text. */
export const SocialProviderListEnum = z.string();
