import { deepStrictEqual, ok } from "node:assert";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DownloadQuery, StoredWorkloadRecord } from "../../src/client/index.ts";
import { check } from "./checks.ts";
import type { Database } from "./database.ts";
import { DemoUser } from "./demo-user.ts";
import { withServiceOf } from "./recorded-service.ts";
import { hardSessions, LONG_ROW, NAMELESS_ROWS, RAN, REFUSED, SCHEMAS, TABLES } from "./script-workload.ts";
import { proveTables } from "./tables-proof.ts";

/*
 * Captures statements that are hard to write into a file, and has a server's own client run the download into empty tables: they have to
 * end up as the capture's were. The client is run with the options that change how it reads.
 */

const OPTIONS = [
  [],
  ["--binary-mode"],
  ["--comments"],
  ["--named-commands"],
  ["--default-character-set=gbk", "--named-commands"],
  ["--binary-mode", "--comments", "--named-commands"],
];

/** Proves it with a server that runs. @param folder for files that are removed later */
export async function proveScript(database: Database, folder: string): Promise<void> {
  await withServiceOf(database, join(folder, "script-state"), (address) =>
    prove(database, new DemoUser(address), folder),
  );
}

async function prove(database: Database, user: DemoUser, folder: string): Promise<void> {
  const { captures } = user.api;
  const cwd = join(folder, "script-cwd");
  mkdirSync(cwd, { recursive: true });
  await database.ask(SCHEMAS);
  const { id } = await user.startCapture("script", "mariadb", { log: "both" });
  await nextSecond();
  await hardSessions(database.socket);
  await nextSecond();
  await user.stop(id);
  await user.waitFor(id, "DONE");
  const expected = await contentsOf(database);
  const records = await Array.fromAsync(captures.downloadRecords(id, { log: "general" }));
  const text = async (query: DownloadQuery) =>
    (await captures.download(id, { format: "sql", ...query })).text();

  await check(`${database.name}: ${expected.size} rows were made to be made again`, () => {
    ok(expected.size >= 30, "This proves little");
    ok(
      records.some(({ truncated }) => truncated),
      "No statement is cut",
    );
    ok(
      records.some(({ command }) => command === "Execute"),
      "Nothing was prepared",
    );
  });
  // What was cut is not run.
  expected.delete(LONG_ROW);
  const sql = await text({ log: "general" });
  for (const options of OPTIONS) {
    await check(
      `${database.name}'s client runs the SQL of the general log: ${options.join(" ") || "no options"}`,
      async () => {
        await database.ask(SCHEMAS);
        await database.runFile(sql, options, cwd);
        expectRows(await contentsOf(database), expected);
      },
    );
  }
  await check(`${database.name}'s client runs the SQL of the slow log`, async () => {
    await database.ask(SCHEMAS);
    const slow = await text({ log: "slow" });
    await database.runFile(slow, ["--binary-mode"], cwd);
    const nameless = database.dialect === "mysql" ? NAMELESS_ROWS : [];
    const leftOut = slow.split("\n").filter((line) => line.endsWith('"leftOut":"database"}'));
    deepStrictEqual(
      leftOut
        .flatMap((line) => /"INSERT INTO t VALUES \((\d+),/.exec(line)?.[1] ?? [])
        .map((id) => `hard.t ${id}`),
      nameless,
    );
    expectRows(await contentsOf(database), new Map([...expected].filter(([row]) => !nameless.includes(row))));
  });
  await check(`${database.name}'s client runs the SQL of each session`, async () => {
    await database.ask(SCHEMAS);
    for (const threadId of new Set(records.map((record) => record.threadId))) {
      await database.runFile(await text({ log: "general", threadId }), [], cwd);
    }
    expectRows(await contentsOf(database), expected);
  });
  await check(
    `${database.name}'s server gets the statements as they were recorded, no more and no fewer`,
    async () => {
      await database.ask(SCHEMAS);
      const before = database.readGeneralLog().length;
      await database.runFile(sql, ["--binary-mode", "--comments"], cwd);
      const got = database
        .readGeneralLog()
        .slice(before)
        .filter(({ command, statement }) => RUNS.test(command) && !OWN.test(statement))
        .flatMap(({ statement }) => bareOf(statement) || []);
      deepStrictEqual(got, statementsOf(sql, records));
    },
  );
  await check(`${database.name}'s client ran nothing of its own: no program, no file`, () => {
    deepStrictEqual(readdirSync(cwd), []);
    ok(sql.includes(RAN), "Nothing was tried");
  });
  for (const log of ["general", "slow"] as const)
    await proveTables(user.api, id, log, "hard statements", folder);
}

/** What the file has the client send beside the recorded statements. */
const OWN =
  /^(?:-- \{|-- The |-- {3}mysql|-- Before|\/\*! ?\*\/$|USE `|SET NAMES|SELECT DATABASE|select @@version_comment|SET @captures|PREPARE captures|EXECUTE captures|SET character_set_client = utf8mb4$)/i;

/** The commands of statements that ran. */
const RUNS = /^(?:Query|Execute)$/;

/** A statement without the lines of comment before it, which the client sends by themselves, and without blanks and semicolons around it. */
const bareOf = (statement: string): string =>
  statement
    .replace(/^(?:--\s.*(?:\n|$))+/, "")
    .replace(/[\s;]+$/, "")
    .trim();

/** What a server gets of the records of a file: those that it says are run, without those that the server refuses to prepare. */
function statementsOf(sql: string, records: readonly StoredWorkloadRecord[]): string[] {
  const said = [...sql.matchAll(/^-- (\{"time".*)$/gm)].map(([, json]) => JSON.parse(json as string));
  deepStrictEqual(said.length, records.length);
  // Of a control character, too, AWS's XML has a stand-in.
  const refused = new Set(REFUSED.map((statement) => bareOf(statement.replace("\u0001", "\uFFFD"))));
  return records
    .filter((record, i) => {
      const runs = RUNS.test(record.command) && !/^use\b/i.test(record.statement);
      return runs && said[i].leftOut === undefined && !OWN.test(record.statement);
    })
    .map(({ statement }) => bareOf(statement))
    .filter((statement) => !refused.has(statement));
}

/** @throws AssertionError with the rows that differ, and no more of them than one can read */
function expectRows(found: Map<string, string>, expected: Map<string, string>): void {
  const differing = ([row, text]: [string, string], others: Map<string, string>) => others.get(row) !== text;
  const shown = (rows: Map<string, string>, others: Map<string, string>) =>
    [...rows].filter((row) => differing(row, others)).map(([row, text]) => `${row}: ${text.slice(0, 80)}`);
  deepStrictEqual(shown(found, expected), shown(expected, found));
}

/** What the tables hold: each row by its table and id, in hexadecimal. A NUL, which AWS's XML can't have, is U+FFFD in what is captured. */
async function contentsOf(database: Database): Promise<Map<string, string>> {
  const rows = await database.ask(
    TABLES.map(
      (table) =>
        `SELECT CONCAT('${table} ', id), HEX(REPLACE(s, CHAR(0), CONVERT(0xEFBFBD USING utf8mb4))) FROM ${table} ORDER BY id;`,
    ).join("\n"),
  );
  return new Map(
    rows
      .split("\n")
      .slice(0, -1)
      .map((row) => row.split("\t") as [string, string]),
  );
}

/** Waits for the next whole second, and a moment more: MariaDB's log has no parts of them. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000)));
}
