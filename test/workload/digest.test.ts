import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Command } from "../../src/logs/general/commands.ts";
import { MAX_DIGEST_BYTES } from "../../src/sql-text/normalize/digest-limits.ts";
import { digestOf } from "../../src/sql-text/normalize/normalize.ts";
import { MAX_TABLE_CHARACTERS } from "../../src/sql-text/tables.ts";
import { Digests } from "../../src/workload/digest.ts";
import type { DigestEntry } from "../../src/workload/digest-entry.ts";
import type { DigestsState } from "../../src/workload/digests-state.ts";

const text = (sql: string) => digestOf(sql).text;

describe("a normalised statement", () => {
  it.each([
    ["select  *\n from t where id = 3;", "SELECT * FROM t WHERE id = ?"],
    [
      "SELECT a,b FROM `t` WHERE x IN (1,2,3) AND y in ('a')",
      "SELECT a, b FROM t WHERE x IN (?+) AND y IN (?+)",
    ],
    ["SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4), (5, 6))", "SELECT * FROM t WHERE (a, b) IN ((?+))"],
    ["insert into t(a,b) values (1,'x'),(2,NULL),(3,DEFAULT)", "INSERT INTO t(a, b) VALUES (?+)"],
    [
      "INSERT INTO t VALUES (1, NOW()), (2, NOW()), (NULL, f(3)) ON DUPLICATE KEY UPDATE a = VALUES(a), b = 2",
      "INSERT INTO t VALUES (?, NOW()) ON DUPLICATE KEY UPDATE a = VALUES (a), b = ?",
    ],
    [
      "UPDATE t SET a = -1, b = NULL, c = c - 1 WHERE d IS NOT NULL",
      "UPDATE t SET a = ?, b = ?, c = c - ? WHERE d IS NOT NULL",
    ],
    ["SELECT -1, - 2, (-3), 4 -5, a-1 FROM t", "SELECT ?+, (?+), ? - ?, a - ? FROM t"],
    ["SELECT COUNT( * ), count(*), f (1, 2) FROM a.b", "SELECT COUNT(*), COUNT(*), f(?+) FROM a.b"],
    ["SELECT a FROM t LIMIT 10, 20", "SELECT a FROM t LIMIT ?+"],
    [
      "SELECT a>=1, a<>2, a!=3, a<=>4, a:=5, a->'$.x', a->>'$.y', a||b, a=-1",
      "SELECT a >= ?, a <> ?, a <> ?, a <=> ?, a := ?, a -> ?, a ->> ?, a || b, a = ?",
    ],
    ["SELECT 'a' 'b', _utf8'c', N'd', 0x10, x'20', 1.5e3", "SELECT ?+"],
    ["/* hint */ SELECT /*+ NO_INDEX */ 1 -- end\n", "SELECT ?"],
    ["/*!40101 SET NAMES utf8 */", "SET NAMES utf8"],
    ["SELECT @a, @@global.b, `c`.`d` FROM Users", "SELECT @a, @@GLOBAL.b, c.d FROM Users"],
    ["CREATE USER 'a'@'%' IDENTIFIED BY <secret>", "CREATE USER ?@? IDENTIFIED BY ?"],
    ["begin", "BEGIN"],
    ["SELECT 1; SELECT 2;", "SELECT ?; SELECT ?"],
    ["SELECT grüße FROM 表 WHERE x='😀'", "SELECT grüße FROM 表 WHERE x = ?"],
    ["SELECT 'cut off", "SELECT ?"],
    ["", ""],
  ])("of %s", (sql, digest) => {
    expect(text(sql)).toBe(digest);
  });

  it("is the same for statements that differ in values, blanks, comments and the case of keywords", () => {
    const blank = fc.constantFrom(" ", "\n", "\t", "  ", " /* 1 */ ", " -- x\n");
    const value = fc.oneof(
      fc.integer().map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.string().map((s) => `'${s.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`),
    );
    const word = (w: string) => fc.mixedCase(fc.constant(w));
    const list = fc.array(value, { minLength: 1, maxLength: 20 }).map((values) => values.join(","));
    fc.assert(
      fc.property(
        word("select"),
        word("from"),
        word("where"),
        word("in"),
        blank,
        value,
        list,
        (s, f, w, i, b, v, l) => {
          expect(text(`${s}${b}a${b}${f}${b}t${b}${w}${b}b${b}=${b}${v}${b}and c ${i}${b}(${l})`)).toBe(
            "SELECT a FROM t WHERE b = ? AND c IN (?+)",
          );
        },
      ),
    );
  });

  it("is bounded, and has one row of a large insert", () => {
    expect(text(`SELECT ${"column_name, ".repeat(1000)}b`).length).toBeLessThanOrEqual(MAX_DIGEST_BYTES);
    expect(text(`SELECT ${"column_name, ".repeat(1000)}b`).length).toBeGreaterThan(0.99 * MAX_DIGEST_BYTES);
    expect(text(`INSERT INTO t VALUES ${"(1, 'x', NOW()), ".repeat(5000)}(2, 'y', NOW())`)).toBe(
      "INSERT INTO t VALUES (?+, NOW())",
    );
    expect(text(`SELECT a FROM t WHERE b IN (${"1, ".repeat(5000)}2) AND c = 1`)).toBe(
      "SELECT a FROM t WHERE b IN (?+) AND c = ?",
    );
    expect(text(`SELECT x${"😀".repeat(1000)}`)).not.toContain("\ufffd");
  });

  it("has a fingerprint that never changes", () => {
    expect(digestOf("SELECT 1").fingerprint).toBe(digestOf("select 'x'").fingerprint);
    expect(digestOf("SELECT 1").fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf("SELECT 1").fingerprint).toBe("ef247dc17ac69a7e");
    expect(digestOf("SELECT a").fingerprint).not.toBe(digestOf("SELECT b").fingerprint);
  });

  it("can be made of any text, and nothing throws", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "values ",
        "(",
        ")",
        ",",
        "'",
        '"',
        "`",
        "?",
        "-",
        "+",
        ";",
        "1",
        "null",
        ".",
        "@",
        "=",
        "/*",
        "*/",
        "\\",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const first = digestOf(pieces.join(""));
        expect(digestOf(pieces.join(""))).toEqual(first);
        expect(first.text.length).toBeLessThanOrEqual(MAX_DIGEST_BYTES);
      }),
      { numRuns: 1000 },
    );
  });
});

