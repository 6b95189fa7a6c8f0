import { describe, expect, it } from "vitest";
import { redactLiterals } from "../../src/sql-text/redact/redact.ts";
import { isTable, tablesOf, withoutSchema } from "../../src/sql-text/tables.ts";

/** A statement, what it reads and what it writes. */
type Case = [sql: string, reads: string[], writes?: string[]];

const check = (cases: Case[]) =>
  it.each(cases)("%s", (sql, reads, writes = []) => {
    expect(tablesOf(sql)).toEqual({ reads, writes });
  });

describe("tables of a SELECT", () => {
  check([
    ["SELECT 1", []],
    ["SELECT a FROM t", ["t"]],
    ["select a from t where b = 'from x'", ["t"]],
    ["SELECT a FROM shop.orders", ["shop.orders"]],
    ["SELECT a FROM `shop`.`orders`", ["shop.orders"]],
    ["SELECT a FROM `shop` . orders o", ["shop.orders"]],
    ["SELECT a FROM `a``b`", ["a`b"]],
    ["SELECT a FROM db1.2024", ["db1.2024"]],
    ["SELECT a FROM `bücher`, größe", ["bücher", "größe"]],
    ['SELECT "a" FROM "shop"."orders" AS "o"', ["shop.orders"]],
    ["SELECT a FROM t, u AS x, v y", ["t", "u", "v"]],
    ["SELECT a FROM t JOIN u ON t.id = u.id LEFT OUTER JOIN v USING (id), w", ["t", "u", "v", "w"]],
    ["SELECT STRAIGHT_JOIN a FROM t STRAIGHT_JOIN u NATURAL JOIN v CROSS JOIN w", ["t", "u", "v", "w"]],
    ["SELECT a FROM (t JOIN u ON t.id = u.id), ((v)), (w, x)", ["t", "u", "v", "w", "x"]],
    ["SELECT a FROM t LEFT JOIN (u CROSS JOIN v) ON f(u.a, v.b) = 1 JOIN w", ["t", "u", "v", "w"]],
    ["SELECT a FROM {OJ t LEFT OUTER JOIN u ON t.id = u.id}", ["t", "u"]],
    ["SELECT a FROM t GROUP BY a, b HAVING c ORDER BY d, e LIMIT 1, 2", ["t"]],
    ["SELECT a FROM t WINDOW w AS (ORDER BY a), x AS (ORDER BY b)", ["t"]],
    ["SELECT a FROM t INTO @x, @y", ["t"]],
    ["SELECT a INTO OUTFILE '/tmp/x' FROM t", ["t"]],
    ["SELECT a FROM t FOR UPDATE OF t, u", ["t"]],
    ["SELECT a FROM t FOR SHARE OF t, u SKIP LOCKED", ["t"]],
    ["SELECT a FROM t LOCK IN SHARE MODE", ["t"]],
    ["SELECT a FROM t USE INDEX (i, j) IGNORE INDEX FOR ORDER BY (k), u", ["t", "u"]],
    ["SELECT a FROM t FORCE INDEX FOR JOIN (i) JOIN u", ["t", "u"]],
    ["SELECT a FROM t PARTITION (p0, p1) AS x, u", ["t", "u"]],
    ["SELECT a FROM DUAL WHERE 1", []],
    ["SELECT a FROM t PROCEDURE ANALYSE(1, 2)", ["t"]],
    ["SELECT a FROM t FOR SYSTEM_TIME FROM '2026-01-01' TO NOW(), u", ["t", "u"]],
    ["SELECT a FROM t FOR SYSTEM_TIME AS OF TIMESTAMP'2026-01-01 00:00:00', u", ["t", "u"]],
    ["TABLE t ORDER BY a, b", ["t"]],
    ["(TABLE t) UNION (TABLE u)", ["t", "u"]],
    ["VALUES ROW(1, 2), ROW(3, 4)", []],
    ["SELECT a FROM t, t, T", ["t", "T"]],
    ["SELECT a FROM view, tables, share", ["view", "tables", "share"]],
    ["HANDLER t READ FIRST WHERE a = 1", ["t"]],
  ]);
});

