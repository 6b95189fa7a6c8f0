import type { LogName } from "../../logs/names.ts";
import { type DigestsState, digestsFormat } from "../digests-state.ts";
import { publishSeries } from "../timing/series-object.ts";
import type { SeriesStore } from "../timing/series-store.ts";
import { digestKey, manifestKey, seriesKey } from "./keys.ts";
import { type Manifest, manifestFormat } from "./manifest.ts";
import type { ObjectStore } from "./object-store.ts";
import { askStorage } from "./storage-failure.ts";

/**
 * Stores the manifest, the digests and the series of a capture's log that adds nothing to them any more; safe to repeat.
 * @throws StorageFailure
 */
export async function publishWorkload(
  bucket: ObjectStore,
  manifest: Manifest,
  digests: DigestsState,
  series: SeriesStore,
): Promise<void> {
  const { captureId, log } = manifest;
  const json = { httpMetadata: { contentType: "application/json" } };
  await askStorage(() => bucket.put(digestKey(captureId, log), digestsFormat.stringify(digests), json));
  await publishSeries(bucket, seriesKey(captureId, log), series);
  // Last: who finds the manifest finds the rest.
  await askStorage(() => bucket.put(manifestKey(captureId, log), manifestFormat.stringify(manifest), json));
}

/**
 * Whether a capture's log has been stored by `publishWorkload`, all of it.
 * @throws StorageFailure
 */
export async function isPublished(bucket: ObjectStore, captureId: number, log: LogName): Promise<boolean> {
  return (await askStorage(() => bucket.head(manifestKey(captureId, log)))) !== null;
}
