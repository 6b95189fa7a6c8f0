import { expect, test } from "vitest";
import { RecordedSessions } from "../../../src/cli/replay/recorded-sessions.ts";
import { isRoutinePart } from "../../../src/cli/replay/routine-parts.ts";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { general, slow } from "./records.ts";

/** What becomes of records: `session kind text`, or why they are left out. */
function read(
  records: StoredWorkloadRecord[],
  options: Partial<ConstructorParameters<typeof RecordedSessions>[0]> = {},
) {
  const sessions = new RecordedSessions({
    writes: true,
    isRedacted: false,
    isWanted: () => true,
    ...options,
  });
  return records.flatMap((record, at) => {
    const { steps, leftOut } = sessions.read(record, at);
    const shown = steps.map(({ session, step }) => {
      const text = "sql" in step ? ` ${step.sql}` : "db" in step ? ` ${step.db}` : "";
      return `${session.key}${session.isPartial ? "?" : ""} ${step.kind}${text}`;
    });
    return leftOut === null ? shown : [...shown, leftOut];
  });
}

test("a session begins with its log-in and ends with its Quit, and an id that is used again is another session", () => {
  expect(
    read([
      general(0, 7, "Query", "SELECT 0"),
      general(1, 7, "Quit"),
      general(2, 7, "Connect", "app@web on shop using TCP/IP"),
      general(3, 7, "Query", "SELECT 1"),
      general(4, 7, "Connect", "app@web on  using TCP/IP"),
      general(5, 7, "Query", "SELECT 2"),
    ]),
  ).toEqual([
    "7.1? query SELECT 0",
    "7.1? close",
    "7.2 open shop",
    "7.2 query SELECT 1",
    "7.2 close",
    "7.3 open null",
    "7.3 query SELECT 2",
  ]);
});

test("a log-in that was refused ends at once", () => {
  expect(
    read([
      general(0, 7, "Connect", "app@web on shop using TCP/IP"),
      general(1, 7, "Connect", "Access denied for user 'app'@'web' (using password: YES)"),
    ]),
  ).toEqual(["7.1 open shop", "7.1 close"]);
});

test("databases, resets and changes of the user are followed", () => {
  expect(
    read([
      general(0, 7, "Connect", "app@web on shop using TCP/IP"),
      general(1, 7, "Init DB", "stock"),
      general(2, 7, "Init DB", "Access denied for user 'app'@'%' to database 'x'"),
      general(3, 7, "Reset Connection"),
      general(4, 7, "Change user", "other@web on blog using TCP/IP"),
    ]),
  ).toEqual(["7.1 open shop", "7.1 use stock", "7.1 reset stock", "7.1 reset blog"]);
});

test("what the log has twice is run once", () => {
  expect(
    read([
      general(0, 7, "Connect", "app@web on shop using TCP/IP"),
      general(1, 7, "Query", "PREPARE s FROM 'SELECT ?'"),
      general(2, 7, "Prepare", "SELECT ?"),
      general(3, 7, "Query", "execute s using @a"),
      general(4, 8, "Execute", "SELECT 4"),
      general(5, 7, "Execute", "SELECT 5"),
      general(6, 7, "Query", "EXECUTE IMMEDIATE 'SELECT 6'"),
      general(7, 7, "Prepare", "SELECT 6"),
      general(8, 7, "Execute", "SELECT 6"),
      general(9, 7, "Prepare", "SELECT ?"),
      general(10, 7, "Execute", "SELECT 9"),
    ]),
  ).toEqual([
    "7.1 open shop",
    "7.1 query PREPARE s FROM 'SELECT ?'",
    "echo",
    "7.1 query execute s using @a",
    "8.2? execute SELECT 4",
    "echo",
    "7.1 query EXECUTE IMMEDIATE 'SELECT 6'",
    "echo",
    "echo",
    "7.1 prepare SELECT ?",
    "7.1 execute SELECT 9",
  ]);
});