describe("words that look like tables", () => {
  check([
    ["SELECT EXTRACT(YEAR FROM d), TRIM(BOTH 'x' FROM y), SUBSTRING(z FROM 2 FOR 3) FROM t", ["t"]],
    ["SELECT a FROM t WHERE EXTRACT(DAY FROM d) = 1 AND TRIM(LEADING FROM x) = ''", ["t"]],
    ["SELECT t.from, `from`, @from, u.join FROM t JOIN u", ["t", "u"]],
    [
      "SELECT a FROM JSON_TABLE(x, '$[*]' COLUMNS (a INT PATH '$.a', NESTED PATH '$.b' COLUMNS (c INT))) AS j, t",
      ["t"],
    ],
    ["SELECT a FROM t /* FROM u */ WHERE b # JOIN v\n -- , w\n", ["t"]],
    ["SELECT a FROM t WHERE b = \"FROM u\" AND c = 'JOIN v'", ["t"]],
    ["SELECT GROUP_CONCAT(a ORDER BY b, c SEPARATOR ',') FROM t", ["t"]],
    ["SELECT REPLACE(a, 'x', 'y'), INSERT(a, 1, 2, 'z') FROM t", ["t"]],
    ["SELECT a FROM t WHERE MATCH (a, b) AGAINST ('c' WITH QUERY EXPANSION)", ["t"]],
    ["SELECT a FROM t GROUP BY a WITH ROLLUP HAVING b ORDER BY c", ["t"]],
    ["SELECT a FROM (VALUES ROW(1, 2), ROW(3, 4)) AS v (a, b)", []],
    ["SELECT ? FROM ?", []],
    ["SELECT a FROM t AS x (a, b), u", ["t", "u"]],
  ]);
});

describe("tables of subqueries", () => {
  check([
    ["SELECT (SELECT MAX(a) FROM u) FROM t", ["u", "t"]],
    [
      "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id) AND b IN (SELECT b FROM v)",
      ["t", "u", "v"],
    ],
    ["SELECT a FROM (SELECT b FROM t JOIN u) AS x (a), LATERAL (SELECT c FROM v) y", ["t", "u", "v"]],
    ["SELECT COALESCE((SELECT a FROM t LIMIT 1), 0)", ["t"]],
    ["SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT c FROM v", ["t", "u", "v"]],
    ["(SELECT a FROM t) UNION (SELECT b FROM u) ORDER BY c, d", ["t", "u"]],
    ["SELECT a FROM ((SELECT b FROM t) UNION (SELECT c FROM u)) x", ["t", "u"]],
    ["SELECT a FROM t WHERE b = ANY (TABLE u)", ["t", "u"]],
    ["SET @a = (SELECT MAX(id) FROM t)", ["t"]],
    ["DO (SELECT 1 FROM t)", ["t"]],
    ["CALL p((SELECT 1 FROM t), 2)", ["t"]],
    ["SET STATEMENT max_statement_time = 1 FOR SELECT a FROM t", ["t"]],
  ]);
});

describe("common table expressions", () => {
  check([
    ["WITH a AS (SELECT 1 FROM t) SELECT b FROM a", ["t"]],
    ["WITH a AS (SELECT 1 FROM t), `B` (x, y) AS (SELECT 1, 2 FROM a) SELECT z FROM b, c", ["t", "c"]],
    ["WITH orders AS (SELECT id FROM orders) SELECT id FROM orders", ["orders"]],
    ["WITH a AS (SELECT 1) SELECT b FROM shop.a", ["shop.a"]],
    ["WITH RECURSIVE a (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM a JOIN t) SELECT n FROM a", ["t"]],
    ["SELECT x FROM (WITH a AS (SELECT 1 FROM t) SELECT b FROM a) y JOIN a", ["t", "a"]],
    ["WITH a AS (SELECT 1 FROM t) (SELECT b FROM a) UNION SELECT c FROM u", ["t", "u"]],
    ["WITH a AS (WITH b AS (SELECT 1 FROM t) SELECT 1 FROM b) SELECT 1 FROM a JOIN b", ["t", "b"]],
    ["WITH a AS (SELECT id FROM t) UPDATE u JOIN a ON u.id = a.id SET u.x = 1", ["t"], ["u"]],
    ["WITH a AS (SELECT id FROM t) DELETE FROM u WHERE id IN (SELECT id FROM a)", ["t"], ["u"]],
    ["INSERT INTO u WITH a AS (SELECT id FROM t) SELECT id FROM a", ["t"], ["u"]],
    ["WITH view AS (SELECT 1 FROM t) SELECT 1 FROM view", ["t"]],
  ]);
});

