import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { storedFormat, Unreadable } from "../lib/stored.ts";
import { metricAt } from "./cloudwatch-metrics.ts";
import type { Column } from "./columns.ts";
import { points } from "./window.ts";

/*
 * The metrics of a capture that has ended, kept in R2 for as long as the capture, when CloudWatch has deleted them.
 *
 * The object is gzipped JSON: an array of a header and then one column for each metric, each on a line of its own, so that
 * a reader never has more than one line in memory as text. A column has one value for each period of the window, null where
 * there is no point; JSON writes a number so that it is read as the same again (ECMA-262, Number::toString).
 */

/** Where a capture's stored metrics are; cron erases the prefix with the capture. */
export const archiveKey = (captureId: number): string => `captures/${captureId}/metrics.json`;

const headerSchema = lazy(() =>
  z.object({
    captureId: z.number(),
    /** The first moment and the last, exclusive, in milliseconds; whole periods. */
    start: z.number(),
    end: z.number(),
    /** Seconds. */
    period: z.number().int().positive(),
    archivedAt: z.number(),
    /** What is missing, in words, or null. */
    incomplete: z.string().nullable(),
  }),
);

/** What the first line of a stored object says. */
export type ArchiveHeader = z.output<ReturnType<typeof headerSchema>>;

const headerFormat = storedFormat("metrics archive", 1, headerSchema);

/**
 * Writes the object, a column at a time.
 * @param metrics the columns' metrics: indexes of ALL_METRICS
 */
export async function encodeArchive(
  header: ArchiveHeader,
  metrics: readonly number[],
  columns: readonly Column[],
): Promise<ArrayBuffer> {
  const gzip = new CompressionStream("gzip");
  const written = new Response(gzip.readable).arrayBuffer();
  const writer = gzip.writable.getWriter();
  const encoder = new TextEncoder();
  await writer.write(encoder.encode(`[${headerFormat.stringify(header)}`));
  for (const [i, column] of columns.entries()) {
    const values = Array.from(column, (value) => (Number.isNaN(value) ? null : value));
    const line = JSON.stringify({ label: metricAt(metrics[i] as number).label, values });
    await writer.write(encoder.encode(`,\n${line}`));
  }
  await writer.write(encoder.encode("]\n"));
  await writer.close();
  return written;
}

/**
 * Reads some metrics (indexes of ALL_METRICS) of an object, whichever set it has.
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
  const wanted = metrics.map((index) => metricAt(index).label);
  const labels = new Set(wanted);
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
    // Read to the end in any case: gzip's checksum is there.
    if (labels.has(label)) found.set(label, columnOf(line.slice(0, -1), points(header)));
  }
  // Without its end, a missing column need not be one that was never stored.
  if (header === undefined || !last.endsWith("]")) throw new Unreadable("It has no end");
  return { header, columns: wanted.map((label) => found.get(label) ?? null) };
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
