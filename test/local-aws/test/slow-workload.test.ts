import { describe, expect, it } from "vitest";
import { formatEntries } from "../logs/slow-format.ts";
import { EVERYTHING, type SlowSettings, slowSettings } from "../logs/slow-settings.ts";
import { type GeneratedEntry, generatedEntries } from "../logs/slow-workload.ts";
import { NOTHING_WRITTEN, slowSource } from "../logs/text-source.ts";
import { generatedRecords } from "../logs/workload.ts";

const FROM = Date.UTC(2026, 9, 10, 7);
const MINUTES = 600_000;
const mysql = { instance: "orders", engine: "mysql", seed: 1, rate: 20 };
const mariadb = { ...mysql, engine: "mariadb" };
const window = { from: FROM, to: FROM + MINUTES };
const entries = generatedEntries({ ...mysql, ...window });
const ofMariaDb = generatedEntries({ ...mariadb, ...window });

const statementsOf = (of: readonly GeneratedEntry[]) =>
  of.filter(({ command, statement }) => command === "Query" && statement !== "");

describe("generatedEntries", () => {
  it("has the statements of the general log, each once", () => {
    for (const [workload, found] of [
      [mysql, entries],
      [mariadb, ofMariaDb],
    ] as const) {
      // What began in the first seconds and ended in the window, and what began in it and ended later, is not compared.
      const inside = statementsOf(found).filter(
        ({ startMicros }) => startMicros >= FROM * 1_000 && startMicros < (window.to - 5_000) * 1_000,
      );
      const records = generatedRecords({ ...workload, from: FROM, to: window.to - 5_000 }).filter(
        ({ command }) => command === "Query" || command === "Execute",
      );
      const keys = (of: readonly { threadId: number; statement: string }[]) =>
        of.map(({ threadId, statement }) => `${threadId} ${statement}`).sort();
      expect(keys(inside)).toEqual(keys(records));
    }
  });

  it("is in the order of the ends, and no session runs two statements at once", () => {
    expect(entries.every(({ endMicros }, i) => endMicros >= (entries[i - 1]?.endMicros ?? 0))).toBe(true);
    for (const session of Map.groupBy(entries, ({ threadId }) => threadId).values()) {
      const overlapping = session.filter(
        ({ startMicros }, i) => startMicros < (session[i - 1]?.endMicros ?? 0),
      );
      expect(overlapping).toEqual([]);
    }
    // So the starts are not in order: a long statement ends after short ones that began later.
    expect(entries.some(({ startMicros }, i) => startMicros < (entries[i - 1]?.startMicros ?? 0))).toBe(true);
  });

  it.each([mysql, mariadb])("divides into windows without a gap or a repetition: $engine", (workload) => {
    const cuts = [FROM, FROM + 1, FROM + 450, FROM + 1_000, FROM + 2_345, FROM + 60_000];
    const parts = cuts
      .slice(1)
      .flatMap((to, i) => generatedEntries({ ...workload, from: cuts[i] ?? FROM, to }));
    expect(parts).toEqual(generatedEntries({ ...workload, from: FROM, to: FROM + 60_000 }));
  });

  it("has point reads, reports, waits for locks and errors, with plausible times", () => {
    const statements = statementsOf(entries);
    const durations = statements.map(({ durationMicros }) => durationMicros).sort((a, b) => a - b);
    expect(durations[Math.floor(durations.length / 2)]).toBeLessThan(2_000);
    expect(durations.at(-1)).toBeGreaterThan(500_000);
    expect(durations.at(-1)).toBeLessThan(4_000_000);
    expect(statements.filter(({ rowLockMicros }) => rowLockMicros > 20_000).length).toBeGreaterThan(5);
    expect(new Set(statements.map(({ errno }) => errno)).size).toBeGreaterThanOrEqual(3);
    expect(statements.some(({ fullScan, rowsExamined }) => fullScan && rowsExamined > 100_000)).toBe(true);
    for (const { durationMicros, rowLockMicros, tableLockMicros } of entries) {
      expect(Math.max(rowLockMicros, tableLockMicros)).toBeLessThanOrEqual(durationMicros);
    }
  });

  it("has administrator commands for MySQL, with the rows of the statement before, and none for MariaDB", () => {
    const commands = entries.filter(({ command }) => command === "Administrator command");
    expect(new Set(commands.map(({ statement }) => statement))).toEqual(
      new Set(["Prepare", "Close stmt", "Init DB", "Quit", "Ping", "Statistics"]),
    );
    expect(commands.some(({ rowsExamined }) => rowsExamined > 1_000)).toBe(true);
    expect(ofMariaDb.every(({ command }) => command === "Query")).toBe(true);
  });

  it("states the end of a statement as MariaDB's log does, from the second of its start", () => {
    for (const { startMicros, timeMicros, durationMicros, endMicros } of ofMariaDb) {
      expect(timeMicros).toBe(Math.floor(startMicros / 1e6) * 1e6 + durationMicros);
      expect(endMicros - timeMicros).toBeLessThan(1_000_000);
    }
    expect(entries.every(({ timeMicros, endMicros }) => timeMicros === endMicros)).toBe(true);
  });

  it("leaves out what the parameters leave out", () => {
    const only = (settings: Partial<SlowSettings>) =>
      generatedEntries({ ...mysql, ...window }, { ...EVERYTHING, ...settings });
    const slow = only({ thresholdMicros: 50_000 });
    expect(slow).toEqual(entries.filter(({ durationMicros }) => durationMicros > 50_000));
    expect(slow.length).toBeGreaterThan(10);
    expect(only({ minExaminedRows: 5 })).toEqual(entries.filter(({ rowsExamined }) => rowsExamined >= 5));
    const some = only({ rateLimit: 5 });
    expect(some.length / entries.length).toBeCloseTo(1 / 5, 1);
    const scans = only({ thresholdMicros: 10_000_000, logsFullScans: true });
    expect(scans).toEqual(entries.filter(({ fullScan }) => fullScan));
  });

  it("has pings that take no time, which a threshold of 0 leaves out", () => {
    const pings = generatedRecords({ ...mysql, ...window }).filter(({ command }) => command === "Ping");
    const logged = entries.filter(({ statement }) => statement === "Ping");
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.length).toBeLessThan(pings.length);
  });

  it("lacks the sessions that connected before the log was on, if they are deaf", () => {
    const settings = { ...EVERYTHING, since: FROM + 60_000 };
    expect(generatedEntries({ ...mysql, ...window }, settings)).toEqual(entries);
    const heard = generatedEntries({ ...mysql, deaf: true, ...window }, settings);
    expect(heard).toEqual(entries.filter(({ connected }) => connected * 1_000 >= settings.since));
    expect(heard.length).toBeGreaterThan(entries.length / 2);
    expect(heard.length).toBeLessThan(entries.length);
  });
});