describe("tables that are written", () => {
  check([
    ["INSERT INTO t VALUES (1, 'x')", [], ["t"]],
    ["INSERT LOW_PRIORITY IGNORE shop.t (a, b) VALUES (1, (SELECT 1 FROM u)), (2, 3)", ["u"], ["shop.t"]],
    ["INSERT INTO t PARTITION (p0) (a) SELECT a FROM u", ["u"], ["t"]],
    ["INSERT INTO t SELECT a FROM t AS x, u ON DUPLICATE KEY UPDATE a = VALUES(a), b = c", ["t", "u"], ["t"]],
    ["INSERT INTO t (SELECT a FROM u)", ["u"], ["t"]],
    ["INSERT INTO t SET a = 1, b = (SELECT 1 FROM u)", ["u"], ["t"]],
    ["INSERT INTO t TABLE u", ["u"], ["t"]],
    ["INSERT INTO t VALUES (1) AS new (a) ON DUPLICATE KEY UPDATE a = new.a", [], ["t"]],
    ["INSERT INTO t (a) VALUES (1) RETURNING a, b", [], ["t"]],
    ["REPLACE DELAYED INTO t VALUES (1)", [], ["t"]],
    ["LOAD DATA LOCAL INFILE '/tmp/x' REPLACE INTO TABLE t FIELDS TERMINATED BY ',' (a, b)", [], ["t"]],
    ["LOAD XML INFILE 'x' INTO TABLE shop.t SET a = (SELECT 1 FROM u)", ["u"], ["shop.t"]],
    ["UPDATE t SET a = 1, b = 2 WHERE c = 3 ORDER BY d, e LIMIT 1", [], ["t"]],
    ["UPDATE LOW_PRIORITY IGNORE t AS x SET x.a = (SELECT 1 FROM u)", ["u"], ["t"]],
    ["UPDATE t SET a = 1 WHERE id IN (SELECT id FROM (SELECT id FROM t) x)", ["t"], ["t"]],
    ["DELETE FROM t WHERE a IN (SELECT a FROM u)", ["u"], ["t"]],
    ["DELETE LOW_PRIORITY QUICK IGNORE FROM shop.t AS x WHERE a = 1 ORDER BY b, c LIMIT 1", [], ["shop.t"]],
    ["DELETE FROM t PARTITION (p0) WHERE a = 1 RETURNING b, c", [], ["t"]],
    ["DELETE FROM t FOR PORTION OF p FROM '2026-01-01' TO '2026-02-01'", [], ["t"]],
    ["UPDATE t FOR PORTION OF p FROM a TO b SET c = 1", [], ["t"]],
    ["DELETE HISTORY FROM t", [], ["t"]],
  ]);
});

describe("an UPDATE or a DELETE of several tables", () => {
  check([
    ["UPDATE t JOIN u ON t.id = u.id SET t.a = u.a", ["u"], ["t"]],
    ["UPDATE t JOIN u ON t.id = u.id SET u.a = t.a, t.b = 1 WHERE t.c = u.c", [], ["t", "u"]],
    ["UPDATE orders o, items AS i SET i.a = o.a, i.b = 2", ["orders"], ["items"]],
    ["UPDATE shop.t, shop.u SET shop.u.a = 1", ["shop.t"], ["shop.u"]],
    ["UPDATE `shop`.`t` AS x, u SET `x`.`a` = 1", ["u"], ["shop.t"]],
    ["UPDATE t, (SELECT id FROM v) AS d SET t.a = d.a", ["v"], ["t"]],
    ["UPDATE t, (u, v) SET v.a = 1", ["t", "u"], ["v"]],
    ["UPDATE t, u SET a = 1", ["u"], ["t"]],
    ["DELETE t FROM t JOIN u ON t.id = u.id WHERE u.a = 1", ["u"], ["t"]],
    ["DELETE x, y FROM t AS x, u AS y, v WHERE x.a = v.a", ["v"], ["t", "u"]],
    ["DELETE t.*, shop.u.* FROM t, shop.u, v", ["v"], ["t", "shop.u"]],
    ["DELETE FROM t, u USING t INNER JOIN u INNER JOIN v USING (id)", ["v"], ["t", "u"]],
    ["DELETE FROM x.* USING t AS x JOIN u", ["u"], ["t"]],
    ["DELETE t FROM t LEFT JOIN (SELECT a FROM v) d ON t.a = d.a WHERE d.a IS NULL", ["v"], ["t"]],
    ["DELETE w FROM t", ["t"], ["w"]],
  ]);
});

