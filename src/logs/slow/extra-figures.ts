import type { SlowRecord } from "./record.ts";

/*
 * What servers say of a statement when they are told to say more: MySQL with log_slow_extra, at the end of the line of Query_time;
 * MariaDB with log_slow_verbosity, in lines of their own.
 */

/** What is read of it. */
export type PlanFigures = Pick<
  SlowRecord,
  | "bytesReceived"
  | "bytesSent"
  | "errno"
  | "killed"
  | "fullScan"
  | "fullJoin"
  | "tmpTables"
  | "tmpDiskTables"
  | "filesort"
  | "routine"
>;

const EXTRA =
  / Thread_id: \d+ Errno: (\d+) Killed: (\d+) Bytes_received: (\d+) Bytes_sent: (\d+)(?: Read_\w+: \d+)* Sort_merge_passes: \d+ Sort_range_count: (\d+) Sort_rows: \d+ Sort_scan_count: (\d+) Created_tmp_disk_tables: (\d+) Created_tmp_tables: (\d+)(?: \w+: \d+)* {1,2}Start: \S+ End: \S+\n/y;
/** Anything of the form, as other versions may write it. */
const OTHER = /(?: {1,2}[A-Za-z]\w*: \S*)+\n/y;
/** More than any server writes. */
const MAX_EXTRA = 4096;

/** What MySQL says behind Rows_examined, to the newline at `end`; null when it is not of that form. */
export function readMysqlExtra(text: string, at: number, end: number): PlanFigures | null {
  if (end - at > MAX_EXTRA) return null;
  EXTRA.lastIndex = at;
  const match = EXTRA.exec(text);
  if (match === null) {
    OTHER.lastIndex = at;
    return OTHER.test(text) && OTHER.lastIndex === end + 1 ? {} : null;
  }
  const [, errno, killed, received, sent, rangeSorts, scanSorts, diskTables, tables] = match;
  return {
    bytesSent: Number(sent),
    bytesReceived: Number(received),
    errno: Number(errno),
    killed: Number(killed),
    tmpTables: Number(tables),
    tmpDiskTables: Number(diskTables),
    filesort: Number(rangeSorts) + Number(scanSorts) > 0,
  };
}

const SCAN = /# Full_scan: (Yes|No) {2}Full_join: (Yes|No)/y;
const FILESORT = /# Filesort: (Yes|No)/y;
const TMP_TABLES = /# Tmp_tables: (\d+) {2}Tmp_disk_tables: (\d+)/y;
const ROUTINE = "# Stored_routine: ";
/** The most characters of a routine's name that are kept. A database and a routine have at most 64 each. */
const MAX_ROUTINE = 256;

/** Adds what a line of MariaDB's says to what is known. @param end where its newline is */
export function readMariadbLine(
  text: string,
  at: number,
  end: number,
  known: PlanFigures | null,
): PlanFigures | null {
  switch (text.charCodeAt(at + 3)) {
    case 117: {
      const [, fullScan, fullJoin] = match(SCAN, text, at);
      if (fullScan === undefined) return known;
      return { ...known, fullScan: fullScan === "Yes", fullJoin: fullJoin === "Yes" };
    }
    case 105: {
      const [, filesort] = match(FILESORT, text, at);
      return filesort === undefined ? known : { ...known, filesort: filesort === "Yes" };
    }
    case 109: {
      const [, tables, diskTables] = match(TMP_TABLES, text, at);
      if (tables === undefined) return known;
      return { ...known, tmpTables: Number(tables), tmpDiskTables: Number(diskTables) };
    }
    case 116: {
      if (!text.startsWith(ROUTINE, at)) return known;
      const from = at + ROUTINE.length;
      return { ...known, routine: text.slice(from, Math.min(end, from + MAX_ROUTINE)) };
    }
    default:
      return known;
  }
}

function match(pattern: RegExp, text: string, at: number): readonly (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}
