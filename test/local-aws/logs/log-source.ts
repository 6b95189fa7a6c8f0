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

/** The logs of a server that are read. */
export const LOG_NAMES = ["general", "slow"] as const;
export type LogName = (typeof LOG_NAMES)[number];

/** The names of the files that the server writes to; renamed ones have a suffix. MariaDB's have the same. */
export const LIVE_FILES: Readonly<Record<LogName, string>> = {
  general: "general/mysql-general.log",
  slow: "slowquery/mysql-slowquery.log",
};

/** Which log a file is of, by its name; undefined for other logs, such as the error log. */
export function logNameOf(file: string): LogName | undefined {
  return LOG_NAMES.find((log) => file.startsWith(LIVE_FILES[log]));
}
