import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { joinBytes } from "../../../src/lib/bytes.ts";
import type { LogName } from "../../../src/logs/names.ts";
import type { LogRecord } from "../../../src/logs/record.ts";
import type { SlowRecord } from "../../../src/logs/slow/record.ts";
import { tablesOf } from "../../../src/sql-text/tables.ts";
import { tagsOf } from "../../../src/sql-text/tags.ts";
import { type AnyRecord, Fingerprints } from "../../../src/workload/search/fingerprints.ts";
import type { Place } from "../../../src/workload/search/place.ts";
import type { RecordFilter, RecordOrder } from "../../../src/workload/search/record-filter.ts";
import { search } from "../../../src/workload/search/search.ts";
import { BOUNDS, type SearchBounds } from "../../../src/workload/search/search-options.ts";
import { deflatePiece } from "../../../src/workload/stored/deflate.ts";
import { toNdjson } from "../../../src/workload/stored/fragment-line.ts";
import { fragmentKey } from "../../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest } from "../../../src/workload/stored/manifest.ts";
import { toSlowNdjson } from "../../../src/workload/stored/slow-line.ts";
import { Summary } from "../../../src/workload/stored/summary.ts";
import { parseTime } from "../../../src/workload/stored/time.ts";
import { START } from "../../support/stored-workload.ts";

/* Fragments in memory, as a follower stores them, for searches. */

const encoder = new TextEncoder();
const fingerprints = new Fingerprints();

/** What a test says of a record. */
export interface Said {
  /** Milliseconds after the start. */
  at: number;
  statement: string;
  threadId?: number;
  user?: string | null;
  host?: string | null;
  db?: string | null;
  command?: string;
  truncated?: boolean;
  durationMicros?: number;
  errno?: number;
}

/** A line of a fragment, without its newline, as a version has it. */
export function lineOf(said: Said, log: LogName, version: number): string {
  const {
    threadId = 8,
    user = "app",
    host = "10.0.0.7",
    db = null,
    command = "Query",
    truncated = false,
  } = said;
  const { at, statement, durationMicros = 1000, errno } = said;
  const timeMicros = (START + at) * 1000 + 7;
  const common = { timeMicros, threadId, statement, truncated, start: 0, end: 0 };
  const line =
    log === "general"
      ? toNdjson(
          { ...common, command: command as LogRecord["command"] },
          { user: user ?? "", host: host ?? "", db },
        )
      : toSlowNdjson({
          ...common,
          command: command as SlowRecord["command"],
          user,
          host,
          db,
          precisionMicros: 1,
          server: "mysql",
          durationMicros,
          lockMicros: 0,
          rowsSent: 0,
          rowsExamined: 0,
          ...(errno !== undefined && { errno }),
        });
  if (version === 1) return line.slice(0, -1);
  const record = JSON.parse(line) as AnyRecord;
  const fingerprint = fingerprints.of(record);
  const { command: _, statement: __, ...rest } = record;
  const { time, threadId: ___, user: ____, host: _____, db: ______, ...figures } = rest;
  return JSON.stringify({
    time,
    threadId,
    user: record.user,
    host: record.host,
    ...(log === "general" && db !== null && { db }),
    command,
    ...(fingerprint !== null && { fingerprint }),
    statement,
    ...(log === "slow" ? { ...figures, db } : figures),
  });
}

/** A fragment that a test stores. */
export interface SaidFragment {
  version: 1 | 2;
  /** Its lines, in pieces. */
  pieces: string[][];
  /** Whether R2 has lost it. */
  isLost?: boolean;
}

/** A bucket in memory that has fragments, their manifest, and what was read. */
export interface Memory {
  bucket: R2Bucket;
  manifest: Manifest;
  objects: Map<string, { bytes: Uint8Array; customMetadata: Record<string, string> }>;
  /** The keys that were read, in their order. */
  reads: string[];
}

