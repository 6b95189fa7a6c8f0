import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../../src/logs/general/commands.ts";
import { LogParser } from "../../../src/logs/general/parser.ts";
import type { LogRecord } from "../../../src/logs/record.ts";
import { toLogText } from "../../../src/workload/log-text.ts";
import { toNdjson } from "../../../src/workload/stored/fragment-line.ts";
import { LineBuffer } from "../../../src/workload/stored/line-buffer.ts";
import { formatTime, parseTime } from "../../../src/workload/stored/time.ts";
import { LOGS } from "../../logs/general/fixtures.ts";

const encoder = new TextEncoder();
const parse = (log: string | Uint8Array): LogRecord[] => {
  const parser = new LogParser();
  return [...parser.push(typeof log === "string" ? encoder.encode(log) : log), ...parser.end()];
};
const bare = ({ timeMicros, threadId, command, statement }: LogRecord) => ({
  timeMicros,
  threadId,
  command,
  statement,
});

const recordArbitrary = fc.record({
  timeMicros: fc.integer({ min: 0, max: Date.UTC(2999, 0) * 1000 }),
  threadId: fc.integer({ min: 1, max: 2 ** 32 }),
  command: fc.constantFrom(...COMMANDS),
  // Nothing that looks like a header: that is what the format can't tell.
  statement: fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("Z\t", "")),
});

describe("records as general-log text", () => {
  it("are read back as they were", () => {
    fc.assert(
      fc.property(fc.array(recordArbitrary), (records) => {
        expect(parse(records.map(toLogText).join("")).map(bare)).toEqual(records);
      }),
    );
  });

  it.each(LOGS)("are the same as in the log of %s", (_, log) => {
    const records = parse(log);
    expect(parse(records.map(toLogText).join("")).map(bare)).toEqual(records.map(bare));
  });

  it("are parsed to the same records, whatever the log held", () => {
    const piece = fc.constantFrom(...LOGS.flatMap(([, log]) => log.split(/(?<=[\n\t])/)), "\n", "\t\t", "\r");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const records = parse(pieces.join(""));
        expect(parse(records.map(toLogText).join("")).map(bare)).toEqual(records.map(bare));
      }),
    );
  });

  it("have the form of MySQL 8", () => {
    const [record] = parse("261123  5:36:15\t     3 Query\tSELECT 1\n");
    expect(toLogText(record as LogRecord)).toBe("2026-11-23T05:36:15.000000Z\t    3 Query\tSELECT 1\n");
  });
});

describe("records as NDJSON", () => {
  const [record] = parse("2026-11-23T05:36:15.123456Z\t    8 Query\tSELECT 'é\"\n'\n") as [LogRecord];

  it("have the fields that the API shows, in their order", () => {
    expect(toNdjson(record, { user: "app", host: "10.0.0.7", db: "shop" })).toBe(
      '{"time":"2026-11-23T05:36:15.123456Z","threadId":8,"user":"app","host":"10.0.0.7","db":"shop","command":"Query","statement":"SELECT \'é\\"\\n\'"}\n',
    );
  });

  it("have the fingerprint of the statement that they ran, before it", () => {
    expect(
      toNdjson(record, { user: "app", host: "10.0.0.7", db: null }, { fingerprint: "8e1a6f0d5c3b2a47" }),
    ).toContain(',"host":"10.0.0.7","command":"Query","fingerprint":"8e1a6f0d5c3b2a47","statement":"');
  });

  it("have null for a user that is not known, also after one that was", () => {
    expect(JSON.parse(toNdjson(record, null))).toMatchObject({ user: null, host: null });
  });

  it("say when a statement has lost its end", () => {
    expect(JSON.parse(toNdjson({ ...record, truncated: true }, null))).toMatchObject({ truncated: true });
  });

  it("are read back unchanged, whatever they hold", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(recordArbitrary, text, text, text, (fields, statement, user, host) => {
        const line = toNdjson(
          { ...fields, statement, truncated: false, start: 0, end: 0 },
          { user, host, db: null },
        );
        expect(line.indexOf("\n")).toBe(line.length - 1);
        const { timeMicros, threadId, command } = fields;
        expect(JSON.parse(line)).toEqual({
          time: formatTime(timeMicros),
          threadId,
          user,
          host,
          command,
          statement,
        });
      }),
    );
  });
});

describe("a time", () => {
  it("is read back to the microsecond", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2999, 0) * 1000 }), (timeMicros) => {
        expect(parseTime(formatTime(timeMicros))).toBe(timeMicros);
      }),
    );
    expect(parseTime("2026-11-23T05:36:15Z")).toBeNaN();
  });
});

describe("a buffer of lines", () => {
  it("has the bytes of all lines, and is empty once they are taken", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("ü".repeat(3000)))),
        (lines) => {
          const buffer = new LineBuffer(1);
          for (const line of lines) buffer.add(line);
          expect(buffer.length).toBe(encoder.encode(lines.join("")).length);
          expect(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(buffer.take())).toBe(
            lines.join(""),
          );
          expect(buffer.length).toBe(0);
        },
      ),
    );
  });
});