test("the text that MySQL's log cuts off a PREPARE is that of the record behind it", () => {
  expect(
    read([
      general(0, 7, "Query", "PREPARE my `s FROM ..."),
      general(1, 7, "Prepare", String.raw`SELECT 'it\'s' -- x`),
      general(2, 7, "Query", "EXECUTE `my ``s`"),
      general(3, 7, "Execute", String.raw`SELECT 'it\'s'`),
      general(4, 7, "Query", "SET sql_mode = 'NO_BACKSLASH_ESCAPES'"),
      general(5, 7, "Query", "PREPARE s FROM ..."),
      general(6, 7, "Prepare", String.raw`SELECT 'C:\'`),
      general(7, 7, "Query", "PREPARE s FROM @text"),
      general(8, 7, "Prepare", "SELECT 8"),
    ]),
  ).toEqual([
    "echo",
    String.raw`7.1? query PREPARE ${"`my ``s`"} FROM 'SELECT ''it\\''s'' -- x'`,
    "7.1? query EXECUTE `my ``s`",
    "echo",
    "7.1? query SET sql_mode = 'NO_BACKSLASH_ESCAPES'",
    "echo",
    String.raw`7.1? query PREPARE ${"`s`"} FROM 'SELECT ''C:\'''`,
    "7.1? query PREPARE s FROM @text",
    "echo",
  ]);
});

test("a PREPARE that MySQL refused, whose text is nowhere, is refused again, and takes the name away", () => {
  const refused = general(0, 7, "Query", "PREPARE s FROM ...");
  const again = "7.1? query PREPARE `s` FROM '...'";
  expect(read([refused, general(1, 7, "Query", "EXECUTE s")])).toEqual([
    "echo",
    again,
    "7.1? query EXECUTE s",
  ]);
  expect(read([refused, refused, general(2, 7, "Prepare", "SELECT 2")])).toEqual([
    "echo",
    again,
    "echo",
    "7.1? query PREPARE `s` FROM 'SELECT 2'",
  ]);
  expect(read([refused, general(1, 7, "Quit")])).toEqual(["echo", "7.1? close"]);
});

test("what a cut PREPARE prepares decides whether it is run", () => {
  const records = (text: string) => [
    general(0, 7, "Query", "PREPARE s FROM ..."),
    general(1, 7, "Prepare", text),
    general(2, 7, "Query", "SELECT 2"),
  ];
  const after = "7.1? query SELECT 2";
  expect(read(records("DELETE FROM t"), { writes: false })).toEqual(["echo", "write", after]);
  expect(read(records("SET PASSWORD = 'x'"))).toEqual(["echo", "account", after]);
  expect(read(records("SELECT ?"), { isRedacted: true })).toEqual(["echo", "redacted", after]);
  expect(read(records("SELECT '\uFFFD'"))).toEqual(["echo", "damaged", after]);
  const isWanted = ({ statement }: StoredWorkloadRecord) => !statement.includes("FROM ...");
  expect(read(records("SELECT 1"), { isWanted })).toEqual(["filtered", "echo", after]);
});

test.each([
  "/* page 7 */ EXECUTE s",
  "-- so\n# and so\nexecute s",
  "/*!40101 EXECUTE s */",
  "  execute\n s",
  "EXECUTE/* now */IMMEDIATE 'INSERT INTO t VALUES (1)'",
])("what %s executes is run once", (sql) => {
  const records = [general(0, 7, "Query", sql), general(1, 7, "Execute", "INSERT INTO t VALUES (1)")];
  expect(read(records)).toEqual([`7.1? query ${sql}`, "echo"]);
});

test("a comment about EXECUTE has no echo", () => {
  const records = [general(0, 7, "Query", "/* execute */ SELECT 1"), general(1, 7, "Execute", "SELECT 2")];
  expect(read(records)).toEqual(["7.1? query /* execute */ SELECT 1", "7.1? execute SELECT 2"]);
});

test("writes are left out unless they are asked for; accounts and administration are in any case", () => {
  const records = [
    general(0, 7, "Query", "DELETE FROM t"),
    general(1, 7, "Prepare", "INSERT INTO t VALUES (?)"),
    general(2, 7, "Execute", "INSERT INTO t VALUES (1)"),
    general(3, 7, "Query", "CREATE USER u IDENTIFIED BY <secret>"),
    general(4, 7, "Query", "SET GLOBAL a = 1"),
    general(5, 7, "Binlog Dump", "Log: 'x'"),
    general(6, 7, "Query", "-- nothing"),
    general(7, 7, "Ping"),
  ];
  const others = ["account", "administration", "command", "nothing", "nothing"];
  expect(read(records, { writes: false })).toEqual(["write", "write", "write", ...others]);
  expect(read(records).slice(3)).toEqual(others);
});