/** Stores fragments in memory. */
export function stored(captureId: number, log: LogName, fragments: readonly SaidFragment[]): Memory {
  const objects: Memory["objects"] = new Map();
  const reads: string[] = [];
  const manifest: Manifest = { ...emptyManifest(captureId, "secrets", log), fragments: fragments.length };
  const old = fragments.filter(({ version }) => version === 1);
  let oldBytes = 0;
  for (const [sequence, { version, pieces, isLost }] of fragments.entries()) {
    const bytes = joinBytes(pieces.map((lines) => compressed(lines, version)));
    manifest.storedBytes += bytes.length;
    if (version === 1) oldBytes += bytes.length;
    const lines = pieces.flat();
    if (!isLost) {
      objects.set(fragmentKey(captureId, sequence, log, version), {
        bytes,
        customMetadata: metadataOf(lines, version),
      });
    }
    if (version === 2) {
      const plainBytes = encoder.encode(textOf(lines)).length;
      manifest.lastFragment = { bytes: bytes.length, plainBytes, crc32: 0 };
    }
  }
  if (old.length < fragments.length) manifest.version1 = { fragments: old.length, storedBytes: oldBytes };
  else {
    delete manifest.version1;
    delete manifest.lastFragment;
  }
  return { bucket: bucketOf(objects, reads), manifest, objects, reads };
}

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** A piece of a fragment. */
export const compressed = (lines: readonly string[], version: number): Uint8Array =>
  version === 1
    ? gzipSync(encoder.encode(textOf(lines)), { level: 1 })
    : deflatePiece(encoder.encode(textOf(lines)));

/** What a fragment of these lines says of itself. */
export function metadataOf(lines: readonly string[], version: number): Record<string, string> {
  const records = lines.map((line) => JSON.parse(line) as AnyRecord);
  const times = records.map(({ time }) => parseTime(time));
  const common = {
    firstMicros: String(Math.min(...times)),
    lastMicros: String(Math.max(...times)),
    records: String(lines.length),
  };
  if (version === 1) return common;
  const slow = records.filter((record) => "log" in record);
  return {
    ...common,
    version: "2",
    plainBytes: String(encoder.encode(textOf(lines)).length),
    summary: summaryOf(records).toText(),
    ...(slow.length > 0 && {
      longestMicros: String(Math.max(...slow.map(({ durationMicros }) => durationMicros))),
      errors: String(slow.filter(({ errno = 0 }) => errno > 0).length),
    }),
  };
}

function summaryOf(records: readonly AnyRecord[]): Summary {
  const summary = new Summary();
  for (const record of records) {
    const { user, host, db, threadId, statement, fingerprint } = record;
    if (user !== null) summary.add("user", user);
    if (host !== null) summary.add("host", host);
    if (db != null) summary.add("db", db);
    summary.add("thread", String(threadId));
    for (const [key, value] of tagsOf(statement)) summary.add("tag", `${key}=${value}`);
    if (fingerprint === undefined) continue;
    summary.add("fingerprint", fingerprint);
    const { reads, writes } = tablesOf(statement);
    for (const table of [...reads, ...writes]) summary.add("table", table);
  }
  return summary;
}

function bucketOf(objects: Memory["objects"], reads: string[]): R2Bucket {
  return {
    list: async ({ prefix }: R2ListOptions) => ({
      objects: [...objects]
        .filter(([key]) => key.startsWith(prefix ?? ""))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { bytes, customMetadata }]) => ({ key, size: bytes.length, customMetadata })),
      truncated: false,
    }),
    get: async (key: string, { range }: { range: { length: number } }) => {
      reads.push(key);
      const object = objects.get(key);
      if (object === undefined) return null;
      return { arrayBuffer: async () => object.bytes.slice(0, range.length).buffer };
    },
  } as unknown as R2Bucket;
}

/** A filter that asks for nothing. */
export const ALL: RecordFilter = { from: undefined, to: undefined };

/** All pages of a search: what was found, and how many places are missing. */
export async function searchAll(
  { bucket, manifest }: Memory,
  filter: RecordFilter,
  { order = "oldest" as RecordOrder, limits = [100], bounds = BOUNDS as SearchBounds } = {},
) {
  const found: string[] = [];
  const missing: number[] = [];
  const pages: number[] = [];
  let place: Place | null = null;
  do {
    const limit = limits[pages.length % limits.length] as number;
    const page = await search(bucket, manifest, filter, fingerprints, { order, limit, place, bounds });
    expect(page.lines.length).toBeLessThanOrEqual(limit);
    found.push(...page.lines.map(({ json }) => json));
    missing.push(...page.missing.map(({ fragments }) => fragments));
    pages.push(page.lines.length);
    place = page.next;
    if (pages.length > 2000) throw new Error("It does not come to an end");
  } while (place !== null);
  return { found, missing, pages };
}
