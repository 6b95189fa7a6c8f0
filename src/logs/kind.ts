import type { Dialect } from "../sql-text/dialect.ts";
import type { LogPosition, ParserSnapshot } from "./general/parser-state.ts";
import type { LogSwitch } from "./general/switch.ts";
import type { LogName } from "./names.ts";
import type { LeftOut, LogRecord, TimedRecord } from "./record.ts";

/*
 * What the reading of a log has to know of its kind. Each kind is a folder, such as general/, with its kind, parser and records.
 * What is read does not depend on the kind: the files and their renaming, the portions that RDS gives, the gaps, the fragments.
 */

/** What the parser of a kind of log gives and keeps. */
export interface ParsedAs {
  record: TimedRecord;
  /** Where to continue with the first byte of the record that is open. */
  position: { offset: number };
  /** All that is needed to continue with the next byte. */
  snapshot: { offset: number };
}

/** What the general log's parser gives and keeps. */
export interface ParsedAsGeneral extends ParsedAs {
  record: LogRecord;
  position: LogPosition;
  snapshot: ParserSnapshot;
}

/** A kind of log that servers on RDS write. */
export interface LogKind<T extends ParsedAs = ParsedAsGeneral> {
  readonly name: LogName;
  /** What the names of its files begin with: the folder in which RDS has them, with its slash. */
  readonly folder: string;
  /** The file that the server writes to. RDS renames it once an hour: the renamed ones have its name, a dot and a suffix. */
  readonly liveFile: string;
  /** The parameters that switch it on. */
  readonly parameters: LogSwitch;
  /** A log that is on is written to at least this often, in milliseconds. */
  readonly writtenEveryMs: number;
  /** A log without a record for longer than this was off, or its server down. */
  readonly maxSilenceMs: number;
  /** Why something is missing where it was silent for longer, in words a person understands. */
  readonly silent: string;
  /** Why something is missing where the server opened it again. */
  readonly reopened: string;
  /** A parser of a new log, or one that continues from where another was. */
  parser(options: ParserOptions<T>): Parser<T>;
}

/** The options of a parser. */
export interface ParserOptions<T extends ParsedAs = ParsedAsGeneral> {
  /** The longest statement that is kept whole, in UTF-16 code units. Longer ones are cut. */
  maxStatement?: number;
  /** How far the server's time zone is ahead of UTC. MariaDB logs local time; on RDS that is UTC unless `time_zone` is set. */
  zoneOffsetMinutes?: number;
  /** Where to go on: from a position, with the byte at its offset; from a snapshot, with the byte after the last one read. */
  from?: T["position"] | T["snapshot"];
}

/** Turns the bytes of a log into records. The bytes may be cut anywhere between two calls. */
export interface Parser<T extends ParsedAs = ParsedAsGeneral> {
  /** The server whose log it is, as far as it is known. */
  readonly dialect: Dialect | null;
  /** How many bytes have been read, of all the log: records' places are counted so. */
  readonly bytesRead: number;
  /** What is read next is the beginning of a file. */
  beginFile(): void;
  /** Reads the next bytes. @returns the records that they completed */
  push(bytes: Uint8Array): T["record"][];
  /** Does the same. @param take is given each record that they completed, which may be valid until the next one only */
  read(bytes: Uint8Array, take: (record: T["record"]) => void): void;
  /** The line that was read last, of about 1 MB, has lost its end: what follows is the beginning of the next line. */
  loseEndOfLine(): void;
  /** Ends the log. @returns the record whose end was not certain before */
  end(): T["record"][];
  /** What was left out since this was last asked, or since the last record that says so; null when nothing was. */
  takeLeftOut(): LeftOut | null;
  /** Where to continue, with a parser that has read nothing of the record that is open. */
  position(): T["position"];
  /** All that is needed to continue with the next byte. */
  snapshot(): T["snapshot"];
}
