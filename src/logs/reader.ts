import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { LogFile, LogPortion } from "../aws/rds-logs.ts";
import { type FilePosition, type Loss, nextFile, sizeIn, wasRenamed } from "./files.ts";
import type { LogKind, ParsedAs, ParsedAsGeneral } from "./kind.ts";
import { bytesAtLeast, linesThatFit, type NextPortion, readNext } from "./portion.ts";
import { BINARY, isBinary, mostReadable, newestReadable } from "./unreadable.ts";

/*
 * Reads what an instance's log has grown by: portion after portion, from the file where the last step ended to the live one. RDS
 * was seen to say that there is no more far from a file's end, so a file is read until the size is reached with which it is
 * listed.
 */

/** The log of one instance, as RDS gives it. */
export interface LogSource<T extends ParsedAs = ParsedAsGeneral> {
  readonly kind: LogKind<T>;
  /** The log's files, those that were renamed first, oldest first. */
  list(): Promise<AwsResult<LogFile[]>>;
  /** `marker` undefined: the newest lines. */
  portion(file: string, marker: string | undefined, lines?: number): Promise<AwsResult<LogPortion>>;
}

/** A stretch of the log, and what is missing before it. */
interface Stretch extends Pick<NextPortion, "data" | "isCut"> {
  lost?: Loss;
  /** Whether it is the first of its file. */
  beginsFile?: true;
}

/** What a log has grown by, or as much of it as is read at once. */
interface NewPortions {
  portions: Stretch[];
  position: FilePosition;
  /** How many lines to ask for next time. */
  linesAtOnce: number | undefined;
  /** Whether all that there was has been read. */
  caughtUp: boolean;
}

/** The most portions, of 1 MB at most, that are read at once. */
const MAX_PORTIONS = 8;
const NOTHING = new Uint8Array(0);

/**
 * Reads on from a position, through renamed files into the live one.
 * @param files the instance's files as they were listed just now
 * @param lines how many lines are likely to fit a portion
 * @returns a failure only if nothing was read before it; a transient one where a file was renamed in this moment
 */
export async function readNew(
  from: FilePosition,
  files: readonly LogFile[],
  source: LogSource<ParsedAs>,
  lines: number | undefined,
): Promise<AwsResult<NewPortions>> {
  const { liveFile } = source.kind;
  let reading: NewPortions = { portions: [], position: from, linesAtOnce: lines, caughtUp: false };
  let beforeLive: NewPortions | null = null;
  while (!reading.caughtUp && reading.portions.length < MAX_PORTIONS) {
    const { position, linesAtOnce } = reading;
    if (position.file === liveFile) beforeLive ??= reading;
    const isGrowing = mayGrow(liveFile, position, files);
    const read = await readStretch(position, isGrowing, source, linesAtOnce);
    if (!read.ok) {
      if (position === from) return read;
      break;
    }
    reading = advance(reading, read.value, sizeIn(files, position.file), isGrowing, liveFile);
  }
  return beforeLive === null ? { ok: true, value: reading } : unlessRenamed(reading, beforeLive, source);
}

/** Whether the server still writes to the file: to the live one, or to the newest renamed one until there is a live one. */
function mayGrow(liveFile: string, { file, next }: FilePosition, files: readonly LogFile[]): boolean {
  if (file === liveFile) return true;
  return next.length === 0 && !files.some(({ name }) => name === liveFile);
}

/** Adds a stretch that was read, and goes on in its file or to the next one. */
function advance(
  { portions, position: before, linesAtOnce }: NewPortions,
  { stretch, size, pending, isOutOfReach: _, ...read }: ReadStretch,
  fileSize: number | null,
  isGrowing: boolean,
  liveFile: string,
): NewPortions {
  const hasData = stretch.data.length > 0;
  const added = before.bytesRead === 0 ? { ...stretch, beginsFile: true as const } : stretch;
  const position = { ...before, ...read };
  const reading = {
    portions: hasData || stretch.lost ? [...portions, added] : portions,
    position,
    linesAtOnce: hasData ? linesThatFit(stretch.data, size) : linesAtOnce,
    caughtUp: false,
  };
  // Of a file without a size, all is read once there is nothing more. The live one has no end to look for.
  const isUnfinished = pending || (fileSize === null ? !isGrowing : position.bytesRead < fileSize);
  if (isAdvancing(before, position, hasData) && isUnfinished) return reading;
  if (isGrowing) return { ...reading, caughtUp: true };
  const missing = fileSize === null ? 0 : fileSize - (position.bytesAtMost ?? fileSize);
  return {
    ...reading,
    portions: missing > 0 ? [...reading.portions, lostAtEnd(missing)] : reading.portions,
    position: nextFile(liveFile, position),
  };
}

/** Whether what is asked for next is not what was asked for before. */
function isAdvancing(
  before: FilePosition,
  { marker, past = 0 }: Pick<FilePosition, "marker" | "past">,
  hasData: boolean,
): boolean {
  const { past: pastBefore = 0 } = before;
  return marker === before.marker ? past > pastBefore : hasData || past > 0;
}

