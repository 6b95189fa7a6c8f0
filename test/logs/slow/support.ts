import type { ParserOptions } from "../../../src/logs/kind.ts";
import { SlowLogParser } from "../../../src/logs/slow/parser.ts";
import type { ParsedAsSlow } from "../../../src/logs/slow/parser-state.ts";
import type { SlowRecord } from "../../../src/logs/slow/record.ts";

const encoder = new TextEncoder();

/** All records of a log, read in chunks of a size; in one piece unless told otherwise. */
export function parse(
  log: string | Uint8Array,
  options: ParserOptions<ParsedAsSlow> = {},
  chunkBytes = Number.POSITIVE_INFINITY,
): SlowRecord[] {
  const bytes = typeof log === "string" ? encoder.encode(log) : log;
  const parser = new SlowLogParser(options);
  const records: SlowRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    records.push(...parser.push(bytes.subarray(at, Math.min(bytes.length, at + chunkBytes))));
  }
  records.push(...parser.end());
  return records;
}

const logs = import.meta.glob<string>("/test/fixtures/slow/*.log", {
  query: "?inline",
  import: "default",
  eager: true,
});
const truths = import.meta.glob<string>("/test/fixtures/slow/*.truth.ndjson", {
  query: "?raw",
  import: "default",
  eager: true,
});

const nameOf = (path: string) =>
  path.slice(path.lastIndexOf("/slow-") + 6).replace(/\.log$|\.truth\.ndjson$/, "");

/** Slow logs that real servers wrote, byte by byte (test/fixtures/slow/README.md). */
export const REAL_LOGS: [name: string, log: Uint8Array][] = Object.entries(logs).map(([path, url]) => [
  nameOf(path),
  Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (char) => char.charCodeAt(0)),
]);

/** What a client did. */
export interface Action {
  /** When it began, in milliseconds since the epoch, and how long it took. */
  t: number;
  ms?: number;
  conn: string;
  ev: "connect" | "query" | "execute" | "ping" | "quit";
  id?: number;
  user?: string;
  db?: string | null;
  sql?: string;
  params?: (string | number | null)[];
  rows?: number;
  err?: string;
}

/** What the clients did whose statements are in each of the logs. */
export const TRUTHS: ReadonlyMap<string, Action[]> = new Map(
  Object.entries(truths).map(([path, lines]) => [
    nameOf(path),
    lines
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Action),
  ]),
);
