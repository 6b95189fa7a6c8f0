import * as z from "zod";
import { SETTLE_MS } from "../captures/lifecycle.ts";
import type { CaptureTarget } from "../captures/reads.ts";
import type { RunnerRow } from "../captures/runner-store.ts";
import type { Env } from "../env.ts";
import { explain } from "../environments/instance.ts";
import { ApiError } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import { storedFormat, Unreadable } from "../lib/stored.ts";
import { isTransientFault } from "../lib/transient.ts";
import { isoTime } from "../lib/values.ts";
import { aggregate, type Column, emptyColumns, fillColumn } from "./columns.ts";
import {
  chooseWindow,
  fetchMetrics,
  forgotten,
  keptWindow,
  type MetricsReply,
  type MetricsWindow,
  metricsReply,
  points,
  readMetrics,
  show,
  wanted,
} from "./metrics.ts";
import { METRICS, type MetricsQuery } from "./schema.ts";

/*
 * The metrics of a capture that has ended, kept in R2 for as long as the capture, whatever CloudWatch forgets.
 *
 * The object is gzipped JSON: an array of a header and then one column for each metric, each on a line of its own, so that
 * a reader never has more than one line in memory as text. A column has one value for each period of the window, null where
 * there is no point; JSON writes a number so that it is read as the same again (ECMA-262, Number::toString).
 */

/** Where a capture's stored metrics are; cron erases the prefix with the capture. */
export const archiveKey = (captureId: number): string => `captures/${captureId}/metrics.json`;

const headerSchema = z.object({
  captureId: z.number(),
  /** The first moment and the last, exclusive, in milliseconds; whole periods. */
  start: z.number(),
  end: z.number(),
  /** Seconds. */
  period: z.number().int().positive(),
  archivedAt: z.number(),
  /** What is missing, in words, or null. */
  incomplete: z.string().nullable(),
});

/** What the first line of a stored object says. */
export type ArchiveHeader = z.output<typeof headerSchema>;

const headerFormat = storedFormat("metrics archive", 1, headerSchema);

/** Writes the object, a column at a time. */
export async function encodeArchive(header: ArchiveHeader, columns: readonly Column[]): Promise<ArrayBuffer> {
  const gzip = new CompressionStream("gzip");
  const written = new Response(gzip.readable).arrayBuffer();
  const writer = gzip.writable.getWriter();
  const encoder = new TextEncoder();
  await writer.write(encoder.encode(`[${headerFormat.stringify(header)}`));
  for (const [index, column] of columns.entries()) {
    const values = Array.from(column, (value) => (Number.isNaN(value) ? null : value));
    const line = JSON.stringify({ label: METRICS[index]?.label, values });
    await writer.write(encoder.encode(`,\n${line}`));
  }
  await writer.write(encoder.encode("]\n"));
  await writer.close();
  return written;
}

/**
 * Reads some metrics (indexes of METRICS) of an object.
 * @returns a column for each, null for a metric that the service did not know when the object was stored
 * @throws Unreadable, or another Error, when it is cut off, damaged, or not what was stored for the capture
 */
export async function decodeArchive(
  body: ReadableStream<Uint8Array>,
  captureId: number,
  metrics: readonly number[],
): Promise<{ header: ArchiveHeader; columns: (Column | null)[] }> {
  let header: ArchiveHeader | undefined;
  const found = new Map<string, Column>();
  const labels = new Set(metrics.map((index) => METRICS[index]?.label));
  let last = "";
  for await (const line of linesOf(body)) {
    last = line;
    if (header === undefined) {
      header = headerFormat.parse(line.replace(/^\[/, "").replace(/[,\]]$/, ""));
      if (header.captureId !== captureId) throw new Unreadable(`It is capture ${header.captureId}'s`);
      continue;
    }
    const label = /^\{"label":"(\w+)"/.exec(line)?.[1];
    if (label === undefined) throw new Unreadable("A line is not a metric's");
    // To the end in any case: it is there that gzip's checksum is.
    if (labels.has(label)) found.set(label, columnOf(line.slice(0, -1), points(header)));
  }
  // A column that is not there must be one that was not stored.
  if (header === undefined || !last.endsWith("]")) throw new Unreadable("It has no end");
  return { header, columns: metrics.map((index) => found.get(METRICS[index]?.label ?? "") ?? null) };
}

function columnOf(line: string, length: number): Column {
  const { values } = JSON.parse(line) as { values?: unknown };
  if (!Array.isArray(values) || values.length !== length)
    throw new Unreadable("A metric is not as long as it was");
  return Float64Array.from(values, (value) => {
    if (value === null) return Number.NaN;
    if (typeof value !== "number") throw new Unreadable("A value is not a number");
    return value;
  });
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const text = body
    .pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>);
  let pending: string[] = [];
  for await (const chunk of text) {
    const pieces = chunk.split("\n");
    const rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      pending.push(piece);
      yield pending.join("");
      pending = [];
    }
    pending.push(rest);
  }
  const last = pending.join("");
  if (last !== "") yield last;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** What an archive is asked for as if it were asked for later: reading the slices takes a while, and retention goes on. */
const FETCH_MS = 10 * 60 * 1000;
/** How many points of a metric one call asks for: of sixteen metrics, a quarter of what CloudWatch gives in a page. */
const SLICE_POINTS = 1440;
/** A point that is later than this does not come any more: the instance was stopped, or is gone. */
const LATE_MS = DAY_MS;