/** What was read, or where the live file was renamed meanwhile, what was read before it: the rest may be of either file. */
async function unlessRenamed(
  reading: NewPortions,
  beforeLive: NewPortions,
  source: LogSource<ParsedAs>,
): Promise<AwsResult<NewPortions>> {
  const { liveFile } = source.kind;
  const { position, linesAtOnce } = reading;
  const listed = await source.list();
  if (!listed.ok) return listed;
  if (wasRenamed(liveFile, beforeLive.position, listed.value)) {
    return { ok: true, value: { ...beforeLive, linesAtOnce } };
  }
  if (position.bytesAtMost !== undefined) return { ok: true, value: reading };
  const bytesAtMost = listed.value.find(({ name }) => name === liveFile)?.size ?? undefined;
  return { ok: true, value: { ...reading, position: { ...position, bytesAtMost } } };
}

/** What was read at a position, and where that has led. */
interface ReadStretch extends Pick<FilePosition, "marker" | "past" | "bytesRead" | "bytesAtMost"> {
  stretch: Stretch;
  /** How many bytes it has in the file, at least. */
  size: number;
  pending: boolean;
  isOutOfReach: boolean;
}

/** Reads the stretch at a position. What leads no further is a failure too, a transient one. */
async function readStretch(
  position: FilePosition,
  isGrowing: boolean,
  source: LogSource<ParsedAs>,
  lines: number | undefined,
): Promise<AwsResult<ReadStretch>> {
  const read = await readReadable(position, isGrowing, source, lines);
  if (!read.ok) return { ok: false, failure: passing(read.failure) };
  const { stretch, isOutOfReach } = read.value;
  // The same would be read again and again.
  const hasData = stretch.data.length > 0;
  const isStuck = isOutOfReach || (hasData && !isAdvancing(position, read.value, hasData));
  return isGrowing && isStuck ? { ok: false, failure: MARKER_STANDS } : read;
}

/** Reads the stretch at a position; where RDS refuses that, what is before the refused line, or else what is behind it. */
async function readReadable(
  position: FilePosition,
  isGrowing: boolean,
  source: LogSource<ParsedAs>,
  lines: number | undefined,
): Promise<AwsResult<ReadStretch>> {
  const { file, marker, past = 0 } = position;
  const ask = (atMost?: number) =>
    readNext(marker, past, isGrowing, (at, count) => source.portion(file, at, count), atMost);
  // Lines are counted from the marker on.
  const likely = past === 0 ? lines : undefined;
  const all = await ask(likely);
  if (all.ok) return { ok: true, value: ofPortion(all.value, position) };
  if (!isBinary(all.failure)) return all;
  const before = await mostReadable(ask, likely);
  if (!before.ok) return before;
  const read = before.value && ofPortion(before.value, position);
  const isAny = read !== null && (read.stretch.data.length > 0 || read.marker !== marker);
  return isAny ? { ok: true, value: read } : readBehind(position, source);
}

function ofPortion(
  { data, isCut, past, ...portion }: NextPortion,
  { bytesRead, bytesAtMost }: FilePosition,
): ReadStretch {
  const size = bytesAtLeast(data);
  return {
    stretch: { data, isCut },
    size,
    ...portion,
    past: past || undefined,
    bytesRead: bytesRead + size,
    bytesAtMost: isCut || bytesAtMost === undefined ? undefined : bytesAtMost + data.length,
  };
}

/** Reads what is behind the line that RDS refuses. Where nothing can be had, there may be a line, or another file, by the next step. */
async function readBehind(
  { file, marker, past, bytesRead }: FilePosition,
  source: LogSource<ParsedAs>,
): Promise<AwsResult<ReadStretch>> {
  const behind = await newestReadable((atMost) => source.portion(file, undefined, atMost));
  if (!behind.ok) return behind;
  const common = { isOutOfReach: false, bytesAtMost: undefined };
  const lost = { cause: BINARY };
  // Without a marker, what follows them could not be asked for.
  if (behind.value === null || behind.value.marker === null) {
    const stretch = { data: NOTHING, isCut: false, lost };
    return { ok: true, value: { ...common, stretch, size: 0, marker, past, pending: false, bytesRead } };
  }
  const { data, marker: next, pending } = behind.value;
  const size = bytesAtLeast(data);
  const after = { marker: next, past: undefined, pending, bytesRead: bytesRead + size };
  return { ok: true, value: { ...common, stretch: { data, isCut: false, lost }, size, ...after } };
}

const MARKER_STANDS: AwsFailure = {
  kind: "unavailable",
  code: "MarkerStands",
  operation: "rds:DownloadDBLogFilePortion",
  message: "RDS gave a part of the log and no marker for what follows",
};

/** A file that is not there is a transient failure: it is being renamed in this moment, or the next list shows that it is gone. */
export function passing(failure: AwsFailure): AwsFailure {
  return failure.code.startsWith("DBLogFileNotFound") ? { ...failure, kind: "unavailable" } : failure;
}

function lostAtEnd(bytes: number): Stretch {
  const cause = `RDS gave a log file without its end, of ${bytes} bytes or more`;
  return { data: NOTHING, isCut: false, lost: { cause } };
}
