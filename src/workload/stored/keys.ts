import type { LogName } from "../../logs/names.ts";

/*
 * What is kept of a capture in R2, all of it below `captures/{id}/`, so that erasing a capture is erasing a prefix:
 *
 *   workload/00000000.ndjson.deflate …  the fragments, one record a line (fragment-line.ts), compressed (deflate.ts); those of
 *                                       version 1, which come first, end in .ndjson.gz
 *                                       fragments of version 3 are those of version 2, sealed
 *   workload/manifest.json              what they hold, once the capture has ended (manifest.ts)
 *   workload/digest.json                its statements, normalised and counted (../digest.ts)
 *   workload/series.gz                  how much ran in each step of time (../timing/series-object.ts)
 *   workload/slow/…                     the same of the slow log, where the capture has it; what stands above is the general log's
 *   metrics.json                        CloudWatch's metrics, once they have settled (metrics/archive-format.ts)
 *
 * Of a capture that is sealed, all but metrics.json is (object-store.ts).
 *
 * Fragments are numbered from 0 without a gap. Those that the manifest does not count were left by a step that was cut off, and
 * are never read. While a capture runs, its runner has the manifest and the digests.
 */

/** What the keys of all that is stored of one log begin with. */
const folder = (captureId: number, log: LogName): string =>
  `captures/${captureId}/workload/${log === "general" ? "" : `${log}/`}`;
/** The version of the fragments that are written now, and of those that are sealed (sealed-object.ts): within, they are the same. */
export const FRAGMENT_VERSION = 2;
/** See `FRAGMENT_VERSION`. */
export const SEALED_VERSION = 3;
/** What the keys of fragments end with. */
const endingOf = (version: number): string => (version === 1 ? "ndjson.gz" : "ndjson.deflate");

/** The key of a fragment of a capture's log. */
export const fragmentKey = (
  captureId: number,
  sequence: number,
  log: LogName,
  version = FRAGMENT_VERSION,
): string => `${folder(captureId, log)}${String(sequence).padStart(8, "0")}.${endingOf(version)}`;
/** What the keys of a log's fragments begin with, and those of its manifest and digests do not: ten million are enough. */
export const fragmentPrefix = (captureId: number, log: LogName): string => `${folder(captureId, log)}0`;
/** The key of the manifest of a capture's log. */
export const manifestKey = (captureId: number, log: LogName): string =>
  `${folder(captureId, log)}manifest.json`;
/** The key of the series of a capture's log. */
export const seriesKey = (captureId: number, log: LogName): string => `${folder(captureId, log)}series.gz`;
/** The key of the digests of a capture's log. */
export const digestKey = (captureId: number, log: LogName): string => `${folder(captureId, log)}digest.json`;
