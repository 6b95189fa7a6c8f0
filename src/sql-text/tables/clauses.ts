import type { TableWord } from "./table-words.ts";
import { EXPECTED, LISTED, QUERY, TABLES, type Verb, WRITTEN } from "./verbs.ts";

/*
 * What holds after the words that begin and end clauses, in whatever statement they stand.
 */

/** The words after which nothing is a target of the statement any more. */
const ENDS: ReadonlySet<TableWord> = new Set<TableWord>([
  "GROUP",
  "ORDER",
  "WHERE",
  "HAVING",
  "LIMIT",
  "UNION",
  "EXCEPT",
  "INTERSECT",
  "WINDOW",
  "PROCEDURE",
  "RETURNING",
  "DUPLICATE",
  "LOCK",
  "SET",
  "VALUES",
]);

/** Whether what comes after a keyword is no target of a DELETE or an UPDATE. */
export const endsTargets = (word: TableWord): boolean => ENDS.has(word);

/**
 * The flags after a keyword.
 * @param before the keyword right before it
 * @param isNested whether it stands in parentheses
 */
export function flagsAfter(
  word: TableWord,
  flags: number,
  before: TableWord | undefined,
  verb: Verb,
  isNested: boolean,
): number {
  switch (word) {
    case "SELECT":
      return isNested || verb !== "OTHER" ? QUERY : flags;
    case "FROM":
      if (flags & QUERY && before !== "DISTINCT" && before !== "SYSTEM_TIME") {
        return flags | LISTED | EXPECTED;
      }
      return flags;
    case "JOIN":
    case "STRAIGHT_JOIN":
      // `USE INDEX FOR JOIN (x)`
      return flags & LISTED && before !== "FOR" ? flags | EXPECTED : flags;
    case "TABLE":
      // The statement `TABLE x`; else the word belongs to what is read already.
      if (isNested || verb === "QUERY" || verb === "INSERT" || verb === "CREATE") {
        return LISTED | EXPECTED;
      }
      return flags;
    case "WITH":
      return flags & EXPECTED ? 0 : flags;
    case "REFERENCES":
      return verb === "CREATE" || verb === "ALTER" ? EXPECTED : flags;
    case "UPDATE":
    case "DROP":
    case "SHARE":
      // `FOR UPDATE`; `ANALYZE TABLE x UPDATE HISTOGRAM ON a, b`.
      return word !== "SHARE" || before === "FOR" ? flags & ~TABLES : flags;
    case "INTO":
      // `INSERT IGNORE INTO x`: it is still to come. `SELECT … INTO`: none is.
      return flags & WRITTEN ? flags : flags & ~TABLES;
    case "DUAL":
      return flags & ~EXPECTED;
    case "GROUP":
    case "ORDER":
      // `USE INDEX FOR ORDER BY (x)`
      return before === "FOR" ? flags : flags & ~TABLES;
    case "WHERE":
    case "HAVING":
    case "LIMIT":
    case "UNION":
    case "EXCEPT":
    case "INTERSECT":
    case "WINDOW":
    case "PROCEDURE":
    case "RETURNING":
    case "DUPLICATE":
    case "LOCK":
    case "SET":
    case "VALUES":
      return flags & ~TABLES;
    default:
      // IF, NOT, EXISTS, LATERAL and the like among them, as in `DROP TABLE IF EXISTS x`: it is still to come.
      return flags;
  }
}
