import { describe, expect, it } from "vitest";
import { SlowLogParser } from "../../../src/logs/slow/parser.ts";
import { runsStatement, type SlowRecord } from "../../../src/logs/slow/record.ts";
import { BANNER, mariadbEntry, mysqlEntry } from "./fixtures.ts";
import { parse, REAL_LOGS } from "./support.ts";
import { type Logged, MysqlSlowLogWriter } from "./writer.ts";

/*
 * What misleads readers of slow logs. All of it was seen on MySQL 9.7.4 and MariaDB 10.11.19.
 */

const micros = (time: string) => Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
const sum = (records: SlowRecord[]) =>
  records.reduce((total, { durationMicros }) => total + durationMicros, 0);
const ROUTINES = REAL_LOGS.find(([name]) => name === "mariadb-10.11.19-routines")?.[1] ?? new Uint8Array();

const LOGGED: Logged = {
  endMicros: micros("2026-11-27T18:00:05.000001"),
  durationMicros: 100,
  lockMicros: 0,
  threadId: 8,
  user: "app",
  host: "localhost",
  address: "",
  db: null,
  statement: "SELECT 1",
  rowsSent: 1,
  rowsExamined: 1,
  rowsAffected: 0,
  bytesSent: 10,
  errno: 0,
};

describe("a slow log of MySQL", () => {
  it("has a CALL's end and time right, though its timestamp is that of the last statement in it", () => {
    const log = `# Time: 2026-11-27T18:07:18.053837Z
# User@Host: root[root] @ localhost []  Id:     8
# Query_time: 2.404152  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1 Thread_id: 8 Errno: 0 Killed: 0 Bytes_received: 15 Bytes_sent: 99 Read_first: 0 Sort_merge_passes: 0 Sort_range_count: 0 Sort_rows: 0 Sort_scan_count: 0 Created_tmp_disk_tables: 0 Created_tmp_tables: 0  Start: 2026-11-27T18:07:17.852301Z End: 2026-11-27T18:07:20.256453Z
SET timestamp=1795802837;
CALL psl2();
`;
    const timeMicros = micros("2026-11-27T18:07:18.053837");
    expect(parse(log)).toMatchObject([{ timeMicros, durationMicros: 2_404_152, bytesSent: 99 }]);
  });

  it("has the end right of statements in a session that has set its timestamp", () => {
    const log = mysqlEntry("SELECT NOW()").replace(/SET timestamp=\d+/, "SET timestamp=5");
    expect(parse(log)).toMatchObject([{ timeMicros: micros("2026-11-27T18:00:05.187063") }]);
  });

  it("has waits for row locks in its lock time", () => {
    const writer = new MysqlSlowLogWriter();
    const log = writer.entry({ ...LOGGED, durationMicros: 1_004_624, lockMicros: 1_002_462 });
    expect(parse(log)).toMatchObject([{ durationMicros: 1_004_624, lockMicros: 1_002_462, server: "mysql" }]);
  });

  it("has no statements in administrator commands, whose rows are those of the statement before", () => {
    const names = [
      "Ping",
      "Prepare",
      "Close stmt",
      "Init DB",
      "Reset Connection",
      "Change user",
      "Quit",
      "Error",
    ];
    const records = parse(
      mysqlEntry("SELECT 1") + names.map((name) => mysqlEntry(`# administrator command: ${name}`)).join(""),
    );
    expect(records.slice(1).map(({ command, statement }) => [command, statement])).toEqual(
      names.map((name) => ["Administrator command", name]),
    );
    expect(records.filter(runsStatement).reduce((rows, { rowsExamined }) => rows + rowsExamined, 0)).toBe(4);
    // A comment of a client's is a statement.
    const [comment] = parse(mysqlEntry("# administrator command: Dance\nSELECT 1"));
    expect(comment).toMatchObject({ command: "Query" });
  });

  it("counts a statement once that is prepared, executed and closed", () => {
    const log = ["# administrator command: Prepare", "SELECT 7", "# administrator command: Close stmt"];
    expect(parse(log.map((text) => mysqlEntry(text)).join("")).filter(runsStatement)).toHaveLength(1);
  });

  it("says how many statements its throttle left out, which is no statement", () => {
    const throttle = mysqlEntry("throttle:          6 'index not used' warning(s) suppressed.", {
      user: "[] @  []",
      id: 23,
    });
    const parser = new SlowLogParser();
    const log = new TextEncoder().encode(mysqlEntry("a") + throttle + mysqlEntry("b") + throttle);
    expect([...parser.push(log), ...parser.end()]).toMatchObject([
      { statement: "a" },
      { statement: "b", leftOut: { strayBytes: 0, suppressedStatements: 6 } },
    ]);
    expect(parser.takeLeftOut()).toEqual({ strayBytes: 0, undatedRecords: 0, suppressedStatements: 6 });
    // Of a user's own, it is.
    expect(parse(throttle.replace("[] @  []", "a[a] @ h []"))).toHaveLength(1);
  });

  it("has an empty text for an empty query and a list of fields, which ran nothing", () => {
    const records = parse(mysqlEntry("") + mysqlEntry("SELECT 1"));
    expect(records.map(({ statement, truncated }) => [statement, truncated])).toEqual([
      ["", false],
      ["SELECT 1", false],
    ]);
    expect(records.filter(runsStatement)).toHaveLength(1);
  });

  it("gives a session no database of another's", () => {
    const writer = new MysqlSlowLogWriter();
    const shop = { ...LOGGED, db: "shop" };
    const cron = { ...LOGGED, threadId: 9 };
    const log = [
      writer.entry(shop),
      writer.entry(cron),
      writer.entry(shop),
      writer.entry({ ...LOGGED, threadId: 10, db: "shop" }),
      writer.entry({ ...LOGGED, threadId: 10, db: "other" }),
      writer.entry(shop),
      writer.entry(cron),
    ];
    const known = parse(log.join("")).map(({ threadId, db }) => [threadId, db]);
    // The fourth is of shop too, but the log does not say so.
    expect(known).toEqual([
      [8, "shop"],
      [9, null],
      [8, "shop"],
      [10, null],
      [10, "other"],
      [8, "shop"],
      [9, null],
    ]);
  });

  it("knows a database by USE and Init DB, and that one was dropped, or its session has ended", () => {
    const writer = new MysqlSlowLogWriter({ hasExtra: true });
    const admin = (name: string) => `# administrator command: ${name}`;
    const log = [
      writer.entry({ ...LOGGED, db: "odd db;x" }),
      writer.entry({ ...LOGGED, threadId: 9, db: "odd db;x", statement: "USE `odd db;x`" }),
      writer.entry({ ...LOGGED, threadId: 9, db: "odd db;x" }),
      writer.entry({ ...LOGGED, threadId: 10, db: "odd db;x", statement: admin("Init DB") }),
      writer.entry({ ...LOGGED, threadId: 11, statement: admin("Init DB"), errno: 1049 }),
      writer.entry({ ...LOGGED, threadId: 12, db: "b" }),
      writer.entry({ ...LOGGED, threadId: 9, db: null }),
      writer.entry({ ...LOGGED, threadId: 10, db: "odd db;x", statement: admin("Quit") }),
      writer.entry({ ...LOGGED, threadId: 10, db: null }),
      writer.banner() + writer.entry({ ...LOGGED, threadId: 12, db: null }),
    ];
    expect(parse(log.join("")).map(({ db }) => db)).toEqual([
      "odd db;x",
      "odd db;x",
      "odd db;x",
      "odd db;x",
      null,
      "b",
      null,
      "odd db;x",
      null,
      null,
    ]);
  });

  it("has statements that set timestamps and ids, and begin with comments, as they are", () => {
    const texts = ["SET timestamp=5", "SET insert_id=100", "use d1", "# a\nSELECT 1", "-- x\nSELECT 1"];
    const log = texts.map((text) => mysqlEntry(text)).join("");
    expect(parse(log).map(({ statement }) => statement)).toEqual(texts);
  });
});

