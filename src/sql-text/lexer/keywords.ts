import { wordHash } from "./word-hash.ts";

/*
 * The keywords: the words that a normalised statement has in capitals, and the class of each, which says what may follow it.
 */

/**
 * The words that are written in capitals: the reserved words of MySQL 8.4 that are frequent in statements, and others that nobody
 * uses as the name of a table. All other words stay as they are, since names of tables and databases depend on case on Linux: a
 * name in two spellings makes two digests, and so does a keyword that is missing here.
 */
const KEYWORDS = `ADD ALTER ANALYZE AS ASC BINARY CASCADE CHANGE CHARACTER CHECK COLLATE COLUMN CONSTRAINT CREATE CROSS
  CURRENT_USER DATABASE DATABASES DECLARE DELAYED DELETE DESC DROP DUAL EXCEPT EXPLAIN FETCH FOR FORCE FOREIGN FULLTEXT
  FUNCTION GRANT GROUP GROUPING HIGH_PRIORITY IDENTIFIED IN INDEX INNER INSERT INTERSECT IS KEY KEYS KILL LATERAL
  LEFT LIMIT LOAD LOCK NATURAL OF ON OPTIMIZE OPTION ORDER OUTER OUTFILE OVER PARTITION PRIMARY PROCEDURE
  RECURSIVE RELEASE RENAME REPLACE RETURNING REVOKE RIGHT ROW ROWS SET SHOW SQL_CALC_FOUND_ROWS SQL_NO_CACHE TO TRIGGER UNION
  UNIQUE UNLOCK UNSIGNED USING WINDOW WITH`;
/** Those that an operand follows, so that NULL is a value there. */
const BEFORE_OPERANDS = `ALL AND BETWEEN BY CASE DISTINCT DISTINCTROW DIV DO ELSE HAVING INTERVAL LIKE MOD OR REGEXP RLIKE SELECT
  THEN WHEN WHERE XOR`;
/** Those that only a name can follow, never a string: with double quotes behind one, a session runs with ANSI_QUOTES. */
const BEFORE_NAMES = "CALL DESCRIBE INTO JOIN REFERENCES SAVEPOINT STRAIGHT_JOIN TABLE TRUNCATE UPDATE USE";
/** Those that may stand between these and the name: `TABLE IF NOT EXISTS x`, `UPDATE IGNORE x`. */
const AMID_NAMES = "EXISTS IF IGNORE LOW_PRIORITY NOT";
/** Those that are not reserved: they may be names of columns too, which only a parser can tell. */
const SOFT_WORDS = `ACTION AFTER BEGIN COMMIT DEALLOCATE DUPLICATE END ENGINE ESCAPE EXECUTE FLUSH GLOBAL LOCKED NOWAIT OFFSET
  ROLLBACK ROLLUP SESSION SHARE SKIP START TABLES TEMPORARY TRANSACTION VARIABLES VIEW WARNINGS WORK`;
/** Functions, if a parenthesis follows (no blank is written before it); names otherwise. */
const FUNCTIONS = `ABS AVG CAST CEIL COALESCE CONCAT CONCAT_WS COUNT CURDATE DATE_ADD DATE_FORMAT DATE_SUB DENSE_RANK FLOOR
  FOUND_ROWS FROM_UNIXTIME GREATEST GROUP_CONCAT IFNULL JSON_EXTRACT LAST_INSERT_ID LEAST LENGTH LOWER LTRIM MAX MIN NOW NULLIF
  RAND RANK ROUND ROW_COUNT ROW_NUMBER RTRIM SLEEP SUBSTR SUBSTRING SUM SYSDATE TRIM UNIX_TIMESTAMP UPPER UUID`;
/** Functions that need no parenthesis, and are reserved. */
const NILADIC_FUNCTIONS = "CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP UTC_TIMESTAMP";

