import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { MAX_CHANGED_TABLES } from "../../src/sql-text/tables/changed-tables.ts";
import { MAX_TABLE_CHARACTERS, tablesOf } from "../../src/sql-text/tables.ts";

/* The tables of whatever comes: many, deep, generated. */

it("keeps no more names than fit, and takes long ones for none", () => {
  const names = Array.from({ length: 1000 }, (_, at) => `table_${String(at).padStart(4, "0")}`);
  const { writes } = tablesOf(`DROP TABLE ${names.join(", ")}`);
  expect(writes).toEqual(names.slice(0, Math.floor(MAX_TABLE_CHARACTERS / 10)));
  expect(tablesOf(`SELECT a FROM ${"x".repeat(300)}, t`).reads).toEqual(["t"]);
});

it("reads deep parentheses and long lists in a moment", () => {
  const deep = `SELECT a FROM ${"(".repeat(100_000)}t${")".repeat(100_000)}`;
  expect(tablesOf(deep).reads).toEqual(["t"]);
  const long = `INSERT INTO t VALUES ${Array.from({ length: 20_000 }, (_, at) => `(${at}, "v", w)`).join()}`;
  expect(tablesOf(long)).toEqual({ reads: [], writes: ["t"] });
});

describe("a statement with very many tables", () => {
  const MANY = 3000;
  const list = (count: number, each: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => each(at)).join();

  it.each([
    ["DELETE", `DELETE ${list(MANY, (at) => `a${at}`)} FROM ${list(MANY, (at) => `b${at}`)}`],
    ["DELETE … USING", `DELETE FROM ${list(MANY, (at) => `a${at}`)} USING ${list(MANY, (at) => `b${at}`)}`],
    ["UPDATE", `UPDATE ${list(MANY, (at) => `a${at}`)} SET ${list(MANY, (at) => `b${at}.x=1`)}`],
  ])("has each of its names looked at a few times: %s", (_, sql) => {
    const lowered = vi.spyOn(String.prototype, "toLowerCase");
    try {
      tablesOf(sql);
      expect(lowered.mock.calls.length).toBeLessThan(6 * MANY);
    } finally {
      lowered.mockRestore();
    }
  });

  it("has those that a server can join, and what it sets of them, however many columns", () => {
    const tables = list(61, (at) => `a${at} b${at}`);
    const columns = list(4000, (at) => `b0.x${at}=1`);
    const { reads, writes } = tablesOf(`UPDATE ${tables} SET ${columns}, b60.x=1`);
    expect(writes).toEqual(["a0", "a60"]);
    expect(reads).toHaveLength(59);
  });

  it("gives the alias behind one that is left out to no other", () => {
    const tables = list(MAX_CHANGED_TABLES, (at) => `a${at}`);
    const { writes } = tablesOf(`UPDATE ${tables}, b c SET c.x = 1, a1.x = 1`);
    expect(writes).toEqual(["a1"]);
  });

  it("takes no longer for each of its names than one with few, if they are common table expressions", () => {
    const timeOf = (count: number) => {
      const sql = `WITH ${list(count, (at) => `c${at} AS (SELECT 1)`)} SELECT 1 FROM ${list(count, (at) => `t${at}`)}`;
      const times = Array.from({ length: 3 }, () => {
        const start = performance.now();
        tablesOf(sql);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    timeOf(1000);
    expect(timeOf(16_000)).toBeLessThan(16 * 4 * Math.max(1, timeOf(1000)));
  });
});

it("never throws, whatever the text, and gives each table once", () => {
  const words = fc.constantFrom(
    ...[
      "SELECT",
      "FROM",
      "JOIN",
      "UPDATE",
      "SET",
      "DELETE",
      "USING",
      "WITH",
      "AS",
      "(",
      ")",
      ",",
      ".",
      ";",
      "a",
      "`b`",
      "*",
    ],
    ...[
      "INSERT INTO",
      "TABLE",
      "CREATE",
      "ALTER",
      "RENAME",
      "TO",
      "LOCK TABLES",
      "WRITE",
      "'s'",
      '"d"',
      "1",
      "@",
      "{",
      "/*!",
      "*/",
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(words, { maxLength: 30 }).map((all) => all.join(" ")),
        fc.string(),
      ),
      (sql) => {
        const { reads, writes } = tablesOf(sql);
        expect(new Set(reads).size).toBe(reads.length);
        expect(new Set(writes).size).toBe(writes.length);
        expect([...reads, ...writes]).not.toContain("");
      },
    ),
    { numRuns: 2000 },
  );
});

it("finds the tables of joins, however their names are written", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_$]{1,12}$/).map((text) => `t_${text}`);
  const quoted = fc
    .tuple(name, fc.boolean())
    .map(([text, isQuoted]) => ({ text, sql: isQuoted ? `\`${text}\`` : text }));
  const comma = fc.constantFrom(", ", " JOIN ", " LEFT JOIN ", "\n/* x */ NATURAL JOIN\t");
  fc.assert(
    fc.property(fc.array(fc.tuple(quoted, comma), { minLength: 1, maxLength: 8 }), (tables) => {
      const list = tables.map(([{ sql }, before], at) => (at === 0 ? sql : before + sql)).join("");
      const expected = [...new Set(tables.map(([{ text }]) => text))];
      expect(tablesOf(`SELECT a FROM ${list} WHERE b = 1`).reads).toEqual(expected);
      expect(tablesOf(`SELECT 1 FROM (SELECT a FROM ${list}) x`).reads).toEqual(expected);
    }),
  );
});
