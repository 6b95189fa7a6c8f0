/** A log file as RDS's API sees it, wherever its bytes come from. */
export interface LogSource {
  /** Such as `general/mysql-general.log`. */
  readonly name: string;
  readonly size: number;
  /** Epoch milliseconds. */
  readonly lastWritten: number;
  /** Which hour's file it is, in hours since the epoch: a marker of the live file says so. */
  readonly hour: number;
  /** The bytes from `start` to before `end`, fewer at the end of the file. */
  read(start: number, end: number): Buffer;
  /** The whole file as it is when the reading begins, in pieces; throws if the rest of it is gone. */
  stream(chunkBytes: number): Iterable<Buffer>;
}

/** The name of the file that the server writes to. */
export const LIVE_FILE = "general/mysql-general.log";