describe("slowSettings", () => {
  it("are those of the parameters, and the engine's own where there are none", () => {
    const of = (values: Record<string, string>) => slowSettings((name) => values[name], 7);
    expect(of({})).toEqual({ ...EVERYTHING, thresholdMicros: 10_000_000, since: 7 });
    expect(
      of({
        long_query_time: "0.000250",
        log_slow_extra: "1",
        log_slow_verbosity: "query_plan,explain",
        log_slow_rate_limit: "9",
        min_examined_row_limit: "3",
        log_queries_not_using_indexes: "1",
      }),
    ).toEqual({
      thresholdMicros: 250,
      hasExtra: true,
      verbosity: ["query_plan", "explain"],
      minExaminedRows: 3,
      rateLimit: 9,
      logsFullScans: true,
      since: 7,
    });
    expect(of({ log_slow_verbosity: "full" }).verbosity).toEqual(["query_plan", "innodb", "explain"]);
  });
});

describe("formatEntries", () => {
  const second = Date.UTC(2026, 10, 27, 18, 0, 3) / 1_000;
  const entry: GeneratedEntry = {
    ...{
      startMicros: second * 1e6 + 986_559,
      durationMicros: 1_200_504,
      endMicros: second * 1e6 + 2_187_063,
    },
    ...{ timeMicros: second * 1e6 + 2_187_063, connected: second - 60, threadId: 8 },
    ...{ user: "app", host: "10.0.1.2", database: "shop", command: "Query", statement: "SELECT 1" },
    ...{ rowLockMicros: 0, tableLockMicros: 109, rowsSent: 1, rowsExamined: 1, rowsAffected: 0, errno: 0 },
    ...{ fullScan: true, filesort: false, tmpTables: 1, tmpDiskTables: 0 },
  };
  const next = { ...entry, host: "localhost", database: null, user: "rdsadmin" };
  const format = (form: "mysql" | "mariadb", of: GeneratedEntry[], settings: Partial<SlowSettings> = {}) =>
    formatEntries(form, of, { ...EVERYTHING, ...settings }, NOTHING_WRITTEN).text;

  it("writes MySQL's entries to the byte; a session without a database states none", () => {
    const ping = {
      ...entry,
      command: "Administrator command",
      statement: "Ping",
      durationMicros: 1,
    } as const;
    expect(format("mysql", [entry, next, ping])).toBe(
      `# Time: 2026-11-27T18:00:05.187063Z
# User@Host: app[app] @  [10.0.1.2]  Id:     8
# Query_time: 1.200504  Lock_time: 0.000009 Rows_sent: 1  Rows_examined: 1
use shop;
SET timestamp=1795802403;
SELECT 1;
# Time: 2026-11-27T18:00:05.187063Z
# User@Host: rdsadmin[rdsadmin] @ localhost []  Id:     8
# Query_time: 1.200504  Lock_time: 0.000009 Rows_sent: 1  Rows_examined: 1
SET timestamp=1795802403;
SELECT 1;
# Time: 2026-11-27T18:00:05.187063Z
# User@Host: app[app] @  [10.0.1.2]  Id:     8
# Query_time: 0.000001  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 1
SET timestamp=1795802403;
# administrator command: Ping;
`,
    );
  });

  it("writes MySQL's further figures when log_slow_extra is on", () => {
    expect(format("mysql", [entry], { hasExtra: true })).toContain(
      "Rows_examined: 1 Thread_id: 8 Errno: 0 Killed: 0 Bytes_received: 9 Bytes_sent: 73 Read_first: 1 Read_last: 0 " +
        "Read_key: 1 Read_next: 0 Read_prev: 0 Read_rnd: 0 Read_rnd_next: 2 Sort_merge_passes: 0 Sort_range_count: 0 " +
        "Sort_rows: 0 Sort_scan_count: 0 Created_tmp_disk_tables: 0 Created_tmp_tables: 1 Count_hit_tmp_table_size: 0  " +
        "Start: 2026-11-27T18:00:03.986559Z End: 2026-11-27T18:00:05.187063Z\n",
    );
  });

  it("writes MariaDB's entries to the byte; a second is stated only when it is another", () => {
    const head = (who: string, schema: string) => `# User@Host: ${who}
# Thread_id: 8  Schema: ${schema}  QC_hit: No
# Query_time: 1.200504  Lock_time: 0.000109  Rows_sent: 1  Rows_examined: 1
# Rows_affected: 0  Bytes_sent: 73
`;
    expect(format("mariadb", [entry, next])).toBe(
      `# Time: 261127 18:00:03\n${head("app[app] @  [10.0.1.2]", "shop")}use \`shop\`;\nSET timestamp=1795802403;\nSELECT 1;\n` +
        `${head("rdsadmin[rdsadmin] @ localhost []", "")}SET timestamp=1795802403;\nSELECT 1;\n`,
    );
  });

  it("writes MariaDB's plan where log_slow_verbosity says so", () => {
    expect(format("mariadb", [entry], { verbosity: ["query_plan"] })).toContain(
      "\n# Tmp_tables: 1  Tmp_disk_tables: 0  Tmp_table_sizes: 24576\n" +
        "# Full_scan: Yes  Full_join: No  Tmp_table: Yes  Tmp_table_on_disk: No\n" +
        "# Filesort: No  Filesort_on_disk: No  Merge_passes: 0  Priority_queue: No\nuse `shop`;\n",
    );
    expect(format("mariadb", [entry], { verbosity: ["explain", "innodb"] })).toMatch(
      /\n# Pages_accessed: .*\n# Pages_read_time: .*\n#\n# explain: id\tselect_type\t.*\n# explain: 1\tSIMPLE\t.*\n#\nuse /,
    );
  });

  it.each(["mysql", "mariadb"])(
    "is the text of its windows joined, if what was written is remembered: %s",
    (engine) => {
      const source = slowSource({ ...mysql, engine }, EVERYTHING);
      const first = source.write({ from: FROM, to: FROM + 5_000 }, NOTHING_WRITTEN);
      const second = source.write({ from: FROM + 5_000, to: FROM + 9_000 }, first.written);
      const whole = source.write({ from: FROM, to: FROM + 9_000 }, NOTHING_WRITTEN);
      expect(first.text + second.text === whole.text).toBe(true);
    },
  );
});
