import { deepStrictEqual } from "node:assert";
import { writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { writeParquet } from "../../src/cli/export/parquet.ts";
import type { Client, StoredWorkloadRecord } from "../../src/client/index.ts";
import type { LogName } from "../../src/logs/names.ts";
import { check } from "./checks.ts";
import { runInDuckDb } from "./download-readers.ts";

/* Downloads as CSV and Parquet, read by DuckDB and compared with the NDJSON. */

/** What of a file's records is compared. */
const FIGURES = `SELECT count(*)::INT AS records, count(DISTINCT nullif(statement, ''))::INT AS statements,
  sum(length(statement))::INT AS characters, count(DISTINCT threadId)::INT AS threads, count("user")::INT AS users,
  coalesce(sum(durationMicros), 0)::DOUBLE AS micros, min(time)::VARCHAR AS first, max(time)::VARCHAR AS last`;

type Figures = Record<string, unknown>;

/** Compares what DuckDB finds in one log's records as CSV and as Parquet with what is in the NDJSON. */
export async function proveTables(
  api: Client,
  id: number,
  log: LogName,
  name: string,
  folder: string,
): Promise<void> {
  const records = await Array.fromAsync(api.captures.downloadRecords(id, { log }));
  const csv = join(folder, `${id}-${log}.csv`);
  const parquet = join(folder, `${id}-${log}.parquet`);
  await check(`${name}: DuckDB finds in the CSV of the ${log} log what the NDJSON has`, async () => {
    const reply = await api.captures.download(id, { log, format: "csv" });
    writeFileSync(csv, new Uint8Array(await reply.arrayBuffer()));
    const texts =
      "types = {'time': 'VARCHAR', 'statement': 'VARCHAR', 'user': 'VARCHAR', 'durationMicros': 'BIGINT'}";
    const read = `read_csv('${csv}', header = true, max_line_size = 8000000, null_padding = false, ${texts})`;
    deepStrictEqual(await ask(`${FIGURES} FROM ${read}`), [figuresOf(records.map(asInCsv))]);
    const statements = await ask(`SELECT statement FROM ${read}`);
    deepStrictEqual(
      statements.map(({ statement }) => statement ?? ""),
      records.map((record) => asInCsv(record).statement),
    );
  });
  await check(`${name}: DuckDB finds in the Parquet of the ${log} log what the NDJSON has`, async () => {
    const file = await open(parquet, "w");
    await writeParquet(records, async (bytes) => void (await file.write(bytes)));
    await file.close();
    const read = `(SELECT * REPLACE (strftime(time AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS time) FROM '${parquet}')`;
    deepStrictEqual(await ask(`${FIGURES} FROM ${read}`), [figuresOf(records)]);
    const statements = await ask(`SELECT statement FROM '${parquet}'`);
    deepStrictEqual(
      statements.map(({ statement }) => statement),
      records.map(({ statement }) => statement),
    );
  });
}

const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** A record as the CSV has it: nothing that a spreadsheet would run, no NUL, and no user who is anonymous. */
function asInCsv(record: StoredWorkloadRecord): StoredWorkloadRecord {
  const statement = record.statement.replaceAll("\0", "\uFFFD");
  return {
    ...record,
    user: record.user === "" ? null : record.user,
    statement: FORMULA.test(statement) ? `'${statement}` : statement,
  };
}

/** The same of records. */
function figuresOf(records: readonly StoredWorkloadRecord[]): Figures {
  const times = records.map(({ time }) => time).sort();
  const micros = records.map((record) => ("durationMicros" in record ? record.durationMicros : 0));
  return {
    records: records.length,
    statements: new Set(records.map(({ statement }) => statement).filter(Boolean)).size,
    characters: sum(records.map(({ statement }) => [...statement].length)),
    threads: new Set(records.map(({ threadId }) => threadId)).size,
    users: records.filter(({ user }) => user !== null).length,
    micros: sum(micros),
    first: times[0],
    last: times.at(-1),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

/** The rows that DuckDB answers with. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const [rows = []] = await runInDuckDb([sql]);
  return rows;
}
