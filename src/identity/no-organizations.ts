/**
 * Stands in for better-auth's organization plugin in the Worker's bundle (`[alias]` in wrangler.toml): the API-key plugin
 * imports it for keys that belong to an organization, which this service has none of, and it is 100 KB.
 */
export function hasPermission(): never {
  throw new Error("There are no organizations here: every API key belongs to a user");
}
