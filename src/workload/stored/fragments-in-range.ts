import { type FragmentDetails, type ListedFragment, listFragments } from "./fragments.ts";
import { fragmentKey, SEALED_VERSION } from "./keys.ts";
import type { Manifest } from "./manifest.ts";
import type { ObjectStore } from "./object-store.ts";

/*
 * Which fragments may have records of a stretch of time.
 *
 * R2 is asked for a list, a thousand fragments at a time, before anything is read: that costs no more than searching, does not
 * rely on the fragments' order in time (server clocks are set back), and tells how much of the last fragment counts. That one is
 * still added to while the capture runs, and the object may have a piece which the manifest does not count, or which is written
 * again after a crash. The pieces that are counted never change, so what counts are its first bytes, as many as the manifest says.
 * In a capture that was begun by version 1, the same is true of the last fragment of that.
 */

/** A stretch of time: milliseconds since the epoch, `to` excluded; without bounds where undefined. */
export interface TimeRange {
  from: number | undefined;
  to: number | undefined;
}

/**
 * A fragment, or as much of it as counts. What its metadata says is of all of it, which may be more than counts: the records, errors
 * and the longest statement are at most what it says. Its plain bytes and CRC-32 are of what counts.
 */
export interface FragmentPart extends FragmentDetails {
  key: string;
  sequence: number;
  /** Of its format: 1 is gzip of many members. */
  version: number;
  /** How many of its bytes count. */
  bytes: number;
  firstMicros: number;
  lastMicros: number;
  records: number;
  /** Whether all of its records are in the range. */
  isWhole: boolean;
}

/** Fragments, one after the other, that the manifest counts and R2 has not, or not whole. */
export interface MissingFragments {
  fragments: number;
  /** The times of the records before and after them, as far as there are any. */
  afterMicros: number | null;
  beforeMicros: number | null;
}

/** Whether it stands for fragments that are missing. */
export const isMissing = (part: FragmentPart | MissingFragments): part is MissingFragments =>
  "fragments" in part;

/**
 * Tells by what a fragment says of itself whether it may have what is looked for. It is asked once for each of the range while they are listed;
 * what is not in FragmentPart, such as the summary, is not kept, since a capture may have thousands of fragments.
 */
export type MayMatch = (fragment: ListedFragment) => boolean;

/**
 * The fragments that have records of the range, and between them those that are missing and may have had some.
 * @param mayMatch leaves out fragments that can't have what is looked for
 */
export async function fragmentsInRange(
  bucket: ObjectStore,
  manifest: Manifest,
  range: TimeRange,
  mayMatch: MayMatch = () => true,
): Promise<(FragmentPart | MissingFragments)[]> {
  const [from, to] = microsOf(range);
  const { captureId, log, fragments } = manifest;
  const isInRange = ({ firstMicros, lastMicros }: Times) => lastMicros >= from && firstMicros < to;
  const listed = await listCounted(bucket, manifest, (one) => isInRange(one) && mayMatch(one));
  const parts: (FragmentPart | MissingFragments)[] = [];
  let missing = 0;
  let isComplete = true;
  let bytesBefore = 0;
  let afterMicros: number | null = null;
  const endMissing = (beforeMicros: number | null) => {
    const mayBeIn = (beforeMicros ?? Infinity) >= from && (afterMicros ?? -Infinity) < to;
    if (missing > 0 && mayBeIn) parts.push({ fragments: missing, afterMicros, beforeMicros });
    missing = 0;
  };
  for (let sequence = 0; sequence < fragments; sequence++) {
    const fragment = listed.get(sequence);
    const counted = countedOf(manifest, sequence, isComplete ? bytesBefore : null);
    const bytes = counted?.bytes ?? fragment?.size ?? 0;
    if (fragment === undefined || !isReadable(fragment, bytes)) {
      isComplete = false;
      missing++;
      continue;
    }
    const { size, isWanted, ...said } = fragment;
    const { firstMicros, lastMicros } = said;
    endMissing(firstMicros);
    if (isWanted) {
      const isWhole = firstMicros >= from && lastMicros < to;
      const key = fragmentKey(captureId, sequence, log, said.version);
      parts.push({ ...said, ...(bytes < size && UNKNOWN), ...counted, key, bytes, isWhole });
    }
    bytesBefore += bytes;
    afterMicros = lastMicros;
  }
  endMissing(null);
  return parts;
}

/** What is not known of a fragment of which only a part counts. */
const UNKNOWN = { plainBytes: null, crc32: null };

/**
 * How much of a fragment counts, as far as the manifest says it: of the last one, and of the last one of version 1.
 * @param bytesBefore how many bytes the fragments before it have; null after missing ones. Then all of it counts: it is records, too
 */
function countedOf(
  { fragments, storedBytes, version1, lastFragment }: Manifest,
  sequence: number,
  bytesBefore: number | null,
): Manifest["lastFragment"] | { bytes: number } | undefined {
  const isLast = sequence === fragments - 1;
  if (isLast && lastFragment !== undefined) return lastFragment;
  if (bytesBefore === null) return undefined;
  if (version1 !== undefined && sequence === version1.fragments - 1) {
    return { bytes: version1.storedBytes - bytesBefore };
  }
  return isLast ? { bytes: storedBytes - bytesBefore } : undefined;
}

/** Whether a fragment has the bytes that count, and says of what time it is. */
const isReadable = ({ size, firstMicros, lastMicros }: CountedFragment, bytes: number): boolean =>
  bytes > 0 && bytes <= size && firstMicros <= lastMicros;

/** What is kept of a fragment that was listed. */
interface CountedFragment extends Omit<ListedFragment, "summary"> {
  isWanted: boolean;
}

/** When a fragment's records were. */
type Times = Pick<ListedFragment, "firstMicros" | "lastMicros">;

/** The fragments that a manifest counts, by their numbers. */
async function listCounted(
  bucket: ObjectStore,
  { captureId, log, fragments, version1 }: Manifest,
  isWanted: MayMatch,
): Promise<Map<number, CountedFragment>> {
  const listed = new Map<number, CountedFragment>();
  if (fragments === 0) return listed;
  for await (const fragment of listFragments(bucket, captureId, log)) {
    if (fragment.sequence >= fragments) break;
    // A step of version 1 that was cut off may have left one under the number of one of version 2.
    const isOld = version1 === undefined || fragment.sequence < version1.fragments;
    if ((fragment.version === 1) !== isOld || fragment.version > SEALED_VERSION) continue;
    const { summary: _, ...kept } = fragment;
    listed.set(fragment.sequence, { ...kept, isWanted: isWanted(fragment) });
  }
  return listed;
}

/** Whether a time, in microseconds since the epoch, is in the range. */
export function inRange(range: TimeRange): (micros: number) => boolean {
  const [from, to] = microsOf(range);
  return (micros) => micros >= from && micros < to;
}

/** The range in microseconds. */
const microsOf = ({ from, to }: TimeRange): [number, number] => [
  from === undefined ? -Infinity : from * 1000,
  to === undefined ? Infinity : to * 1000,
];
