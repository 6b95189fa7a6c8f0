import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_DIGEST_BYTES } from "../../../src/sql-text/normalize/digest-limits.ts";
import { digestOf, Normalizer } from "../../../src/sql-text/normalize/normalize.ts";
import { tablesOf } from "../../../src/sql-text/tables.ts";

const text = (sql: string) => digestOf(sql).text;

describe("statements with the same digest", () => {
  it.each([
    [
      "SELECT a FROM t WHERE b <=> ?",
      ["b <=> 1", "b <=> NULL", "`b` <=> 'x'"].map((c) => `SELECT a FROM t WHERE ${c}`),
    ],
    [
      "SELECT a FROM t WHERE b LIKE ?",
      ["SELECT a FROM t WHERE b LIKE NULL", "SELECT a FROM t WHERE b LIKE 'x%'"],
    ],
    ["SELECT IFNULL(?+)", ["SELECT IFNULL(NULL, 1)", "SELECT IFNULL(2, 1)", "SELECT IFNULL(2, NULL)"]],
    ["CALL p(?+)", ["CALL p(NULL, 1)", "CALL p(1, NULL)", "CALL p('a', TRUE)"]],
    [
      "INSERT INTO t(a, b) VALUES (?+)",
      ["INSERT INTO t(a,b) VALUES (NULL, 1)", "INSERT INTO t (`a`, b) VALUES (1, NULL), (NULL, NULL)"],
    ],
    [
      "SELECT CASE WHEN a THEN ? ELSE ? END",
      ["SELECT CASE WHEN a THEN NULL ELSE 1 END", "SELECT CASE WHEN a THEN 1 ELSE NULL END"],
    ],
    [
      "SELECT ?, a FROM t ORDER BY ?",
      ["SELECT NULL, a FROM t ORDER BY NULL", "SELECT 1, a FROM t ORDER BY 1"],
    ],
    [
      "SELECT a FROM t WHERE b BETWEEN ? AND ?",
      [
        "SELECT a FROM t WHERE b BETWEEN NULL AND 1",
        "SELECT a FROM t WHERE b BETWEEN DATE'2026-01-01' AND NULL",
      ],
    ],
    [
      "SELECT a FROM t WHERE b IN (?+)",
      [
        "SELECT a FROM t WHERE b IN (TIMESTAMP'2026-05-28 20:26:40')",
        "SELECT a FROM t WHERE b IN (TIMESTAMP'2026-05-28 20:26:40',DATE'2026-05-28', TIME'-26:03:04')",
        "SELECT a FROM t WHERE b IN ('2026-05-28 20:26:40.000000','2026-05-28')",
        'SELECT a FROM t WHERE b IN (timestamp "2026-05-28 20:26:40")',
        "SELECT a FROM t WHERE b IN (TIMESTAMP?, ?)",
      ],
    ],
    [
      "SELECT ?",
      [
        "SELECT _binary 0x4D",
        "SELECT _utf8mb4 X'41'",
        "SELECT _latin1 b'1'",
        "SELECT _utf8'x'",
        "SELECT 0x4D",
        "SELECT _binary ?",
      ],
    ],
    [
      "SELECT a, t.b FROM s.t AS u",
      ["SELECT `a`, `t`.`b` FROM `s`.`t` AS `u`", "SELECT a, t.`b` FROM `s`.t AS u"],
    ],
    [
      "SELECT count, COUNT(*), date FROM t",
      ["SELECT `count`, COUNT(*), `date` FROM t", "SELECT count, count(*), date FROM `t`"],
    ],
    [
      "SELECT VALUE - ?, t.key FROM t",
      ["SELECT `value` - 1, t.`key` FROM t", "SELECT value - 2, t.key FROM t"],
    ],
    ["SELECT a FROM session", ["SELECT a FROM `session`", "SELECT a FROM session"]],
    [
      "INSERT INTO value(a, VALUE) VALUES (?, NOW())",
      [
        "INSERT INTO `value` (a, `value`) VALUES (1, NOW()), (2, NOW())",
        "INSERT INTO value(a, value) VALUES (1, now())",
      ],
    ],
    ["SELECT @x, @@SESSION.y", ["SELECT @`x`, @@session.y"]],
    [
      "SELECT a FROM t WHERE a <> ? AND b REGEXP ?",
      ["SELECT a FROM t WHERE a != 1 AND b RLIKE 'x'", "SELECT a FROM t WHERE a <> 1 AND b REGEXP 'x'"],
    ],
    ["SELECT ?; SELECT a", ["SELECT 1; SELECT a;", ";SELECT 1;; /* x */ ;select a ; ;"]],
    ["SELECT DISTINCT a FROM t", ["SELECT DISTINCTROW a FROM t", "select distinct a from t"]],
    [
      "SELECT base.nid AS nid FROM node base",
      ['SELECT "base"."nid" AS "nid" FROM "node" "base"', "SELECT base.nid AS nid FROM node base"],
    ],
    [
      "INSERT INTO cache(cid) VALUES (?+) ON DUPLICATE KEY UPDATE cid = VALUES (cid)",
      [`INSERT INTO "cache" ("cid") VALUES ('a') ON DUPLICATE KEY UPDATE "cid" = VALUES("cid")`],
    ],
    ["DROP TABLE IF EXISTS x", ['DROP TABLE IF EXISTS "x"', "DROP TABLE IF EXISTS `x`"]],
  ])("%s", (digest, statements) => {
    for (const sql of statements) expect(text(sql), sql).toBe(digest);
  });

  it("are those that differ in values in double quotes, if no name stands in double quotes", () => {
    for (const sql of [
      'SELECT a FROM t WHERE b = "1" AND c IN ("x", "y") AND d LIKE "z%"',
      'INSERT INTO t(a) VALUES ("1")',
      'UPDATE t SET a = "1"',
      'SELECT EXTRACT(DAY FROM "2026-01-01"), TRIM(BOTH " " FROM "1"), SUBSTRING("1" FROM 2)',
      'PREPARE s FROM "SELECT 1"',
      'REVOKE ALL ON *.* FROM "app1"@"10.0.0.1"',
      'CREATE USER IF NOT EXISTS "app1"@"%"',
      'SELECT "a" "1"',
      'CALL p("1")',
    ]) {
      expect(text(sql), sql).toBe(text(sql.replaceAll("1", "2")));
      expect(text(sql), sql).not.toMatch(/["`]|app|x|z/);
    }
  });
});

describe("statements with different digests", () => {
  it.each([
    ['SELECT "a" FROM "node"', 'SELECT "a" FROM "users"'],
    ['SELECT "nid" FROM "node"', 'SELECT "vid" FROM "node"'],
    ['UPDATE "node" SET "a" = 1', 'UPDATE "users" SET "a" = 1'],
    ['UPDATE "node" SET "a" = 1', 'UPDATE "node" SET "b" = 1'],
    ['DELETE t FROM t JOIN "a" USING (b)', 'DELETE t FROM t JOIN "b" USING (b)'],
    ['INSERT INTO "a" VALUES (1)', 'INSERT INTO "b" VALUES (1)'],
    ['SELECT "a"."b"', 'SELECT "a"."c"'],
    ['SELECT a."b"', 'SELECT a."c"'],
    ['SELECT "a" .b', 'SELECT "c" .b'],
    ['CREATE TABLE IF NOT EXISTS "a" ("x" INT)', 'CREATE TABLE IF NOT EXISTS "b" ("x" INT)'],
    ['RELEASE SAVEPOINT "a"', 'RELEASE SAVEPOINT "b"'],
    ["SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b IS NOT NULL"],
    ["SELECT a FROM t WHERE b IS NULL", "SELECT a FROM t WHERE b = NULL"],
    ["CREATE TABLE t(a INT NULL)", "CREATE TABLE t(a INT NOT NULL)"],
    ["CREATE TABLE t(a INT DEFAULT NULL)", "CREATE TABLE t(a INT DEFAULT 0)"],
    ["SELECT `select` FROM t", "SELECT select FROM t"],
    ["SELECT `from` FROM t", "SELECT FROM FROM t"],
    ["SELECT `null` FROM t", "SELECT NULL FROM t"],
    ["SELECT `a.b` FROM t", "SELECT `a`.`b` FROM t"],
    ["SELECT `a b` FROM t", "SELECT a b FROM t"],
    ["SELECT `1` FROM t", "SELECT 1 FROM t"],
    ["SELECT `1e5` FROM t", "SELECT 1e5 FROM t"],
    ["SELECT `0x1` FROM t", "SELECT 0x1 FROM t"],
    ["SELECT `` FROM t", "SELECT FROM t"],
    ["SELECT `max`(a) FROM t", "SELECT MAX(a) FROM t"],
    ["SELECT `date` 'x'", "SELECT date 'x'"],
    ["SELECT a FROM Session", "SELECT a FROM session"],
    ["SELECT DATE(a)", "SELECT a"],
    ["SELECT b - 1", "SELECT b"],
    ["SELECT NOW() - 1", "SELECT 1"],
    ["SELECT 1; 'x'", "SELECT 1"],
  ])("%s and %s", (one, other) => {
    expect(digestOf(one).fingerprint).not.toBe(digestOf(other).fingerprint);
    expect(text(one)).not.toBe(text(other));
  });

  it("are those that differ behind a long list of columns, also in the digest's text", () => {
    const columns = (count: number) =>
      Array.from({ length: count }, (_, n) => `o.column_name_${n % 10}`).join(", ");
    for (const count of [60, 300, 3000]) {
      const [one, other] = ["orders", "invoices"].map((table) =>
        digestOf(`SELECT ${columns(count)} FROM ${table} o`),
      );
      expect(one?.fingerprint).not.toBe(other?.fingerprint);
      expect(one?.text).toContain(" FROM orders o");
      expect(other?.text).toContain(" FROM invoices o");
    }
    const [one, other] = ["x", "y"].map((name) =>
      digestOf(`SELECT ${name}, ${columns(300)}, ${columns(300)} FROM t`),
    );
    expect(one?.fingerprint).not.toBe(other?.fingerprint);
  });
});

describe("a long digest", () => {
  it("is shown without its middle, within its limit and with no character cut", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "ß", "表", "😀"), minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 300, maxLength: 900 }), (names) => {
        const shown = text(`SELECT ${names.join(", ")} FROM t`);
        expect(new TextEncoder().encode(shown).length).toBeLessThanOrEqual(MAX_DIGEST_BYTES);
        expect(shown).not.toContain("\ufffd");
        expect(shown.endsWith(" FROM t")).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("an executable comment", () => {
  it.each([
    ["/*! , a */", true, true],
    ["/*!50000 , a */", true, true],
    ["/*!050000 , a */", true, true],
    ["/*!50699 , a */", true, true],
    ["/*!50700 , a */", true, false],
    ["/*!80000 , a */", true, false],
    ["/*!99999 , a */", false, false],
    ["/*!100100 , a */", false, true],
    ["/*!999999 , a */", false, false],
    ["/*M! , a */", false, true],
    ["/*M!50700 , a */", false, true],
    ["/*M!100100 , a */", false, true],
  ])("%s is executed by MySQL: %s, by MariaDB: %s", (comment, inMysql, inMariadb) => {
    const digest = (runs: boolean) => (runs ? "SELECT ?, a FROM t" : "SELECT ? FROM t");
    const sql = `SELECT 1 ${comment} FROM t`;
    expect(digestOf(sql, "mysql").text).toBe(digest(inMysql));
    expect(digestOf(sql, "mariadb").text).toBe(digest(inMariadb));
  });
});

describe("the tables of statements with one digest", () => {
  const normalizer = new Normalizer();
  const mayHaveMoreTables = (sql: string): boolean => {
    normalizer.load(sql);
    normalizer.normalize();
    return normalizer.mayHaveMoreTables;
  };

  it.each([
    [false, "INSERT INTO t VALUES (1, 2), (1, 3)"],
    [false, "INSERT INTO t VALUES (1, 'SELECT'), (1, 'SELECT x FROM c')"],
    [false, "INSERT INTO t VALUES (1, (SELECT x FROM c)), (1, 3)"],
    [false, "INSERT INTO t VALUES (1, 2), (1, 3); SELECT x FROM c"],
    [false, "SELECT x FROM c WHERE a IN ((SELECT 1), (SELECT 1))"],
    [true, "INSERT INTO t VALUES (1, 2), (1, (SELECT x FROM c))"],
    [true, "INSERT INTO t VALUES (1, 2), (1, (TABLE c))"],
    [true, "INSERT INTO t VALUES (1, 2), (1; DELETE FROM c"],
    [true, `SELECT ${Array.from({ length: 7000 }, (_, at) => `column_${at}`)} FROM c`],
  ])("may differ: %s, %s", (mayDiffer, sql) => {
    expect(mayHaveMoreTables(sql)).toBe(mayDiffer);
  });

  it("are the same wherever it does not say that they may differ", () => {
    const known = new Map<string, unknown>();
    const words = [
      ..."( ) ( ) , ; a `b` c.d 1 's' ? SELECT FROM TABLE VALUES VALUE ROW WITH AS JOIN UNION WHERE IN".split(
        " ",
      ),
      ..."LIKE REFERENCES UPDATE SET LOCK TABLES WRITE INSERT INTO DELETE CREATE".split(" "),
      ...["(SELECT x FROM c)", "(TABLE e)", "ON DUPLICATE KEY UPDATE"],
    ];
    const row = fc.array(fc.constantFrom(...words), { maxLength: 9 }).map((row) => row.join(" "));
    fc.assert(
      fc.property(row, row, (inside, behind) => {
        const sql = `INSERT INTO t VALUES (1), (${inside}) ${behind}`;
        if (mayHaveMoreTables(sql)) return;
        const { fingerprint } = digestOf(sql);
        const tables = tablesOf(sql);
        expect(tables).toEqual(known.get(fingerprint) ?? tables);
        known.set(fingerprint, tables);
      }),
      { numRuns: 3000 },
    );
  });
});
