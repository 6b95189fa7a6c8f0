import { wordHash } from "./lexer.ts";

/*
 * The words that a normalised statement has in capitals.
 */

/**
 * The words that are written in capitals: MySQL 8.4's reserved words that statements are made of, and those others that no
 * one calls a table. All other words stay as they are, since names of tables and databases differ by case on Linux: a name
 * written in two ways makes two digests, and so does a keyword that is not here.
 */
const KEYWORDS = `ACTION ADD AFTER ALL ALTER ANALYZE AND AS ASC BEGIN BETWEEN BINARY BY CALL CASCADE CASE CHANGE CHARACTER
  CHECK COLLATE COLUMN COMMIT CONSTRAINT CREATE CROSS CURRENT_USER DATABASE DATABASES DEALLOCATE DECLARE DEFAULT DELAYED
  DELETE DESC DESCRIBE DISTINCT DISTINCTROW DIV DO DROP DUAL DUPLICATE ELSE END ENGINE ESCAPE EXCEPT EXECUTE EXISTS EXPLAIN
  FALSE FETCH FLUSH FOR FORCE FOREIGN FROM FULLTEXT FUNCTION GLOBAL GRANT GROUP GROUPING HAVING HIGH_PRIORITY IDENTIFIED IF
  IGNORE IN INDEX INNER INSERT INTERSECT INTERVAL INTO IS JOIN KEY KEYS KILL LATERAL LEFT LIKE LIMIT LOAD LOCK LOCKED
  LOW_PRIORITY MOD NATURAL NOT NOWAIT NULL OF OFFSET ON OPTIMIZE OPTION OR ORDER OUTER OUTFILE OVER PARTITION PREPARE PRIMARY
  PROCEDURE RECURSIVE REFERENCES REGEXP RELEASE RENAME REPLACE RETURNING REVOKE RIGHT RLIKE ROLLBACK ROLLUP ROW ROWS
  SAVEPOINT SELECT SESSION SET SHARE SHOW SKIP SQL_CALC_FOUND_ROWS SQL_NO_CACHE START STRAIGHT_JOIN TABLE TABLES TEMPORARY
  THEN TO TRANSACTION TRIGGER TRUE TRUNCATE UNION UNIQUE UNLOCK UNSIGNED UPDATE USE USING VALUE VALUES VARIABLES VIEW WARNINGS
  WHEN WHERE WINDOW WITH WORK XOR`;
/** Functions, which no blank separates from their parenthesis. */
const FUNCTIONS = `ABS AVG CAST CEIL COALESCE CONCAT CONCAT_WS COUNT CURDATE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP
  DATE_ADD DATE_FORMAT DATE_SUB DENSE_RANK FLOOR FOUND_ROWS FROM_UNIXTIME GREATEST GROUP_CONCAT IFNULL JSON_EXTRACT
  LAST_INSERT_ID LEAST LENGTH LOWER LTRIM MAX MIN NOW NULLIF RAND RANK ROUND ROW_COUNT ROW_NUMBER RTRIM SLEEP SUBSTR SUBSTRING
  SUM SYSDATE TRIM UNIX_TIMESTAMP UPPER UTC_TIMESTAMP UUID`;

/** The words by the hash of their capitals, in a table with open addressing: no string is made to look a word up. */
const SLOTS = 2048;
const hashes = new Int32Array(SLOTS);
const classes = new Uint8Array(SLOTS);
const KEYWORD = 1;
/** The class of a function's name. */
export const FUNCTION = 2;
/** The class of those keywords that stand for a value. */
export const VALUE_WORD = 3;
/** The class of those keywords that begin rows. */
export const ROWS_WORD = 4;

for (const word of KEYWORDS.split(/\s+/)) enter(word, KEYWORD);
for (const word of FUNCTIONS.split(/\s+/)) enter(word, FUNCTION);
for (const word of ["NULL", "DEFAULT", "TRUE", "FALSE"]) enter(word, VALUE_WORD);
for (const word of ["VALUES", "VALUE"]) enter(word, ROWS_WORD);

function enter(word: string, wordClass: number): void {
  classes[slotOf(wordHash(word))] = wordClass;
}

/** Where the hash is, entered if it was not. */
function slotOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  while (hashes[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  hashes[slot] = hash;
  return slot;
}

/** The class of the word with this hash; 0 for most. 300 words among 2^32 hashes: a false one is not to be expected. */
export function classOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  for (;;) {
    const found = hashes[slot];
    if (found === hash) return classes[slot] as number;
    if (found === 0) return 0;
    slot = (slot + 1) & (SLOTS - 1);
  }
}
