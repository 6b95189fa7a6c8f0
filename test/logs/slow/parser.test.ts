import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlowLogParser } from "../../../src/logs/slow/parser.ts";
import { slowParserSchema } from "../../../src/logs/slow/parser-state.ts";
import type { SlowRecord } from "../../../src/logs/slow/record.ts";
import { BANNER, mariadbEntry, mysqlEntry, SHORT_LOGS } from "./fixtures.ts";
import { parse, REAL_LOGS } from "./support.ts";

const encoder = new TextEncoder();
const statements = (log: string) => parse(log).map(({ statement }) => statement);

/** Fails unless a log gives the same records in two pieces as whole, wherever it is split; or at one of `step` bytes. */
function expectSameSplitAnywhere(bytes: Uint8Array, step = 1): void {
  const whole = parse(bytes);
  const expected = JSON.stringify(whole);
  // Not the same ones for each prefix of a log.
  for (let at = bytes.length % step; at <= bytes.length; at += step) {
    const parser = new SlowLogParser();
    const records = [
      ...parser.push(bytes.subarray(0, at)),
      ...parser.push(bytes.subarray(at)),
      ...parser.end(),
    ];
    // Comparing texts first: there are a hundred thousand comparisons.
    if (JSON.stringify(records) !== expected)
      expect(records, `${bytes.length} bytes split at ${at}`).toEqual(whole);
  }
}

/** The last bytes of a log, from an entry on. */
function endOf(log: Uint8Array, bytes: number): Uint8Array {
  const record = parse(log).find(({ start }) => start >= log.length - bytes);
  return log.subarray(record?.start);
}

