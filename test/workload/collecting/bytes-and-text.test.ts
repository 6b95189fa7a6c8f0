import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogParser } from "../../../src/logs/general/parser.ts";
import type { LogRecord } from "../../../src/logs/record.ts";
import { NOTHING_OF_AMAZON } from "../../../src/workload/amazon-statements.ts";
import { FragmentContents } from "../../../src/workload/collecting/fragment-contents.ts";
import { GeneralRecords } from "../../../src/workload/collecting/general-records.ts";
import { Digests } from "../../../src/workload/digest.ts";
import { LineBuffer } from "../../../src/workload/stored/line-buffer.ts";
import type { Manifest } from "../../../src/workload/stored/manifest.ts";
import { SUMMARY_KINDS } from "../../../src/workload/stored/summary.ts";
import { SeriesDelta } from "../../../src/workload/timing/series.ts";
import { LOGS } from "../../logs/general/fixtures.ts";
import { REAL_LOGS } from "./real-logs.ts";

const encoder = new TextEncoder();
const WINDOW = { start: 0, end: null };

/** Everything that becomes of a log's records, read in pieces of these lengths. */
function collect(
  log: Uint8Array,
  lengths: readonly number[],
  redact: Manifest["redact"],
  read: (parser: LogParser, piece: Uint8Array, see: (record: LogRecord) => void) => void,
) {
  const parser = new LogParser({ maxStatement: 400 });
  const records = new GeneralRecords({ amazon: NOTHING_OF_AMAZON });
  const digests = new Digests(20);
  const series = new SeriesDelta(10, [], Date.UTC(2030));
  const contents = new FragmentContents(SUMMARY_KINDS);
  const lines = new LineBuffer();
  const places: unknown[] = [];
  let inBytes = 0;
  const see = (record: LogRecord) => {
    const { start, end, leftOut, isAfterOpening } = record;
    places.push([start, end, leftOut, isAfterOpening]);
    if (!records.see(record, WINDOW)) return;
    records.redact(record, redact);
    if (records.bytes.statement !== null) inBytes++;
    records.count(record, { digests, series }, contents, parser.dialect);
    records.writeLine(record, lines);
  };
  for (let at = 0, piece = 0; at < log.length; piece++) {
    const next = at + (lengths[piece % lengths.length] as number);
    read(parser, log.subarray(at, next), see);
    at = next;
  }
  for (const record of parser.end()) see(record);
  const result = {
    places,
    lines: new TextDecoder().decode(lines.take()),
    digests: digests.toJSON(),
    sessions: records.toJSON(),
    amazon: records.amazon?.toJSON(),
    summary: contents.summary.toText(),
    cells: [...series.cells(new Set(digests.toJSON().entries.map(({ fingerprint }) => fingerprint)))],
  };
  return { result, inBytes };
}

/** Collects a log from the bytes of its statements and from their text. @returns how many statements were left in bytes */
function expectTheSame(log: Uint8Array, lengths: readonly number[], redact: Manifest["redact"]): number {
  const bytes = collect(log, lengths, redact, (parser, piece, see) => parser.read(piece, see));
  const text = collect(log, lengths, redact, (parser, piece, see) => parser.push(piece).forEach(see));
  expect(bytes.result).toEqual(text.result);
  expect(text.inBytes).toBe(0);
  return bytes.inBytes;
}

const LITERALS =
  "1 42 -7 3.5 1e5 0x1F 2fa .5 'a' 'it''s' 'a\\'b' '' '日本' 'é' '😀' 'a;b' '; use x; ' 'password' 'pas' 'x--y' 'tab\\t'".split(
    " ",
  );
const MORE_LITERALS = [
  "'a\"b'",
  "'a\nb'",
  '"x y"',
  "NULL",
  "'open",
  "'\u0001'",
  "(1, 2)",
  "`q`",
  "'a; use y'",
  "'ends\\",
];
const literals = fc.constantFrom(...LITERALS, ...MORE_LITERALS);
const TEMPLATES = [
  "SELECT c FROM sbtest1 WHERE id=?",
  "SELECT c FROM sbtest1 WHERE id BETWEEN ? AND ?",
  "SELECT c FROM sbtest1 WHERE id=? ORDER BY c",
  "select `a 1` FROM größe WHERE x = ? AND y IN (?, ?)",
  "INSERT INTO t2 (a, b) VALUES (?, ?)",
  "INSERT INTO t VALUES (?),(?)",
  "UPDATE t SET a=? WHERE b = ?;",
  "UPDATE t SET a=?; use other",
  'SELECT "name" FROM "t" WHERE a = ?',
  "SELECT a FROM t WHERE b = ? /*action='run',traceparent='00-?'*/",
  "/* app */ SELECT ?",
  "SELECT @@version, ?",
  "DELETE FROM t WHERE a = ? -- done ?",
  "CREATE USER 'u'@'%' IDENTIFIED BY ?",
  "SET sql_mode = ?",
  "use shop",
  "USE mysql",
  "SELECT a\n\tFROM t\n WHERE b = ?",
  "BEGIN",
  "COMMIT",
  "EXECUTE s",
  "call p(?)",
  "",
  "INSERT INTO rds_heartbeat2(id) VALUES (?)",
  `SELECT ${"a, ".repeat(150)}?`,
];
const statements = fc
  .tuple(fc.constantFrom(...TEMPLATES), fc.array(literals, { minLength: 4, maxLength: 4 }))
  .map(([template, values]) => {
    let at = 0;
    return template.replaceAll("?", () => values[at++ % values.length] as string);
  });
const COMMANDS = ["Query", "Query", "Query", "Execute", "Prepare"];
const entries = fc
  .tuple(statements, fc.constantFrom(...COMMANDS), fc.integer({ min: 5, max: 8 }), fc.nat({ max: 20 }))
  .map(([statement, command, thread, second]) => {
    const time = `2026-11-23T05:36:${10 + second}.${String(1000 * second + thread).padStart(6, "0")}Z`;
    return `${time}\t    ${thread} ${command}\t${statement}\n`;
  });
const CONNECTS = [
  "2026-11-23T05:36:00.000001Z\t    5 Connect\tapp@10.0.0.7 on shop using TCP/IP\n",
  "2026-11-23T05:36:00.000002Z\t    6 Connect\tgrüße@localhost on  using Socket\n",
  "2026-11-23T05:36:00.000003Z\t    7 Connect\trdsadmin@localhost on mysql using Socket\n",
].join("");

describe("a statement of the general log that is read from its bytes", () => {
  it.each(["secrets", "literals"] as const)("is collected as its text would be, redacting %s", (redact) => {
    let inBytes = 0;
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 3000 }),
        (log, lengths, badByte) => {
          const bytes = encoder.encode(CONNECTS + log.join(""));
          if (badByte < bytes.length) bytes[badByte] = 0xc3;
          inBytes += expectTheSame(bytes, lengths, redact);
        },
      ),
      { numRuns: 400 },
    );
    expect(inBytes).toBeGreaterThan(100);
  });

  it.each([...LOGS.map(([name, log]) => [name, encoder.encode(log)] as const), ...REAL_LOGS])(
    "is collected as its text would be from %s",
    (_, log) => {
      for (const lengths of [[1_000_000], [700, 13], [97]]) expectTheSame(log, lengths, "secrets");
    },
  );
});
