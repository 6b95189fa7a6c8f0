/*
 * Stands in for drizzle's enums of PostgreSQL in the Worker's bundle (`[alias]` in wrangler.toml): whatever builds SQL asks whether a part
 * of it is one, and they bring 5 KB of PostgreSQL's columns.
 */

/** Whether a part of a statement is an enum of PostgreSQL: none is. */
export const isPgEnum = (): boolean => false;
