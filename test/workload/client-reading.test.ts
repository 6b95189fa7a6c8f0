import { describe, expect, it } from "vitest";
import { readAsClient } from "../../src/workload/client-reading.ts";

/* What these are for, real clients show: `npm run proof:downloads` has them run such statements. */

describe("a statement as the mysql client reads it", () => {
  it.each([
    "SELECT 1",
    'SELECT \'it\'\'s\', "a ""b""", `c``d`',
    "SELECT 'a\\\\', '\\n', \"\\'\", '\\\\\\n'",
    "SELECT '*/ -- # /* ;; ? $ \\! system'",
    "SELECT `;; ? -- #`",
    "SELECT 1; SELECT 2;",
    "SELECT 1 -- it's\n, 2 # it's\n, 3 /* it's \\! ? ;; */",
    "-- it's\nSELECT 1",
    "/* it's */ SELECT 1 --",
    "SELECT 5--1, 5- -1",
    "/*!40101 SET NAMES 'utf8' */",
    "SELECT /*+ NO_INDEX_MERGE(t) */ 1",
    "SELECT '\u2028\u{1F363}\uFFFD é'",
    "SELECT\r\n1",
    "SELECT 'a\nb\rc'",
    "SELECT\n  status,\n  use_by AS help\nFROM t",
    "SELECT status\nFROM t",
    "BEGIN NOT ATOMIC SELECT 1; END",
    "(SELECT 1)",
    "/*!40101 nosuchcommand 1 */",
    "TABLE t",
    "xa COMMIT 'a'",
    "select'a'",
    "SELECT 2 */ 1",
    `SELECT '${"x".repeat(262_000)}'`,
    " ".repeat(262_144),
    "\n".repeat(262_144),
    "(".repeat(262_144),
    "/* */".repeat(50_000),
    "5--1".repeat(60_000),
  ])("is sent as it is: %j", (statement) => {
    expect(readAsClient(statement)).toBe("plain");
  });

  it.each([
    // Whether a backslash escapes is the session's sql_mode's to say.
    "SELECT 'it\\'s'",
    'SELECT "\\""',
    "SELECT 'C:\\', ' \\! rm -rf /'",
    "SELECT `a\\b`",
    "SELECT 'a\\\nb'",
    // Commands of the client's.
    "\\! date",
    "SELECT 1 \\g",
    "SELECT \\N",
    "system date",
    "SYSTEM date",
    "  \tsource x.sql",
    "/* x */ system date",
    "/*! */ system date",
    "/*!40101 */system date",
    "-- x\nsystem date",
    "# x\n\n system date",
    "SELECT 1\n;\nsystem date",
    "SELECT 1\ntee x",
    "SELECT 1 /* \n */ pager x",
    "SELECT a\nUSE INDEX (i)",
    "quit",
    "exit ",
    "ssl_session_data_print x",
    "SELECT 1\nquery_attributes a b",
    "resetconnection",
    "SELECT a AS\nresetconnection\n",
    "SELECT a AS\nsandbox",
    // A word that no server knows may be a command of a later client's.
    "nosuchcommand 1",
    "/* x */ nosuchcommand",
    "selection 1",
    "_nosuch",
    "?",
    "SELECT\nstatus\nFROM t",
    "delimiter $$",
    "SELECT a AS\ndelimiters",
    "SELECT '\ndelimiter x'",
    // The end of a statement.
    "SELECT 1;;",
    "SELECT 1 ;; SELECT 2",
    "SELECT '",
    "SELECT 'a''",
    'SELECT "\\\\""',
    "SELECT /* 1",
    "SELECT /*! 1",
    "SELECT $$ ' $$",
    // What clients take for comments, or not.
    "SELECT 1 --\u0001'",
    "--1",
    " \n--1 'x",
    "/*M! ' */ SELECT 1",
    "SELECT /*! /* x */ 1 */",
    "SELECT /*+ \n */ 1",
    "SELECT /*+ ' */ 1",
    "SELECT 1 --\u00a0'",
    // What it does not read, or changes.
    "SELECT 'a\0b'",
    "SELECT 'a\r\nb'",
  ])("is odd: %j", (statement) => {
    expect(readAsClient(statement)).not.toBe("plain");
  });

  it.each(["SELECT ?", "INSERT INTO t VALUES (?, ?)", "SELECT 'a', ?", "SELECT /* a */ ? -- ?"])(
    "lacks values: %j",
    (statement) => {
      expect(readAsClient(statement)).toBe("lacks values");
    },
  );
});
