import { describe, expect, it } from "vitest";
import { SCRIPT_END, SqlScript, scriptStart } from "../../src/workload/sql-script.ts";
import type { StoredRecord } from "../../src/workload/stored/fragment-line.ts";
import type { StoredSlowRecord } from "../../src/workload/stored/slow-line.ts";

const TIME = "2026-11-23T05:36:15.123456Z";

const record = (statement: string, changes: Partial<StoredRecord> = {}): StoredRecord => ({
  time: TIME,
  threadId: 8,
  user: "app",
  host: "10.0.0.7",
  db: "shop",
  command: "Query",
  statement,
  ...changes,
});

/** A record whose session's database is not in it. */
const without = (statement: string, changes: Partial<StoredRecord> = {}): StoredRecord => {
  const { db: _, ...rest } = record(statement, changes);
  return rest;
};

const slow = (statement: string, changes: Partial<StoredSlowRecord> = {}): StoredSlowRecord => ({
  ...{
    time: TIME,
    threadId: 8,
    user: "app",
    host: "h",
    command: "Query",
    statement,
    log: "slow",
    timeIs: "end",
  },
  ...{ precisionMicros: 1, server: "mysql", db: "shop", durationMicros: 5, lockMicros: 0 },
  ...{ rowsSent: 1, rowsExamined: 2 },
  ...changes,
});

const textOf = (records: (StoredRecord | StoredSlowRecord)[], log: "general" | "slow" = "general") => {
  const script = new SqlScript(log);
  return records.map((one) => script.record(one)).join("");
};

/** What of a text is sent to the server, each statement by itself. */
const sent = (text: string): string[] =>
  text
    .split("\n;;\n")
    .map((part) => part.replace(/^(?:-- .*\n)+/, ""))
    .filter((part) => part !== "");

