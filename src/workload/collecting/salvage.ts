import { listFragments } from "../stored/fragments.ts";
import type { Manifest } from "../stored/manifest.ts";
import type { ObjectStore } from "../stored/object-store.ts";
import { initialState } from "./collected-log.ts";
import type { FollowerState } from "./follower-state.ts";

/** The gap of a capture of which only the fragments can be read. */
const LOST =
  "What the service kept of the recording could not be read any more: nothing was recorded from then on, and the statements recorded before are there but not counted";

/**
 * The state of a follower of which only the fragments can be read, from their metadata. How many statements they hold, and of
 * version 1 how many bytes before compression, only the lost state knew. The rest until the end is a gap.
 * @param empty the manifest without anything
 * @param start milliseconds since the epoch, as end
 * @param end milliseconds since the epoch
 */
export async function salvage(
  empty: Manifest,
  bucket: ObjectStore,
  start: number,
  end: number,
): Promise<FollowerState> {
  const manifest = await manifestOfFragments(empty, bucket);
  const { lastMicros } = manifest;
  const from = lastMicros === null ? start : Math.floor(lastMicros / 1000);
  manifest.gaps = [{ from, to: Math.max(from, end), cause: LOST }];
  manifest.gapCount = 1;
  return { ...initialState(manifest), reachedMicros: lastMicros };
}

async function manifestOfFragments(empty: Manifest, bucket: ObjectStore): Promise<Manifest> {
  // What was left out of it, only the lost state knew, too.
  const { amazon: _, ...manifest } = empty;
  for await (const fragment of listFragments(bucket, empty.captureId, empty.log)) {
    const { sequence, version, size, firstMicros, lastMicros, records, plainBytes } = fragment;
    // Fragments after a missing one are not counted, nor is what a step of version 1 that was cut off has left behind.
    const isLeft = version === 1 && manifest.version1?.fragments !== manifest.fragments;
    if (sequence !== manifest.fragments || isLeft) continue;
    manifest.fragments++;
    manifest.storedBytes += size;
    if (version === 1)
      manifest.version1 = { fragments: manifest.fragments, storedBytes: manifest.storedBytes };
    manifest.records += records;
    manifest.bytes += plainBytes ?? 0;
    manifest.firstMicros = Math.min(manifest.firstMicros ?? Infinity, firstMicros);
    manifest.lastMicros = Math.max(manifest.lastMicros ?? -Infinity, lastMicros);
  }
  return manifest;
}