test("a write in the database mysql is one of accounts, however it was chosen", () => {
  const write = (at: number) => general(at, 7, "Query", "UPDATE user SET plugin = ''");
  expect(read([general(0, 7, "Init DB", "mysql"), write(1)]).at(-1)).toBe("account");
  expect(read([general(0, 7, "Query", "USE mysql"), write(1)]).at(-1)).toBe("account");
  expect(read([general(0, 7, "Query", "USE `MySQL` ; SELECT 1"), write(1)]).at(-1)).toBe("account");
  expect(read([general(0, 7, "Query", "DELETE FROM db", { db: "mysql" })])).toEqual(["account"]);
});

test("what is not whole is left out, and said", () => {
  expect(
    read([
      general(0, 7, "Query", "SELECT 1", { truncated: true }),
      general(1, 7, "Query", "SELECT '\uFFFD'"),
      general(2, 7, "Execute", "INSERT INTO t VALUES (?, ?)"),
      general(3, 7, "Query", "SELECT '?' -- ?"),
      general(4, 7, "Query", "SELECT AES_ENCRYPT('a', <secret>)"),
      general(5, 7, "Query", "SELECT 'it''s a <secret>'"),
    ]),
  ).toEqual(["cut", "damaged", "bulk", "7.1? query SELECT '?' -- ?", "redacted", "redacted"]);
  expect(
    read(
      [
        general(0, 7, "Prepare", "SELECT ?"),
        general(1, 7, "Query", "SELECT ?"),
        general(2, 7, "Query", "COMMIT"),
      ],
      { isRedacted: true },
    ),
  ).toEqual(["redacted", "redacted", "7.1? query COMMIT"]);
});

test("a filter leaves statements out, but no preparation", () => {
  const isWanted = ({ statement }: StoredWorkloadRecord) => statement.includes("2");
  expect(
    read(
      [
        general(0, 7, "Prepare", "SELECT ?"),
        general(1, 7, "Execute", "SELECT 1"),
        general(2, 7, "Execute", "SELECT 2"),
        general(3, 7, "Quit"),
      ],
      { isWanted },
    ),
  ).toEqual(["7.1? prepare SELECT ?", "filtered", "7.1? execute SELECT 2", "7.1? close"]);
});

test("the slow log has the statements of EXECUTE in their places, and says what ran in routines", () => {
  expect(
    read([
      slow(0, 7, 5, "PREPARE s FROM ..."),
      slow(1, 7, 5, "SELECT 1"),
      slow(2, 7, 5, "EXECUTE IMMEDIATE 'SELECT 1'"),
      slow(3, 7, 5, "INSERT INTO log VALUES (1)", { routine: "shop.p" }),
      slow(4, 7, 5, "Quit", { command: "Administrator command" }),
    ]),
  ).toEqual(["echo", "7.1 query SELECT 1", "echo", "routine", "7.1 close"]);
});

test("parts of functions and triggers are told where they have their variables or rows", () => {
  const parts = [
    "insert into lg values ( NAME_CONST('a',3))",
    "insert into a.log(x) values (new.s)",
    "UPDATE t SET a = OLD.a + 1",
    "select count(*) into b from a where id= NAME_CONST('a',3)",
  ];
  const others = [
    "INSERT INTO t VALUES ('NAME_CONST(1)')",
    "INSERT INTO t VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE a = new.a",
    "INSERT INTO t VALUES (1) AS new(a) ON DUPLICATE KEY UPDATE a = new.a",
    "SELECT new.a FROM new",
    "SELECT new.a FROM t new WHERE new.b = 1",
    "SELECT * FROM t JOIN `old` ON t.a = old.a",
    "SELECT 'brand new. really'",
    "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1",
    "SELECT 1",
  ];
  expect(parts.filter((sql) => !isRoutinePart(sql))).toEqual([]);
  expect(others.filter(isRoutinePart)).toEqual([]);
});
