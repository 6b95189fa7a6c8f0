import { type DigestsState, digestsFormat } from "../digest.ts";
import { digestKey, manifestKey } from "./keys.ts";
import { type Manifest, manifestFormat } from "./manifest.ts";
import { askStorage } from "./storage-failure.ts";

/**
 * Stores the manifest and the digests of a capture's log that adds nothing to them any more; safe to repeat.
 * @throws StorageFailure
 */
export async function publishWorkload(
  bucket: R2Bucket,
  manifest: Manifest,
  digests: DigestsState,
): Promise<void> {
  const { captureId, log } = manifest;
  const json = { httpMetadata: { contentType: "application/json" } };
  await askStorage(() => bucket.put(digestKey(captureId, log), digestsFormat.stringify(digests), json));
  // Last: who finds the manifest finds the rest.
  await askStorage(() => bucket.put(manifestKey(captureId, log), manifestFormat.stringify(manifest), json));
}
