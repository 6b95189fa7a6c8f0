/*
 * What is kept of a capture in R2, all of it below `captures/{id}/`, so that erasing a capture is erasing a prefix:
 *
 *   workload/00000000.ndjson.gz …   the fragments, one gzip member or more each, one record a line (fragment-line.ts)
 *   workload/manifest.json          what they hold, once the capture has ended (manifest.ts)
 *   workload/digest.json            its statements, normalised and counted (../digest.ts)
 *   metrics.json                    CloudWatch's metrics, once they have settled (metrics/archive-format.ts)
 *
 * Fragments are numbered from 0 without a gap. Those that the manifest does not count were left by a step that was cut off, and
 * are never read. While a capture runs, its runner has the manifest and the digests.
 */

/** The key of a capture's fragment. */
export const fragmentKey = (captureId: number, sequence: number): string =>
  `captures/${captureId}/workload/${String(sequence).padStart(8, "0")}.ndjson.gz`;
/** What the keys of a capture's fragments begin with, and those of its manifest and digests do not: ten million are enough. */
export const fragmentPrefix = (captureId: number): string => `captures/${captureId}/workload/0`;
/** The key of a capture's manifest. */
export const manifestKey = (captureId: number): string => `captures/${captureId}/workload/manifest.json`;
/** The key of a capture's digests. */
export const digestKey = (captureId: number): string => `captures/${captureId}/workload/digest.json`;
