import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/logs/general/commands.ts";
import { LogParser } from "../../../src/logs/general/parser.ts";
import type { LogPosition } from "../../../src/logs/general/parser-state.ts";
import type { ParserOptions } from "../../../src/logs/kind.ts";
import type { LogRecord } from "../../../src/logs/record.ts";
import { LOGS, MARIADB_10_11, MYSQL_5_6, MYSQL_8, MYSQL_UNTABBED, SHORT_LOGS } from "./fixtures.ts";

const encoder = new TextEncoder();

/** All records of a log, read in chunks of a size; in one piece unless told otherwise. */
function parse(
  log: string | Uint8Array,
  options: ParserOptions = {},
  chunkBytes = Number.POSITIVE_INFINITY,
): LogRecord[] {
  const bytes = typeof log === "string" ? encoder.encode(log) : log;
  const parser = new LogParser(options);
  const records: LogRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    records.push(...parser.push(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes))));
  }
  records.push(...parser.end());
  return records;
}

const statements = (log: string, options?: ParserOptions) =>
  parse(log, options).map(({ statement }) => statement);
const micros = (iso: string, fraction = 0) => Date.parse(iso) * 1000 + fraction;

describe("the log of MySQL", () => {
  it("gives each record its time, thread, command and statement", () => {
    const records = parse(MYSQL_8);
    expect(records.map(({ threadId, command, statement }) => [threadId, command, statement])).toEqual([
      [8, "Connect", "app@10.0.0.7 on shop using TCP/IP"],
      [8, "Query", "SELECT 1"],
      [123456, "Query", "SELECT a,\n\tb\n\n  FROM t -- grüße 😀\n WHERE c = 'x\ty'"],
      [8, "Prepare", "SELECT * FROM t WHERE id = ?"],
      [8, "Execute", "SELECT * FROM t WHERE id = 7"],
      [8, "Close stmt", ""],
      [9, "Init DB", "shop"],
      [9, "Field List", "t "],
      [9, "Query", ""],
      [9, "Query", "SELECT 'a\r\nb'\r"],
      [10, "Binlog Dump GTID", "Log: '' Pos: 4 GTIDs: ''"],
      [11, "Connect Out", "repl@10.0.0.1:3306"],
      [9, "Reset Connection", ""],
      [9, "Query", "SELECT 'after the log was reopened'"],
      [9, "Quit", ""],
    ]);
    expect(records[1]?.timeMicros).toBe(micros("2026-11-23T05:36:15Z", 123_456));
  });

  it("reads a zone that is not Z", () => {
    const log =
      "2026-11-23T07:36:15.000001+02:00\t    8 Query\tA\n2026-11-22T23:06:15.000001-06:30\t    8 Query\tB\n";
    expect(parse(log).map(({ timeMicros }) => timeMicros)).toEqual([
      micros("2026-11-23T05:36:15Z", 1),
      micros("2026-11-23T05:36:15Z", 1),
    ]);
  });

  it("knows every command that a server writes", () => {
    const log = COMMANDS.map((command) => `2026-11-23T05:36:15.123456Z\t    8 ${command}\tx\n`).join("");
    expect(parse(log).map(({ command }) => command)).toEqual(COMMANDS);
  });

  it("does not end a statement at a line that only begins like a header", () => {
    const lines = [
      "SELECT '",
      "2026-11-23T05:36:15.123456Z\t    8 Nonsense\tx",
      "2026-11-23T05:36:15.123456Z\t    8 query\tx",
      "2026-11-23T05:36:15.123456Z\t    8 Querying\tx",
      "2026-11-23T05:36:15.123456Z     8 Query\tx",
      "2026-11-31T05:36:15.123456Z\t    8 Query\tx",
      "2026-13-23T05:36:15.123456Z\t    8 Query\tx",
      "2026-11-23T24:36:15.123456Z\t    8 Query\tx",
      "2026-11-23T05:36:15.12345Z\t    8 Query\tx",
      "2026-11-23 05:36:15.123456Z\t    8 Query\tx",
      "2026-11-23T05:36:15.123456Z\t    x Query\tx",
      "0000-00-00T05:36:15.123456Z\t    8 Query\tx",
      "\t\t    8 Query\tx: two tabs are a header only in a log of MariaDB",
      "261331  5:36:15\t     3 Query\tx",
      "Time is what this line begins with",
      "it has started with:",
      "'",
    ].join("\n");
    expect(statements(`2026-11-23T05:36:15.123456Z\t    8 Query\t${lines}\n`)).toEqual([lines]);
  });

  it("reads a line that looks exactly like a header as one: nothing in the log tells them apart", () => {
    const line = "2026-11-23T05:36:15.123456Z\t    8 Query\t";
    expect(statements(`${line}INSERT INTO t VALUES ('\n${line}x')\n`)).toEqual([
      "INSERT INTO t VALUES ('",
      "x')",
    ]);
  });

  it("accepts a command without its tab at the end of a line", () => {
    expect(parse("2026-11-23T05:36:15.123456Z\t    8 Quit\n")).toMatchObject([
      { command: "Quit", statement: "" },
    ]);
  });
});

