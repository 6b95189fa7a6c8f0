import { describe, expect, test } from "vitest";
import { judgeWithBody } from "../../../src/cli/replay/statement-body.ts";
import type { StatementKind } from "../../../src/sql-text/statement-kind.ts";

const KINDS: Partial<Record<StatementKind, string[]>> = {
  write: [
    "CREATE DATABASE IF NOT EXISTS mysql_copy",
    "CREATE PROCEDURE p(reset INT) BEGIN SET @global = 1; SELECT t.cache, kill_count FROM t; SET cache = 2; END",
    "CREATE PROCEDURE p() BEGIN START TRANSACTION; INSERT INTO t VALUES ('GRANT ALL; SHUTDOWN'); COMMIT; END",
    "CREATE PROCEDURE p() BEGIN SHOW GLOBAL STATUS; SELECT @@global.read_only; /* FLUSH */ CALL q(); END",
    "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.role = 'user'",
    "ALTER EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01' DO DELETE FROM t",
    "BEGIN NOT ATOMIC ALTER TABLE t CHANGE a b INT; EXECUTE IMMEDIATE @text; END",
    "BEGIN DELETE FROM t",
    "CREATE PROCEDURE p() BEGIN EXECUTE IMMEDIATE 'DELETE FROM t'; END",
    "CREATE TABLE t (role INT, flush INT, password INT)",
  ],
  account: [
    "BEGIN NOT ATOMIC CREATE USER u; END",
    "begin /* so */ not atomic select 1; create or replace user u; end",
    "BEGIN GRANT SELECT ON t TO u; END",
    "IF 1 THEN GRANT SELECT ON t TO u; END IF",
    "FOR i IN (SELECT 1) DO DROP ROLE r; END FOR",
    "WHILE 1 DO ALTER USER u ACCOUNT LOCK; END WHILE",
    "a: LOOP RENAME USER a TO b; END LOOP",
    "CASE 1 WHEN 1 THEN REVOKE ALL ON a.* FROM u; END CASE",
    "REPEAT SET PASSWORD FOR u = 'x'; UNTIL 1 END REPEAT",
    "SET STATEMENT max_statement_time = 1 FOR BEGIN NOT ATOMIC CREATE USER u; END",
    "CREATE PROCEDURE p() CREATE USER u",
    "CREATE DEFINER=`a`@`b` FUNCTION f() RETURNS INT BEGIN SET ROLE r; RETURN 1; END",
    "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN UPDATE mysql.user SET plugin = ''; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO /*!50000 CREATE USER u */",
    "ALTER EVENT e DO DROP USER u",
    "CREATE PACKAGE BODY p AS PROCEDURE q AS BEGIN GRANT SELECT ON t TO u; END; END",
    "BEGIN NOT ATOMIC SELECT '\\'; GRANT SELECT ON t TO u; SELECT ''; END",
    'BEGIN NOT ATOMIC SELECT "\'"; GRANT SELECT ON t TO u; END',
    "BEGIN NOT ATOMIC EXECUTE IMMEDIATE 'CREATE USER u'; END",
    "BEGIN NOT ATOMIC USE `mysql`; DELETE FROM user; END",
    "ALTER DATABASE mysql CHARACTER SET utf8mb4",
    "DROP SCHEMA IF EXISTS `mysql`",
    'UPDATE "mysql".user SET plugin = 1',
    'BEGIN NOT ATOMIC UPDATE "mysql".user SET plugin = 1; END',
    "CREATE DATABASE mysql",
  ],
  administration: [
    "BEGIN NOT ATOMIC SET GLOBAL general_log = 0; END",
    "BEGIN NOT ATOMIC SET a = 1, @@persist.max_connections = 5; END",
    "IF 1 THEN FLUSH TABLES; END IF",
    "CREATE PROCEDURE p() SHUTDOWN",
    "CREATE PROCEDURE p() COMMENT 'x' KILL 5",
    "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION RESET MASTER; END",
    "CREATE PROCEDURE p() BEGIN SELECT * FROM t INTO OUTFILE '/tmp/x'; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO STOP SLAVE",
    "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW CALL sys.p()",
    "CREATE PROCEDURE p() BEGIN CALL rds_kill(5); START SLAVE; CHANGE MASTER TO MASTER_HOST = 'a'; END",
    "CREATE PROCEDURE p() BEGIN CREATE SERVER s FOREIGN DATA WRAPPER x OPTIONS (HOST 'u'); END",
    "CREATE PROCEDURE p() BEGIN PREPARE s FROM 'SET GLOBAL general_log = 0'; END",
  ],
};

describe.each(Object.entries(KINDS))("%s", (kind, statements) => {
  test.each(statements)("%s", (statement) => expect(judgeWithBody(statement).kind).toBe(kind));
});
