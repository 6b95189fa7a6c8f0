import type { Command } from "./general/commands.ts";

/** What of a log was read, but is in none of the records. */
export interface LeftOut {
  /** Bytes that belong to no record and no banner: the rest of a record whose beginning was not read, or not a log of this kind. */
  strayBytes: number;
  /** Records without a time: MariaDB leaves it out where it is that of the record before, and that one was not read. */
  undatedRecords: number;
  /** Statements that ran, and that the server left out of its slow log as it says there itself. */
  suppressedStatements?: number;
}

/** What records of every log have. */
export interface TimedRecord {
  /** Microseconds since the epoch: when the statement began, in the general log, or ended, in the slow log. */
  timeMicros: number;
  /** The connection's id. */
  threadId: number;
  /** Which command of the log's it is of, such as `Query`. */
  command: string;
  /** SQL, or what the command says of itself. */
  statement: string;
  /** The statement was longer than the parser keeps, and has lost its end. */
  truncated: boolean;
  /** Where the record begins in the log, in bytes. */
  start: number;
  /** Where it ends: the first byte that is not its own. */
  end: number;
  /** What was left out between the record before and this one; absent where nothing was. */
  leftOut?: LeftOut;
  /** The server opened its log between the record before and this one: the log had been off, or the server down. */
  isAfterOpening?: true;
}

/** One record of the general log. MariaDB's times are whole seconds. */
export interface LogRecord extends TimedRecord {
  command: Command;
  /** What follows the command: SQL, or what the command says of itself, such as `app@10.0.0.7 on shop using TCP/IP`. */
  statement: string;
  /** The bytes in which the statement stood in the log as UTF-8, from one place to another; null or absent where they are not there. */
  readonly bytes?: Uint8Array | null;
  readonly from?: number;
  readonly to?: number;
}