describe("the log of MySQL 5.7 without tabs after times", () => {
  it("is read like the log with tabs", () => {
    const records = parse(MYSQL_UNTABBED);
    expect(records.map(({ threadId, command, statement }) => [threadId, command, statement])).toEqual([
      [8, "Connect", "app@10.0.0.7 on shop using TCP/IP"],
      [8, "Query", "SELECT 1,\n\t2 -- grüße 😀\n2016-05-25T10:00:00.2Z    8 Query\tno record"],
      [12345, "Query", "SELECT 'an id of five digits'"],
      [123456, "Query", "SELECT 'in another zone'"],
      [8, "Close stmt", ""],
      [9, "Quit", ""],
    ]);
    expect(records[1]?.timeMicros).toBe(micros("2016-05-25T10:00:00Z", 123_456));
    expect(records[3]?.timeMicros).toBe(micros("2016-05-25T10:00:00Z", 400_000));
    expect(records.some(({ leftOut }) => leftOut)).toBe(false);
  });

  it("may change to the form with tabs, and back where a server opens the log", () => {
    const [tabbed, untabbed] = [
      "2016-05-25T10:00:00.123456Z\t    8 Query\t",
      "2016-05-25T10:00:00.123456Z    8 Query\t",
    ];
    const banner = MYSQL_8.slice(0, MYSQL_8.indexOf("2026"));
    const log = `${untabbed}a\n${tabbed}b\n${untabbed}of b\n${banner}${untabbed}c\n${untabbed}d\n`;
    expect(statements(log)).toEqual(["a", `b\n${untabbed}of b`, "c", "d"]);
  });

  it("has no header whose id is narrower than five places", () => {
    const line = "2016-05-25T10:00:00.123456Z    8 Query\t";
    const others = [
      "Z8 Query\tx",
      "Z 8 Query\tx",
      "Z   8 Query\tx",
      "Z     Query\tx",
      "Z    8 Query x",
      "Z    8\tQuery\tx",
    ];
    const lines = others.map((other) => `2016-05-25T10:00:00.123456${other}`).join("\n");
    expect(statements(`${line}SELECT '\n${lines}\n`)).toEqual([`SELECT '\n${lines}`]);
  });
});

describe("the log of MySQL 5.6", () => {
  it("has the form of MariaDB's", () => {
    const second = micros("2016-05-25T10:00:00Z");
    expect(
      parse(MYSQL_5_6).map(({ timeMicros, command, statement }) => [timeMicros - second, command, statement]),
    ).toEqual([
      [0, "Connect", "app@10.0.0.7 on shop"],
      [0, "Query", "SELECT 1,\n\t2"],
      [0, "Init DB", "shop"],
      [1_000_000, "Query", "SELECT 3"],
      [1_000_000, "Quit", ""],
    ]);
  });
});

