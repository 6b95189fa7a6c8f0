import { describe, expect, it } from "vitest";
import { type Step, stepOf } from "../../../src/workload/search/transaction-steps.ts";

const STEPS: [Step, string[]][] = [
  [
    "begin",
    [
      "BEGIN",
      "begin work;",
      "START TRANSACTION",
      "start transaction with consistent snapshot, read only",
      "/* the ORM's */ BEGIN /*route='cart'*/",
      "-- a comment\nBEGIN",
      "XA START 'x'",
      "XA BEGIN 'x'",
    ],
  ],
  ["commit", ["COMMIT", "commit work;", "COMMIT AND NO CHAIN RELEASE", "XA COMMIT 'x' ONE PHASE"]],
  ["rollback", ["ROLLBACK", "rollback work", "ROLLBACK AND NO CHAIN", "XA ROLLBACK 'x'"]],
  ["commit and chain", ["COMMIT AND CHAIN", "COMMIT WORK AND CHAIN"]],
  ["rollback and chain", ["ROLLBACK AND CHAIN", "rollback work and chain no release"]],
  [
    "implicit commit",
    [
      "CREATE TABLE t (id INT)",
      "create or replace view v as select 1",
      "/*!40000 ALTER TABLE t DISABLE KEYS */",
      "DROP TABLE t",
      "TRUNCATE t",
      "RENAME TABLE a TO b",
      "GRANT SELECT ON t TO u",
      "ANALYZE TABLE t",
      "LOCK TABLES t WRITE",
      "LOCK TABLE t READ",
      "START REPLICA",
      "SET PASSWORD = 'x'",
      "LOAD INDEX INTO CACHE t",
    ],
  ],
  [
    "autocommit off",
    [
      "SET autocommit=0",
      "set AUTOCOMMIT = OFF",
      "SET @@autocommit := false",
      "SET SESSION autocommit=0",
      "SET @@session.autocommit = OFF",
      "SET NAMES utf8mb4, autocommit=0",
      "SET @@local.`autocommit`='0'",
    ],
  ],
  ["autocommit on", ["SET autocommit=1", "SET @@session.autocommit = ON", "SET autocommit = DEFAULT"]],
  [
    "statement",
    [
      "SELECT 1",
      "(SELECT 1) UNION (SELECT 2)",
      "insert into t values ('COMMIT')",
      "/* BEGIN */ UPDATE t SET a = 1",
      "WITH c AS (SELECT 1) SELECT * FROM c",
      "CALL p()",
      "LOAD DATA INFILE 'f' INTO TABLE t",
      "EXECUTE s",
    ],
  ],
  [
    "other",
    [
      "",
      "SHOW TABLES",
      "USE shop",
      "SAVEPOINT a",
      "ROLLBACK TO a",
      "ROLLBACK WORK TO SAVEPOINT a",
      "RELEASE SAVEPOINT a",
      "BEGIN NOT ATOMIC SELECT 1; END",
      "CREATE TEMPORARY TABLE t (id INT)",
      "DROP TEMPORARY TABLE t",
      "SET GLOBAL autocommit=0",
      "SET @@global.autocommit=0",
      "SET @autocommit = 0",
      "SET @a = 'autocommit=0'",
      "SET autocommit=?",
      "UNLOCK TABLES",
      "XA END 'x'",
      "XA PREPARE 'x'",
      "ANALYZE SELECT 1",
      "<secret>",
      "SET",
    ],
  ],
];

describe.each(STEPS)("%s is what a session's transaction gets from", (step, statements) => {
  it.each(statements)("%s", (statement) => {
    expect(stepOf(statement)).toBe(step);
  });
});

it("a long statement is read at its beginning alone", () => {
  expect(stepOf(`INSERT INTO t VALUES (${"1,".repeat(1e6)}1)`)).toBe("statement");
  expect(stepOf(`${" ".repeat(5000)}COMMIT`)).toBe("other");
});
