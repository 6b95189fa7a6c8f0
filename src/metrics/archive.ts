import { explain } from "../aws/explain.ts";
import type { Env } from "../env.ts";
import { isoTime } from "../lib/values.ts";
import { archiveKey, encodeArchive } from "./archive-format.ts";
import { fetchMetrics, type MetricsInstance, type MetricsSubject, metricsOfInstance } from "./call.ts";
import { type Column, emptyColumns, fillColumn } from "./columns.ts";
import { PUBLISHED_WITHIN_MS } from "./retention.ts";
import { forgotten, keptWindow, type MetricsWindow, type Span, slicesOf } from "./window.ts";

/* The archiving of the metrics of a capture that has ended: all of them, once. */

const DAY_MS = 24 * 60 * 60 * 1000;
/** Retention is judged as if it were this much later: reading the slices takes a while. */
const FETCH_MS = 10 * 60 * 1000;
/** How many points of a metric one call asks for: of sixteen metrics a quarter of what CloudWatch gives in a page, of Aurora's half of it. */
export const SLICE_POINTS = 1440;
/** A point that is not there after so long does not come any more: the instance was stopped, or is gone. */
const LATE_MS = DAY_MS;

/** Whether the metrics of a capture that has ended can be archived: for which window; never, and why; or not before a time. */
export type Archivable = { window: MetricsWindow } | { never: string } | { notBefore: number };

/** Decides whether the metrics of a capture that has ended can be archived. */
export function archivable(
  subject: Span & Pick<MetricsInstance, "credentials"> & { deletedAt: number | null },
  now: number,
): Archivable {
  if (subject.credentials === null) return { never: "its environment was deleted" };
  if (subject.deletedAt !== null) return { never: "it was deleted" };
  if (subject.start === null || subject.end === null) return { never: "it never ran" };
  const window = keptWindow(subject, now + FETCH_MS);
  if (window === null) return { never: "CloudWatch has forgotten all of it" };
  // The last period ends after the capture; by then, and a few minutes more, all of it is published.
  const published = window.end + PUBLISHED_WITHIN_MS;
  return now < published ? { notBefore: published } : { window };
}

/** What came of an attempt to archive: what was stored, for the log, or why nothing was. */
export type ArchiveOutcome =
  | { ok: true; summary: { period: number; points: number; bytes: number; incomplete: string | null } }
  | { ok: false; reason: string };

/**
 * Asks CloudWatch for all of a window, slice by slice, and stores it: all or nothing. Points that are not there yet fail the
 * attempt; after a day the archive says that they are missing.
 */
export async function archiveMetrics(
  env: Env,
  subject: MetricsSubject,
  window: MetricsWindow,
  now: number,
): Promise<ArchiveOutcome> {
  const { id, envId, region, instance, engine, credentials } = subject;
  const metrics = metricsOfInstance(subject);
  const columns = emptyColumns(window, metrics.length);
  for (const slice of slicesOf(window, SLICE_POINTS)) {
    const request = { target: { envId, region, instance, engine, credentials }, window: slice, metrics };
    const result = await fetchMetrics(env, request, Date.now());
    if (!result.ok) return { ok: false, reason: explain(result.failure, instance, region) };
    for (const [index, series] of result.value.entries())
      fillColumn(columns[index] as Column, window, series);
  }
  const missing = missingTail(columns, window);
  if (missing !== null && now < window.end + LATE_MS) return { ok: false, reason: `${missing} yet` };
  const incomplete = [forgotten(subject, window), missing].filter((text) => text !== null).join("; ") || null;
  const header = { captureId: id, ...window, archivedAt: Date.now(), incomplete };
  const body = await encodeArchive(header, metrics, columns);
  await env.BUCKET.put(archiveKey(id), body, {
    httpMetadata: { contentType: "application/json", contentEncoding: "gzip" },
  });
  const count = columns.reduce(
    (sum, column) => sum + column.filter((value) => !Number.isNaN(value)).length,
    0,
  );
  return { ok: true, summary: { period: window.period, points: count, bytes: body.byteLength, incomplete } };
}

/** Says that the window's last period has no point of any metric, if so. */
function missingTail(columns: readonly Column[], { start, period }: MetricsWindow): string | null {
  const last = Math.max(...columns.map((column) => column.findLastIndex((value) => !Number.isNaN(value))));
  if (last < 0) return "CloudWatch has no points of it";
  if (last === (columns[0] as Column).length - 1) return null;
  return `CloudWatch has no points from ${isoTime(start + (last + 1) * period * 1000)} on`;
}
