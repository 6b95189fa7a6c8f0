import type { MissingFragments } from "../stored/fragments-in-range.ts";
import type { FoundLine } from "./fragment-lines.ts";
import type { Place } from "./place.ts";
import type { RecordOrder } from "./record-filter.ts";

/** What bounds a search, besides how many records it is to find. */
export interface SearchBounds {
  /** Bytes of NDJSON that are looked at. Newest first, the fragment in which that is reached is read to its end. */
  scannedBytes: number;
  /** Fragments that are read, each of which is a subrequest. */
  fragments: number;
  /** Bytes of the records that are given, of which there may be one of any size. */
  replyBytes: number;
}

/** As much as one request does: some hundred milliseconds of CPU. */
export const BOUNDS: SearchBounds = { scannedBytes: 64e6, fragments: 200, replyBytes: 8e6 };

/** How records are looked for. */
export interface SearchOptions {
  order: RecordOrder;
  /** How many records at most. */
  limit: number;
  /** Where to go on; null for the beginning. */
  place: Place | null;
  /** Ends the search: nobody waits for it any more. */
  signal?: AbortSignal | undefined;
  /** Others than those of one request. */
  bounds?: SearchBounds;
}

/** What a search has found. */
export interface Found {
  /** In the order that was asked for. */
  lines: FoundLine[];
  /** Where it goes on; null at the end. */
  next: Place | null;
  /** What is missing in R2 where the search has passed, in its order. */
  missing: MissingFragments[];
}
