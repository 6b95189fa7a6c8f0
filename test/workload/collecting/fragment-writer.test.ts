import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { GENERAL } from "../../../src/logs/general/kind.ts";
import type { LogKind, ParsedAs } from "../../../src/logs/kind.ts";
import type { LogName } from "../../../src/logs/names.ts";
import type { LogSource } from "../../../src/logs/reader.ts";
import { SLOW } from "../../../src/logs/slow/kind.ts";
import { tablesOf } from "../../../src/sql-text/tables.ts";
import { tagsOf } from "../../../src/sql-text/tags.ts";
import { beginFollowing, endFollowing, follow } from "../../../src/workload/collecting/follower.ts";
import { FragmentWriter } from "../../../src/workload/collecting/fragment-writer.ts";
import { Digests } from "../../../src/workload/digest.ts";
import type { StoredRecord } from "../../../src/workload/stored/fragment-line.ts";
import { fragmentStore, type ListedFragment, listFragments } from "../../../src/workload/stored/fragments.ts";
import { fragmentsInRange } from "../../../src/workload/stored/fragments-in-range.ts";
import { emptyManifest, type Manifest } from "../../../src/workload/stored/manifest.ts";
import { readRecords } from "../../../src/workload/stored/record-iterator.ts";
import type { StoredSlowRecord } from "../../../src/workload/stored/slow-line.ts";
import { SUMMARY_KINDS, Summary, type SummaryKind } from "../../../src/workload/stored/summary.ts";
import { LOGS } from "../../logs/general/fixtures.ts";
import { REAL_LOGS as SLOW_LOGS } from "../../logs/slow/support.ts";
import { fixedLog } from "../support.ts";
import { REAL_LOGS } from "./real-logs.ts";

/* What a fragment says of itself is true of the records that it has. */

const ALWAYS = { start: 0, end: Date.UTC(2100, 0, 1) };
const EVERYTHING = { from: undefined, to: undefined };
const TAGGED = `2026-11-23T05:36:15.000009Z\t    8 Connect\tapp@10.0.0.7 on shop using TCP/IP
2026-11-23T05:36:16.000009Z\t    8 Query\tSELECT * FROM orders /*action='checkout',traceparent='00-1-2-01'*/
2026-11-23T05:36:17.000009Z\t    8 Prepare\tSELECT * FROM visits WHERE id = ? /*action='visit'*/
2026-11-23T05:36:17.500009Z\t    8 Query\tSELECT 1 /*traceparent='00-1-2-01',tracestate='a%3Db',view='home'*/
2026-11-23T05:36:17.600009Z\t    8 Query\tSELECT 1 /*action='x',traceparent='00-1-2-01',tracestate='a%3Db',view='checkout'*/
2026-11-23T05:36:18.000009Z\t    8 Quit\t
`;

const MOVED = `2026-11-23T05:36:15.000009Z\t    8 Connect\tapp@10.0.0.7 on shop using TCP/IP
2026-11-23T05:36:16.000009Z\t    8 Query\tUSE \`tenant7\`
2026-11-23T05:36:17.000009Z\t    8 Query\tSELECT * FROM invoices
2026-11-23T05:36:18.000009Z\t    8 Init DB\ttenant8
2026-11-23T05:36:19.000009Z\t    8 Query\tSELECT * FROM visits
`;

/** Statements with one fingerprint, and different tables. */
const ROWS = `2026-11-23T05:36:15.000009Z\t    8 Connect\tapp@10.0.0.7 on shop using TCP/IP
2026-11-23T05:36:16.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, 3)
2026-11-23T05:36:17.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, (SELECT x FROM c))
2026-11-23T05:36:18.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, (SELECT x FROM d))
2026-11-23T05:36:19.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, (TABLE shop.e))
2026-11-23T05:36:20.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, 3)
2026-11-23T05:36:21.000009Z\t    8 Query\tINSERT INTO t VALUES (1, 2), (1, (SELECT x FROM c))
`;

/** The same, which differ behind what is normalised only. */
function longStatements(): string {
  const columns = Array.from({ length: 7000 }, (_, at) => `column_${at}`).join();
  return ["c", "d"]
    .map((table, at) => `2026-11-23T05:36:1${at}.000009Z\t    8 Query\tSELECT ${columns} FROM ${table}\n`)
    .join("");
}

let captureId = 750_000;

/** The log in portions of so many bytes, with a step for each: the last fragment is added to again and again. */
function inPortions(log: string | Uint8Array, kind: LogKind<ParsedAs>, bytes: number): LogSource<ParsedAs> {
  const source = fixedLog([{ name: kind.liveFile, text: log, lastWritten: Date.now() }], kind);
  const { portion } = source;
  source.portion = async (file, marker = "0", lines) => {
    const whole = await portion(file, marker, lines);
    if (!whole.ok) return whole;
    const cut = whole.value.data.indexOf(10, bytes) + 1 || whole.value.data.length;
    const data = whole.value.data.slice(0, cut);
    const pending = cut < whole.value.data.length;
    return { ok: true, value: { data, marker: String(Number(marker) + cut), pending } };
  };
  return source;
}

/** Captures a log into R2. */
async function capture(log: string | Uint8Array, kind: LogKind<ParsedAs>): Promise<Manifest> {
  const source = inPortions(log, kind, 20_000);
  const store = fragmentStore(env.BUCKET, ++captureId, kind.name);
  const counts = { digests: new Digests() };
  const begun = await beginFollowing(source, emptyManifest(captureId, "secrets", kind.name), ALWAYS, true);
  if (!begun.ok) throw new Error(begun.failure.message);
  let state = begun.value;
  for (let caughtUp = false; !caughtUp; ) {
    const step = await follow(state, counts, source, store, async () => ALWAYS);
    if (!step.ok) throw new Error(step.failure.message);
    ({ state, caughtUp } = step.value);
  }
  return (await endFollowing(state, counts, store, ALWAYS, null)).state.manifest;
}

