import { wordHash } from "../lexer/word-hash.ts";

/*
 * The words by which it is told where a statement names its tables.
 */

/** Reserved words, which are no names without quotes. */
const RESERVED = [
  "ALTER",
  "ANALYZE",
  "AS",
  "CHECK",
  "COLUMN",
  "CREATE",
  "DELAYED",
  "DELETE",
  "DESC",
  "DESCRIBE",
  "DISTINCT",
  "DROP",
  "DUAL",
  "EXCEPT",
  "EXISTS",
  "EXPLAIN",
  "FOR",
  "FORCE",
  "FROM",
  "GROUP",
  "HAVING",
  "HIGH_PRIORITY",
  "IF",
  "IGNORE",
  "INDEX",
  "INNER",
  "CROSS",
  "INSERT",
  "INTERSECT",
  "INTO",
  "JOIN",
  "KEY",
  "LATERAL",
  "LEFT",
  "LIKE",
  "LIMIT",
  "LOAD",
  "LOCK",
  "LOW_PRIORITY",
  "NATURAL",
  "NOT",
  "ON",
  "OPTIMIZE",
  "ORDER",
  "PARTITION",
  "PROCEDURE",
  "READ",
  "RECURSIVE",
  "REFERENCES",
  "RENAME",
  "REPLACE",
  "RIGHT",
  "SELECT",
  "SET",
  "STRAIGHT_JOIN",
  "TABLE",
  "TO",
  "TRIGGER",
  "UNION",
  "UPDATE",
  "USE",
  "USING",
  "VALUES",
  "WHERE",
  "WITH",
  "WRITE",
] as const;

/** Words that may be names, too: where a table is to come they are. */
const SOFT = [
  "CHECKSUM",
  "DUPLICATE",
  "EVENT",
  "FUNCTION",
  "HANDLER",
  "PACKAGE",
  "QUICK",
  "REPAIR",
  "RETURNING",
  "SHARE",
  "STATEMENT",
  "SYSTEM_TIME",
  "TABLES",
  "TRUNCATE",
  "VIEW",
  "WINDOW",
] as const;

/** A word that says something of where tables are. */
export type TableWord = (typeof RESERVED)[number] | (typeof SOFT)[number];

const words = new Map<number, TableWord>([...RESERVED, ...SOFT].map((word) => [wordHash(word), word]));
const soft: ReadonlySet<string> = new Set(SOFT);

/** The word with this hash, if it says something of where tables are. */
export const tableWord = (hash: number): TableWord | undefined => words.get(hash);

/** Whether the word may be the name of a table or an alias. */
export const mayBeName = (word: TableWord | undefined): boolean => word === undefined || soft.has(word);