describe("the log of MariaDB", () => {
  it("gives records without a time the second of the record before, also across a banner", () => {
    const records = parse(MARIADB_10_11);
    const second = micros("2026-11-23T05:07:32Z");
    expect(
      records.map(({ timeMicros, threadId, command, statement }) => [
        (timeMicros - second) / 1_000_000,
        threadId,
        command,
        statement,
      ]),
    ).toEqual([
      [0, 3, "Connect", "root@localhost on  using Socket"],
      [0, 3, "Query", "create user 'app'@'%' identified by 'sec''ret'"],
      [0, 3, "Quit", ""],
      [1, 4, "Connect", "app@10.0.0.7 on shop using TCP/IP"],
      [1, 4, "Query", "insert into t values (1,'a\n\tb'),(2,'😀')"],
      [1, 4, "Query", "\t\tselect\n\t\t\t3\n\t\t3 Things"],
      [1, 9, "Refresh", ""],
      [1, 9, "Statistics", ""],
      [3_600 * 7, 1234567, "Bulk_execute", "insert into t values (?)"],
      [3_600 * 7, 4, "Quit", ""],
    ]);
  });

  it("has its times in the zone that the caller gives", () => {
    const records = parse(MARIADB_10_11, { zoneOffsetMinutes: 120 });
    expect(records[1]?.timeMicros).toBe(micros("2026-11-23T03:07:32Z"));
  });

  it("leaves out and counts records whose second was not read", () => {
    const parser = new LogParser();
    const log =
      "\t\t     3 Query\ta\n\t\t     3 Query\tb\n261123  5:07:33\t     3 Query\tc\n\t\t     3 Query\td\n";
    const records = [...parser.push(encoder.encode(log)), ...parser.end()];
    expect(records.map(({ statement, leftOut }) => [statement, leftOut])).toEqual([
      ["c", { strayBytes: 0, undatedRecords: 2 }],
      ["d", undefined],
    ]);
    expect(parser.takeLeftOut()).toBeNull();
  });

  it("may follow a log of MySQL, and the other way round: each header tells which it is", () => {
    const log =
      "2026-11-23T05:36:15.123456Z\t    8 Query\ta\n261123  5:36:16\t     3 Query\tb\n\t\t     4 Query\tc\n" +
      "2026-11-23T05:36:17.123456Z\t    8 Query\td\n\t\t     4 Query\te\n";
    expect(statements(log)).toEqual(["a", "b", "c", "d\n\t\t     4 Query\te"]);
  });
});