/** The words by the hash of their capitals, in a table with open addressing: no string is made to look a word up. */
const SLOTS = 2048;
const hashes = new Int32Array(SLOTS);
const classes = new Uint8Array(SLOTS);

/** The class of most words: they are names. */
export const NO_KEYWORD = 0;
/** The class of reserved words of which nothing else is to be said. */
export const KEYWORD = 1;
/** The class of those that an operand follows. */
export const BEFORE_OPERAND = 2;
/** The class of those that a name follows. */
export const BEFORE_NAME = 3;
/** The class of FROM, which a name follows, and in some functions and statements a string. */
export const FROM = 4;
/** The class of PREPARE and REVOKE, in whose statements FROM has a string behind it. */
export const STRING_AFTER_FROM = 5;
/** The class of keywords that are names as often. */
export const SOFT_KEYWORD = 6;
/** The class of a function's name. */
export const FUNCTION = 7;
/** The class of a function that stands without parentheses too. */
export const NILADIC_FUNCTION = 8;
/** The class of NULL, TRUE and FALSE, which are values where an operand stands. */
export const VALUE_WORD = 9;
/** The class of DEFAULT. */
export const DEFAULT_WORD = 10;
/** The class of VALUES, which begins rows. */
export const ROWS_WORD = 11;
/** The class of VALUE, which begins rows if a parenthesis follows, and else is a name. */
export const VALUE_OR_ROWS = 12;
/** The class of DATE, TIME and TIMESTAMP: marks of a literal, functions or names. */
export const TEMPORAL = 13;
/** The class of those that may stand between a BEFORE_NAME and its name. */
export const AMID_NAME = 14;

const CLASSES: readonly (readonly [wordClass: number, words: string])[] = [
  [KEYWORD, KEYWORDS],
  [BEFORE_OPERAND, BEFORE_OPERANDS],
  [BEFORE_NAME, BEFORE_NAMES],
  [AMID_NAME, AMID_NAMES],
  [FROM, "FROM"],
  [SOFT_KEYWORD, SOFT_WORDS],
  [STRING_AFTER_FROM, "PREPARE REVOKE"],
  [FUNCTION, FUNCTIONS],
  [NILADIC_FUNCTION, NILADIC_FUNCTIONS],
  [VALUE_WORD, "NULL TRUE FALSE"],
  [DEFAULT_WORD, "DEFAULT"],
  [ROWS_WORD, "VALUES"],
  [VALUE_OR_ROWS, "VALUE"],
  [TEMPORAL, "DATE TIME TIMESTAMP"],
];
for (const [wordClass, words] of CLASSES) {
  for (const word of words.split(/\s+/)) classes[slotOf(wordHash(word))] = wordClass;
}

/** Words that MySQL's own digests take for one, and the one they are written as. */
const SYNONYMS = new Map(
  [
    ["RLIKE", "REGEXP"],
    ["DISTINCTROW", "DISTINCT"],
    ["SUBSTR", "SUBSTRING"],
  ].map(([word = "", written = ""]) => [wordHash(word), new TextEncoder().encode(written)]),
);

/** Where the hash is, entered if it was not. */
function slotOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  while (hashes[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  hashes[slot] = hash;
  return slot;
}

/** The class of the word with this hash. 300 words among 2^32 hashes: a false one is not to be expected. */
export function classOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  for (;;) {
    const found = hashes[slot];
    if (found === hash) return classes[slot] as number;
    if (found === 0) return NO_KEYWORD;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

/** 1 for the last byte of each synonym's hash: nearly all keywords are told from them by that, without a look into the map. */
const MAY_BE_SYNONYM = new Uint8Array(256);
for (const hash of SYNONYMS.keys()) MAY_BE_SYNONYM[hash & 255] = 1;

/** What is written in the place of the keyword with this hash, in UTF-8; undefined for itself. */
export function synonymOf(hash: number): Uint8Array | undefined {
  return MAY_BE_SYNONYM[hash & 255] === 1 ? SYNONYMS.get(hash) : undefined;
}