describe("an entry", () => {
  it("of MySQL says who ran what, when it ended, and how long it took", () => {
    expect(parse(BANNER + mysqlEntry("SELECT 1", { use: "use shop;\n" }))).toEqual([
      {
        timeMicros: Date.parse("2026-11-27T18:00:05Z") * 1000 + 187_063,
        precisionMicros: 1,
        threadId: 8,
        user: "app",
        host: "localhost",
        db: "shop",
        command: "Query",
        statement: "SELECT 1",
        truncated: false,
        durationMicros: 1_000_001,
        lockMicros: 2,
        rowsSent: 3,
        rowsExamined: 4,
        server: "mysql",
        start: BANNER.length,
        end: (BANNER + mysqlEntry("SELECT 1", { use: "use shop;\n" })).length,
        // The parser was not told that the file begins here.
        isAfterOpening: true,
      },
    ]);
  });

  it("of MariaDB has the end that its beginning and its time give, as fine as a second", () => {
    const lines =
      "# Tmp_tables: 1  Tmp_disk_tables: 2  Tmp_table_sizes: 24576\n# Full_scan: Yes  Full_join: No  Tmp_table: Yes  Tmp_table_on_disk: No\n# Filesort: Yes  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No\n";
    const [record] = parse(mariadbEntry("SELECT 1", { schema: "shop", time: "2.500000", lines }));
    expect(record).toMatchObject({
      timeMicros: 1_795_802_402_500_000,
      precisionMicros: 1_000_000,
      db: "shop",
      rowsAffected: 0,
      bytesSent: 57,
      tmpTables: 1,
      tmpDiskTables: 2,
      fullScan: true,
      fullJoin: false,
      filesort: true,
      queryCacheHit: false,
      server: "mariadb",
    });
    expect(record).not.toHaveProperty("errno");
  });

  it.each([
    ["app[app] @ localhost [127.0.0.1]", "app", "localhost"],
    ["app[app] @  [127.0.0.2]", "app", "127.0.0.2"],
    ["app[app] @ localhost []", "app", "localhost"],
    ["[whoever] @ localhost []", "whoever", "localhost"],
    ["[] @  [127.0.0.2]", "", "127.0.0.2"],
    ["plain[pxs] @ localhost []", "pxs", "localhost"],
    ["a] @ x [y[a] @ x [y] @ localhost []", "a] @ x [y", "localhost"],
    ["a\nb[a\nb] @ localhost []", "a\nb", "localhost"],
    ["x[x][x[x]] @ h []", "x[x]", "h"],
    ["Id:     1\n#[Id:     1\n#] @ h []", "Id:     1\n#", "h"],
  ])("of %j is of user %j at %s", (account, user, host) => {
    expect(parse(mysqlEntry("SELECT 1", { user: account }))).toMatchObject([{ user, host }]);
    expect(parse(mariadbEntry("SELECT 1", { user: account }))).toMatchObject([{ user, host }]);
  });

  it("may have the ids that an INSERT used before its timestamp", () => {
    for (const ids of ["insert_id=5,", "last_insert_id=4,", "last_insert_id=4,insert_id=5,"]) {
      const log = mysqlEntry("INSERT INTO t VALUES ()") + mariadbEntry("x");
      expect(statements(log.replaceAll("SET timestamp", `SET ${ids}timestamp`))).toHaveLength(1);
      expect(statements(mysqlEntry("INSERT").replace("SET ", `SET ${ids}`))).toEqual(["INSERT"]);
    }
  });

  it("of MySQL 5.6 has MariaDB's time", () => {
    const log = mysqlEntry("SELECT 1").replace(/^# Time: .*$/m, "# Time: 261127  8:00:05");
    expect(parse(log)).toMatchObject([
      { precisionMicros: 1_000_000, server: "mysql", statement: "SELECT 1" },
    ]);
  });

  it("ends only where a complete header follows the end of a statement", () => {
    const lines = mysqlEntry("x").split("\n");
    for (const left of ["# Time", "# User@Host", "# Query_time", "SET timestamp"]) {
      const partial = lines.filter((line) => !line.startsWith(left)).join("\n");
      expect(statements(mysqlEntry(`SELECT 1;\n${partial.slice(0, -2)}`))).toHaveLength(1);
    }
    // A header that follows no end of a statement.
    expect(statements(mysqlEntry(`SELECT 1\n${mysqlEntry("x").slice(0, -2)}`))).toHaveLength(1);
    expect(statements(mysqlEntry("SELECT 1") + mysqlEntry("SELECT 2"))).toEqual(["SELECT 1", "SELECT 2"]);
  });

  it("keeps a whole entry in a string, where its time can't be, and one that is out of order in time", () => {
    const old = mysqlEntry("DROP TABLE t", { time: "2026-01-02T03:04:05.123456Z" });
    expect(statements(mysqlEntry(`INSERT INTO t VALUES ('it''s;\n${old}')`))).toHaveLength(1);
    expect(statements(mysqlEntry("SELECT 'x'") + old)).toEqual(["SELECT 'x'", "DROP TABLE t"]);
    const earlier = mysqlEntry("SELECT 2", { time: "2026-11-27T18:00:05.184000Z" });
    expect(statements(mysqlEntry("SELECT 'syntax") + earlier)).toEqual(["SELECT 'syntax", "SELECT 2"]);
  });

  it("begins only with a time that a server can have", () => {
    const changed = (log: string, from: RegExp, to: string) => statements(log + log.replace(from, to));
    const second = (log: string, value: string) => changed(log, /timestamp=\d+/, `timestamp=${value}`);
    for (const log of [mysqlEntry("y"), mariadbEntry("y")]) {
      expect(second(log, "32536771200")).toHaveLength(1);
      expect(second(log, "99999999999999999999")).toHaveLength(1);
      expect(second(log, "0")).toHaveLength(2);
      expect(second(log, "4294967295")).toHaveLength(2);
    }
    // MySQL's is only a session's clock: `# Time` says when it ended.
    expect(second(mysqlEntry("y"), "32536771199")).toHaveLength(2);
    expect(second(mariadbEntry("y"), "4294967296")).toHaveLength(1);
    for (const time of ["9999-12-31T23:59:59.000000-23:59", "1970-01-01T00:00:00.000000+01:00"])
      expect(changed(mysqlEntry("y"), /2026-\S+/, time)).toHaveLength(1);
  });

  it("took no time where the server's clock was put back, as a time below zero is written as the largest", () => {
    for (const entry of [mysqlEntry, mariadbEntry]) {
      const log = entry("x").replace(/_time: \d\S+/g, "_time: 18446744073699.406250");
      expect(parse(log)).toMatchObject([{ durationMicros: 0, lockMicros: 0 }]);
    }
  });

  it("loses the one `;` of the server and white space before it", () => {
    expect(statements(mysqlEntry("SELECT 2 "))).toEqual(["SELECT 2"]);
    expect(statements(mysqlEntry("SELECT 1 \n\t"))).toEqual(["SELECT 1"]);
    expect(statements(mysqlEntry("SELECT 7 -- x"))).toEqual(["SELECT 7 -- x"]);
    expect(statements(mysqlEntry("SELECT 7;"))).toEqual(["SELECT 7;"]);
  });

  it("is cut where the log ends in it, or the server ended while it wrote it", () => {
    const log = mysqlEntry("SELECT 1") + mysqlEntry("SELECT 'abc'");
    const cut = parse(log.slice(0, -4));
    expect(cut.map(({ statement, truncated }) => [statement, truncated])).toEqual([
      ["SELECT 1", false],
      ["SELECT 'ab", true],
    ]);
    // A header that is not complete is of an entry that is not written yet.
    const header = mysqlEntry("SELECT 1") + mysqlEntry("SELECT 2").slice(0, 100);
    expect(parse(header)).toMatchObject([{ statement: "SELECT 1", truncated: false }]);
    const crashed = `${mysqlEntry("SELECT 1,\nab").slice(0, -3)}${BANNER}${mysqlEntry("SELECT 2")}`;
    expect(parse(crashed)).toMatchObject([
      { statement: "SELECT 1,\n", truncated: true },
      { statement: "SELECT 2", truncated: false, isAfterOpening: true },
    ]);
  });
});

describe("the log", () => {
  it("counts what belongs to no entry, and says it with the next one", () => {
    const parser = new SlowLogParser();
    const stray = "FROM t;\n";
    const records = [
      ...parser.push(encoder.encode(stray + mysqlEntry("a") + BANNER + stray + mysqlEntry("b"))),
      ...parser.push(encoder.encode(`${BANNER}more\n`)),
    ];
    expect(records.map(({ leftOut }) => leftOut?.strayBytes)).toEqual([8, 8]);
    expect(parser.takeLeftOut()).toEqual({ strayBytes: 5, undatedRecords: 0 });
    expect(parser.takeLeftOut()).toBeNull();
  });

  it("says that it was opened again, unless that is the beginning of a file", () => {
    const parser = new SlowLogParser();
    parser.beginFile();
    const records = parser.push(encoder.encode(BANNER + mysqlEntry("a") + BANNER + mysqlEntry("b")));
    parser.beginFile();
    records.push(...parser.push(encoder.encode(BANNER + mysqlEntry("c"))), ...parser.end());
    expect(records.map(({ statement, isAfterOpening }) => [statement, isAfterOpening])).toEqual([
      ["a", undefined],
      ["b", true],
      ["c", undefined],
    ]);
  });

  it("gives what ended with a file, also from a snapshot", () => {
    const first = new SlowLogParser();
    first.push(encoder.encode(mysqlEntry("a").slice(0, -3)));
    first.beginFile();
    const second = new SlowLogParser({ from: slowParserSchema().parse(structuredClone(first.snapshot())) });
    expect(second.push(encoder.encode(mysqlEntry("b")))).toMatchObject([{ statement: "", truncated: true }]);
    expect(second.end()).toMatchObject([{ statement: "b", truncated: false }]);
  });

  it.each(SHORT_LOGS)(
    "of %s gives the same records split at every byte, as does each of its prefixes",
    (_, log) => {
      const bytes = encoder.encode(log);
      expectSameSplitAnywhere(bytes);
      for (let length = 0; length < bytes.length; length++)
        expectSameSplitAnywhere(bytes.subarray(0, length), 7);
      expect(parse(bytes).length).toBeGreaterThan(1);
    },
  );

  it.each(REAL_LOGS)(
    "%s gives the same records in chunks of any size, and its end split at every byte",
    (_, log) => {
      const whole = JSON.stringify(parse(log));
      for (const size of [1, 7, 100, 1000, 2047, 32_768, 65_537]) {
        expect(JSON.stringify(parse(log, {}, size)) === whole, `chunks of ${size} bytes`).toBe(true);
      }
      expectSameSplitAnywhere(endOf(log, 5000));
    },
  );

  it.each(REAL_LOGS)("%s can be continued from a snapshot and from a position anywhere", (_, log) => {
    const whole = parse(log);
    // Comparing texts is faster. What was stored may have its members in another order.
    const expectWhole = (records: SlowRecord[], where: string) => {
      if (JSON.stringify(records) !== JSON.stringify(whole)) expect(records, where).toEqual(whole);
    };
    for (let at = 0; at <= log.length; at += 4001) {
      const first = new SlowLogParser();
      const before = first.push(log.subarray(0, at));
      const snapshot = slowParserSchema().parse(structuredClone(first.snapshot()));
      const second = new SlowLogParser({ from: snapshot });
      expect(second.bytesRead).toBe(at);
      const records = [...before, ...second.push(log.subarray(at)), ...second.end()];
      expectWhole(records, `a snapshot at ${at}`);
      const from = JSON.parse(JSON.stringify(first.position()));
      const third = new SlowLogParser({ from });
      const again = [...before, ...third.push(log.subarray(from.offset)), ...third.end()];
      expectWhole(again, `a position at ${at}`);
    }
  });

  it("has long statements cut at the same place, however the bytes are chunked", () => {
    const maxStatement = 10;
    for (const unit of ["x", "é", "😀", "x\n", ";\n", ";"]) {
      for (let count = 1; count < 24; count++) {
        const statement = unit.repeat(count);
        const log = mysqlEntry(statement) + mysqlEntry("after");
        const [first, second] = parse(log, { maxStatement });
        expect(first?.truncated).toBe(statement.length > maxStatement);
        expect(statement.startsWith(first?.statement ?? "?")).toBe(true);
        expect(second).toMatchObject({ statement: "after", truncated: false });
        for (const size of [1, 3, 64]) expect(parse(log, { maxStatement }, size)).toEqual([first, second]);
      }
    }
    expect(parse(mysqlEntry(`x${"😀".repeat(20)}`), { maxStatement })[0]?.statement).toBe(
      `x${"😀".repeat(4)}`,
    );
  });

  it("goes on with the next entry where a line has lost its end, whatever the line is amid", () => {
    for (const [entry, statement] of [
      [mysqlEntry, "SELECT 'begun"],
      [mariadbEntry, "SELECT 1,\n'begun"],
    ] as const) {
      const begun = entry(`${statement} and not kept'`).split(" and")[0] ?? "";
      // Of a CALL in MySQL's log, the timestamp does not agree.
      const after = entry("CALL p()").replace(/timestamp=\d+/, "timestamp=1795802410");
      for (const more of ["", "more',\n2;\n"]) {
        const first = new SlowLogParser();
        first.push(encoder.encode(`${entry("SELECT 0")}${begun}\n`));
        first.loseEndOfLine();
        const second = new SlowLogParser({
          from: slowParserSchema().parse(structuredClone(first.snapshot())),
        });
        for (const parser of [first, second]) {
          const records = [...parser.push(encoder.encode(more + after)), ...parser.end()];
          expect(records.map((record) => [record.statement, record.truncated])).toEqual([
            [statement, true],
            ["CALL p()", false],
          ]);
        }
      }
    }
  });

  it("goes on with the next entry where a line of no entry has lost its end", () => {
    const parser = new SlowLogParser();
    parser.push(encoder.encode("FROM t\n"));
    expect([...parser.push(encoder.encode(mysqlEntry("b"))), ...parser.end()]).toEqual([]);
    const told = new SlowLogParser();
    told.push(encoder.encode("FROM t\n"));
    told.loseEndOfLine();
    expect([...told.push(encoder.encode(mysqlEntry("b"))), ...told.end()]).toMatchObject([
      { statement: "b", leftOut: { strayBytes: 7 } },
    ]);
  });

  it("takes memory for the longest kept statement only, however long a line is", () => {
    const parser = new SlowLogParser({ maxStatement: 1000 });
    const entry = mysqlEntry("");
    parser.push(encoder.encode(entry.slice(0, -2)));
    const chunk = new Uint8Array(64 * 1024).fill(0x78);
    for (let i = 0; i < 100; i++) parser.push(chunk);
    expect(parser.snapshot().line.length).toBeLessThan(150_000);
    expect(parser.push(encoder.encode(`;\n${mysqlEntry("after")}`))).toMatchObject([
      { truncated: true, statement: "x".repeat(1000), end: entry.length + 100 * chunk.length },
    ]);
    expect(parser.end()).toMatchObject([{ statement: "after" }]);
  });

  it("holds no more than a header's length of what may become one", () => {
    const parser = new SlowLogParser({ maxStatement: 1000 });
    const header = mariadbEntry("x", { lines: "# explain: \n" }).split("SET timestamp")[0] ?? "";
    parser.push(encoder.encode(mariadbEntry("SELECT 1") + header));
    for (let i = 0; i < 10_000; i++) parser.push(encoder.encode(`# explain: ${i}\n`));
    expect(parser.snapshot().held.length).toBeLessThan(35_000);
    expect(parser.end()).toMatchObject([{ truncated: true }]);
  });

  it("reads a statement that holds a whole log of thousands of entries as fast as others", () => {
    const old = mysqlEntry("SELECT 1", { time: "2026-01-02T03:04:05.123456Z" });
    const log = encoder.encode(mysqlEntry(`INSERT INTO t VALUES ('it''s \\n;\n${old.repeat(4000)}')`));
    const began = Date.now();
    expect(parse(log)).toHaveLength(1);
    expect(parse(log, {}, 1000)).toHaveLength(1);
    // By the square of their number it would take minutes.
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it("never makes the parser throw, and gives the same records in any chunks", () => {
    const sources = [...SHORT_LOGS.map(([, log]) => log), mysqlEntry("a"), mariadbEntry("b"), BANNER];
    sources.push(
      mariadbEntry("c", { second: 99_999_999_999, time: "99999999999999.999999" }),
      mysqlEntry("d")
        .replace(/^# Time: .*$/m, "# Time: 261127  8:00:05")
        .replace(/timestamp=/, "timestamp=9"),
      mariadbEntry("e", { second: 4_294_967_295, time: "4294967295.999999" }),
    );
    const lines = sources.flatMap((log) => [...log.split(/(?<=\n)/), ...log.split(/(?<=[\n :])/)]);
    const pieces = fc.oneof(
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
      {
        weight: 6,
        arbitrary: fc
          .constantFrom(...sources, ...lines, "\n", ";\n", "\r\n", "'", "😀")
          .map((text) => encoder.encode(text)),
      },
    );
    const log = fc
      .array(pieces, { maxLength: 30 })
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
    fc.assert(
      fc.property(
        log,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (bytes, chunk, maxStatement, share) => {
          const records = parse(bytes, { maxStatement });
          expect(parse(bytes, { maxStatement }, chunk)).toEqual(records);
          for (const { statement, timeMicros } of records) {
            expect(statement.length).toBeLessThanOrEqual(maxStatement);
            expect(Number.isSafeInteger(timeMicros) && timeMicros >= 0, `${timeMicros}`).toBe(true);
          }
          const at = Math.floor(bytes.length * share);
          const first = new SlowLogParser({ maxStatement });
          const before = first.push(bytes.subarray(0, at));
          const from = slowParserSchema().parse(structuredClone(first.snapshot()));
          const second = new SlowLogParser({ maxStatement, from });
          expect([...before, ...second.push(bytes.subarray(at)), ...second.end()]).toEqual(records);
        },
      ),
      { numRuns: 2000, seed: 7 },
    );
  });
});
