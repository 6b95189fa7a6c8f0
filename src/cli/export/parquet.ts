import { ByteWriter, type ColumnSource, ParquetWriter } from "hyparquet-writer";
import type { StoredWorkloadRecord } from "../../client/index.ts";

/*
 * Records as a Parquet file (https://parquet.apache.org/docs/file-format/), by hyparquet-writer, in Snappy. It is written row group by row
 * group: no more is held in memory than one of these, and what the file's footer says of each.
 */

/** All members that a record of either log may have. */
type Member<Of = StoredWorkloadRecord> = Of extends unknown ? keyof Of : never;

/** What a column has: a moment in microseconds, in UTC; an integer of 64 bits; a text in UTF-8; or a truth value. */
type Kind = "time" | "integer" | "text" | "truth";

/** The columns, each by the name of the member that it has. Where a record does not have it, it is null. */
const COLUMNS = {
  time: "time",
  threadId: "integer",
  user: "text",
  host: "text",
  db: "text",
  command: "text",
  fingerprint: "text",
  statement: "text",
  truncated: "truth",
  log: "text",
  timeIs: "text",
  precisionMicros: "integer",
  server: "text",
  durationMicros: "integer",
  lockMicros: "integer",
  rowsSent: "integer",
  rowsExamined: "integer",
  routine: "text",
  innerMicros: "integer",
  rowsAffected: "integer",
  bytesSent: "integer",
  bytesReceived: "integer",
  errno: "integer",
  killed: "integer",
  fullScan: "truth",
  fullJoin: "truth",
  tmpTables: "integer",
  tmpDiskTables: "integer",
  filesort: "truth",
  queryCacheHit: "truth",
  repeats: "truth",
} as const satisfies Record<Member, Kind>;

type Name = keyof typeof COLUMNS;
const NAMES = Object.keys(COLUMNS) as Name[];

/** How large a row group is at most: in records, and, but for its last record, in characters of statements. */
export interface GroupSize {
  rows: number;
  characters: number;
}

/** Enough that readers skip and compress well, and little enough that a laptop holds several in memory. */
const GROUP_SIZE: GroupSize = { rows: 50_000, characters: 4 * 1024 * 1024 };

/**
 * Writes records as a Parquet file, in their order.
 * @param records as the service stores them: old ones without fingerprints, and without databases, too
 * @param take takes the file's bytes, a piece after the other; the next record is not asked for before it has
 * @returns how many records there were
 * @throws Error where a record is none; what `records` and `take` throw. What was taken until then is no file
 */
export async function writeParquet(
  records: AsyncIterable<StoredWorkloadRecord> | Iterable<StoredWorkloadRecord>,
  take: (bytes: Uint8Array) => void | Promise<void>,
  { rows, characters }: GroupSize = GROUP_SIZE,
): Promise<number> {
  const writer = new ParquetWriter({ writer: new PieceWriter(take), schema: schemaOf() });
  let count = 0;
  let group = new RowGroup();
  for await (const record of records) {
    group.add(record);
    count++;
    if (group.rows < rows && group.characters < characters) continue;
    await group.write(writer);
    group = new RowGroup();
  }
  if (group.rows > 0) await group.write(writer);
  await writer.finish();
  return count;
}

type Schema = ConstructorParameters<typeof ParquetWriter>[0]["schema"];

/** The types of the kinds, as Parquet has them. */
const TYPES = {
  time: {
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  integer: { type: "INT64" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  truth: { type: "BOOLEAN" },
} as const satisfies Record<Kind, Partial<Schema[number]>>;

const schemaOf = (): Schema => [
  { name: "records", num_children: NAMES.length },
  ...NAMES.map((name) => ({
    name,
    repetition_type: name === "time" ? ("REQUIRED" as const) : ("OPTIONAL" as const),
    ...TYPES[COLUMNS[name]],
  })),
];

type Value = string | bigint | boolean | null;

/** The records of a row group, column by column. */
class RowGroup {
  /** A column is as long as its last value that is not null. */
  readonly #columns: Value[][] = NAMES.map(() => []);
  rows = 0;
  characters = 0;

  add(record: StoredWorkloadRecord): void {
    const row = this.rows++;
    for (const [name, value] of Object.entries(record)) {
      const index = INDEXES[name];
      // MySQL counts below zero, and writes that as 2^64 and less.
      if (index === undefined || value === null || value >= 2 ** 63) continue;
      const column = this.#columns[index] as Value[];
      while (column.length < row) column.push(null);
      if (index === INDEXES.time) column.push(microsOf(value));
      else column.push(typeof value === "number" ? BigInt(value) : value);
    }
    this.characters += record.statement.length;
  }

  async write(writer: ParquetWriter): Promise<void> {
    const columnData = NAMES.map((name, index): ColumnSource => {
      const data = this.#columns[index] as Value[];
      while (data.length < this.rows) data.push(null);
      return { name, data, offsetIndex: false };
    });
    await writer.write({ columnData, rowGroupSize: this.rows });
  }
}

const INDEXES: Partial<Record<string, number>> = Object.fromEntries(
  NAMES.map((name, index) => [name, index]),
);

/** The second that was read last: many records are of one. */
const lastSecond = { text: "", micros: 0n };

/** A record's time as microseconds since the epoch. */
function microsOf(time: string): bigint {
  const second = time.slice(0, 20);
  if (second !== lastSecond.text) {
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.$/.test(second)) throw noTime(time);
    const millis = Date.parse(`${second}000Z`);
    if (Number.isNaN(millis)) throw noTime(time);
    lastSecond.text = second;
    lastSecond.micros = BigInt(millis) * 1000n;
  }
  if (!/^\d{6}Z$/.test(time.slice(20))) throw noTime(time);
  return lastSecond.micros + BigInt(Number(time.slice(20, 26)));
}

const noTime = (time: string) => new Error(`${JSON.stringify(time)} is no time of a record`);

/** Hands on what was written whenever a row group is complete. */
class PieceWriter extends ByteWriter {
  readonly #take: (bytes: Uint8Array) => void | Promise<void>;

  constructor(take: (bytes: Uint8Array) => void | Promise<void>) {
    super(64 * 1024);
    this.#take = take;
  }

  async flush(): Promise<void> {
    // A copy: the buffer is written to again.
    const bytes = this.getBytes().slice();
    this.index = 0;
    if (bytes.length > 0) await this.#take(bytes);
  }

  override finish(): Promise<void> {
    return this.flush();
  }
}
