/**
 * Stands in for better-auth's database in memory in the Worker's bundle (`[alias]` in wrangler.toml): it is for an app without a
 * database, and 6 KB.
 */
export function memoryAdapter(): never {
  throw new Error("Accounts are kept in D1");
}