describe("any log", () => {
  it.each(LOGS)("of %s gives the same records in chunks of any size", (_, log) => {
    const bytes = encoder.encode(log);
    const whole = parse(bytes);
    for (let size = 1; size <= bytes.length; size++) expect(parse(bytes, {}, size)).toEqual(whole);
  });

  /** Fails unless a log gives the same records in two pieces as whole, wherever it is split. */
  function expectSameSplitAnywhere(bytes: Uint8Array): void {
    const whole = parse(bytes);
    const expected = JSON.stringify(whole);
    for (let at = 0; at <= bytes.length; at++) {
      const parser = new LogParser();
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

  it.each(SHORT_LOGS)(
    "of %s gives the same records for each of its prefixes, split at every byte",
    (_, log) => {
      const bytes = encoder.encode(log);
      for (let length = 0; length <= bytes.length; length++)
        expectSameSplitAnywhere(bytes.subarray(0, length));
      // Otherwise this test would check nothing.
      expect(new Set(parse(bytes).map(({ command }) => command)).size).toBeGreaterThan(1);
    },
  );

  it.each(LOGS)("of %s gives the same records split at every byte", (_, log) => {
    expectSameSplitAnywhere(encoder.encode(log));
  });

  it.each(LOGS)("of %s can be continued from the position after any chunk", (_, log) => {
    const bytes = encoder.encode(log);
    const whole = parse(bytes);
    for (let at = 0; at <= bytes.length; at++) {
      const first = new LogParser();
      const records = first.push(bytes.subarray(0, at));
      const from = JSON.parse(JSON.stringify(first.position())) as LogPosition;
      const second = new LogParser({ from });
      records.push(...second.push(bytes.subarray(from.offset)), ...second.end());
      expect(records).toEqual(whole);
    }
  });

  it.each(LOGS)("of %s can be continued from a snapshot with the next byte", (_, log) => {
    const bytes = encoder.encode(log);
    const whole = parse(bytes);
    for (let at = 0; at <= bytes.length; at++) {
      const first = new LogParser({ maxStatement: 1000 });
      const records = first.push(bytes.subarray(0, at));
      const second = new LogParser({ maxStatement: 1000, from: structuredClone(first.snapshot()) });
      expect(second.bytesRead).toBe(at);
      records.push(...second.push(bytes.subarray(at)), ...second.end());
      expect(records).toEqual(whole);
    }
  });

  it.each(LOGS)("of %s has its records where their start and end say", (_, log) => {
    const bytes = encoder.encode(log);
    for (const { start, end, command, statement } of parse(bytes)) {
      const text = new TextDecoder().decode(bytes.subarray(start, end));
      expect(text.endsWith(` ${command}\t${statement}\n`)).toBe(true);
    }
  });

  it("has no records when it is empty or only a banner", () => {
    expect(parse("")).toEqual([]);
    expect(parse(MYSQL_8.slice(0, MYSQL_8.indexOf("2026")))).toEqual([]);
  });

  it("may begin in the middle of a statement, whose bytes are counted", () => {
    const rest = "  FROM grüße\n WHERE x = 1\n";
    const records = parse(`${rest}2026-11-23T05:36:15.123456Z\t    8 Query\ta\n`);
    const strayBytes = encoder.encode(rest).length;
    expect(records).toMatchObject([{ statement: "a", leftOut: { strayBytes, undatedRecords: 0 } }]);
  });

  it("reports what was left out with the record after it, or before there is one when asked", () => {
    const parser = new LogParser();
    const banner = MYSQL_8.slice(0, MYSQL_8.indexOf("2026"));
    const header = "2026-11-23T05:36:15.123456Z\t    8 Query\t";
    const records = parser.push(
      encoder.encode(`${header}a\n${banner}stray\n${header}b\n${header}c\n${banner}more\n`),
    );
    expect(records.map(({ leftOut }) => leftOut?.strayBytes)).toEqual([undefined, 6, undefined]);
    expect(parser.takeLeftOut()).toEqual({ strayBytes: 5, undatedRecords: 0 });
    expect(parser.takeLeftOut()).toBeNull();
  });

  it.each(LOGS)("of %s has nothing that is left out, and its banners are no stray bytes", (_, log) => {
    const parser = new LogParser();
    const records = [...parser.push(encoder.encode(log)), ...parser.end()];
    expect(records.filter(({ leftOut }) => leftOut)).toEqual([]);
    expect(parser.takeLeftOut()).toBeNull();
  });

  it("is read with what is not UTF-8 replaced", () => {
    const header = encoder.encode("2026-11-23T05:36:15.123456Z\t    8 Query\t");
    const log = new Uint8Array([...header, 0x41, 0xff, 0x42, 0xc3, 0x0a, ...header, 0xf0, 0x9f, 0x98, 0x0a]);
    for (const chunk of [1, 2, 3, 1000]) {
      expect(parse(log, {}, chunk).map(({ statement }) => statement)).toEqual(["A\ufffdB\ufffd", "\ufffd"]);
    }
  });

  it("has long statements cut at the same place, however the bytes are chunked", () => {
    const header = "2026-11-23T05:36:15.123456Z\t    8 Query\t";
    const maxStatement = 10;
    for (const unit of ["x", "é", "€", "😀", "x\n", "\n"]) {
      for (let count = 1; count < 30; count++) {
        const statement = unit.repeat(count);
        const log = `${header}${statement}\n${header}after\n`;
        const [first, second] = parse(log, { maxStatement });
        expect(first?.truncated).toBe(statement.length > maxStatement);
        expect(statement.startsWith(first?.statement ?? "?")).toBe(true);
        expect(first?.statement.length).toBe(Math.min(statement.length, maxStatement));
        expect(second).toMatchObject({ statement: "after", truncated: false });
        for (const size of [1, 3, 64]) expect(parse(log, { maxStatement }, size)).toEqual([first, second]);
      }
    }
  });

  it("is never cut amid a character", () => {
    const [record] = parse(`2026-11-23T05:36:15.123456Z\t    8 Query\tx${"😀".repeat(20)}\n`, {
      maxStatement: 10,
    });
    expect(record?.statement).toBe(`x${"😀".repeat(4)}`);
  });

  it("takes memory for the longest kept statement only, however long a line is", () => {
    const parser = new LogParser({ maxStatement: 1000 });
    parser.push(encoder.encode("2026-11-23T05:36:15.123456Z\t    8 Query\t"));
    const chunk = new Uint8Array(64 * 1024).fill(0x78);
    for (let i = 0; i < 100; i++) parser.push(chunk);
    expect(parser.snapshot().line.length).toBeLessThan(5000);
    const [record] = parser.push(encoder.encode("\n2026-11-23T05:36:15.123456Z\t    8 Query\t"));
    expect(record).toBeUndefined();
    const records = parser.end();
    expect(records[0]).toMatchObject({ truncated: true, statement: "x".repeat(1000) });
    expect(records[0]?.end).toBe(40 + 100 * chunk.length + 1);
    expect(records).toHaveLength(2);
  });

  it("never makes the parser throw, and gives the same records in any chunks", () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .constantFrom(...LOGS.flatMap(([, log]) => log.split(/(?<=[\n\t :])/)), "\n", "\r\n", "\t\t", "😀")
        .map((text) => encoder.encode(text)),
    );
    const log = fc
      .array(pieces, { maxLength: 40 })
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
    fc.assert(
      fc.property(
        log,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50 }),
        (bytes, chunk, maxStatement) => {
          const records = parse(bytes, { maxStatement });
          expect(parse(bytes, { maxStatement }, chunk)).toEqual(records);
          for (const { statement } of records) expect(statement.length).toBeLessThanOrEqual(maxStatement);
        },
      ),
      { numRuns: 500 },
    );
  });
});
