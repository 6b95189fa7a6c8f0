import { describe, expect, it } from "vitest";
import type { SlowRecord } from "../../src/logs/slow/record.ts";
import { toSlowLogText } from "../../src/workload/slow-log-text.ts";
import { RecordLine } from "../../src/workload/stored/fragment-line.ts";
import { toSlowNdjson } from "../../src/workload/stored/slow-line.ts";
import { parse, REAL_LOGS } from "../logs/slow/support.ts";
import { slowRecord } from "./timing/records.ts";

/** A record as slow-log text, by way of its line. */
function textOf(record: SlowRecord): string {
  const line = new RecordLine(toSlowNdjson(record).slice(0, -1));
  return toSlowLogText({ ...line.readSlow(), timeMicros: line.timeMicros });
}

const shapeOf = (record: SlowRecord) => {
  const { timeMicros, threadId, user, host, db, command, statement } = record;
  const { durationMicros, lockMicros, rowsSent, rowsExamined } = record;
  const oneLine = (name: string | null) => name?.replaceAll("\n", " ") ?? "";
  return {
    ...{ timeMicros, threadId, host, command, durationMicros, lockMicros, rowsSent, rowsExamined },
    user: oneLine(user),
    db: oneLine(db),
    // What a space is put before is told apart by it.
    statement: statement.replaceAll(";\n#", ";\n #").replace(/^ (?=#|use |SET )/, ""),
  };
};

describe("slow-log text", () => {
  it.each(REAL_LOGS)("of %s is read back as it was stored", (_, log) => {
    const records = parse(log);
    const again = parse(records.map(textOf).join(""));
    expect(again.map(shapeOf)).toEqual(records.map(shapeOf));
  });

  const record = (statement: string, changes: Partial<SlowRecord> = {}): SlowRecord =>
    slowRecord(statement, 1_200_504, {
      timeMicros: 1_795_802_403_187_063,
      threadId: 8,
      lockMicros: 20,
      rowsExamined: 3,
      ...changes,
    });

  it("has the form of MySQL's", () => {
    expect(textOf(record("SELECT 1"))).toBe(
      `# Time: 2026-11-27T18:00:03.187063Z
# User@Host: app[app] @  [10.0.0.7]  Id:     8
# Query_time: 1.200504  Lock_time: 0.000020 Rows_sent: 1  Rows_examined: 3
use shop;
SET timestamp=1795802401;
SELECT 1;
`,
    );
    const text = textOf(
      record("Ping", { command: "Administrator command", user: null, host: null, db: null }),
    );
    expect(text).toContain("# User@Host: [] @  []  Id:     8\n");
    expect(text).not.toContain("use ");
    expect(text).toMatch(/\n# administrator command: Ping;\n$/);
  });

  it.each([
    ["SET insert_id=100", " SET insert_id=100"],
    ["SET timestamp=1", " SET timestamp=1"],
    ["use d1", " use d1"],
    ["# a comment\nSELECT 1", " # a comment\nSELECT 1"],
    ["SELECT 'x;\n# Time: y'", "SELECT 'x;\n # Time: y'"],
    ["SET @a = 1", "SET @a = 1"],
    ["SELECT 1\n# a comment", "SELECT 1\n# a comment"],
  ])("is not misread where a statement looks like a part of the log: %j", (statement, written) => {
    expect(textOf(record(statement)).endsWith(`\n${written};\n`)).toBe(true);
  });
});