/** A statement of the digest with this number. */
const statement = (n: number, value = 0) => `SELECT c${n} FROM t WHERE x = ${value}`;
const count = (digests: Digests, numbers: number[]) => {
  for (const [index, n] of numbers.entries()) {
    digests.add({ command: "Query", statement: statement(n, index), timeMicros: index });
  }
};
const exactly = (numbers: number[]) => {
  const counts = new Map<string, number>();
  for (const n of numbers) {
    const { fingerprint } = digestOf(statement(n));
    counts.set(fingerprint, (counts.get(fingerprint) ?? 0) + 1);
  }
  return counts;
};
/** What Space-Saving guarantees, checked against an exact count. */
const expectBounds = (digests: Digests, numbers: number[]) => {
  const exact = exactly(numbers);
  const bound = numbers.length / digests.capacity;
  const { total, entries } = digests.toJSON();
  expect(total).toBe(numbers.length);
  expect(entries.length).toBeLessThanOrEqual(digests.capacity);
  const found = new Set(entries.map(({ fingerprint }) => fingerprint));
  for (const [fingerprint, times] of exact) if (times > bound) expect(found).toContain(fingerprint);
  for (const { fingerprint, count, overcount } of entries) {
    const times = exact.get(fingerprint) ?? 0;
    expect(count).toBeGreaterThanOrEqual(times);
    expect(count - overcount).toBeLessThanOrEqual(times);
    expect(overcount).toBeLessThanOrEqual(bound);
  }
};
// Small numbers often, large ones rarely.
const stream = fc.array(fc.oneof(fc.nat(3), fc.nat(10), fc.nat(100)), { maxLength: 300 });

