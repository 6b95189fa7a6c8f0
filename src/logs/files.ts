import * as z from "zod";
import type { LogFile } from "../aws/rds-logs.ts";
import { lazy } from "../lib/lazy.ts";

/*
 * Which of an instance's files of one log to read. Pure. The server writes to the live file; at the top of each hour RDS renames
 * it, with the hour for a suffix (`….log.2026-10-10.7`, in older versions `….log.7`, of which yesterday's is overwritten), and the
 * server opens a new one. A marker of the live file is wrong after that (it may be taken for one of the new file), so a file is
 * followed to its new name. `live` is the name of the live file (kind.ts).
 */

const HOUR_MS = 3_600_000;
/** A name that is seen again with a time so much later is another file: names of the older form are used again every day. */
const REUSED_MS = 12 * HOUR_MS;
/** By when a file has its last record after the hour in which it was the live one: for a while the server writes on to it. */
const RENAMED_WITHIN_MS = 10 * 60_000;

/** A position as it is stored. */
export const filePositionSchema = lazy(() =>
  z.object({
    /** The name that the file has now. */
    file: z.string(),
    /** Where to continue in it; opaque, `0` for its beginning. */
    marker: z.string(),
    /**
     * How many bytes behind it, as RDS gives them, have been read already: RDS gave no marker for what follows them. Absent for
     * none.
     */
    past: z.number().optional(),
    /** How far into the file that is, in bytes, at least: a file that is shorter is not the one that it was. */
    bytesRead: z.number(),
    /** The same, at most; absent where it is not known, as after the rest of a line that RDS left out. */
    bytesAtMost: z.number().optional(),
    /** The size with which the file was last listed, with what was there before the capture. A file never shrinks. */
    size: z.number().optional(),
    /** When the files were last listed, in milliseconds since the epoch; absent in what was stored before this was kept. */
    listedAt: z.number().optional(),
    /** The renamed files that were there when the files were last listed, and when each was last written. */
    known: z.record(z.string(), z.number()),
    /** The renamed files to read after this one, oldest first. */
    next: z.array(z.string()),
  }),
);

/** The time of a file of which RDS does not say when it was written (aws/rds-logs.ts). */
export const UNKNOWN = 0;

/** Where a follower is among the files. */
export type FilePosition = z.output<ReturnType<typeof filePositionSchema>>;

/** That a part of the log is lost. */
export interface Loss {
  /** Why, in words a person understands. */
  cause: string;
  /** Whether what is read next may have been read before: then only records later than all that were read are new. */
  mayRepeat?: true;
}

/** Where a follower is once it has seen the list of files. */
export interface Located {
  position: FilePosition;
  /** Why what it had not read yet of its file can't be read any more; null when nothing is lost. */
  lost: Loss | null;
  /** Whether the file can be read: between the renaming of the live file and the opening of the next, there is none. */
  isThere: boolean;
}

/** The files that RDS has renamed, in the order of the list. */
export const renamedOf = (live: string, files: readonly LogFile[]): LogFile[] =>
  files.filter(({ name }) => name.startsWith(`${live}.`));

/** The size with which a file is listed; 0 for one that is not, null where RDS does not say. */
export const sizeIn = (files: readonly LogFile[], file: string): number | null => {
  const listed = files.find(({ name }) => name === file);
  return listed === undefined ? 0 : listed.size;
};

/** When each of the renamed files was last written, for the next list to be compared with. */
export const timesOf = (renamed: readonly LogFile[]): FilePosition["known"] =>
  Object.fromEntries(renamed.map(({ name, lastWritten }) => [name, lastWritten]));

/**
 * Finds the file that a follower was reading in a new list of the instance's files, oldest first.
 * @param now when they were listed, in milliseconds since the epoch
 */
export function locate(
  live: string,
  position: FilePosition,
  files: readonly LogFile[],
  now: number,
): Located {
  const renamed = renamedOf(live, files);
  const appeared = renamed.filter(({ name, lastWritten }) => {
    const seen = position.known[name];
    return (
      seen === undefined || (seen !== UNKNOWN && lastWritten !== UNKNOWN && lastWritten - seen > REUSED_MS)
    );
  });
  const known = timesOf(renamed);
  const next = [...position.next, ...appeared.map(({ name }) => name)];
  const here = { ...position, listedAt: now, known, next };
  if (position.file === live && appeared.length > 0) {
    const [mine, ...later] = appeared as [LogFile, ...LogFile[]];
    const moved = { ...here, file: mine.name, next: later.map(({ name }) => name) };
    if (!hasShrunk(position, mine) && !isOfLaterHour(position, mine))
      return { position: { ...moved, size: sizeNow(moved, mine) }, lost: null, isThere: true };
    return { position: beginningOf(moved, mine), lost: { cause: DELETED, mayRepeat: true }, isThere: true };
  }
  const file = files.find(({ name }) => name === position.file);
  if (file === undefined) {
    if (position.file === live) return { position: here, lost: null, isThere: false };
    return { position: nextFile(live, here), lost: { cause: DELETED }, isThere: true };
  }
  if (!hasShrunk(position, file))
    return { position: { ...here, size: sizeNow(here, file) }, lost: null, isThere: true };
  return { position: beginningOf(here, file), lost: { cause: SHRUNK, mayRepeat: true }, isThere: true };
}

const DELETED = "RDS deleted a log file before it was read to its end";
const SHRUNK = "The log file was cut off or replaced";

function hasShrunk({ bytesRead, size = 0 }: FilePosition, file: LogFile): boolean {
  return file.size !== null && file.size < Math.max(bytesRead, size);
}

/**
 * Whether a renamed file is of a later hour than the live file that was listed last: then that one has been removed meanwhile. RDS
 * keeps files for a day on MariaDB and Aurora, or less where they take too much storage.
 */
function isOfLaterHour({ listedAt }: FilePosition, { lastWritten }: LogFile): boolean {
  if (listedAt === undefined) return false;
  const endOfHour = (Math.floor(listedAt / HOUR_MS) + 1) * HOUR_MS;
  return lastWritten > endOfHour + RENAMED_WITHIN_MS;
}

const sizeNow = ({ size }: FilePosition, file: LogFile): number | undefined => file.size ?? size;

const BEGINNING = { marker: "0", past: undefined, bytesRead: 0, bytesAtMost: 0 } as const;

function beginningOf(position: FilePosition, { size }: LogFile): FilePosition {
  return { ...position, ...BEGINNING, size: size ?? undefined };
}

/** The beginning of the file after this one: the next renamed one, or the live one. */
export function nextFile(live: string, position: FilePosition): FilePosition {
  const [file = live, ...next] = position.next;
  return { ...position, ...BEGINNING, file, next, size: undefined };
}

/** Whether a file was renamed between two lists: then what was read of the live one may be the old file's, or the new one's. */
export function wasRenamed(live: string, position: FilePosition, files: readonly LogFile[]): boolean {
  const { file, listedAt = 0 } = position;
  return file === live && locate(live, position, files, listedAt).position.file !== live;
}
