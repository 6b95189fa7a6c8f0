import type { LogName } from "../../logs/names.ts";
import { listFragments } from "../stored/fragments.ts";
import { emptyManifest, type Manifest } from "../stored/manifest.ts";
import { initialState } from "./collected-log.ts";
import type { FollowerState } from "./follower-state.ts";

/** The gap of a capture of which only the fragments can be read. */
const LOST =
  "What the service kept of the recording could not be read any more: nothing was recorded from then on, and the statements recorded before are there but not counted";

/**
 * The state of a follower of which only the fragments can be read, from their metadata. How many statements they hold, and how
 * many bytes before compression, only the lost state knew. The rest until the end is a gap.
 * @param end milliseconds since the epoch
 */
export async function salvage(
  log: LogName,
  bucket: R2Bucket,
  capture: { id: number; start: number; redact: Manifest["redact"] },
  end: number,
): Promise<FollowerState> {
  const manifest = await manifestOfFragments(log, bucket, capture.id, capture.redact);
  const { lastMicros } = manifest;
  const from = lastMicros === null ? capture.start : Math.floor(lastMicros / 1000);
  manifest.gaps.push({ from, to: Math.max(from, end), cause: LOST });
  manifest.gapCount = 1;
  return { ...initialState(manifest), reachedMicros: lastMicros };
}

async function manifestOfFragments(
  log: LogName,
  bucket: R2Bucket,
  captureId: number,
  redact: Manifest["redact"],
): Promise<Manifest> {
  const manifest = emptyManifest(captureId, redact, log);
  for await (const fragment of listFragments(bucket, captureId, log)) {
    const { sequence, size, firstMicros, lastMicros, records } = fragment;
    // Fragments after a missing one are not counted.
    if (sequence !== manifest.fragments) continue;
    manifest.fragments++;
    manifest.storedBytes += size;
    manifest.records += records;
    manifest.firstMicros = Math.min(manifest.firstMicros ?? Infinity, firstMicros);
    manifest.lastMicros = Math.max(manifest.lastMicros ?? -Infinity, lastMicros);
  }
  return manifest;
}
