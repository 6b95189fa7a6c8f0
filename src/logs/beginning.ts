import { type AwsFailure, type AwsResult, isTransient } from "../aws/client.ts";
import type { LogFile, LogPortion } from "../aws/rds-logs.ts";
import { type FilePosition, renamedOf, sizeIn, timesOf, UNKNOWN, wasRenamed } from "./files.ts";
import type { ParsedAs, ParsedAsGeneral, Parser, ParserOptions } from "./kind.ts";
import { bytesAtLeast } from "./portion.ts";
import { type LogSource, passing } from "./reader.ts";
import { newestReadable } from "./unreadable.ts";

/*
 * Where the reading of a log begins. A file of MariaDB's may begin with records without a time, which is then that of the
 * last record in the file before it: so the end of that one is read too.
 */

/** Where to begin, and what is known there of the log before. */
export interface Beginning<T extends ParsedAs = ParsedAsGeneral> {
  position: FilePosition;
  /** Goes on with the first byte at the position. */
  parser: Parser<T>;
  /** What was read of the log before: it says who the threads are. */
  before: T["record"][];
}

/** How often the beginning is looked for again, when files are renamed meanwhile. */
const MAX_RENAMED = 3;
const LOG_RENAMED: AwsFailure = {
  kind: "unavailable",
  code: "LogRenamed",
  operation: "rds:DownloadDBLogFilePortion",
  message: "The log file was renamed while its end was looked for",
};

/** The beginning of the oldest file that may have something of a time, in milliseconds since the epoch. */
export async function beginAt<T extends ParsedAs>(
  start: number,
  source: LogSource<T>,
  options: ParserOptions<T>,
): Promise<AwsResult<Beginning<T>>> {
  const listed = await source.list();
  if (!listed.ok) return listed;
  const { liveFile } = source.kind;
  const names = renamedOf(liveFile, listed.value)
    .filter(({ lastWritten }) => lastWritten === UNKNOWN || lastWritten >= start)
    .map(({ name }) => name);
  const [file = liveFile, ...next] = names;
  const position = { ...positionAt(source, file, "0", listed.value), next };
  return beginningAfterFileBefore(position, source, listed.value, options);
}

/** The end of the live file. Where RDS refuses to give that, or gives no marker, the file's beginning, which can always be asked for. */
export async function beginAtEnd<T extends ParsedAs>(
  source: LogSource<T>,
  options: ParserOptions<T>,
): Promise<AwsResult<Beginning<T>>> {
  const { liveFile } = source.kind;
  let listed = await source.list();
  for (let renamed = 0; listed.ok && renamed < MAX_RENAMED; renamed++) {
    const files = listed.value;
    const newest = await newestReadable((lines) => source.portion(liveFile, undefined, lines));
    if (!newest.ok) return { ok: false, failure: passing(newest.failure) };
    // From its beginning, the file's end is reached too; what is before the capture is left out.
    if (newest.value === null || newest.value.marker === null) {
      return beginningAfterFileBefore(positionAt(source, liveFile, "0", files), source, files, options);
    }
    const position = positionAt(source, liveFile, newest.value.marker, files);
    listed = await source.list();
    // What was read may be of either file then.
    if (!listed.ok || wasRenamed(liveFile, position, listed.value)) continue;
    const size = {
      bytesRead: sizeIn(files, liveFile) ?? bytesAtLeast(newest.value.data),
      bytesAtMost: sizeIn(listed.value, liveFile) ?? undefined,
    };
    return beginningAfter(newest.value, { ...position, ...size }, source, files, options);
  }
  return listed.ok ? { ok: false, failure: LOG_RENAMED } : listed;
}

function positionAt(
  { kind }: LogSource<ParsedAs>,
  file: string,
  marker: string,
  files: readonly LogFile[],
): FilePosition {
  const known = timesOf(renamedOf(kind.liveFile, files));
  return { file, marker, bytesRead: 0, bytesAtMost: 0, known, next: [] };
}

/** The beginning after the newest lines of the live file. Where they are all of it and have no time, the file before says it. */
async function beginningAfter<T extends ParsedAs>(
  { data }: LogPortion,
  position: FilePosition,
  source: LogSource<T>,
  files: readonly LogFile[],
  options: ParserOptions<T>,
): Promise<AwsResult<Beginning<T>>> {
  const parser = source.kind.parser(options);
  const records = parser.push(data);
  const isWhole = bytesAtLeast(data) >= position.bytesRead;
  if (!isWhole || parser.dialect !== null) return { ok: true, value: begun(position, parser, records) };
  const whole = await beginningAfterFileBefore(position, source, files, options);
  if (!whole.ok) return whole;
  const { parser: informed, before } = whole.value;
  return { ok: true, value: begun(position, informed, [...before, ...informed.push(data)]) };
}

/** With what the parser needs of the file before the position's. Where that one can't be read, it has to do without. */
async function beginningAfterFileBefore<T extends ParsedAs>(
  position: FilePosition,
  source: LogSource<T>,
  files: readonly LogFile[],
  options: ParserOptions<T>,
): Promise<AwsResult<Beginning<T>>> {
  const { kind } = source;
  const renamed = renamedOf(kind.liveFile, files);
  const own = renamed.findIndex(({ name }) => name === position.file);
  const last = own < 0 ? renamed.at(-1) : renamed[own - 1];
  if (last === undefined) return { ok: true, value: begun(position, kind.parser(options), []) };
  const end = await newestReadable((lines) => source.portion(last.name, undefined, lines));
  if (!end.ok && isTransient(end.failure)) return end;
  const parser = kind.parser(options);
  const before = end.ok && end.value !== null ? [...parser.push(end.value.data), ...parser.end()] : [];
  const from = { ...parser.position(), offset: 0 };
  return { ok: true, value: begun(position, kind.parser({ ...options, from }), before) };
}

/** What was left out before the beginning does not belong to the capture. */
function begun<T extends ParsedAs>(
  position: FilePosition,
  parser: Parser<T>,
  before: T["record"][],
): Beginning<T> {
  parser.takeLeftOut();
  return { position, parser, before };
}