describe("tables that are defined, locked and looked after", () => {
  check([
    [
      "CREATE TABLE t (a INT, b VARCHAR(9) CHECK (b LIKE c), FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL, KEY k (a, b))",
      ["u"],
      ["t"],
    ],
    ["CREATE TEMPORARY TABLE IF NOT EXISTS shop.t LIKE u", ["u"], ["shop.t"]],
    ["CREATE TABLE t (LIKE u)", ["u"], ["t"]],
    ["CREATE TABLE t ENGINE=InnoDB AS SELECT a FROM u, v", ["u", "v"], ["t"]],
    ["CREATE TABLE t IGNORE (SELECT a FROM u)", ["u"], ["t"]],
    ["CREATE TABLE t (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1))", [], ["t"]],
    [
      "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW v (x) AS SELECT a FROM t WITH CHECK OPTION",
      ["t"],
      ["v"],
    ],
    ["CREATE UNIQUE INDEX i ON shop.t (a, b)", [], ["shop.t"]],
    ["CREATE INDEX i USING BTREE ON t (a)", [], ["t"]],
    ["DROP INDEX `PRIMARY` ON t", [], ["t"]],
    ["ALTER TABLE t ADD COLUMN a INT AFTER b, ADD INDEX i (a, b), DROP KEY k", [], ["t"]],
    ["ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES shop.u (id)", ["shop.u"], ["t"]],
    ["ALTER TABLE t RENAME TO u", [], ["t", "u"]],
    ["ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j", [], ["t"]],
    ["ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u WITHOUT VALIDATION", [], ["t", "u"]],
    ["DROP TABLE IF EXISTS t, shop.u CASCADE", [], ["t", "shop.u"]],
    ["DROP TEMPORARY TABLE t", [], ["t"]],
    ["DROP VIEW v, w", [], ["v", "w"]],
    ["TRUNCATE TABLE t", [], ["t"]],
    ["TRUNCATE shop.t", [], ["shop.t"]],
    ["RENAME TABLE t TO old.t, u TO t", [], ["t", "old.t", "u"]],
    ["LOCK TABLES t READ, `u` AS x READ LOCAL, v LOW_PRIORITY WRITE, w y WRITE", ["t", "u"], ["v", "w"]],
    ["ANALYZE LOCAL TABLE t, u", ["t", "u"]],
    ["ANALYZE TABLE t UPDATE HISTOGRAM ON a, b WITH 8 BUCKETS", ["t"]],
    ["CHECK TABLE t, u FOR UPGRADE", ["t", "u"]],
    ["CHECKSUM TABLE t", ["t"]],
    ["OPTIMIZE NO_WRITE_TO_BINLOG TABLE t, u", [], ["t", "u"]],
    ["REPAIR TABLE t QUICK", [], ["t"]],
    ["CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW INSERT INTO u VALUES (1)", [], ["t"]],
    ["CREATE PROCEDURE p() BEGIN SELECT a FROM t; DELETE FROM u; END", []],
    ["CREATE DEFINER=a@b FUNCTION f() RETURNS INT RETURN (SELECT 1 FROM t)", []],
    ["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", []],
    ["DROP PROCEDURE p; DELETE FROM t", [], ["t"]],
    ["DROP TRIGGER g", []],
  ]);
});

