/*
 * Stands in for better-call's description of its endpoints in the Worker's bundle (`[alias]` in wrangler.toml): better-auth switches
 * it off, and this service describes its API itself. 4 KB.
 */

function noApiPage(): never {
  throw new Error("The API is described by npm run openapi, not by better-call");
}

export { noApiPage as generator, noApiPage as getHTML };