/** Whether the metrics of a capture that has ended can be archived: for which window; never, and why; or not before a time. */
export type Archivable = { window: MetricsWindow } | { never: string } | { notBefore: number };

/** Decides whether the metrics of a capture that has ended can be archived. */
export function archivable(
  capture: Pick<RunnerRow, "start" | "end" | "deletedAt" | "credentials">,
  now: number,
): Archivable {
  if (capture.credentials === null) return { never: "its environment was deleted" };
  if (capture.deletedAt !== null) return { never: "it was deleted" };
  if (capture.start === null || capture.end === null) return { never: "it never ran" };
  const window = keptWindow(capture, now + FETCH_MS);
  if (window === null) return { never: "CloudWatch has forgotten all of it" };
  // The last period ends after the capture; by then, and a few minutes more, all of it is published.
  return now < window.end + SETTLE_MS ? { notBefore: window.end + SETTLE_MS } : { window };
}

/** What came of an attempt to archive: what was stored, for the log, or why nothing was. */
export type ArchiveOutcome =
  | { ok: true; summary: { period: number; points: number; bytes: number; incomplete: string | null } }
  | { ok: false; reason: string };

/**
 * Asks CloudWatch for all of a window, slice by slice, and stores it: all or nothing. What CloudWatch does not have by then
 * is waited for, and after a day said to be missing.
 */
export async function archiveMetrics(
  env: Env,
  capture: CaptureTarget,
  window: MetricsWindow,
  now: number,
): Promise<ArchiveOutcome> {
  const { id, envId, region, instance, credentials } = capture;
  const metrics = METRICS.map((_, index) => index);
  const columns = emptyColumns(window, metrics.length);
  for (const slice of slicesOf(window)) {
    const request = { target: { envId, region, instance, credentials }, window: slice, metrics };
    const result = await fetchMetrics(env, request, Date.now());
    if (!result.ok) return { ok: false, reason: explain(result.failure, instance, region) };
    for (const [index, series] of result.value.entries())
      fillColumn(columns[index] as Column, window, series);
  }
  const missing = missingTail(columns, window);
  if (missing !== null && now < window.end + LATE_MS) return { ok: false, reason: `${missing} yet` };
  const incomplete = [forgotten(capture, window), missing].filter((text) => text !== null).join("; ") || null;
  const body = await encodeArchive({ captureId: id, ...window, archivedAt: Date.now(), incomplete }, columns);
  await env.BUCKET.put(archiveKey(id), body, {
    httpMetadata: { contentType: "application/json", contentEncoding: "gzip" },
  });
  const count = columns.reduce(
    (sum, column) => sum + column.filter((value) => !Number.isNaN(value)).length,
    0,
  );
  return { ok: true, summary: { period: window.period, points: count, bytes: body.byteLength, incomplete } };
}

/**
 * A window in parts that are asked for one at a time, oldest first: it is the oldest that retention takes first.
 * @param most how many points of a metric a part has
 */
export function* slicesOf(
  { start, end, period }: MetricsWindow,
  most = SLICE_POINTS,
): Generator<MetricsWindow> {
  const step = most * period * 1000;
  for (let from = start; from < end; from += step) {
    yield { start: from, end: Math.min(from + step, end), period };
  }
}

/** Says that the window's last period has no point of any metric, if so. */
function missingTail(columns: readonly Column[], { start, period }: MetricsWindow): string | null {
  const last = Math.max(...columns.map((column) => column.findLastIndex((value) => !Number.isNaN(value))));
  if (last < 0) return "CloudWatch has no points of it";
  if (last === (columns[0] as Column).length - 1) return null;
  return `CloudWatch has no points from ${isoTime(start + (last + 1) * period * 1000)} on`;
}

/**
 * The metrics of a capture from the archive, as the API shows them. Should that be unreadable, CloudWatch is asked.
 * @throws ApiError 400 for a period that the archive does not have; 500 when neither can tell; as `readMetrics`
 */
export async function readArchivedMetrics(
  env: Env,
  capture: CaptureTarget,
  query: MetricsQuery,
  now: number,
): Promise<MetricsReply> {
  const metrics = wanted(query);
  let archive: Awaited<ReturnType<typeof decodeArchive>>;
  try {
    const object = await env.BUCKET.get(archiveKey(capture.id));
    if (object === null) throw new Unreadable("It is gone");
    archive = await decodeArchive(object.body, capture.id, metrics);
  } catch (error) {
    log.error("capture.metrics.unreadable", { captureId: capture.id, ...describeError(error) });
    if (keptWindow(capture, now) !== null) return readMetrics(env, capture, query, now);
    if (isTransientFault(error)) throw error;
    throw new ApiError(
      500,
      "The stored metrics of this capture can't be read, and CloudWatch has forgotten them; the request id helps to find out why",
    );
  }
  const { header, columns } = archive;
  const { period } = chooseWindow(
    header,
    query.period,
    metrics.length,
    () => header.period,
    "this capture's metrics are stored",
  );
  const shown = metrics.map((index, i) => {
    const column = columns[i];
    return show(index, column == null ? [] : aggregate(column, header, period));
  });
  const unknown = metrics.filter((_, i) => columns[i] === null).map((index) => METRICS[index]?.type);
  const notStored = unknown.length === 0 ? null : `Not stored for this capture: ${unknown.join(", ")}`;
  const incomplete = [header.incomplete, notStored].filter((text) => text !== null).join("; ") || null;
  return metricsReply(shown, "archive", period, incomplete);
}
