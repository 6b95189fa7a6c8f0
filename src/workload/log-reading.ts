import type { AwsFailure, AwsResult } from "../aws/client.ts";
import type { LogFile, LogPortion } from "../aws/rds.ts";
import { type FilePosition, LIVE_LOG, nextFile, wasRenamed } from "./log-files.ts";
import { linesThatFit, readPortion, sizeOf, type WholePortion } from "./portion.ts";

/*
 * Reads what an instance's log has grown by: portion after portion, from the file it was in to the live one.
 */

/** How the log is read. */
export interface LogSource {
  list(): Promise<AwsResult<LogFile[]>>;
  /** `marker` undefined: the newest lines. */
  portion(file: string, marker: string | undefined, lines?: number): Promise<AwsResult<LogPortion>>;
}

/** What a log has grown by, or as much of it as is read at once. */
interface NewPortions {
  portions: Pick<WholePortion, "data" | "isCut">[];
  position: FilePosition;
  /** How many lines to ask for next time. */
  linesAtOnce: number | undefined;
  /** Whether all that there was has been read. */
  caughtUp: boolean;
}

/** No more portions (of 1 MB at most) are read at once than this. */
const MAX_PORTIONS = 8;

/**
 * Reads on from a position, through renamed files into the live one.
 * @param isLiveThere whether there was a live file before the reading: until there is, the server still writes to the renamed one
 * @param lines how many lines are likely to fit a portion
 */
export async function readNew(
  from: FilePosition,
  isLiveThere: boolean,
  source: LogSource,
  lines: number | undefined,
): Promise<AwsResult<NewPortions>> {
  let position = from;
  let portions: NewPortions["portions"] = [];
  let linesAtOnce = lines;
  let caughtUp = false;
  // Where the live file was begun, to go back to when it turns out to have been renamed under the reading.
  let live: { position: FilePosition; portions: NewPortions["portions"] } | null = null;
  while (portions.length < MAX_PORTIONS) {
    if (position.file === LIVE_LOG && live === null) live = { position, portions: [...portions] };
    const { file } = position;
    const isGrowing = file === LIVE_LOG || !(isLiveThere || position.next.length > 0);
    const portion = await readPortion(
      position.marker,
      isGrowing,
      (marker, atMost) => source.portion(file, marker, atMost),
      linesAtOnce,
    );
    if (!portion.ok) {
      // Renamed or deleted just now: the next step's list tells.
      if (isGone(portion.failure)) break;
      return portion;
    }
    const { data, marker, pending, isCut } = portion.value;
    const size = sizeOf(data);
    const bytesRead = position.bytesRead + size.bytesAtLeast;
    if (data.length > 0) {
      portions.push({ data, isCut });
      linesAtOnce = linesThatFit(size);
    }
    position = { ...position, marker, bytesRead };
    if (pending && data.length > 0) continue;
    if (!isGrowing) {
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
    }
  }
  return { ok: true, value: { portions, position, linesAtOnce, caughtUp } };
}

const isGone = ({ code }: AwsFailure): boolean => code.startsWith("DBLogFileNotFound");
