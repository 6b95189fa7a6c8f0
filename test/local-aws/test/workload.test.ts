import { describe, expect, it } from "vitest";
import { formatRecords, logBanner } from "../logs/log-format.ts";
import { GENERATED_PASSWORD } from "../logs/statements.ts";
import { generatedRecords, generatedText } from "../logs/workload.ts";
import { createAccount, localAwsUrl } from "./client.ts";

const HOUR_MS = 3_600_000;
const FROM = Date.UTC(2026, 9, 10, 7);
const mysql = { instance: "orders", engine: "mysql", seed: 1, rate: 20 };
const mariadb = { ...mysql, engine: "mariadb" };
const hour = generatedRecords({ ...mysql, from: FROM, to: FROM + HOUR_MS });

describe("generatedRecords", () => {
  it("is the same whenever it is asked, and another for another seed or instance", () => {
    const window = { ...mysql, from: FROM, to: FROM + 10_000 };
    const records = generatedRecords(window);
    expect(generatedRecords(window)).toEqual(records);
    expect(generatedRecords({ ...window, seed: 2 })).not.toEqual(records);
    expect(generatedRecords({ ...window, instance: "stock" })).not.toEqual(records);
  });

  it.each([mysql, mariadb])("divides into windows without a gap or a repetition: $engine", (workload) => {
    const cuts = [FROM, FROM + 1, FROM + 450, FROM + 1_000, FROM + 2_345, FROM + 60_000];
    const parts = cuts
      .slice(1)
      .flatMap((to, index) => generatedRecords({ ...workload, from: cuts[index] ?? FROM, to }));
    expect(parts).toEqual(generatedRecords({ ...workload, from: FROM, to: FROM + 60_000 }));
  });

  it("holds as many statements of clients as its rate says", () => {
    const statements = hour.filter(
      ({ command, user }) => user !== "rdsadmin" && (command === "Query" || command === "Execute"),
    );
    expect(statements).toHaveLength(20 * 3_600);
    const seldom = generatedRecords({ ...mysql, rate: 0.25, from: FROM, to: FROM + 8_000 });
    expect(seldom.filter(({ command, user }) => command === "Query" && user !== "rdsadmin")).toHaveLength(2);
    expect(generatedRecords({ ...mysql, rate: 0, from: FROM, to: FROM + HOUR_MS })).toEqual([]);
  });

  it("is in the order of time, and each session's in the order of its life", () => {
    expect(hour.every(({ timeMicros }, index) => timeMicros >= (hour[index - 1]?.timeMicros ?? 0))).toBe(
      true,
    );
    const threads = Map.groupBy(hour, ({ threadId }) => threadId);
    for (const records of threads.values()) {
      const commands = records.map(({ command }) => command);
      expect(commands.indexOf("Quit")).toBeOneOf([-1, commands.length - 1]);
      expect(commands.lastIndexOf("Connect")).toBeLessThanOrEqual(1);
      expect(new Set(records.map(({ user, host }) => `${user}@${host}`)).size).toBe(1);
    }
    expect(threads.size).toBeGreaterThan(300);
  });

  it("has all that makes a log hard to read", () => {
    expect(new Set(hour.map(({ command }) => command))).toEqual(
      new Set([
        ...["Connect", "Init DB", "Query", "Prepare", "Execute", "Close stmt", "Quit"],
        ...["Ping", "Statistics", "Field List"],
      ]),
    );
    const has = (pattern: RegExp) => hour.some(({ statement }) => pattern.test(statement));
    for (const pattern of [/\n\n/, /\r\n/, /\n\t\t/, /🍣/u, /👩‍💻/u, /寿司/, /^BEGIN$/, /^ROLLBACK$/]) {
      expect([pattern, has(pattern)]).toEqual([pattern, true]);
    }
    expect(has(/^\/\* trace/) && has(/^-- /) && has(/Access denied for user 'guest'/)).toBe(true);
    expect(hour.some(({ user }) => user === "rdsadmin")).toBe(true);
    expect(hour.some(({ threadId }) => threadId < 100)).toBe(true);
    expect(hour.some(({ threadId }) => threadId > 100_000)).toBe(true);
  });

  it("has passwords in clear where the engine logs them so", () => {
    const clear = generatedRecords({ ...mariadb, from: FROM, to: FROM + HOUR_MS });
    expect(clear.filter(({ statement }) => statement.includes(GENERATED_PASSWORD)).length).toBeGreaterThan(
      50,
    );
    expect(hour.some(({ statement }) => statement.includes(GENERATED_PASSWORD))).toBe(false);
    expect(hour.some(({ statement }) => statement.includes("<secret>"))).toBe(true);
  });

  it("has statements of an exact length on demand", () => {
    const long = { bytes: 1_500_001, everySeconds: 30 };
    const records = generatedRecords({ ...mysql, rate: 1, long, from: FROM, to: FROM + 60_000 });
    const lengths = records.map(({ statement }) => new TextEncoder().encode(statement).length);
    expect(lengths.filter((length) => length > 1_000)).toEqual([1_500_001, 1_500_001]);
  });

  it("is nothing for an engine that has no general log", () => {
    expect(generatedRecords({ ...mysql, engine: "postgres", from: FROM, to: FROM + 1_000 })).toEqual([]);
  });
});

