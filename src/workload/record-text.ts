import { csvNames, csvRow } from "../lib/csv.ts";
import { toLogText } from "./log-text.ts";
import { missingText } from "./missing-fragments.ts";
import { RECORD_COLUMNS } from "./record-table.ts";
import { toSlowLogText } from "./slow-log-text.ts";
import { SCRIPT_END, SqlScript, scriptStart } from "./sql-script.ts";
import type { RecordLine } from "./stored/fragment-line.ts";
import type { MissingFragments } from "./stored/fragments-in-range.ts";
import type { Manifest } from "./stored/manifest.ts";

/** A form of text that records are written in, one after the other. */
export interface RecordText {
  /** What stands before the first record. */
  start: string;
  record(record: RecordLine): string;
  /** What stands in the place of records that are lost. */
  missing(missing: MissingFragments): string;
  /** What stands behind the last record. */
  end: string;
}

/** The text of the log. */
export const logText = ({ log }: Manifest): RecordText => ({
  start: "",
  record(record) {
    const { timeMicros } = record;
    if (log === "slow") return toSlowLogText({ ...record.readSlow(), timeMicros });
    const { threadId, command, statement } = record.read();
    return toLogText({ timeMicros, threadId, command, statement });
  },
  missing: (missing) => missingText(log, missing),
  end: "",
});

/** SQL to run. */
export function sqlText({ captureId, log }: Manifest): RecordText {
  const script = new SqlScript(log);
  return {
    start: scriptStart(captureId, log),
    record: (record) => script.record(log === "slow" ? record.readSlow() : record.read()),
    missing: (missing) => script.missing(missing),
    end: SCRIPT_END,
  };
}

/** A table as CSV. It has no place for what is missing. */
export const csvText = (): RecordText => ({
  start: csvNames(RECORD_COLUMNS),
  record: (record) => csvRow(RECORD_COLUMNS, record.read()),
  missing: () => "",
  end: "",
});