describe("a slow log of MariaDB", () => {
  it("has statements at their neighbours' time in a session that has set its timestamp", () => {
    const now = 1_795_802_979;
    const set = (statement: string, second: number) => mariadbEntry(statement, { id: 73, second });
    const log = [
      mariadbEntry("SELECT 1", { second: now }),
      set("SET timestamp=4102444800", 4_102_444_800),
      set("SELECT NOW()", 4_102_444_800),
      mariadbEntry("SELECT 2", { second: now + 1 }),
      set("SET @@session.timestamp := 1", 1),
      set("SELECT 3", 1),
      set("SET timestamp=DEFAULT", 1),
      mariadbEntry("SELECT 4", { second: now + 7 }),
      set("SELECT 5", now + 8),
      set("SET STATEMENT timestamp=1 FOR SELECT 6", 1),
      set("SET @timestamp=1", now + 30),
      set("SELECT 7", now + 31),
    ];
    const seconds = parse(log.join("")).map(({ timeMicros }) => Math.floor(timeMicros / 1e6) - now);
    expect(seconds).toEqual([0, 0, 0, 1, 1, 1, 1, 7, 8, 8, 30, 31]);
  });

  it("has statements at their neighbours' time in a session that had set it before, until two sessions agree", () => {
    const now = 1_795_802_979;
    const at = (id: number, second: number) => mariadbEntry("SELECT 1", { id, second: now + second });
    // The clock is put back by an hour.
    const log = [at(1, 0), at(2, -9000), at(2, -9000), at(1, 5), at(1, -3595), at(2, -3595), at(1, -3590)];
    const seconds = parse(log.join("")).map(({ timeMicros }) => Math.floor(timeMicros / 1e6) - now);
    expect(seconds).toEqual([0, 0, 0, 5, 5, -3595, -3590]);
  });

  it("has statements at their own time beside a session whose clock is days ahead, though it was not seen to set it", () => {
    const now = 1_795_802_979;
    const at = (id: number, second: number) => mariadbEntry("SELECT 1", { id, second: now + second });
    const secondsOf = (...log: string[]) =>
      parse(log.join("")).map(({ timeMicros }) => Math.floor(timeMicros / 1e6) - now);
    const ahead = 9_000_000;
    expect(secondsOf(at(1, 0), at(2, ahead), at(1, 5), at(2, ahead), at(2, ahead), at(1, 9))).toEqual([
      ...[0, ahead, 5, ahead, ahead, 9],
    ]);
    // Nothing was slow for some days: a session's clock goes on, two sessions agree, or the server was restarted.
    expect(secondsOf(at(1, 0), at(1, ahead), at(1, ahead + 9), at(2, 5))).toEqual([
      0,
      ahead,
      ahead + 9,
      ahead + 9,
    ]);
    expect(secondsOf(at(1, 0), at(2, ahead), at(3, ahead + 9), at(4, 5))).toEqual([
      0,
      ahead,
      ahead + 9,
      ahead + 9,
    ]);
    expect(secondsOf(at(1, 0), BANNER, at(2, ahead), at(4, 5))).toEqual([0, ahead, ahead]);
  });

  it("has times in an event that add up to how long it ran", () => {
    const event = (statement: string, time: string, second: number) =>
      mariadbEntry(statement, {
        id: 5,
        time,
        second,
        user: "root[root] @ localhost [localhost]",
        lines: "# Stored_routine: d1.e1\n",
      });
    const log = event("do sleep(0.2)", "0.200759", 10) + event("do sleep(0.2)", "0.402030", 10);
    const records = parse(log + event("do sleep(0.2)", "0.602607", 10));
    expect(records.map(({ durationMicros }) => durationMicros)).toEqual([200_759, 201_271, 200_577]);
    expect(records.map(({ timeMicros }) => timeMicros)).toEqual([10_200_759, 10_402_030, 10_602_607]);
    expect(records.every((record) => runsStatement(record) && record.routine === "d1.e1")).toBe(true);
  });

  it("has times in a procedure that add up to its CALL's", () => {
    const inner = { lines: "# Stored_routine: d1.p3\n" };
    const log = [
      mariadbEntry("select sleep(0.2)", { ...inner, time: "0.200759" }),
      mariadbEntry("select 'of another'", { id: 9, time: "0.300000" }),
      mariadbEntry("select sleep(0.2)", { ...inner, time: "0.402030" }),
      mariadbEntry("select sleep(0.2)", { ...inner, time: "0.602607", lock: "0.402031" }),
      mariadbEntry("/* x */ CALL p3()", { time: "0.602697" }),
      mariadbEntry("CALL p4()", { time: "0.700000" }),
    ];
    const records = parse(log.join("")).filter(({ threadId }) => threadId === 8);
    expect(sum(records)).toBe(602_697 + 700_000);
    expect(records.map(({ durationMicros }) => durationMicros)).toEqual([
      200_759, 201_271, 200_577, 90, 700_000,
    ]);
    expect(records[2]?.lockMicros).toBe(1);
    expect(records[3]).toMatchObject({ innerMicros: 602_607, rowsSent: 0 });
  });

  it("has nested procedures' times and rows once", () => {
    const records = parse(ROUTINES);
    const session = records.slice(6).filter(({ threadId }) => threadId === 4);
    // `call pout()` calls pin() between two statements of its own.
    const pout = session.slice(0, 6);
    expect(pout.map(({ statement }) => statement)).toEqual([
      "select sleep(1.1)",
      "select sleep(0.3)",
      "select sleep(1.2)",
      "call pin()",
      "select sleep(0.4)",
      "call pout()",
    ]);
    expect(sum(pout)).toBe(3_007_519);
    expect(pout.reduce((rows, { rowsSent }) => rows + rowsSent, 0)).toBe(4);
    expect(pout[3]).toMatchObject({ durationMicros: 124, innerMicros: 1_504_560, routine: "d1.pout" });
    expect(pout[5]).toMatchObject({ durationMicros: 202, innerMicros: 3_007_317 });
    const event = records.filter(({ threadId }) => threadId === 5);
    expect(sum(event)).toBe(3_302_954);
  });

  it("never has a CALL end after it did, though its timestamp is that of the last statement in it", () => {
    const second = 1_795_802_979;
    const log = [
      mariadbEntry("SELECT 1", { id: 9, second }),
      mariadbEntry("CALL p()", { second, time: "300.000000" }),
      mariadbEntry("SELECT 1", { id: 9, second: second + 1 }),
    ];
    const seconds = parse(log.join("")).map(({ timeMicros }) => Math.floor(timeMicros / 1e6) - second);
    expect(seconds).toEqual([0, 0, 1]);
  });

  it("counts what EXECUTE IMMEDIATE executed once", () => {
    const log = [
      mariadbEntry("SELECT SLEEP(0.3)", { time: "0.300232" }),
      mariadbEntry("SELECT 1", { id: 9 }),
      mariadbEntry("EXECUTE IMMEDIATE 'SELECT SLEEP(0.3)'", { time: "0.300286" }),
      // A statement that can't be parsed is logged once.
      mariadbEntry("EXECUTE IMMEDIATE 'SELEC 3'", { time: "0.000042" }),
    ];
    const records = parse(log.join(""));
    expect(records.filter(runsStatement).map(({ statement }) => statement)).toEqual([
      "SELECT SLEEP(0.3)",
      "SELECT 1",
      "EXECUTE IMMEDIATE 'SELEC 3'",
    ]);
    expect(sum(records.filter(({ threadId }) => threadId === 8))).toBe(300_286 + 42);
    const real = parse(ROUTINES).filter(({ repeats }) => repeats);
    expect(real.map(({ durationMicros }) => durationMicros)).toEqual([54, 26, 9]);
  });

  it("has no waits for row locks in its lock time", () => {
    const [record] = parse(mariadbEntry("UPDATE t", { time: "1.003821", lock: "0.001079" }));
    expect(record).toMatchObject({ durationMicros: 1_003_821, lockMicros: 1079, server: "mariadb" });
  });

  it("keeps the first 256 characters of a routine's name, by which its times still add up", () => {
    const name = `d1.${"p".repeat(300)}`;
    const inner = { lines: `# Stored_routine: ${name}\n` };
    const log = [
      mariadbEntry("select 1", { ...inner, time: "0.200000" }),
      mariadbEntry("select 2", { ...inner, time: "0.400000" }),
      mariadbEntry("CALL p()", { time: "0.500000" }),
    ];
    const records = parse(log.join(""));
    const kept = name.slice(0, 256);
    expect(records.map(({ routine }) => routine)).toEqual([kept, kept, undefined]);
    expect(records.map(({ durationMicros }) => durationMicros)).toEqual([200_000, 200_000, 100_000]);
  });

  it("has the database in each entry, and none of another session's", () => {
    const log = [
      mariadbEntry("SELECT 1", { schema: "shop", lines: "use `shop`;\n" }),
      mariadbEntry("SELECT 1", { id: 9 }),
      mariadbEntry("SELECT 1", { id: 10, schema: "a\nb", lines: "use `a\nb`;\n" }),
    ];
    expect(parse(log.join("")).map(({ db }) => db)).toEqual(["shop", null, "a\nb"]);
  });

  it("goes on after statements that set timestamps and ids, and after a banner without a time", () => {
    const texts = ["SET timestamp=5", "SET insert_id=100", "SELECT 5"];
    const log = texts.map((text) => mariadbEntry(text)).join(BANNER);
    expect(parse(log).map(({ statement }) => statement)).toEqual(texts);
  });

  it("has no administrator commands: what looks like one is a comment", () => {
    expect(parse(mariadbEntry("# administrator command: Quit"))).toMatchObject([{ command: "Query" }]);
  });

  it("keeps a whole entry in a string, as a real server wrote it", () => {
    const record = parse(ROUTINES).find(({ statement }) => statement.startsWith("select 'cut;\n# Time"));
    expect(record?.statement.endsWith("drop table t;\n'")).toBe(true);
    expect(parse(ROUTINES).some(({ user }) => user === "evil")).toBe(false);
  });

  it("has users and databases whose names hold newlines and brackets", () => {
    const users = new Set(parse(ROUTINES).map(({ user, db }) => `${user} in ${db}`));
    expect(users).toContain("a] @ x [y in d1");
    expect(users).toContain("new\nline in a\nb");
  });
});