describe("generatedText", () => {
  it("is what MySQL 8 writes", () => {
    const lines = generatedText({ ...mysql, from: FROM, to: FROM + 1_000 }).split("\n");
    expect(lines[0]).toMatch(/^2026-10-10T07:00:00\.\d{6}Z\t {0,4}\d+ (Query|Prepare|Connect|Init DB)\t/);
  });

  it("is what MariaDB writes: a second is stated once", () => {
    const text = generatedText({ ...mariadb, from: FROM, to: FROM + 2_000 });
    expect(text.match(/^261010 {2}7:00:00\t/gm)).toHaveLength(1);
    expect(text.match(/^261010 {2}7:00:01\t/gm)).toHaveLength(1);
    expect(text.match(/^\t\t {0,5}\d+ (Query|Execute)\t/gm)?.length).toBeGreaterThan(10);
  });

  it.each([mysql, mariadb])("is the text of its windows joined: $engine", (workload) => {
    const text = (from: number, to: number) => generatedText({ ...workload, from, to });
    expect(text(FROM, FROM + 5_000) + text(FROM + 5_000, FROM + 9_000)).toBe(text(FROM, FROM + 9_000));
  });
});

describe("formatRecords", () => {
  const record = { timeMicros: Date.UTC(2026, 10, 23, 5, 36, 15, 123) * 1_000 + 456, threadId: 8 };

  it("writes a record as the engines do, to the byte", () => {
    const query = { ...record, command: "Query", statement: "SELECT 1" };
    expect(formatRecords("mysql", [query])).toBe("2026-11-23T05:36:15.123456Z\t    8 Query\tSELECT 1\n");
    const quit = { ...record, threadId: 1_234_567, command: "Quit", statement: "" };
    expect(formatRecords("mariadb", [query, quit])).toBe(
      "261123  5:36:15\t     8 Query\tSELECT 1\n\t\t1234567 Quit\t\n",
    );
  });

  it("begins as every server does that opens its log", () => {
    expect(logBanner("mysql", "8.0.40")).toMatch(
      /^\S+, Version: 8\.0\.40 \(.+\)\. started with:\nTcp port: 3306 {2}Unix socket: \S+\nTime +Id Command {4}Argument\n$/,
    );
    expect(logBanner("mariadb", "10.11.9")).toMatch(
      /^\S+, Version: 10\.11\.9-MariaDB-log .+\n.+\nTime\t\t {4}Id Command\tArgument\n$/,
    );
  });
});

describe("the control API's workload", () => {
  it("shows over HTTP what generatedRecords computes", async () => {
    const account = await createAccount();
    const workload = await account.setWorkload("demo-mariadb", { seed: 7, rate: 3 });
    expect(workload).toMatchObject({ instance: "demo-mariadb", engine: "mariadb", seed: 7, rate: 3 });
    const { accessKeyId } = account.credentials;
    const query = new URLSearchParams({
      accessKeyId,
      instance: "demo-mariadb",
      from: "2026-10-10T07:00:00Z",
      to: String(FROM + 5_000),
    });
    const response = await fetch(`${localAwsUrl()}/_local/workload?${query}`);
    const window = { ...workload, from: FROM, to: FROM + 5_000 };
    expect(await response.json()).toEqual({ records: generatedRecords(window), text: generatedText(window) });
  });
});
