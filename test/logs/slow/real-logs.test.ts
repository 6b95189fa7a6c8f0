import { describe, expect, it } from "vitest";
import { runsStatement, type SlowRecord } from "../../../src/logs/slow/record.ts";
import { type Action, parse, REAL_LOGS, TRUTHS } from "./support.ts";

/** A statement that a server is expected to have logged. */
interface Expected {
  action: Action;
  statement: string;
  /** Whether it is alone in its packet, so that the action's time and rows are its own. */
  isAlone: boolean;
  db: string | null;
}

const LOGS = REAL_LOGS.filter(([name]) => TRUTHS.has(name)).map(
  ([name, log]): [string, Uint8Array, Action[]] => [name, log, TRUTHS.get(name) ?? []],
);

/** The statements of each connection that the server logs, in order. */
function expectedOf(actions: Action[], isMysql: boolean): Map<number, Expected[]> {
  const expected = new Map<number, Expected[]>();
  const ids = new Map<string, number>();
  const databases = new Map<string, string | null>();
  for (const action of actions) {
    const { conn, ev, id, sql = "", err = "" } = action;
    if (ev === "connect") {
      ids.set(conn, id ?? 0);
      databases.set(conn, action.db ?? null);
      expected.set(id ?? 0, []);
      continue;
    }
    if (ev !== "query" && ev !== "execute") continue;
    // MySQL does not log what it can't parse, nor ALTER TABLE unless log_slow_admin_statements is on.
    if (isMysql && (err.startsWith("ERR 1064") || sql.startsWith("ALTER TABLE"))) continue;
    if (sql.startsWith("USE ")) databases.set(conn, sql.slice(4));
    const statements = sql.startsWith("SELECT 1; ") ? sql.split("; ") : [bind(action)];
    for (const statement of statements) {
      expected.get(ids.get(conn) ?? 0)?.push({
        action,
        statement: isMysql ? asMysqlWrites(statement) : statement,
        isAlone: statements.length === 1,
        db: databases.get(conn) ?? null,
      });
    }
  }
  return expected;
}

/** The statement that is executed: with its values in it, and for an EXECUTE the one that was prepared. */
function bind({ sql = "", params = [] }: Action): string {
  if (sql === "EXECUTE st USING @sku") return "SELECT title FROM products WHERE sku='SKU-1005'";
  let index = 0;
  return params.length === 0 ? sql : sql.replaceAll("?", () => literal(params[index++]));
}

function literal(value: string | number | null | undefined): string {
  if (typeof value !== "string") return String(value ?? "NULL");
  return `'${value.replaceAll(/[\\'"]/g, "\\$&").replaceAll("\n", "\\n")}'`;
}

/** MySQL rewrites statements that hold, or may hold, passwords. */
function asMysqlWrites(statement: string): string {
  if (statement.startsWith("PREPARE st FROM ")) return "PREPARE st FROM ...";
  return statement === "CREATE USER fx IDENTIFIED BY 'MadeUpPassword-1'"
    ? "CREATE USER 'fx'@'%' IDENTIFIED BY <secret>"
    : statement;
}

function byThread(records: SlowRecord[]): Map<number, SlowRecord[]> {
  return Map.groupBy(records, ({ threadId }) => threadId);
}

describe.each(LOGS)("the log %s", (name, log, actions) => {
  const isMysql = name.startsWith("mysql");
  const records = parse(log);
  const statements = records.filter(({ command }) => command === "Query");
  const expected = expectedOf(actions, isMysql);
  /** Each record with what the client did, where that is in the log. */
  const pairs = [...byThread(statements)].flatMap(([id, own]) =>
    own.map((record, index): [SlowRecord, Expected | undefined] => [record, expected.get(id)?.[index]]),
  );

  it("has every statement that the clients sent, as the server writes it, in their order", () => {
    const logged = new Map(
      [...byThread(statements)].map(([id, own]) => [id, own.map(({ statement }) => statement)]),
    );
    const sent = new Map([...expected].map(([id, own]) => [id, own.map(({ statement }) => statement)]));
    expect(Object.fromEntries(logged)).toEqual(Object.fromEntries(sent));
    expect(records.some(({ truncated, leftOut }) => truncated || leftOut !== undefined)).toBe(false);
  });

  it("has them of whom the truth says, at the time at which they ended", () => {
    const users = new Map(
      actions.flatMap(({ id, user }) => (user === undefined ? [] : [[id, user] as const])),
    );
    for (const [record, sent] of pairs) {
      expect(record.user).toBe(users.get(record.threadId));
      expect(["localhost", "127.0.0.1"]).toContain(record.host);
      const { t, ms = 0 } = sent?.action ?? { t: 0 };
      const endMs = record.timeMicros / 1000;
      // The client's milliseconds are whole. MariaDB's times are of the second in which a statement began.
      const early = isMysql ? 1 : 1001;
      expect(endMs, record.statement).toBeGreaterThan(t - early);
      // The server goes on for a moment after its reply.
      expect(endMs, record.statement).toBeLessThan(t + ms + 50);
      expect(endMs - record.durationMicros / 1000, record.statement).toBeLessThan(t + ms + 1);
      if (!isMysql) expect(Math.floor(endMs) + 1000, record.statement).toBeGreaterThan(t);
      expect(record.durationMicros, record.statement).toBeLessThan((ms + 50) * 1000);
      if (sent?.isAlone && !record.statement.startsWith("CALL") && record.statement.includes("SLEEP")) {
        expect(record.durationMicros).toBeGreaterThan(350_000);
      }
    }
  });

  it("has their rows and errors, and the database of their own session", () => {
    const known = new Set<number>();
    for (const [record, sent] of pairs) {
      const { action, isAlone, db } = sent ?? {};
      if (isAlone && action?.rows !== undefined && record.statement.startsWith("SELECT")) {
        // 10.11 counts the rows of functions' own SELECTs, too.
        if (isMysql || !record.statement.includes("vat(")) expect(record.rowsSent).toBe(action.rows);
      }
      if (record.errno !== undefined) {
        expect(record.errno).toBe(Number(/^ERR (\d+)/.exec(action?.err ?? "")?.[1] ?? 0));
      }
      if (record.db !== null) known.add(record.threadId);
      // MySQL does not say it of a session whose database is the one that was written last.
      if (!isMysql || known.has(record.threadId)) expect(record.db, record.statement).toBe(db);
    }
  });

  it("has MySQL's administrator commands, which run no statement", () => {
    const commands = records.filter(({ command }) => command === "Administrator command");
    const names = Map.groupBy(commands, ({ statement }) => statement);
    expect(commands.some((record) => runsStatement(record))).toBe(false);
    expect([...names.keys()].toSorted()).toEqual(isMysql ? ["Ping", "Prepare", "Quit"] : []);
    // The server writes those only that took a microsecond at least.
    if (isMysql) expect(names.get("Quit")).toHaveLength(4);
  });

  it("has an empty query, which is none that ran", () => {
    const empty = records.filter(({ statement }) => statement === "");
    expect(empty).toHaveLength(1);
    expect(empty.some((record) => runsStatement(record))).toBe(false);
  });

  it("is all read: each record ends where the next begins, and says so in bytes", () => {
    let end = log.indexOf(10, log.indexOf(10, log.indexOf(10) + 1) + 1) + 1;
    for (const record of records) {
      expect(record.start).toBe(end);
      end = record.end;
      const text = new TextDecoder().decode(log.subarray(record.start, end));
      expect(text.startsWith("# ")).toBe(true);
      expect(text.endsWith(`${record.statement};\n`)).toBe(true);
    }
    expect(end).toBe(log.length);
  });
});
