import { describe, expect, test } from "vitest";
import { judge, type StatementKind } from "../../src/sql-text/statement-kind.ts";

const KINDS: Record<StatementKind, string[]> = {
  read: [
    "SELECT 1",
    "select * from t where a = 'delete from t; drop table t'",
    "(SELECT 1) UNION (SELECT 2)",
    "  /* hint */ -- more\n SELECT 1",
    "SELECT * FROM t FOR SHARE",
    "SELECT 'for update' FROM t LOCK IN SHARE MODE",
    "SELECT a INTO @x FROM t",
    "SELECT 'into outfile' FROM t",
    "SELECT outfile_name FROM t",
    "WITH a AS (SELECT 1), b AS (SELECT 'x') SELECT * FROM a, b",
    "WITH RECURSIVE n AS (SELECT 1 UNION ALL SELECT 2) (SELECT * FROM n)",
    "TABLE t",
    "VALUES ROW(1)",
    "SHOW TABLES",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN ANALYZE SELECT * FROM t",
    "ANALYZE FORMAT=JSON SELECT * FROM t",
    "DESC t",
    "USE shop",
    "BEGIN",
    "BEGIN WORK",
    "START TRANSACTION",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    "COMMIT",
    "ROLLBACK TO SAVEPOINT a",
    "RELEASE SAVEPOINT a",
    "SET NAMES utf8mb4",
    "SET @global = 1",
    "SET @a := 'GLOBAL', SESSION sql_mode = ''",
    "SET autocommit=0",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET STATEMENT max_statement_time = 1 FOR SELECT * FROM t",
    "PREPARE s FROM 'SELECT * FROM t WHERE id = ?'",
    "EXECUTE s USING @a",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "DEALLOCATE PREPARE s",
    "DROP PREPARE s",
    "DO SLEEP(1)",
    "HANDLER t OPEN",
    "UNLOCK TABLES",
    "CHECKSUM TABLE t",
    "/*!40101 SET NAMES utf8 */",
    "SELECT GET_LOCK('a', 1)",
    "SELECT 1;",
    "SELECT 1;\n -- the end",
  ],
  write: [
    "INSERT INTO t VALUES (1)",
    "/* SELECT */ insert into t select 1",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "REPLACE INTO t VALUES (1)",
    "TRUNCATE t",
    "/*!50000 DELETE FROM t */",
    "/*M!100100 DELETE FROM t */",
    "WITH a AS (SELECT 1) DELETE FROM t WHERE id IN (SELECT * FROM a)",
    "WITH a AS (SELECT 'x)') UPDATE t SET a = 1",
    "EXPLAIN ANALYZE DELETE FROM t",
    "ANALYZE DELETE FROM t",
    "ANALYZE FORMAT=JSON UPDATE t SET a = 1",
    "ANALYZE TABLE t",
    "OPTIMIZE TABLE t",
    "CHECK TABLE t",
    "CREATE TABLE t (id INT)",
    "CREATE TEMPORARY TABLE t (id INT)",
    "CREATE OR REPLACE DEFINER=`u`@`h` SQL SECURITY INVOKER VIEW v AS SELECT 1",
    "CREATE PROCEDURE p() BEGIN DELETE FROM t; SELECT 1; END",
    "ALTER TABLE t ADD role INT",
    "DROP TABLE user",
    "RENAME TABLE a TO b",
    "CALL p()",
    "LOCK TABLES t WRITE",
    "XA PREPARE 'a'",
    "BEGIN NOT ATOMIC DELETE FROM t; END",
    "IF 1 THEN DELETE FROM t; END IF",
    "START TRANSACTION READ WRITE",
    "SET SESSION TRANSACTION READ WRITE",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE",
    "SET transaction_read_only = 0",
    "SET @@session.`tx_read_only` = OFF",
    "SET STATEMENT max_statement_time = 1 FOR DELETE FROM t",
    "PREPARE s FROM 'DELETE FROM t WHERE id = ?'",
    "PREPARE s FROM @sql",
    "PREPARE s FROM 'SELECT 1' ' INTO'",
    "EXECUTE IMMEDIATE 'DELETE FROM t'",
    "EXECUTE IMMEDIATE CONCAT('SELECT', ' 1')",
    "SELECT * FROM t WHERE id = 1 FOR\n UPDATE SKIP LOCKED",
    "SELECT NEXTVAL(s)",
    "SELECT NEXT VALUE FOR s",
    "DELIMITER //",
    "VACUUM",
    "{call p()}",
    "SELECT 1; DELETE FROM t",
  ],
  account: [
    "CREATE USER u IDENTIFIED BY <secret>",
    "CREATE OR REPLACE USER u",
    "ALTER USER IF EXISTS u ACCOUNT LOCK",
    "DROP ROLE r",
    "RENAME USER a TO b",
    "GRANT SELECT ON *.* TO u",
    "REVOKE ALL ON a.* FROM u",
    "SET PASSWORD = 'x'",
    "set  /* so */ password for u = 'x'",
    "SET ROLE r",
    "SET DEFAULT ROLE r TO u",
    "UPDATE mysql.user SET plugin = ''",
    "INSERT INTO `mysql` . `global_priv` VALUES (1)",
    "PREPARE s FROM 'CREATE USER u'",
    "SELECT 1; CREATE USER u; SELECT 2",
    "/*!80000 CREATE USER u */",
  ],
  administration: [
    "CHANGE MASTER TO MASTER_HOST = 'a'",
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'a'",
    "START SLAVE",
    "START GROUP_REPLICATION",
    "STOP REPLICA",
    "RESET MASTER",
    "PURGE BINARY LOGS TO 'a'",
    "FLUSH TABLES WITH READ LOCK",
    "KILL 5",
    "SHUTDOWN",
    "SET GLOBAL general_log = 0",
    "SET @@global.general_log = 0",
    "SET @@ GLOBAL . general_log = 0",
    "SET a = 1, PERSIST max_connections = 5",
    "SET RESOURCE GROUP g",
    "INSTALL PLUGIN p SONAME 'p.so'",
    "CREATE FUNCTION f RETURNS STRING SONAME 'udf.so'",
    "CREATE AGGREGATE FUNCTION f RETURNS INTEGER SONAME 'udf.so'",
    "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'u')",
    "ALTER INSTANCE ROTATE INNODB MASTER KEY",
    "CREATE TABLESPACE a",
    "LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
    "LOAD XML INFILE 'x' INTO TABLE t",
    "SELECT * INTO OUTFILE '/tmp/x' FROM t",
    "SELECT a FROM t INTO /* a */ DUMPFILE '/tmp/x'",
    "(SELECT a FROM t) INTO OUTFILE '/tmp/x'",
    "SELECT '\\' INTO OUTFILE ' FROM t",
    "CLONE INSTANCE FROM u@h:1 IDENTIFIED BY 'x'",
    "BINLOG 'abc'",
    "CALL mysql.rds_kill(5)",
    "CALL rds_set_external_master('a')",
    "LOCK INSTANCE FOR BACKUP",
    "BACKUP STAGE START",
  ],
  nothing: ["", ";", " -- only this", "/* nothing */", "# x\n;"],
};

