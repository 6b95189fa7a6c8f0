import { IsoTimes } from "../times.ts";
import type { PlanFigures } from "./extra-figures.ts";
import { type HeaderCursor, Name } from "./header-cursor.ts";
import type { HeaderFields } from "./header-fields.ts";

/*
 * What extra-figures.ts reads, in the forms that nearly every entry of such a log has.
 */

const LF = 10;
const SPACE = 32;
const HASH = 35;
/** `2026-11-27T18:00:05.187063Z`. */
const UTC_LENGTH = 27;

const THREAD_ID = new Name(" Thread_id: ");
const ERRNO = new Name(" Errno: ");
const KILLED = new Name(" Killed: ");
const BYTES_RECEIVED = new Name(" Bytes_received: ");
const BYTES_SENT = new Name(" Bytes_sent: ");
const READS = ["first", "last", "key", "next", "prev", "rnd", "rnd_next"].map(
  (what) => new Name(` Read_${what}: `),
);
const SORT_MERGE_PASSES = new Name(" Sort_merge_passes: ");
const SORT_RANGE_COUNT = new Name(" Sort_range_count: ");
const SORT_ROWS = new Name(" Sort_rows: ");
const SORT_SCAN_COUNT = new Name(" Sort_scan_count: ");
const CREATED_TMP_DISK_TABLES = new Name(" Created_tmp_disk_tables: ");
const CREATED_TMP_TABLES = new Name(" Created_tmp_tables: ");
/** Of newer versions than 8.0.14. */
const COUNT_HIT_TMP_TABLE_SIZE = new Name(" Count_hit_tmp_table_size: ");
const START = new Name(" Start: ");
/** ` End`, before a colon and a blank. */
const END = 0x20456e64;
const COLON_AND_BLANK = 0x3a20;

/** Reads the figures of MySQL's log_slow_extra, one line at a time. */
export class MysqlExtra {
  readonly #starts = new IsoTimes();
  readonly #ends = new IsoTimes();

  /** Reads what is behind Rows_examined, up to the newline; null where it is not of that form. */
  read(cursor: HeaderCursor): PlanFigures | null {
    const figures = {
      bytesSent: 0,
      bytesReceived: 0,
      errno: 0,
      killed: 0,
      tmpTables: 0,
      tmpDiskTables: 0,
      filesort: false,
    };
    const isRead =
      readEnding(cursor, figures) &&
      skipReads(cursor) &&
      readSorts(cursor, figures) &&
      readTables(cursor, figures) &&
      this.#readTimes(cursor);
    return isRead ? figures : null;
  }

  /** ` Start: 2026-11-27T18:09:36.857869Z End: 2026-11-27T18:09:36.858262Z`, with another blank before it in newer versions. */
  #readTimes(cursor: HeaderCursor): boolean {
    if (cursor.bytes[cursor.at + 1] === SPACE) cursor.at++;
    if (!cursor.skip(START) || !skipTime(cursor, this.#starts) || !cursor.hasBytes(6)) return false;
    if (cursor.view.getInt32(cursor.at) !== END) return false;
    if (cursor.view.getInt16(cursor.at + 4) !== COLON_AND_BLANK) return false;
    cursor.at += 6;
    return skipTime(cursor, this.#ends) && cursor.bytes[cursor.at] === LF;
  }
}

function readEnding(cursor: HeaderCursor, figures: PlanFigures): boolean {
  if (!cursor.readNumber(THREAD_ID) || !cursor.readNumber(ERRNO)) return false;
  figures.errno = cursor.value;
  if (!cursor.readNumber(KILLED)) return false;
  figures.killed = cursor.value;
  if (!cursor.readNumber(BYTES_RECEIVED)) return false;
  figures.bytesReceived = cursor.value;
  if (!cursor.readNumber(BYTES_SENT)) return false;
  figures.bytesSent = cursor.value;
  return true;
}

function skipReads(cursor: HeaderCursor): boolean {
  for (const name of READS) if (!cursor.readNumber(name)) return false;
  return true;
}

function readSorts(cursor: HeaderCursor, figures: PlanFigures): boolean {
  if (!cursor.readNumber(SORT_MERGE_PASSES) || !cursor.readNumber(SORT_RANGE_COUNT)) return false;
  const rangeSorts = cursor.value;
  if (!cursor.readNumber(SORT_ROWS) || !cursor.readNumber(SORT_SCAN_COUNT)) return false;
  figures.filesort = rangeSorts + cursor.value > 0;
  return true;
}

function readTables(cursor: HeaderCursor, figures: PlanFigures): boolean {
  if (!cursor.readNumber(CREATED_TMP_DISK_TABLES)) return false;
  figures.tmpDiskTables = cursor.value;
  if (!cursor.readNumber(CREATED_TMP_TABLES)) return false;
  figures.tmpTables = cursor.value;
  return !cursor.has(COUNT_HIT_TMP_TABLE_SIZE) || cursor.readNumber(COUNT_HIT_TMP_TABLE_SIZE);
}

/** A time of another zone is longer, so that what follows is not there. */
function skipTime(cursor: HeaderCursor, times: IsoTimes): boolean {
  const { at } = cursor;
  cursor.at += UTC_LENGTH;
  return !Number.isNaN(times.read(cursor.units, at));
}

const PAGES = new Name("\n# Pages_");
const TMP_TABLES = new Name("\n# Tmp_tables: ");
const TMP_DISK_TABLES = new Name("  Tmp_disk_tables: ");
const FULL_SCAN = new Name("\n# Full_scan: ");
const FULL_JOIN = new Name("  Full_join: ");
const FILESORT = new Name("\n# Filesort: ");
const EXPLAIN = new Name("\n# explain: ");

/**
 * Reads the lines of MariaDB's log_slow_verbosity, from the newline before them to the one before `use` or `SET timestamp`.
 * @param fields whose figures are null
 * @returns whether they are of those that most entries have: not warnings, nor the routine that a statement ran in
 */
export function readMariadbLines(cursor: HeaderCursor, fields: HeaderFields): boolean {
  const { bytes } = cursor;
  while (bytes[cursor.at + 1] === HASH) {
    if (bytes[cursor.at + 2] === LF) cursor.at += 2;
    else if (!readLine(cursor, fields)) return false;
  }
  return true;
}

function readLine(cursor: HeaderCursor, fields: HeaderFields): boolean {
  if (cursor.has(EXPLAIN) || cursor.has(PAGES)) return cursor.toEndOfLine(cursor.at + 1);
  fields.figures ??= {};
  return readFigures(cursor, fields.figures) && cursor.toEndOfLine(cursor.at);
}

function readFigures(cursor: HeaderCursor, figures: PlanFigures): boolean {
  if (cursor.skip(FULL_SCAN)) {
    if (!cursor.readYesOrNo()) return false;
    figures.fullScan = cursor.value === 1;
    if (!cursor.skip(FULL_JOIN) || !cursor.readYesOrNo()) return false;
    figures.fullJoin = cursor.value === 1;
    return true;
  }
  if (cursor.skip(FILESORT)) {
    if (!cursor.readYesOrNo()) return false;
    figures.filesort = cursor.value === 1;
    return true;
  }
  if (!cursor.readNumber(TMP_TABLES)) return false;
  figures.tmpTables = cursor.value;
  if (!cursor.readNumber(TMP_DISK_TABLES)) return false;
  figures.tmpDiskTables = cursor.value;
  return true;
}