describe("the digests of a workload", () => {
  it("have the tables of all their statements, as far as they fit, and say those of one that may have others", () => {
    const digests = new Digests();
    const tablesOfNext = (statement: string) => {
      digests.add({ command: "Query", statement, timeMicros: 1 });
      return digests.countedTables;
    };
    const reading = (table: string) => `INSERT INTO t VALUES (1, 2), (1, (SELECT x FROM ${table}))`;
    expect(tablesOfNext("INSERT INTO t VALUES (1, 2), (1, 3)")).toBeNull();
    for (const table of ["c", "d", "c"]) {
      expect(tablesOfNext(reading(table))).toEqual({ reads: [table], writes: ["t"] });
    }
    expect(tablesOfNext("INSERT INTO t VALUES (1, 2), (1, 3)")).toBeNull();
    expect(digests.top(9).map(({ count, tables }) => ({ count, tables }))).toEqual([
      { count: 5, tables: { reads: ["c", "d"], writes: ["t"] } },
    ]);
    const other = new Digests();
    other.add({ command: "Query", statement: reading("e"), timeMicros: 2 });
    digests.merge(other);
    expect(digests.top(1)[0]?.tables?.reads).toEqual(["c", "d", "e"]);
    for (let n = 0; n < 1000; n++) expect(tablesOfNext(reading(`table${n}`))?.reads).toEqual([`table${n}`]);
    const { reads = [], writes = [] } = digests.top(1)[0]?.tables ?? {};
    expect([...reads, ...writes].join("").length).toBeLessThanOrEqual(MAX_TABLE_CHARACTERS);
  });

  it("are counted, with first and last seen and an example", () => {
    const digests = new Digests();
    digests.add({ command: "Query", statement: "SELECT 1", timeMicros: 10 });
    digests.add({ command: "Execute", statement: "select 2", timeMicros: 20 });
    digests.add({ command: "Query", statement: "COMMIT", timeMicros: 30 });
    expect(digests.top(1)).toMatchObject([
      {
        fingerprint: digestOf("SELECT 1").fingerprint,
        digest: "SELECT ?",
        count: 2,
        overcount: 0,
        firstSeenMicros: 10,
        lastSeenMicros: 20,
        example: "SELECT 1",
        tables: { reads: [], writes: [] },
      },
    ]);
  });

  it("count statements that ran: not a Prepare, but its Execute", () => {
    const digests = new Digests();
    for (const command of ["Connect", "Prepare", "Execute", "Close stmt", "Init DB", "Quit"] as const) {
      digests.add({ command, statement: "SELECT 1", timeMicros: 0 });
    }
    expect(digests.total).toBe(1);
  });

  it.each(["", ";", " ; ; ", "-- x", "/* ping */", "# x", " /* a */ -- b", "/*!80000 SELECT 1 */"])(
    "do not count what runs no statement: %j",
    (statement) => {
      const digests = new Digests();
      for (let times = 0; times < 2; times++) {
        expect(digests.add({ command: "Query", statement, timeMicros: 0 }, "mariadb")).toBe(false);
      }
      expect(digests.toJSON()).toMatchObject({ total: 0, entries: [] });
    },
  );

  it("count what EXECUTE in SQL runs once, by the record of what it ran", () => {
    const digests = new Digests();
    const ran = (command: Command, statement: string) => digests.add({ command, statement, timeMicros: 0 });
    expect(ran("Query", "PREPARE s FROM 'SELECT a FROM t WHERE b = ?'")).toBe(true);
    expect(ran("Prepare", "SELECT a FROM t WHERE b = ?")).toBe(false);
    for (const statement of [
      "EXECUTE s USING @b",
      "/* app */ execute s using @b;",
      'EXECUTE IMMEDIATE "SELECT 1"',
    ]) {
      expect(ran("Query", statement)).toBe(false);
      expect(ran("Execute", "SELECT a FROM t WHERE b = 1")).toBe(true);
    }
    // A packet of MariaDB's.
    expect(ran("Query", "EXECUTE s; SELECT 1")).toBe(true);
    expect(digests.top(9).map(({ digest, count }) => [digest, count])).toEqual([
      ["SELECT a FROM t WHERE b = ?", 3],
      ["PREPARE s FROM ?", 1],
      ["EXECUTE s; SELECT ?", 1],
    ]);
  });

  it("tell the servers' executable comments apart, whichever server's statement came first", () => {
    for (const servers of [
      ["mysql", "mariadb"],
      ["mariadb", "mysql"],
    ] as const) {
      const digests = new Digests();
      for (const server of servers) {
        digests.add(
          { command: "Query", statement: "SELECT a /*!80000 , b */ FROM t", timeMicros: 0 },
          server,
        );
      }
      expect(new Set(digests.top(9).map(({ digest }) => digest))).toEqual(
        new Set(["SELECT a, b FROM t", "SELECT a FROM t"]),
      );
    }
  });

  it("are exact while there is room", () => {
    fc.assert(
      fc.property(stream, (numbers) => {
        const digests = new Digests(200);
        count(digests, numbers);
        const counts = new Map(digests.top(200).map(({ fingerprint, count }) => [fingerprint, count]));
        expect(counts).toEqual(exactly(numbers));
        for (const { overcount } of digests.top(200)) expect(overcount).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it("are within the bounds of Space-Saving when there is no room", () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 20 }), (numbers, capacity) => {
        const digests = new Digests(capacity);
        count(digests, numbers);
        expectBounds(digests, numbers);
      }),
    );
  });

  it("merged from two are those of the whole: exact with room, within the same bounds without", () => {
    fc.assert(
      fc.property(stream, stream, fc.integer({ min: 1, max: 20 }), (a, b, capacity) => {
        for (const size of [capacity, 500]) {
          const [first, second] = [new Digests(size), new Digests(size)];
          count(first, a);
          count(second, b);
          first.merge(second);
          expectBounds(first, [...a, ...b]);
          // And it can be counted on.
          count(first, b);
          expectBounds(first, [...a, ...b, ...b]);
        }
      }),
    );
  });

  it("continue from JSON with the same results", () => {
    fc.assert(
      fc.property(stream, stream, fc.integer({ min: 1, max: 20 }), (a, b, capacity) => {
        const first = new Digests(capacity);
        count(first, a);
        const second = new Digests(JSON.parse(JSON.stringify(first)) as DigestsState);
        expect(second.toJSON()).toEqual(first.toJSON());
        count(second, b);
        expectBounds(second, [...a, ...b]);
      }),
    );
  });

  it("keep the earliest example of two tables, and the first and the last time", () => {
    const [first, second] = [new Digests(), new Digests()];
    first.add({ command: "Query", statement: "SELECT 2", timeMicros: 50 });
    second.add({ command: "Query", statement: "SELECT 1", timeMicros: 10 });
    first.merge(second);
    expect(first.top(1)[0]).toMatchObject({
      count: 2,
      firstSeenMicros: 10,
      lastSeenMicros: 50,
      example: "SELECT 1",
    } satisfies Partial<DigestEntry>);
  });

  it("have examples of bounded length, without half a character at the end", () => {
    const digests = new Digests();
    digests.add({ command: "Query", statement: `SELECT 'x${"😀".repeat(1000)}'`, timeMicros: 0 });
    const { example = "" } = digests.top(1)[0] ?? {};
    expect(example.length).toBeLessThanOrEqual(1024);
    expect(example.isWellFormed()).toBe(true);
  });
});
