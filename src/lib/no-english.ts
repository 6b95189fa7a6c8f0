/*
 * Stands in for zod's English words in the Worker's bundle (`[alias]` in wrangler.toml): validation-words.ts has the API's own. 3 KB.
 */

/** As much of a locale of zod's as zod asks for when it is loaded: no words. */
export default () => ({ localeError: undefined });
