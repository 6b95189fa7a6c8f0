import { describe, expect, test } from "vitest";
import type { SlowRecord } from "../../../src/logs/slow/record.ts";
import { logBanner } from "../../local-aws/logs/log-format.ts";
import { EVERYTHING, FULL } from "../../local-aws/logs/slow-settings.ts";
import { type GeneratedEntry, generatedEntries } from "../../local-aws/logs/slow-workload.ts";
import { NOTHING_WRITTEN, slowSource } from "../../local-aws/logs/text-source.ts";
import { parse } from "./support.ts";

/*
 * Two minutes of the local AWS's workload, written in each server's form and read back. The truth is what the workload says that its
 * statements cost, not what the log says.
 */

const FROM = Date.UTC(2026, 9, 10, 7);
const WINDOW = { from: FROM, to: FROM + 120_000 };

const trueRecord = ({
  timeMicros,
  threadId,
  user,
  host,
  command,
  statement,
  durationMicros,
  rowsSent,
  rowsExamined,
}: GeneratedEntry) => ({
  ...{ timeMicros, threadId, user, host, command, statement, durationMicros, rowsSent, rowsExamined },
});

const sameOf = ({
  timeMicros,
  threadId,
  user,
  host,
  command,
  statement,
  durationMicros,
  rowsSent,
  rowsExamined,
}: SlowRecord) => ({
  ...{ timeMicros, threadId, user, host, command, statement, durationMicros, rowsSent, rowsExamined },
});

describe.each(["mysql", "mariadb"] as const)("the generated slow log of %s", (engine) => {
  const workload = { instance: "orders", engine, seed: 5, rate: 20 };
  const entries = generatedEntries({ ...workload, ...WINDOW });
  const banner = logBanner(engine, engine === "mysql" ? "8.0.40" : "10.11.9");

  test.each([
    ["as little of each statement as may be", EVERYTHING],
    ["all that its server can say", FULL],
  ])("is read as the truth, with %s", (_title, settings) => {
    const { text } = slowSource(workload, settings).write(WINDOW, NOTHING_WRITTEN);
    const records = parse(banner + text);
    expect(records.map(sameOf)).toEqual(entries.map(trueRecord));
    expect(records.every(({ server }) => server === engine)).toBe(true);
    if (settings !== FULL) return;
    const statements = entries.filter(({ command }) => command === "Query");
    const read = records.filter(({ command }) => command === "Query");
    if (engine === "mysql")
      expect(read.map(({ errno }) => errno)).toEqual(statements.map(({ errno }) => errno));
    expect(read.map(({ tmpTables = 0 }) => tmpTables)).toEqual(statements.map(({ tmpTables }) => tmpTables));
  });

  test("says the default database of a session, and of no other", () => {
    const { text } = slowSource(workload, EVERYTHING).write(WINDOW, NOTHING_WRITTEN);
    const wrong = parse(banner + text).filter(({ db }, i) => db !== null && db !== entries[i]?.database);
    expect(wrong).toEqual([]);
  });
});
