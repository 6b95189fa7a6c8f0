import { type AwsCredentials, type AwsResult, type AwsTarget, callAwsForBytes } from "./client.ts";
import { largeQueryResult, queryRequest, word, type XmlObject } from "./query.ts";
import { callForAll, unreadable, VERSION } from "./rds-call.ts";

/*
 * The actions of RDS on the log files of an instance.
 */

/** A log file of an instance. */
export interface LogFile {
  /** Such as `general/mysql-general.log`. */
  name: string;
  /** When it was last written, in milliseconds since the epoch; 0 where RDS does not say. */
  lastWritten: number;
  /** Bytes; null where RDS does not say. */
  size: number | null;
}

/** DescribeDBLogFiles: the log files whose name contains a text, oldest first. */
export async function listLogFiles(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
  contains: string,
): Promise<AwsResult<LogFile[]>> {
  const asked = { DBInstanceIdentifier: instance, FilenameContains: contains };
  const all = await callForAll(target, credentials, "DescribeDBLogFiles", asked, [
    "DescribeDBLogFiles",
    "DescribeDBLogFilesDetails",
  ]);
  if (!all.ok) return all;
  const files: LogFile[] = [];
  for (const details of all.value) {
    const name = word(details, "LogFileName");
    if (name === null) continue;
    const lastWritten = milliseconds(count(details, "LastWritten") ?? 0);
    files.push({ name, lastWritten, size: count(details, "Size") });
  }
  // Two files may have been written last at one moment, the top of an hour: by their letters, `….10` is before `….9`.
  files.sort((a, b) => orderOf(a) - orderOf(b) || hourIn(a.name) - hourIn(b.name));
  return { ok: true, value: files };
}

/** A whole number; null where there is none. */
function count(element: XmlObject, name: string): number | null {
  const written = word(element, name);
  return written !== null && /^\d+$/.test(written) ? Number(written) : null;
}

/** A time that the API reference calls a POSIX timestamp, of seconds; RDS gives milliseconds, which nobody else has to. */
const milliseconds = (time: number): number => (time < 1e11 ? time * 1000 : time);

/** Where a file is among the others, as a time: by its name where RDS does not say when it was written. */
const orderOf = ({ name, lastWritten }: LogFile): number => (lastWritten > 0 ? lastWritten : hourIn(name));

/** The hour in a renamed file's name, in milliseconds since the epoch; 0 where it has no day, Infinity for a live file. */
function hourIn(name: string): number {
  const [, renamed, day, hour = ""] = /\.log(\.(?:(\d{4}-\d\d-\d\d)\.)?(\d\d?))?$/.exec(name) ?? [];
  if (renamed === undefined) return Number.POSITIVE_INFINITY;
  return Date.parse(`${day}T${hour.padStart(2, "0")}:00:00Z`) || 0;
}

/** A stretch of a log file. */
export interface LogPortion {
  /** UTF-8: where the log has none, RDS has put U+FFFD. */
  data: Uint8Array;
  /** Where the next stretch begins: opaque; null where RDS does not say. */
  marker: string | null;
  /** Whether there is more of the file now. */
  pending: boolean;
}

/**
 * DownloadDBLogFilePortion: the stretch of a log file that begins at a marker; `0` is the beginning of the file, and without
 * one it is the file's newest lines.
 */
export async function downloadLogPortion(
  target: AwsTarget,
  credentials: AwsCredentials,
  instance: string,
  file: string,
  from: { marker?: string | undefined; lines?: number },
): Promise<AwsResult<LogPortion>> {
  const action = "DownloadDBLogFilePortion";
  const request = queryRequest("rds", action, VERSION, {
    DBInstanceIdentifier: instance,
    LogFileName: file,
    ...(from.marker === undefined ? {} : { Marker: from.marker }),
    ...(from.lines === undefined ? {} : { NumberOfLines: String(from.lines) }),
  });
  const reply = await callAwsForBytes(target, credentials, request);
  if (!reply.ok) return reply;
  const portion = largeQueryResult(reply.value, action, "LogFileData");
  if (portion === undefined) return unreadable(action);
  const marker = word(portion.result, "Marker");
  const pending = word(portion.result, "AdditionalDataPending") === "true";
  return { ok: true, value: { data: portion.text, marker, pending } };
}
