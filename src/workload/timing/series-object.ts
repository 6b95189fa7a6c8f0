import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { joinBytes } from "../../lib/bytes.ts";
import { lazy } from "../../lib/lazy.ts";
import { storedFormat, Unreadable } from "../../lib/stored.ts";
import type { ObjectStore } from "../stored/object-store.ts";
import { askStorage } from "../stored/storage-failure.ts";
import { startOf, WHOLE } from "./series.ts";
import { type SeriesState, seriesSchema } from "./series-state.ts";
import { isIn, type LogSpan, type Span, spanFigures } from "./span.ts";

/*
 * The series of an ended capture's log in R2: one object of several gzip members. The first is an index, which says where those of
 * the whole workload and of each statement are. So one series is read without the others.
 */

const indexSchema = lazy(() =>
  z.object({
    /** The fingerprint of each series, and how many bytes its member has; in the order of the members. */
    series: z.array(z.tuple([z.string(), z.number()])),
  }),
);

const indexFormat = storedFormat("index of series", 1, indexSchema);
const seriesFormat = storedFormat("series", 1, seriesSchema);

/** What the object's metadata says: how many bytes the index has. */
interface SeriesMetadata extends Record<string, string> {
  indexBytes: string;
}

/** How much is read at first: the index, and most often the whole workload. */
const FIRST_BYTES = 256 * 1024;
const COMPRESSION = 3;

const compress = (json: string): Uint8Array =>
  gzipSync(new TextEncoder().encode(json), { level: COMPRESSION });

/**
 * Stores the series of a log to which nothing is added any more; safe to repeat. Nothing is stored where there are none.
 * @param series the store of a running capture; `fold` makes reading many of them fast
 * @throws StorageFailure
 */
export async function publishSeries(
  bucket: ObjectStore,
  key: string,
  series: { fold?(): void; statements(): string[]; read(fingerprint: string): SeriesState | null },
): Promise<void> {
  series.fold?.();
  const members: Uint8Array[] = [];
  const index: [string, number][] = [];
  for (const fingerprint of [WHOLE, ...series.statements()]) {
    const state = series.read(fingerprint);
    if (state === null) continue;
    const member = compress(seriesFormat.stringify(state));
    members.push(member);
    index.push([fingerprint, member.length]);
  }
  if (members.length === 0) return;
  const head = compress(indexFormat.stringify({ series: index }));
  const customMetadata: SeriesMetadata = { indexBytes: String(head.length) };
  const httpMetadata = { contentType: "application/gzip" };
  const object = joinBytes([head, ...members]);
  await askStorage(() => bucket.put(key, object, { customMetadata, httpMetadata }));
}

/**
 * Reads a stored series: of the whole workload, or of a statement.
 * @returns null where the object, or a series of that statement, is not there
 * @throws Unreadable
 */
export async function readSeries(
  bucket: ObjectStore,
  key: string,
  fingerprint: string = WHOLE,
): Promise<SeriesState | null> {
  const object = await bucket.get(key, { range: { offset: 0, length: FIRST_BYTES } });
  if (object === null) return null;
  const first = new Uint8Array(await object.arrayBuffer());
  const { indexBytes } = (object.customMetadata ?? {}) as Partial<SeriesMetadata>;
  let offset = Number(indexBytes);
  const { series } = indexFormat.parse(decompress(first.subarray(0, offset)));
  for (const [found, length] of series) {
    if (found === fingerprint) {
      const isRead = offset + length <= first.length;
      const member = isRead
        ? first.subarray(offset, offset + length)
        : await part(bucket, key, offset, length);
      return seriesFormat.parse(decompress(member));
    }
    offset += length;
  }
  return null;
}

/** About how much of the object is read at a time. */
const READ_BYTES = 4 * 1024 * 1024;

/**
 * Reads what ran in a span of time, of the whole workload and of each statement that has a series: all of the object, a part at a
 * time.
 * @returns null where the object is not there
 * @throws Unreadable
 */
export async function readSpan(bucket: ObjectStore, key: string, span: Span): Promise<LogSpan | null> {
  const object = await bucket.get(key, { range: { offset: 0, length: FIRST_BYTES } });
  if (object === null) return null;
  const { indexBytes } = (object.customMetadata ?? {}) as Partial<SeriesMetadata>;
  let at = Number(indexBytes);
  let bytes: Uint8Array = new Uint8Array(await object.arrayBuffer());
  const index = indexFormat.parse(decompress(bytes.subarray(0, at)));
  let offset = 0;
  const found: LogSpan = { step: 0, first: 0, last: 0, series: [] };
  for (const [fingerprint, length] of index.series) {
    if (at + length > offset + bytes.length) {
      bytes = await part(bucket, key, at, Math.max(length, READ_BYTES));
      offset = at;
    }
    const member = bytes.subarray(at - offset, at - offset + length);
    const state = seriesFormat.parse(narrowed(decompress(member), span));
    if (fingerprint === WHOLE) Object.assign(found, { step: state.step, first: state.from, last: state.to });
    const figures = spanFigures(state, span).toJSON();
    found.series.push({ fingerprint, since: state.from, figures });
    at += length;
  }
  return found;
}

const STARTS = '"starts":[';
const FIGURES = '"figures":[[';

/**
 * A series in JSON without the steps that are not in a span: to parse all of the figures takes most of the time that a span takes. A
 * text of another form is given back as it is.
 */
function narrowed(json: string, span: Span): string {
  const startsAt = json.indexOf(STARTS) + STARTS.length;
  const startsEnd = json.indexOf("]", startsAt);
  const figuresAt = json.indexOf(FIGURES, startsEnd) + FIGURES.length - 1;
  const figuresEnd = json.lastIndexOf("]]") + 1;
  if (startsAt < STARTS.length || figuresAt < FIGURES.length - 1 || figuresEnd <= figuresAt) return json;
  const starts = json.slice(startsAt, startsEnd).split(",");
  const step = Number(/"step":(\d+)/.exec(json)?.[1]);
  const first = starts.findIndex((start) => isIn(startOf(Number(start), step), step, span));
  const last = starts.findLastIndex((start) => isIn(startOf(Number(start), step), step, span));
  let from = figuresAt;
  for (let at = 0; at < first; at++) from = json.indexOf("]", from) + 2;
  let to = from;
  for (let at = first; at >= 0 && at <= last; at++) to = json.indexOf("]", to) + 2;
  return [
    json.slice(0, startsAt),
    first < 0 ? "" : starts.slice(first, last + 1).join(),
    json.slice(startsEnd, figuresAt),
    json.slice(from, Math.max(from, to - 1)),
    json.slice(figuresEnd),
  ].join("");
}

async function part(bucket: ObjectStore, key: string, offset: number, length: number): Promise<Uint8Array> {
  const object = await bucket.get(key, { range: { offset, length } });
  if (object === null) throw new Error(`${key} is gone`);
  return new Uint8Array(await object.arrayBuffer());
}

function decompress(member: Uint8Array): string {
  try {
    return gunzipSync(member).toString();
  } catch {
    throw new Unreadable("The series are damaged: they can't be decompressed");
  }
}