/** The records that a text's comments have. */
const said = (text: string) =>
  [...text.matchAll(/^-- (\{.*)$/gm)].map(([, json]) => JSON.parse(json as string));

/** Why the last of these records is not run; undefined if it is. */
const whyNot = (records: (StoredRecord | StoredSlowRecord)[], log: "general" | "slow" = "general") =>
  said(textOf(records, log)).at(-1).leftOut;

describe("records as SQL", () => {
  it("have a comment with all of the record but the statement, which follows, and a USE before the first", () => {
    const text = textOf([record("SELECT 1", { fingerprint: "8e1a6f0d5c3b2a47" }), record("SELECT 2")]);
    expect(text).toBe(
      `-- {"time":"${TIME}","threadId":8,"user":"app","host":"10.0.0.7","db":"shop","command":"Query","fingerprint":"8e1a6f0d5c3b2a47"}
USE \`shop\`
;;
SELECT 1
;;
-- {"time":"${TIME}","threadId":8,"user":"app","host":"10.0.0.7","db":"shop","command":"Query"}
SELECT 2
;;
`,
    );
  });

  it("stand between the delimiter that they need and the usual one, in UTF-8", () => {
    expect(scriptStart(5, "general").split("\n").slice(-3)).toEqual([
      "DELIMITER ;;",
      "/*!\\C utf8mb4 */;;",
      "",
    ]);
    expect(scriptStart(5, "slow")).toMatch(/^-- The slow log of capture 5,/);
    expect(SCRIPT_END).toBe("DELIMITER ;\n");
  });

  it.each(["a\nDROP TABLE t;;\n", "*/ DROP TABLE t", "\r\nb", "\u2028\u0085", 'x"\\', "\0"])(
    "have no user that ends the comment: %j",
    (user) => {
      const text = textOf([record("SELECT 1", { user, host: user })]);
      expect(said(text)).toMatchObject([{ user, host: user }]);
      expect(sent(text)).toEqual(["USE `shop`", "SELECT 1"]);
      expect(text.split("\n")).toHaveLength(6);
    },
  );

  it.each([
    ["Connect", "app@10.0.0.7 on shop using TCP/IP"],
    ["Quit", ""],
    ["Prepare", "SELECT ?"],
    ["Init DB", "shop"],
    ["Close stmt", ""],
    ["Statistics", ""],
  ] as const)("are a comment only where the command is %s", (command, statement) => {
    const text = textOf([record(statement, { command })]);
    expect(said(text)).toEqual([record(statement, { command })]);
    expect(sent(text)).toEqual([]);
  });

  it("run what was executed, by its own text", () => {
    expect(sent(textOf([record("SELECT 17", { command: "Execute" })]))).toEqual(["USE `shop`", "SELECT 17"]);
  });

  it.each([
    ["cut", record("INSERT INTO t VALUES ('x", { truncated: true })],
    ["empty", record("")],
    ["empty", record(" \n/* ping */ -- x")],
    ["elsewhere", record("PREPARE s FROM 'SELECT 1'")],
    ["elsewhere", record("/* x */ execute s using @a")],
    ["elsewhere", record("EXECUTE IMMEDIATE 'SELECT 1'")],
    ["elsewhere", record("deallocate prepare s")],
    ["elsewhere", record("DROP\nPREPARE s")],
    ["server", record("KILL QUERY 17")],
    ["server", record("SHUTDOWN")],
    ["server", record("/*!50000 KILL 5 */")],
    ["server", record("/*M!100100 SHUTDOWN */")],
    ["server", record("SELECT 1; /* x */ KILL 5; SELECT 2")],
    ["server", record("SELECT 1; SET @@global.general_log = 0")],
    ["server", record("SET PERSIST max_connections = 5")],
    ["server", record("FLUSH LOGS")],
    ["server", record("STOP REPLICA")],
    ["server", record("INSTALL PLUGIN p SONAME 'p.so'")],
    ["server", record("LOAD DATA INFILE 'x' INTO TABLE t")],
    ["server", record("SELECT a FROM t /*!50000 INTO OUTFILE '/tmp/x' */")],
    ["server", record("SELECT a INTO DUMPFILE '/tmp/x' FROM t")],
    ["server", record("CALL mysql.rds_kill(5)")],
    ["server", record("BEGIN NOT ATOMIC KILL 5; END")],
    ["accounts", record("CREATE USER u")],
    ["accounts", record("/*!80000 GRANT ALL ON *.* TO u */")],
    ["accounts", record("SELECT 1; DROP USER u")],
    ["accounts", record("UPDATE mysql.user SET plugin = ''")],
    ["accounts", record("DELETE FROM user", { db: "mysql" })],
    ["accounts", record("USE mysql; DELETE FROM user")],
    ["empty", record(";")],
    ["values", record("INSERT INTO t VALUES (?, ?)", { command: "Execute" })],
    ["values", record("INSERT INTO t VALUES (<secret>)")],
    ["accounts", record("CREATE USER 'u' IDENTIFIED BY <secret>")],
    ["server", record("START GROUP_REPLICATION USER = 'u', PASSWORD = '<secret>'")],
    ["database", record("SELECT 1", { db: "a`b" })],
    ["database", record("SELECT 1", { db: "a\\b" })],
    ["database", record("SELECT 1", { db: "a\nb" })],
  ] as const)("are not run, and say why: %s", (leftOut, one) => {
    expect(whyNot([one])).toBe(leftOut);
    expect(sent(textOf([one]))).toEqual([]);
    expect(said(textOf([one]))).toEqual([{ ...one, leftOut }]);
  });

  it("are run where they only name what is about accounts or the server", () => {
    const statements = [
      "SELECT 'KILL 5; SHUTDOWN', `grant` FROM t -- INTO OUTFILE",
      "SET @global = 1",
      "SHOW GRANTS",
      "INSERT INTO t VALUES ('mysql.user')",
      "SELECT * FROM mysql.user",
    ];
    for (const statement of statements)
      expect([statement, whyNot([record(statement)])]).toEqual([statement, undefined]);
  });

  it("are left out as of accounts where the file's database is the one of accounts, and theirs is not known", () => {
    const records = [
      record("SELECT 1", { db: "mysql" }),
      without("DELETE FROM user", { user: null, threadId: 3 }),
    ];
    expect(whyNot(records)).toBe("accounts");
  });

  it.each([
    `use a${" ".repeat(200_000)}x`,
    `use ${"\u3000".repeat(200_000)}(`,
    `use a${"\u3000".repeat(200_000)}(`,
    `use${" ".repeat(200_000)}`,
    `SELECT 1${`;use${"\u3000".repeat(500)}(`.repeat(500)}`,
    "SET STATEMENT a = 1 FOR ".repeat(10_000),
    `${"/*!1 ".repeat(50_000)}`,
    `WITH ${"(".repeat(250_000)}`,
    `${"a;".repeat(131_000)}`,
    `${"EXECUTE IMMEDIATE '".repeat(13_000)}`,
  ])("take no longer the longer they are (%#)", (statement) => {
    expect(textOf([record(statement)])).toContain("-- {");
  });

  it("of the slow log leave out what another record runs, and administrator commands", () => {
    expect(sent(textOf([slow("SELECT 1")], "slow"))).toEqual(["USE `shop`", "SELECT 1"]);
    expect(said(textOf([slow("SELECT 1")], "slow"))).toMatchObject([{ durationMicros: 5, rowsExamined: 2 }]);
    expect(whyNot([slow("SELECT 1", { routine: "shop.p" })], "slow")).toBe("elsewhere");
    expect(whyNot([slow("EXECUTE IMMEDIATE 'SELECT 1'", { repeats: true })], "slow")).toBe("elsewhere");
    expect(sent(textOf([slow("Ping", { command: "Administrator command" })], "slow"))).toEqual([]);
  });

  it("are in hexadecimal where a client may misread them, and their text is in the comment", () => {
    const statement = "INSERT INTO t VALUES ('it\\'s 🍣')";
    const text = textOf([record(statement)]);
    const hex = new TextEncoder().encode(statement).toHex();
    expect(sent(text).slice(1)).toEqual([
      `SET @captures = CONVERT(0x${hex} USING utf8mb4)`,
      "PREPARE captures FROM @captures",
      "EXECUTE captures",
    ]);
    expect(said(text)).toEqual([record(statement)]);
  });

  it.each([
    "SET NAMES latin1",
    "set character set 'gbk'",
    "SELECT 1; SET autocommit=1, NAMES latin1",
    "SET @@session.character_set_client = sjis",
  ])("go on in UTF-8 behind %j", (statement) => {
    expect(sent(textOf([record(statement)])).slice(1)).toEqual([
      statement,
      "SET character_set_client = utf8mb4",
    ]);
  });
});

describe("the database of a record", () => {
  it("is chosen where it differs from the one before", () => {
    const text = textOf([
      record("SELECT 1"),
      record("SELECT 2", { db: "stock", threadId: 9 }),
      record("SELECT 3", { db: "stock" }),
      record("SELECT 4"),
    ]);
    expect(sent(text)).toEqual([
      ...["USE `shop`", "SELECT 1", "USE `stock`", "SELECT 2", "SELECT 3", "USE `shop`", "SELECT 4"],
    ]);
  });

  it.each([
    ["USE stock", "Query"],
    ["/* x */ use `stock` ;", "Query"],
    ["stock", "Init DB"],
    ["app@10.0.0.7 on stock using TCP/IP", "Connect"],
    ["app@10.0.0.7 on stock", "Change user"],
  ] as const)("is that of %j where the records behind it do not say it", (statement, command) => {
    const text = textOf([
      without(statement, { command }),
      without("SELECT 1"),
      without("SELECT 2", { threadId: 9 }),
    ]);
    expect(sent(text)).toEqual(["USE `stock`", "SELECT 1", "SELECT 2"]);
  });

  it.each([
    ["Access denied for user 'u'@'%' to database 'stock'", "Init DB"],
    ["", "Quit"],
    ["app@10.0.0.7 on  using TCP/IP", "Connect"],
  ] as const)("is not chosen by %j, a %s", (statement, command) => {
    const text = textOf([
      without("shop", { command: "Init DB" }),
      without(statement, { command }),
      without("SELECT 1"),
    ]);
    const isKept = command === "Init DB";
    expect(sent(text)).toEqual([...(isKept ? ["USE `shop`"] : []), "SELECT 1"]);
  });

  it("is the file's own where the session is unknown, as long as the file has one only", () => {
    const unknown = (statement: string) => without(statement, { user: null, host: null, threadId: 3 });
    expect(sent(textOf([unknown("SELECT 1"), record("SELECT 2"), unknown("SELECT 3")]))).toEqual([
      ...["SELECT 1", "USE `shop`", "SELECT 2", "SELECT 3"],
    ]);
    const several = [record("SELECT 2"), record("SELECT 3", { db: "stock" })];
    expect(whyNot([...several, unknown("SELECT 4")])).toBe("database");
    // It has said it meanwhile.
    expect(whyNot([...several, unknown("use shop"), unknown("SELECT 4")])).toBeUndefined();
    // A session that is known has none.
    expect(whyNot([...several, without("SELECT 4")])).toBeUndefined();
    expect(
      whyNot(
        [...several.map((one) => slow("SELECT 1", { db: one.db ?? null })), slow("SELECT 4", { db: null })],
        "slow",
      ),
    ).toBe("database");
  });

  it("is not known behind a USE among other statements", () => {
    const unknown = without("SELECT 4", { user: null, threadId: 3 });
    expect(whyNot([record("SELECT 1; USE stock; SELECT 2"), unknown])).toBe("database");
    expect(sent(textOf([record("SELECT 1; USE stock"), record("SELECT 3")])).at(-2)).toBe("USE `shop`");
  });

  it("is kept of as many sessions as a server may have, those that chose last", () => {
    const script = new SqlScript("general");
    const use = (threadId: number) => without("use stock", { threadId, user: null });
    for (let threadId = 0; threadId < 20_000; threadId++) script.record(use(threadId));
    expect(script.record(without("SELECT 1", { threadId: 1, user: null }))).not.toContain("USE");
    expect(script.record(without("SELECT 1", { threadId: 19_999, user: null }))).toContain("USE `stock`");
  });

  it("says what is missing as a comment", () => {
    const missing = { fragments: 2, afterMicros: null, beforeMicros: 1_795_802_403_187_063 };
    expect(new SqlScript("general").missing(missing)).toBe(
      '-- {"missing":{"fragments":2,"after":null,"before":"2026-11-27T18:00:03.187063Z"}}\n',
    );
  });
});
