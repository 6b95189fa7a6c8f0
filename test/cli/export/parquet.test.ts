import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { writeParquet } from "../../../src/cli/export/parquet.ts";
import type { StoredWorkloadRecord } from "../../../src/client/index.ts";
import { joinBytes } from "../../../src/lib/bytes.ts";

/* Another reader, DuckDB, reads a real capture's in `npm run proof:downloads`. */

const TIME = "2026-11-23T05:36:15.123456Z";

const record = (statement: string, changes: object = {}): StoredWorkloadRecord => ({
  ...{ time: TIME, threadId: 8, user: "app", host: "10.0.0.7", command: "Query", statement },
  ...changes,
});

/** A record of the slow log with all that a server may say. */
const SLOW = record("SELECT 'slow'", {
  ...{
    fingerprint: "8e1a6f0d5c3b2a47",
    truncated: true,
    log: "slow",
    timeIs: "end",
    precisionMicros: 1_000_000,
  },
  ...{
    server: "mariadb",
    db: null,
    durationMicros: 3_600_000_000_000,
    lockMicros: 20,
    rowsSent: 0,
    rowsExamined: 3,
  },
  ...{ innerMicros: 4, rowsAffected: 5, bytesSent: 2 ** 53 - 1, bytesReceived: 7, errno: 1062, killed: 0 },
  ...{
    fullScan: true,
    fullJoin: false,
    tmpTables: 1,
    tmpDiskTables: 0,
    filesort: true,
    queryCacheHit: false,
  },
  ...{ routine: "shop.p", repeats: true },
});

/** Writes a file and reads it again. */
async function fileOf(records: Iterable<StoredWorkloadRecord>, size?: Parameters<typeof writeParquet>[2]) {
  const pieces: Uint8Array[] = [];
  const count = await writeParquet(records, (bytes) => void pieces.push(bytes), size);
  const file = joinBytes(pieces).buffer as ArrayBuffer;
  // Times are microseconds, and Dates are not.
  const parsers = { timestampFromMicroseconds: (micros: bigint) => micros };
  const rows = await parquetReadObjects({ file, parsers: parsers as never });
  return { count, pieces, metadata: parquetMetadata(file), rows };
}

/** A record as a row has it. */
const rowOf = (one: StoredWorkloadRecord) =>
  Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, typeof value === "number" ? BigInt(value) : value]),
  );

describe("records as a Parquet file", () => {
  it("have a column for each member that either log's may have, null where one does not have it", async () => {
    const old = record("SELECT 'of before'", { user: null, host: null });
    const { count, rows, metadata } = await fileOf([
      old,
      SLOW,
      record("", { db: "shop", command: "Quit", user: "" }),
    ]);
    const time = BigInt(Date.parse("2026-11-23T05:36:15Z")) * 1000n + 123456n;
    expect(count).toBe(3);
    expect(Object.keys(rows[0] as object)).toHaveLength(31);
    expect(rows).toEqual([
      { ...Object.fromEntries(Object.keys(rowOf(SLOW)).map((name) => [name, null])), ...rowOf(old), time },
      { ...rowOf(SLOW), time },
      expect.objectContaining({ statement: "", user: "", db: "shop", command: "Quit", durationMicros: null }),
    ]);
    expect(metadata.num_rows).toBe(3n);
    expect(metadata.schema[1]).toMatchObject({
      name: "time",
      type: "INT64",
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    });
  });

  it.each([
    'it\'s "quoted", \\ and `x`\r\n\t*/ -- ;;',
    "\0\u0001\u0085\u2028\uFEFF",
    "Größe 寿司 🍣 e\u0301 \uFFFD",
    "x".repeat(1_000_000),
    "=1+1",
  ])("have the exact text: %j", async (statement) => {
    const { rows } = await fileOf([
      record(statement),
      record(statement, { user: statement }),
      record("other"),
    ]);
    expect(rows.map((row) => row.statement)).toEqual([statement, statement, "other"]);
    expect(rows[1]?.user).toBe(statement);
  });

  it("are a file of no rows where there are none", async () => {
    const { count, rows, metadata } = await fileOf([]);
    expect([count, rows, metadata.num_rows]).toEqual([0, [], 0n]);
  });

  it("are written in groups of bounded size, each before the next record is asked for", async () => {
    const events: string[] = [];
    const pieces: Uint8Array[] = [];
    const records = async function* () {
      for (let i = 0; i < 25; i++) {
        events.push(`${i}`);
        yield record(i === 12 ? "long".repeat(1000) : `SELECT ${i}`);
      }
    };
    const take = async (bytes: Uint8Array) => {
      pieces.push(bytes);
      events.push("began");
      await Promise.resolve();
      events.push("ended");
    };
    await writeParquet(records(), take, { rows: 10, characters: 2000 });
    const { row_groups } = parquetMetadata(joinBytes(pieces).buffer as ArrayBuffer);
    expect(row_groups.map(({ num_rows }) => num_rows)).toEqual([10n, 3n, 10n, 2n]);
    expect(events.join(" ")).toBe(
      "0 1 2 3 4 5 6 7 8 9 began ended 10 11 12 began ended 13 14 15 16 17 18 19 20 21 22 began ended 23 24 began ended began ended",
    );
  });

  it("keep names that are there often once", async () => {
    const names = Array.from({ length: 20_000 }, (_, i) =>
      record(`SELECT ${i}`, { user: `user ${i % 7}`.repeat(10) }),
    );
    const { metadata, rows } = await fileOf(names);
    const user = metadata.row_groups[0]?.columns.find(
      ({ meta_data }) => meta_data?.path_in_schema[0] === "user",
    );
    expect(user?.meta_data?.encodings).toContain("RLE_DICTIONARY");
    expect(Number(user?.meta_data?.total_compressed_size)).toBeLessThan(20_000);
    expect(rows[19_999]?.user).toBe("user 0".repeat(10));
  });

  it("have null in the place of a number that is none of 64 bits", async () => {
    const { rows } = await fileOf([
      record("SELECT 1", { rowsExamined: 2 ** 63 }),
      record("SELECT 2", { lockMicros: 2 ** 64 }),
    ]);
    expect(rows).toMatchObject([{ rowsExamined: null }, { lockMicros: null }]);
  });

  it.each(["", "yesterday", "2026-11-23T05:36:15Z", "2026-13-23T05:36:15.123456Z"])(
    "are refused where one's time is %j",
    async (time) => {
      await expect(fileOf([record("SELECT 1", { time })])).rejects.toThrow("is no time of a record");
    },
  );

  it("end where their source fails, or nobody takes them", async () => {
    const failing = async function* () {
      yield record("SELECT 1");
      throw new Error("cut");
    };
    await expect(writeParquet(failing(), () => {})).rejects.toThrow("cut");
    const full = () => Promise.reject(new Error("disk full"));
    await expect(writeParquet([record("SELECT 1")], full)).rejects.toThrow("disk full");
  });
});
