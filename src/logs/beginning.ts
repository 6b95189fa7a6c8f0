import { type AwsResult, isTransient } from "../aws/client.ts";
import type { LogFile } from "../aws/rds.ts";
import { type FilePosition, LIVE_LOG, wasRenamed } from "./files.ts";
import { LogParser, type ParserOptions } from "./general/parser.ts";
import type { LogPosition } from "./general/parser-state.ts";
import { sizeOf } from "./portion.ts";
import { type LogSource, passing } from "./reader.ts";
import type { LogRecord } from "./record.ts";
import { newestReadable } from "./unreadable.ts";

/*
 * Where the reading of a log begins. A file of MariaDB's may begin with records without a time, which is then that of the
 * last record in the file before it: so the end of that one is read too.
 */

/** Where to begin, and what is known there of the log before. */
export interface Beginning {
  position: FilePosition;
  /** Goes on with the first byte at the position. */
  parser: LogParser;
  /** What was read of the log before: who the threads are is in it. */
  before: LogRecord[];
}

/** How often the beginning is looked for anew, when files are renamed meanwhile. */
const MAX_RENAMED = 3;

/** The beginning of the oldest file that may have something of a time, in milliseconds since the epoch. */
export async function beginAt(
  start: number,
  source: LogSource,
  options: ParserOptions,
): Promise<AwsResult<Beginning>> {
  const listed = await source.list();
  if (!listed.ok) return listed;
  const renamed = renamedOf(listed.value);
  const [file = LIVE_LOG, ...next] = renamed
    .filter(({ lastWritten }) => lastWritten >= start)
    .map(({ name }) => name);
  return beginningOf({ ...at(file, "0", listed.value), next }, renamed, source, options);
}

/** The end of the live file. Where RDS refuses to give that, the file's beginning, which is always there to be asked for. */
export async function beginAtEnd(source: LogSource, options: ParserOptions): Promise<AwsResult<Beginning>> {
  let listed = await source.list();
  for (let renamed = 0; listed.ok && renamed < MAX_RENAMED; renamed++) {
    const files = listed.value;
    const newest = await newestReadable((lines) => source.portion(LIVE_LOG, undefined, lines));
    if (!newest.ok) return { ok: false, failure: passing(newest.failure) };
    if (newest.value === null)
      return beginningOf(at(LIVE_LOG, "0", files), renamedOf(files), source, options);
    const { data, marker } = newest.value;
    const size = sizeIn(files);
    const position = at(LIVE_LOG, marker, files);
    listed = await source.list();
    // What was read may be of either file then.
    if (!listed.ok || wasRenamed(position, listed.value)) continue;
    const parser = new LogParser(options);
    const records = parser.push(data);
    const after = { ...position, bytesRead: size, bytesAtMost: sizeIn(listed.value) };
    const isWhole = sizeOf(data).bytesAtLeast >= size;
    if (!isWhole || parser.position().format !== null)
      return { ok: true, value: begun(after, parser, records) };
    const whole = await beginningOf(after, renamedOf(files), source, options);
    if (whole.ok) whole.value.before.push(...whole.value.parser.push(data));
    return whole.ok ? { ok: true, value: begun(after, whole.value.parser, whole.value.before) } : whole;
  }
  if (!listed.ok) return listed;
  const message = "The log file was renamed while its end was looked for";
  return { ok: false, failure: { kind: "unavailable", code: "LogRenamed", message } };
}

const renamedOf = (files: readonly LogFile[]): LogFile[] =>
  files.filter(({ name }) => name.startsWith(`${LIVE_LOG}.`));

const sizeIn = (files: readonly LogFile[]): number => files.find(({ name }) => name === LIVE_LOG)?.size ?? 0;

function at(file: string, marker: string, files: readonly LogFile[]): FilePosition {
  const known = Object.fromEntries(renamedOf(files).map(({ name, lastWritten }) => [name, lastWritten]));
  return { file, marker, bytesRead: 0, bytesAtMost: 0, known, next: [] };
}

/** With what the parser needs of the file before the position's. Where that one can't be read, it has to do without. */
async function beginningOf(
  position: FilePosition,
  renamed: readonly LogFile[],
  source: LogSource,
  options: ParserOptions,
): Promise<AwsResult<Beginning>> {
  const own = renamed.findIndex(({ name }) => name === position.file);
  const last = own < 0 ? renamed.at(-1) : renamed[own - 1];
  if (last === undefined) return { ok: true, value: begun(position, new LogParser(options), []) };
  const end = await newestReadable((lines) => source.portion(last.name, undefined, lines));
  if (!end.ok && isTransient(end.failure)) return end;
  const parser = new LogParser(options);
  const before = end.ok && end.value !== null ? [...parser.push(end.value.data), ...parser.end()] : [];
  const from: LogPosition = { ...parser.position(), offset: 0 };
  return { ok: true, value: begun(position, new LogParser({ ...options, from }), before) };
}

/** What was left out before the beginning is none of the capture's. */
function begun(position: FilePosition, parser: LogParser, before: LogRecord[]): Beginning {
  parser.takeLeftOut();
  return { position, parser, before };
}