describe("statements without tables of their own", () => {
  check([
    ["", []],
    [";;", []],
    ["EXPLAIN UPDATE t SET a = (SELECT 1 FROM u)", ["u", "t"]],
    ["EXPLAIN FORMAT=JSON SELECT a FROM t", ["t"]],
    ["ANALYZE FORMAT=JSON UPDATE t SET a = 1", [], ["t"]],
    ["DESCRIBE t", []],
    ["SHOW FULL COLUMNS FROM t FROM shop LIKE 'a'", []],
    ["SHOW CREATE TABLE t", []],
    ["SHOW TABLES FROM shop", []],
    ["GRANT SELECT (a), UPDATE ON shop.t TO u@h", []],
    ["REVOKE SELECT ON shop.t FROM u@h", []],
    ["PREPARE s FROM 'SELECT a FROM t'", []],
    ["START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", []],
    ["SET NAMES utf8mb4, SESSION sql_mode = ''", []],
    ["USE shop", []],
    ["FLUSH TABLES t WITH READ LOCK", []],
    ["CREATE USER a@b IDENTIFIED BY <secret>", []],
    ["CREATE DATABASE shop", []],
    ["ALTER USER a@b ACCOUNT LOCK", []],
    ["LOAD INDEX INTO CACHE t, u", []],
    ["LOCK INSTANCE FOR BACKUP", []],
    ["XA COMMIT 'x'", []],
  ]);
});

describe("what a text may be besides one statement", () => {
  check([
    ["SELECT a FROM t; UPDATE u SET b = 1; DELETE FROM v", ["t"], ["u", "v"]],
    ["BEGIN; INSERT INTO t VALUES (1); COMMIT", [], ["t"]],
    ["SELECT a FROM `t", []],
    ["SELECT a FROM t WHERE b = 'x", ["t"]],
    ["SELECT a FROM", []],
    ["SELECT a FROM t JOIN", ["t"]],
    [") SELECT a FROM t", ["t"]],
    ["SELECT a FROM (t", ["t"]],
    ["UPDATE t, u SET", ["u"], ["t"]],
    ["DELETE", []],
  ]);

  it("is read as the server that it is for executes it", () => {
    const sql = "SELECT a FROM t /*!50700 JOIN u */ /*M! JOIN v */";
    expect(tablesOf(sql, "mysql").reads).toEqual(["t", "u"]);
    expect(tablesOf(sql, "mariadb").reads).toEqual(["t", "v"]);
    expect(tablesOf(sql).reads).toEqual(["t", "u", "v"]);
  });
});

it("has the same tables without its literals", () => {
  for (const sql of [
    "INSERT INTO t (a, b) VALUES (1, 'x''y') ON DUPLICATE KEY UPDATE a = 2",
    "SELECT a FROM t WHERE b = 'JOIN u' /* v */ AND c IN (SELECT 1 FROM w LIMIT 5, 6)",
  ]) {
    expect(tablesOf(redactLiterals(sql))).toEqual(tablesOf(sql));
  }
});

it("knows a common table expression in its parentheses only, also if another has its name", () => {
  expect(
    tablesOf(
      "WITH a AS (SELECT 1) SELECT 1 FROM (WITH a AS (SELECT 2) SELECT 1 FROM a) x, a, (WITH b AS (SELECT 3) SELECT 1 FROM b) y, b",
    ).reads,
  ).toEqual(["b"]);
});

describe("a table that is looked for", () => {
  it("is found with and without its schema, in any letter case", () => {
    expect(isTable("Orders", "orders", null)).toBe(true);
    expect(isTable("shop.orders", "ORDERS", null)).toBe(true);
    expect(isTable("shop.orders", "shop.orders", null)).toBe(true);
    expect(isTable("orders", "shop.orders", "Shop")).toBe(true);
  });

  it("is not found elsewhere", () => {
    expect(isTable("orders", "shop.orders", null)).toBe(false);
    expect(isTable("orders", "shop.orders", "other")).toBe(false);
    expect(isTable("other.orders", "shop.orders", "shop")).toBe(false);
    expect(isTable("orders_old", "orders", "shop")).toBe(false);
  });

  it("has a name without its schema's", () => {
    expect(withoutSchema("shop.orders")).toBe("orders");
    expect(withoutSchema("orders")).toBe("orders");
  });
});
