import type { Dialect } from "./dialect.ts";
import { TableReader } from "./tables/table-reader.ts";

/*
 * Which tables a statement reads and writes, as far as its text says it.
 */

/**
 * The tables of a statement, each once and in their order: `orders`, or `shop.orders` where the statement says whose it is. As they
 * are written there, without quotes.
 */
export interface StatementTables {
  readonly reads: readonly string[];
  /** What it changes, also by changing the table itself. What it only changes is not among `reads`. */
  readonly writes: readonly string[];
}

/** No tables at all. */
export const NO_TABLES: StatementTables = Object.freeze({
  reads: Object.freeze([]),
  writes: Object.freeze([]),
});

/** The most characters that the names of one statement's tables have together: those that come later are left out. */
export const MAX_TABLE_CHARACTERS = 2048;

const reader = new TableReader(MAX_TABLE_CHARACTERS);

/**
 * Reads which tables a statement reads and writes, or several statements.
 *
 * - Of an UPDATE with several tables it writes those whose columns are set; where the columns don't say whose they are, the first.
 * - EXPLAIN writes nothing. DDL and LOCK TABLES … WRITE write; ANALYZE, CHECK and a foreign key's REFERENCES read.
 * - SHOW, DESCRIBE, FLUSH, GRANT and CALL have no tables. Nor has what stands in the body of a procedure, a trigger or an event: that
 *   does not run yet; nor SQL in strings.
 * - Common table expressions, derived tables, table functions and DUAL are no tables. A view looks like one.
 *
 * @param server whose SQL it is; null when that is not known
 */
export function tablesOf(sql: string, server: Dialect | null = null): StatementTables {
  return reader.read(sql, server);
}

/** The name of a table without its schema's. */
export const withoutSchema = (table: string): string => table.slice(table.lastIndexOf(".") + 1);

/**
 * Whether a table of a statement is the one that somebody looks for, in any letter case. `orders` is found in any schema;
 * `shop.orders` is found as such, and as `orders` where the session's schema is `shop`.
 * @param table as tablesOf gives it
 * @param wanted with or without a schema
 * @param schema the statement's default schema; null when that is not known
 */
export function isTable(table: string, wanted: string, schema: string | null): boolean {
  const name = table.toLowerCase();
  const looked = wanted.toLowerCase();
  if (name === looked) return true;
  if (!looked.includes(".")) return withoutSchema(name) === looked;
  return schema !== null && !name.includes(".") && `${schema.toLowerCase()}.${name}` === looked;
}
