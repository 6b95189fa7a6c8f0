import type { TimedRecord } from "../../logs/record.ts";
import type { Dialect } from "../../sql-text/dialect.ts";
import type { AmazonStatements } from "../amazon-statements.ts";
import type { Digests } from "../digest.ts";
import type { LineBuffer } from "../stored/line-buffer.ts";
import type { Manifest } from "../stored/manifest.ts";
import type { SeriesDelta } from "../timing/series.ts";
import type { FragmentContents } from "./fragment-contents.ts";
import type { RecordBytes } from "./record-bytes.ts";
import type { CaptureWindow } from "./window.ts";

/** What counts a step's records: the digests of the whole log so far, and the series of this step alone. Keep both, or neither. */
export interface Counts {
  digests: Digests;
  /** Absent where no series is kept. */
  series?: SeriesDelta | undefined;
}

/**
 * What a capture does with the records of a kind of log: whose they are, which are its own, how they are redacted, counted and
 * written down. `see` comes first for each record; the other methods are about the record that was seen last.
 */
export interface Records<R extends TimedRecord = TimedRecord> {
  /** Where the records' statements stand in the log. */
  readonly bytes: RecordBytes;
  /** Counts what `see` leaves out because it is Amazon's own; null for a capture that was begun before that was counted. */
  readonly amazon: AmazonStatements | null;
  /** Sees a record again, where the log is read a second time. */
  seeAgain(record: R): void;
  /**
   * Learns what a record says of its session. Has to see every record, in order.
   * @returns whether it is the capture's: of its time, and no statement of Amazon's own
   */
  see(record: R, window: CaptureWindow): boolean;
  /** Takes secrets out of a record's statement, or all literals. Before anything of it is stored. */
  redact(record: R, redact: Manifest["redact"]): void;
  /** Counts a record that is redacted, and notes what it has. @returns whether it ran a statement */
  count(record: R, counts: Counts, contents: FragmentContents, server: Dialect | null): boolean;
  /** Writes a record as one line of NDJSON, once it was counted. */
  writeLine(record: R, lines: LineBuffer): void;
  /** What is known of the sessions, to be stored. */
  toJSON(): object;
}
