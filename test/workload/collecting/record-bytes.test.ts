import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogParser } from "../../../src/logs/general/parser.ts";
import { SlowLogParser } from "../../../src/logs/slow/parser.ts";
import { RecordBytes } from "../../../src/workload/collecting/record-bytes.ts";

const encoder = new TextEncoder();

const general = (statement: string) => `2026-11-23T05:36:15.123456Z\t    8 Query\t${statement}\n`;
const slow = (statement: string) =>
  `# Time: 2026-11-27T18:00:05.187063Z
# User@Host: root[root] @ localhost []  Id:     8
# Query_time: 0.000504  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 1
SET timestamp=1795802405;
${statement};
`;

const statements = fc
  .array(fc.constantFrom("SELECT 1", " ", "\n", ";\n", "é", "日", "😀", "\t", "a", "'", "\r"), {
    maxLength: 8,
  })
  .map((parts) => `S${parts.join("")}`);

describe("a record's statement in the bytes of its portion", () => {
  it.each([
    { name: "the general log", text: general, parser: () => new LogParser(), added: 1, isTrimmed: false },
    { name: "the slow log", text: slow, parser: () => new SlowLogParser(), added: 2, isTrimmed: true },
  ])(
    "is that of $name wherever it is found, however the log is cut",
    ({ text, parser, added, isTrimmed }) => {
      let found = 0;
      fc.assert(
        fc.property(
          fc.array(statements, { minLength: 1, maxLength: 6 }),
          fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
          fc.boolean(),
          (given, lengths, hasBadByte) => {
            const log = encoder.encode(given.map(text).join(""));
            if (hasBadByte) log[log.length - 5] = 0xff;
            const reading = parser();
            const bytes = new RecordBytes();
            for (let at = 0, piece = 0; at < log.length; piece++) {
              const portion = log.subarray(at, at + (lengths[piece % lengths.length] as number));
              at += portion.length;
              bytes.begin(portion, reading.bytesRead);
              for (const record of reading.push(portion)) {
                bytes.look(record, added, isTrimmed);
                const there = bytes.statement;
                if (there === null) continue;
                found++;
                const own = there.bytes.subarray(there.start, there.end);
                expect(new TextDecoder().decode(own)).toBe(record.statement);
              }
            }
          },
        ),
        { numRuns: 500 },
      );
      expect(found).toBeGreaterThan(0);
    },
  );

  it("is not that of a record which began in the portion before, nor of one that is not ASCII", () => {
    const log = encoder.encode(general("SELECT 1") + general("SELECT 'é'") + general("SELECT 3"));
    const reading = new LogParser();
    const bytes = new RecordBytes();
    const found: (string | null)[] = [];
    for (const portion of [log.subarray(0, 45), log.subarray(45)]) {
      bytes.begin(portion, reading.bytesRead);
      for (const record of [...reading.push(portion)]) {
        bytes.look(record, 1, false);
        found.push(bytes.statement === null ? null : record.statement);
      }
    }
    bytes.end();
    expect(found).toEqual([null, null]);
    expect(bytes.statement).toBeNull();
  });
});
