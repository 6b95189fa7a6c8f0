import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { LogFile, LogPortion } from "../aws/rds.ts";
import { type FilePosition, LIVE_LOG, type Loss, nextFile, wasRenamed } from "./files.ts";
import { linesThatFit, readPortion, sizeOf, type WholePortion } from "./portion.ts";
import { BINARY, isBinary, mostReadable, newestReadable } from "./unreadable.ts";

/*
 * Reads what an instance's log has grown by: portion after portion, from the file it was in to the live one. What RDS says of
 * there being more is not relied on, as it was seen to deny it far from a file's end: the size that the file is listed with
 * is what has to be reached.
 */

/** How the log is read. */
export interface LogSource {
  list(): Promise<AwsResult<LogFile[]>>;
  /** `marker` undefined: the newest lines. */
  portion(file: string, marker: string | undefined, lines?: number): Promise<AwsResult<LogPortion>>;
}

/** A stretch of the log, and what is missing before it. */
interface Stretch extends Pick<WholePortion, "data" | "isCut"> {
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

/** No more portions (of 1 MB at most) are read at once than this. */
const MAX_PORTIONS = 8;
const NOTHING = new Uint8Array(0);

/**
 * Reads on from a position, through renamed files into the live one.
 * @param files the instance's files as they were listed just now. Until there is a live one, the server still writes to the
 *   renamed one
 * @param lines how many lines are likely to fit a portion
 * @returns a failure only if nothing was read before it; one that may pass, of a file that was renamed in this moment
 */
export async function readNew(
  from: FilePosition,
  files: readonly LogFile[],
  source: LogSource,
  lines: number | undefined,
): Promise<AwsResult<NewPortions>> {
  const isLiveThere = files.some(({ name }) => name === LIVE_LOG);
  let position = from;
  let portions: Stretch[] = [];
  let linesAtOnce = lines;
  let caughtUp = false;
  // Where the live file was begun, to go back to when it turns out to have been renamed under the reading.
  let live: { position: FilePosition; portions: Stretch[] } | null = null;
  while (portions.length < MAX_PORTIONS) {
    if (position.file === LIVE_LOG && live === null) live = { position, portions: [...portions] };
    const { file, marker } = position;
    const beginsFile = position.bytesRead === 0;
    const isGrowing = file === LIVE_LOG || !(isLiveThere || position.next.length > 0);
    const read = await readStretch(position, isGrowing, source, linesAtOnce);
    const failure = read.ok ? stuck(read.value, marker, isGrowing) : passing(read.failure);
    if (failure !== null) {
      if (position === from) return { ok: false, failure };
      break;
    }
    if (!read.ok) break;
    const { stretch, marker: next, pending, ...bytes } = read.value;
    position = { ...position, marker: next, ...bytes };
    if (stretch.data.length > 0) linesAtOnce = linesThatFit(sizeOf(stretch.data));
    if (stretch.data.length > 0 || stretch.lost)
      portions.push(beginsFile ? { ...stretch, beginsFile } : stretch);
    const size = files.find(({ name }) => name === file)?.size ?? 0;
    const isAdvancing = stretch.data.length > 0 && next !== marker;
    if (isAdvancing && (pending || position.bytesRead < size)) continue;
    if (!isGrowing) {
      const missing = size - (position.bytesAtMost ?? size);
      if (missing > 0) portions.push(lostAtEnd(missing));
      position = nextFile(position);
      continue;
    }
    caughtUp = true;
    break;
  }
  if (live !== null) {
    const listed = await source.list();
    if (!listed.ok) return listed;
    if (wasRenamed(live.position, listed.value)) {
      ({ position, portions } = live);
      caughtUp = false;
    } else if (position.bytesAtMost === undefined) {
      position = { ...position, bytesAtMost: listed.value.find(({ name }) => name === LIVE_LOG)?.size };
    }
  }
  return { ok: true, value: { portions, position, linesAtOnce, caughtUp } };
}

/** What was read at a position, and where that has led. */
interface ReadStretch extends Pick<FilePosition, "bytesRead" | "bytesAtMost"> {
  stretch: Stretch;
  marker: string;
  pending: boolean;
}

/** Reads the stretch at a position; where RDS refuses that, what is before the refused line, or then what is behind it. */
async function readStretch(
  { file, marker, bytesRead, bytesAtMost }: FilePosition,
  isGrowing: boolean,
  source: LogSource,
  lines: number | undefined,
): Promise<AwsResult<ReadStretch>> {
  const ask = (atMost?: number) =>
    readPortion(marker, isGrowing, (at, count) => source.portion(file, at, count), atMost);
  const all = await ask(lines);
  if (!all.ok && !isBinary(all.failure)) return all;
  const before = all.ok ? all : await mostReadable(ask, lines);
  if (!before.ok) return before;
  if (before.value !== null) {
    const { data, isCut, ...portion } = before.value;
    const read = sizeOf(data).bytesAtLeast;
    const atMost = isCut || bytesAtMost === undefined ? undefined : bytesAtMost + data.length;
    const value = { stretch: { data, isCut }, ...portion, bytesRead: bytesRead + read, bytesAtMost: atMost };
    return { ok: true, value };
  }
  const behind = await newestReadable((atMost) => source.portion(file, undefined, atMost));
  if (!behind.ok) return behind;
  // Where nothing can be had, the next step asks again: there may be a line behind it by then, or another file.
  const { data, ...portion } = behind.value ?? { data: NOTHING, marker, pending: false };
  const stretch = { data, isCut: false, lost: { cause: BINARY } };
  const read = sizeOf(data).bytesAtLeast;
  return { ok: true, value: { stretch, ...portion, bytesRead: bytesRead + read, bytesAtMost: undefined } };
}

/** A marker of a growing file that does not move: the same would be read again and again. */
function stuck(
  { stretch, marker: next }: ReadStretch,
  marker: string,
  isGrowing: boolean,
): AwsFailure | null {
  if (!isGrowing || stretch.data.length === 0 || next !== marker) return null;
  return {
    kind: "unavailable",
    code: "MarkerStands",
    message: "RDS gave a part of the log and no marker for what follows",
  };
}

/** That a file is not there passes: it is being renamed in this moment, or the next list tells that it is gone. */
export function passing(failure: AwsFailure): AwsFailure {
  return failure.code.startsWith("DBLogFileNotFound") ? { ...failure, kind: "unavailable" } : failure;
}

function lostAtEnd(bytes: number): Stretch {
  const cause = `RDS gave a log file without its end, of ${bytes} bytes or more`;
  return { data: NOTHING, isCut: false, lost: { cause } };
}
