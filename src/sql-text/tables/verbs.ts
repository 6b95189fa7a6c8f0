import type { TableWord } from "./table-words.ts";

/*
 * What a statement does, by its first word, and what holds where it names tables.
 */

// What holds in a pair of parentheses, or in the statement outside of all; together in a number.
/** A SELECT was read: FROM begins its tables. */
export const QUERY = 1;
/** Tables are listed: a comma or a JOIN is followed by another one. */
export const LISTED = 2;
/** A table comes next. */
export const EXPECTED = 4;
/** The tables are those of an UPDATE or a DELETE. */
export const CHANGED = 8;
/** The table is written. */
export const WRITTEN = 16;
/** All that is said of tables. */
export const TABLES = LISTED | EXPECTED | CHANGED | WRITTEN;

/**
 * What a statement does. START before its first word; PREFIX after what may stand before that, such as EXPLAIN; OTHER for what has no
 * tables except in subqueries; IGNORED for what is not read to its end; INDEX and TRIGGER, whose table comes after ON.
 */
export type Verb =
  | "START"
  | "PREFIX"
  | "OTHER"
  | "IGNORED"
  | "QUERY"
  | "INSERT"
  | "UPDATE"
  | "DELETE"
  | "LOAD"
  | "CREATE"
  | "ALTER"
  | "DROP"
  | "RENAME"
  | "LOCK"
  | "CHECK"
  | "OPTIMIZE"
  | "INDEX"
  | "TRIGGER"
  | "SET";

/** What a statement does that begins with such a word, and what holds behind it. */
export const FIRST_WORDS: Readonly<Partial<Record<TableWord, readonly [verb: Verb, flags: number]>>> = {
  SELECT: ["QUERY", QUERY],
  // The statement `TABLE x`, or what follows ANALYZE.
  TABLE: ["QUERY", LISTED | EXPECTED],
  TABLES: ["QUERY", LISTED | EXPECTED],
  VALUES: ["QUERY", 0],
  WITH: ["PREFIX", 0],
  EXPLAIN: ["PREFIX", 0],
  DESCRIBE: ["PREFIX", 0],
  DESC: ["PREFIX", 0],
  ANALYZE: ["PREFIX", 0],
  INSERT: ["INSERT", EXPECTED | WRITTEN],
  REPLACE: ["INSERT", EXPECTED | WRITTEN],
  UPDATE: ["UPDATE", LISTED | EXPECTED | CHANGED],
  DELETE: ["DELETE", 0],
  HANDLER: ["CHECK", EXPECTED],
  CHECK: ["CHECK", 0],
  CHECKSUM: ["CHECK", 0],
  TRUNCATE: ["OPTIMIZE", EXPECTED | WRITTEN],
  OPTIMIZE: ["OPTIMIZE", 0],
  REPAIR: ["OPTIMIZE", 0],
  LOAD: ["LOAD", 0],
  CREATE: ["CREATE", 0],
  ALTER: ["ALTER", 0],
  DROP: ["DROP", 0],
  RENAME: ["RENAME", 0],
  LOCK: ["LOCK", 0],
  SET: ["SET", 0],
};
