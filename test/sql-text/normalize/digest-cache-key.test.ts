import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestCacheKey, NO_CACHE_KEY } from "../../../src/sql-text/normalize/digest-cache-key.ts";
import { digestOf } from "../../../src/sql-text/normalize/normalize.ts";
import { Digests } from "../../../src/workload/digest.ts";

const encoder = new TextEncoder();

function keyOf(sql: string): number {
  const bytes = encoder.encode(`${sql}\0\0`);
  return digestCacheKey(bytes, bytes.length - 2);
}

describe("the cache key of a statement", () => {
  it.each([
    ["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 123456"],
    ["UPDATE t SET a = 1.50, b = -2", "UPDATE t SET a = 20, b = -3.25"],
    ["SELECT 'a', \"b\"", "SELECT 'it''s', \"say \\\"b\\\" -- # /*\""],
    ["INSERT INTO t2 VALUES (1,'')", "INSERT INTO t2 VALUES (7,'größer')"],
    ["SELECT `a'1` FROM t LIMIT 1", "SELECT `a'1` FROM t LIMIT 2"],
    ["SELECT /* it's */ a FROM t /*/ 1 */", 'SELECT /*+ # " -- */ a FROM t /* */'],
    ['SELECT a FROM t WHERE b = "a" AND c LIKE "x"', 'SELECT a FROM t WHERE b = "b" AND c LIKE "y"'],
    ['UPDATE , "a"', 'UPDATE , "b"'],
    ['UPDATE ; "a"', 'UPDATE ; "b"'],
    ["SELECT N'a', _utf8'b', x'20', @1", "SELECT N'c', _utf8'd', x'2021', @2"],
  ])("is the same for %s and %s", (one, other) => {
    expect(keyOf(one)).not.toBe(NO_CACHE_KEY);
    expect(keyOf(other)).toBe(keyOf(one));
  });

  it.each([
    ["SELECT t1.a FROM t1", "SELECT t2.a FROM t2"],
    ["SELECT `a1`", "SELECT `a2`"],
    ["SELECT 'a'", 'SELECT "a"'],
    ["SELECT 'a'", "SELECT 1"],
    ["SELECT (1)", "SELECT (1, 2)"],
    ["SELECT a - 1", "SELECT a + 1"],
    ["SELECT 'a' 'b'", "SELECT 'a''b'"],
    ["SELECT N'a'", "SELECT X'a'"],
    ["SELECT ä", "SELECT ö"],
    ['SELECT "a" FROM "b"', 'SELECT "a" FROM "c"'],
    ['SELECT "a" FROM "b"', 'SELECT "c" FROM "b"'],
    ['SELECT "a" . b', 'SELECT "c" . b'],
    ['SELECT b."a"', 'SELECT b."c"'],
    ['UPDATE /* x */ "a"', 'UPDATE /* x */ "b"'],
  ])("is not the same for %s and %s", (one, other) => {
    expect(keyOf(one)).not.toBe(NO_CACHE_KEY);
    expect(keyOf(other)).not.toBe(NO_CACHE_KEY);
    expect(keyOf(other)).not.toBe(keyOf(one));
  });

  it.each([
    "SELECT 1 # it's",
    "SELECT 1 -- it's",
    "/*!50000 SELECT */ 1",
    "/*M!100100 SELECT */ 1",
    "SELECT /* 1",
    "SELECT /*/ 1",
    "SELECT 1e5",
    "SELECT 1e+5",
    "SELECT 0x1F",
    "SELECT * FROM 2fa_codes",
    "SELECT .5",
    "SELECT 1.",
    "SELECT 1.2.3",
    "SELECT t.5th",
    "SELECT 'a",
    "SELECT 'a\\'",
    "SELECT `a",
    `SELECT ${"a".repeat(5000)}`,
  ])("does not exist for %s", (sql) => {
    expect(keyOf(sql)).toBe(NO_CACHE_KEY);
  });

  // Few pieces, so that many statements have one key.
  const values = ["1", "23", "4.5", "'a'", "'it''s'", "'\\''", '"b"', '"\\"c"', "NULL", "<secret>"];
  const others = [
    "x",
    "`n`",
    "`o'p`",
    "_utf8",
    "N",
    "IN",
    "VALUES",
    "VALUE",
    "FROM ",
    "INTO ",
    "PREPARE ",
    "TABLE IF EXISTS ",
    "LIKE ",
    "DATE",
    "MAX",
    "`from`",
    "`value`",
    "@",
    "é",
    "\0",
    "e5",
    "0x",
    "\\",
    "/*",
    "*/",
    "/*a'*/",
  ];
  const symbols = [
    " ",
    " ",
    " ",
    "\n",
    ",",
    "(",
    ")",
    "-",
    "+",
    ".",
    "=",
    "@",
    "?",
    ";",
    "'",
    '"',
    "`",
    "#",
    "/",
  ];
  const piece = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, fc.constantFrom(...others), {
    weight: 2,
    arbitrary: fc.constantFrom(...symbols),
  });
  const statement = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(""));

  it("never stands for two digests", () => {
    const digests = new Map<number, { sql: string; digest: string }>();
    let met = 0;
    fc.assert(
      fc.property(statement, (sql) => {
        const found = keyOf(sql);
        if (found === NO_CACHE_KEY) return;
        const digest = digestOf(sql).text;
        const before = digests.get(found);
        if (before === undefined) digests.set(found, { sql, digest });
        else if (before.sql !== sql) {
          met++;
          expect(digest, `as of ${before.sql}`).toBe(before.digest);
        }
      }),
      { numRuns: 50_000 },
    );
    expect(met).toBeGreaterThan(1000);
  });

  it("changes no count of statements", () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 100 }), (statements) => {
        const digests = new Digests();
        const counts: Record<string, number> = {};
        for (const sql of statements) {
          digests.add({ command: "Query", statement: sql, timeMicros: 0 });
          const { fingerprint, text } = digestOf(sql);
          if (text === "") continue;
          counts[fingerprint] = (counts[fingerprint] ?? 0) + 1;
        }
        const { entries } = digests.toJSON();
        expect(Object.fromEntries(entries.map(({ fingerprint, count }) => [fingerprint, count]))).toEqual(
          counts,
        );
      }),
    );
  });

  it("may be one of many for a single digest, whose count stays right", () => {
    const digests = new Digests(2);
    for (let length = 1; length <= 100; length++) {
      const list = Array.from({ length }, (_, n) => n).join(", ");
      digests.add({ command: "Query", statement: `SELECT a FROM t WHERE b IN (${list})`, timeMicros: 0 });
    }
    const [entry, ...rest] = digests.toJSON().entries;
    expect(entry).toMatchObject({ digest: "SELECT a FROM t WHERE b IN (?+)", count: 100, overcount: 0 });
    expect(rest).toEqual([]);
  });
});
