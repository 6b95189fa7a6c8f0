import { describe, expect, it } from "vitest";
import type { Command } from "../../../src/logs/general/commands.ts";
import { Sessions } from "../../../src/logs/general/sessions.ts";
import type { LogRecord } from "../../../src/logs/record.ts";
import { type SessionSettings, UNKNOWN_SETTINGS } from "../../../src/sql-text/session-settings.ts";

const record = (statement: string, command: Command = "Query", threadId = 7): LogRecord => ({
  timeMicros: 0,
  threadId,
  command,
  statement,
  truncated: false,
  start: 0,
  end: 0,
});

/** What is known of a session after it ran these. */
function sessionAfter(...records: (string | LogRecord)[]): SessionSettings {
  const sessions = new Sessions();
  for (const one of records) sessions.see(typeof one === "string" ? record(one) : one, undefined);
  return sessions.see(record("SELECT 1"), undefined);
}

describe("what is known of a session", () => {
  it.each<[statement: string, known: Partial<SessionSettings>]>([
    ["SET sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'", { escapes: false }],
    ["SET SESSION sql_mode=''", { escapes: true }],
    ['set @@session.sql_mode := "ansi"', { escapes: true }],
    ["SET sql_mode = 1048576", { escapes: false }],
    ["SET autocommit=1, sql_mode='NO_BACKSLASH_ESCAPES'", { escapes: false }],
    ["/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", { escapes: true }],
    ["SET sql_mode = DEFAULT", {}],
    ["SET sql_mode = @old", {}],
    ["SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES'", {}],
    ["SET @@global.sql_mode = 'NO_BACKSLASH_ESCAPES'", {}],
    ["SELECT 'SET sql_mode = 1048576'", {}],
    ["SET NAMES gbk", { wide: true }],
    ["SET NAMES 'utf8mb4' COLLATE 'utf8mb4_bin'", { wide: false }],
    ["/* driver */ SET CHARACTER SET big5", { wide: true }],
    ["SET character_set_client = sjis", { wide: true }],
    ["SET NAMES DEFAULT", {}],
    ["USE mysql", { inMysql: true }],
    ["use `shop`", { inMysql: false }],
  ])("changes with %s", (statement, known) => {
    expect(sessionAfter(statement)).toEqual({ ...UNKNOWN_SETTINGS, ...known });
  });

  it("stays when the session adds to its sql_mode, and is unknown when it sets an unknown value", () => {
    const plain = "SET sql_mode = 'NO_BACKSLASH_ESCAPES'";
    expect(sessionAfter(plain, "SET sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')").escapes).toBe(
      false,
    );
    expect(sessionAfter(plain, "SET sql_mode = @saved").escapes).toBeNull();
    expect(sessionAfter(plain, "SET NAMES gbk")).toEqual({ escapes: false, wide: true, inMysql: null });
  });

  it.each<Command>(["Connect", "Change user", "Quit", "Reset Connection"])("is dropped at %s", (command) => {
    expect(sessionAfter("SET NAMES gbk", record("", command))).toEqual(UNKNOWN_SETTINGS);
  });

  it("changes for the statements after the one that sets it", () => {
    const sessions = new Sessions();
    expect(sessions.see(record("SET NAMES gbk"), undefined)).toEqual(UNKNOWN_SETTINGS);
  });

  it("has the default database of the log-in until the session chooses another one", () => {
    const sessions = new Sessions();
    expect(sessions.see(record("SELECT 1"), "mysql").inMysql).toBe(true);
    expect(sessions.see(record("SELECT 1"), null).inMysql).toBe(false);
    sessions.see(record("USE mysql"), "shop");
    expect(sessions.see(record("SELECT 1"), "shop").inMysql).toBe(true);
    sessions.see(record("shop", "Init DB"), "shop");
    expect(sessions.see(record("SELECT 1"), "shop").inMysql).toBe(false);
  });

  it("may be in the database of accounts where a USE of it stands among others, or behind a comment", () => {
    const known = (statement: string, db: string) => {
      const sessions = new Sessions();
      sessions.see(record(statement), db, true);
      return sessions.see(record("SELECT 1"), null).inMysql;
    };
    expect(known("SELECT 1; USE mysql", "shop")).toBe(true);
    expect(known("/* x */ USE `mysql`", "shop")).toBe(true);
    expect(known("SELECT 1; USE shop", "mysql")).toBe(true);
    expect(known("SELECT 1; USE other", "shop")).toBe(false);
    expect(known("USE shop", "mysql")).toBe(false);
  });

  it("survives JSON, and is dropped when there are too many sessions after it", () => {
    const sessions = new Sessions();
    for (let thread = 0; thread < 5000; thread++)
      sessions.see(record("SET NAMES gbk", "Query", thread), undefined);
    const again = new Sessions(JSON.parse(JSON.stringify(sessions)));
    expect(again.toJSON().length).toBe(4096);
    expect(again.see(record("SELECT 1", "Query", 4999), undefined).wide).toBe(true);
    expect(again.see(record("SELECT 1", "Query", 0), undefined).wide).toBeNull();
    expect(JSON.stringify(sessions).length).toBeLessThan(200_000);
  });

  it("takes bounded time to find in a text that only begins like a SET", () => {
    expect(sessionAfter(`${"/**/".repeat(1000)}x`, `SET ${"sql_mode ".repeat(400)}`)).toEqual(
      UNKNOWN_SETTINGS,
    );
  });
});