describe.each(Object.entries(KINDS))("%s", (kind, statements) => {
  test.each(statements)("%s", (statement) => expect(judge(statement).kind).toBe(kind));
});

test("a write with the default database mysql is one of accounts", () => {
  expect(judge("UPDATE user SET plugin = ''", "mysql").kind).toBe("account");
  expect(judge("SELECT * FROM user", "mysql").kind).toBe("read");
  expect(judge("INSERT INTO t VALUES ('mysql.user')", "shop").kind).toBe("write");
});

test("a write behind a USE of the database mysql, in one text, is one of accounts", () => {
  expect(judge("USE /* x */ `mysql`; DELETE FROM user", "shop").kind).toBe("account");
  expect(judge("USE mysql; USE shop; DELETE FROM user").kind).toBe("write");
});

test("SET STATEMENT is followed to what it is for, but not through thousands", () => {
  expect(judge(`${"SET STATEMENT a = 1 FOR ".repeat(3)}SELECT 1`).kind).toBe("read");
  expect(judge(`${"SET STATEMENT a = 1 FOR ".repeat(15_000)}SELECT 1`).kind).toBe("administration");
});

test("a block that is run at once is judged by what is in it, and is a write at least", () => {
  expect(judge("BEGIN NOT ATOMIC SELECT 1; IF @a THEN SHUTDOWN; END IF; END").kind).toBe("administration");
  expect(judge("IF 1 THEN SELECT 1; ELSE CREATE USER u; END IF").kind).toBe("account");
  expect(judge("BEGIN NOT ATOMIC SELECT 1; END").kind).toBe("write");
  expect(judge("BEGIN NOT ATOMIC USE mysql; DELETE FROM user; END").kind).toBe("account");
});

test("what stands before or behind a body, or behind a NOT, in one text, is judged too", () => {
  expect(judge("SELECT 1; KILL 5; CREATE PROCEDURE p() SELECT 1").kind).toBe("administration");
  expect(judge("CREATE PROCEDURE p() SELECT 1; KILL 5").kind).toBe("administration");
  expect(judge("SELECT NOT 1; DELETE FROM t").kind).toBe("write");
  expect(judge("SELECT NOT 1; KILL 5").parts).toEqual(["SELECT NOT 1", "KILL 5"]);
});

test("a text of several statements is taken apart, but no body and no string", () => {
  expect(judge("SELECT 1; /* a;b */ SELECT ';' ;; SELECT 3;").parts).toEqual([
    "SELECT 1",
    "/* a;b */ SELECT ';'",
    "SELECT 3",
  ]);
  expect(judge("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END").parts).toBeNull();
  expect(
    judge("CREATE DEFINER=`a`@`b` TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1; SELECT 2").parts,
  ).toBeNull();
  expect(judge("BEGIN NOT ATOMIC SELECT 1; END").parts).toBeNull();
  expect(judge("SELECT 1;").parts).toBeNull();
  expect(judge("SELECT 1; -- and no more").parts).toBeNull();
  expect(judge("BEGIN; SELECT 1; COMMIT").parts).toEqual(["BEGIN", "SELECT 1", "COMMIT"]);
});