type AnyRecord = StoredRecord & Partial<StoredSlowRecord>;

async function recordsOf(manifest: Manifest): Promise<AnyRecord[]> {
  const records: AnyRecord[] = [];
  // Each fragment is checked against its CRC-32 and length while it is read.
  const parts = await fragmentsInRange(env.BUCKET, manifest, EVERYTHING);
  for await (const some of readRecords(env.BUCKET, parts, EVERYTHING)) {
    if (!Array.isArray(some)) throw new Error("A fragment is missing");
    records.push(...some.map((record) => record.read() as AnyRecord));
  }
  return records;
}

/** All that a summary has to know of a record. */
function valuesOf({ fingerprint, user, host, db, threadId, statement, server }: AnyRecord) {
  const { reads, writes } =
    fingerprint === undefined ? { reads: [], writes: [] } : tablesOf(statement, server);
  const tags = tagsOf(statement).map(([key, value]) => `${key}=${value}`);
  const values = { fingerprint, user, host, db, thread: String(threadId) };
  return [
    ...Object.entries(values).flatMap(([kind, value]) => (value == null ? [] : [[kind, value] as const])),
    ...[...reads, ...writes].map((table) => ["table", table] as const),
    ...tags.map((tag) => ["tag", tag] as const),
  ] as [SummaryKind, string][];
}

async function onlyFragment(log: LogName): Promise<ListedFragment> {
  const listed = await Array.fromAsync(listFragments(env.BUCKET, captureId, log));
  expect(listed).toHaveLength(1);
  return listed[0] as ListedFragment;
}

describe("a fragment", () => {
  it.each([
    ...LOGS.map(([name, log]) => [name, log, GENERAL] as const),
    ...REAL_LOGS.map(([name, log]) => [name, log, GENERAL] as const),
    ...SLOW_LOGS.map(([name, log]) => [name, log, SLOW] as const),
    ["tagged statements", TAGGED, GENERAL] as const,
    ["rows that read tables", ROWS, GENERAL] as const,
    ["statements longer than what is normalised", longStatements(), GENERAL] as const,
  ])("says what it has of %s", async (_, log, kind) => {
    const manifest = await capture(log, kind);
    const records = await recordsOf(manifest);
    expect(records.length).toBe(manifest.records);
    const fragment = await onlyFragment(kind.name);
    expect(fragment).toMatchObject({ version: 2, records: records.length, plainBytes: manifest.bytes });
    const { plainBytes, crc32, size } = fragment;
    expect(manifest.lastFragment).toEqual({ bytes: size, plainBytes, crc32 });
    const summary = Summary.parse(fragment.summary);
    for (const record of records) {
      for (const [kind, value] of valuesOf(record)) {
        expect(summary.mayHave(kind, value), `${kind} ${value}`).toBe(true);
      }
    }
    for (const kind of SUMMARY_KINDS) expect(summary.mayHave(kind, "no=such")).toBe(false);
    const durations = records.flatMap(({ durationMicros }) => durationMicros ?? []);
    expect(fragment.longestMicros).toBe(durations.length === 0 ? null : Math.max(...durations));
    const failed = records.filter(({ errno }) => (errno ?? 0) !== 0).length;
    expect(fragment.errors).toBe(kind === SLOW ? failed : null);
  });

  it("has the tags of what was not run, and may have every trace", async () => {
    await capture(TAGGED, GENERAL);
    const summary = Summary.parse((await onlyFragment("general")).summary);
    expect(summary.mayHave("tag", "action=visit")).toBe(true);
    expect(summary.mayHave("tag", "view=checkout")).toBe(true);
    expect(summary.mayHave("tag", "action=payment")).toBe(false);
    expect(summary.mayHave("tag", "traceparent=00-9-9-01")).toBe(true);
  });

  it("has no database for what ran behind a USE that was sent as a query", async () => {
    const records = await recordsOf(await capture(MOVED, GENERAL));
    expect(records.map(({ statement, db }) => [statement, db])).toEqual([
      ["app@10.0.0.7 on shop using TCP/IP", "shop"],
      ["USE `tenant7`", "shop"],
      ["SELECT * FROM invoices", undefined],
      ["tenant8", "tenant8"],
      ["SELECT * FROM visits", "tenant8"],
    ]);
  });

  it.each([
    ["is added to while it has little", 1024, 32 * 1024 * 1024 - 1, [0]],
    ["is not added to once its text is long, however small it is stored", 1024, 32 * 1024 * 1024, [1]],
    ["is not added to once it is large as it is stored", 1024 * 1024, 2 * 1024 * 1024, [1]],
  ])("%s", async (_, bytes, plainBytes, expected) => {
    const manifest = {
      ...emptyManifest(++captureId, "secrets", "general"),
      fragments: 1,
      storedBytes: bytes,
    };
    const summary = new Summary().toText(true);
    const times = { firstMicros: 1, lastMicros: 1, records: 1 };
    const figures = { bytes, plainBytes, crc32: 0, longestMicros: null, errors: null };
    const writer = new FragmentWriter({ ...times, ...figures, summary }, manifest);
    writer.lines.add("{}");
    writer.add(2);
    const written: number[] = [];
    await writer.store({
      read: async (_, length) => new Uint8Array(length),
      write: async (sequence) => void written.push(sequence),
    });
    expect(written).toEqual(expected);
    expect(manifest.fragments).toBe((expected[0] as number) + 1);
  });
});
