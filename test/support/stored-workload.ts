import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { constants, gunzipSync, inflateRawSync } from "node:zlib";
import { expect } from "vitest";
import { app } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import { joinBytes } from "../../src/lib/bytes.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { Digests } from "../../src/workload/digest.ts";
import type { DigestsState } from "../../src/workload/digests-state.ts";
import { toLogText } from "../../src/workload/log-text.ts";
import { crc32 } from "../../src/workload/stored/crc32.ts";
import { deflatePiece } from "../../src/workload/stored/deflate.ts";
import { type StoredRecord, toNdjson } from "../../src/workload/stored/fragment-line.ts";
import { digestKey, fragmentKey, manifestKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest, type Manifest } from "../../src/workload/stored/manifest.ts";
import type { WorkloadState } from "../../src/workload/workload-state.ts";
import { type Cast, createCapture, type Person } from "./api.ts";
import { checkUnread } from "./contract.ts";

/** When the records of these tests begin. */
export const START = Date.UTC(2026, 10, 23, 5, 0, 0);

/** A record some milliseconds after the start. */
export function record(
  millis: number,
  statement: string,
  command: LogRecord["command"] = "Query",
): LogRecord {
  const timeMicros = (START + millis) * 1000 + 7;
  return { timeMicros, threadId: 8, command, statement, truncated: false, start: 0, end: 0 };
}

/** Records as they are stored, of a session that is known. */
export const ndjson = (records: LogRecord[]) =>
  records.map((one) => toNdjson(one, { user: "app", host: "10.0.0.7", db: null })).join("");
/** Records as general-log text. */
export const logText = (records: LogRecord[]) => records.map(toLogText).join("");
/** A time some milliseconds after the start, as the API takes it. */
export const iso = (millis: number) => new Date(START + millis).toISOString();

/** A member of a gzip file. */
export async function gzip(text: string | Uint8Array): Promise<Uint8Array> {
  const compressed = new Blob([text as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(compressed).arrayBuffer());
}

/** A version of the stored format. */
export type Version = 1 | 2;

/** A piece of a fragment, as a version has it. */
export const compress = (text: string, version: Version): Uint8Array | Promise<Uint8Array> =>
  version === 1 ? gzip(text) : deflatePiece(new TextEncoder().encode(text));

/** The text of a gzip file, which has to be of one member: its last four bytes are the length of all of its text. */
export function unzip(bytes: Uint8Array): string {
  const plain = gunzipSync(bytes);
  const said = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4).getUint32(0, true);
  expect(said, "the length that the only member says").toBe(plain.length);
  return new TextDecoder().decode(plain);
}

/** The text of a stored fragment. */
export const textOfFragment = (bytes: Uint8Array): string =>
  new TextDecoder().decode(
    bytes[0] === 0x1f && bytes[1] === 0x8b
      ? gunzipSync(bytes)
      : inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  );

/** A capture that was put into some state in the database alone. */
export async function captureIn(cast: Cast, status: string): Promise<number> {
  const { id } = await createCapture(cast.owner, {
    envId: cast.environment.id,
    scheduledStart: new Date(Date.now() + 86_400_000).toISOString(),
  });
  await env.DB.prepare("update captures set status = ?2, due_at = null where id = ?1").bind(id, status).run();
  return id;
}

/** What is known of one log of a capture. */
interface LogState {
  manifest: Manifest;
  digests: DigestsState;
}

/** What was stored of a capture. */
export interface Stored extends LogState {
  records: LogRecord[];
  /** The fragments' bytes. */
  fragments: Uint8Array[];
}

/** Stores fragments of pieces of records, as a follower does, or did. */
export async function storeFragments(
  id: number,
  fragments: LogRecord[][][],
  version: Version = 2,
): Promise<Stored> {
  const manifest: Manifest = { ...emptyManifest(id, "secrets", "general"), fragments: fragments.length };
  const digests = new Digests();
  const stored: Uint8Array[] = [];
  for (const [sequence, pieces] of fragments.entries()) {
    const bytes = joinBytes(await Promise.all(pieces.map((piece) => compress(ndjson(piece), version))));
    await putFragment(id, sequence, bytes, pieces.flat(), version);
    stored.push(bytes);
    manifest.storedBytes += bytes.length;
  }
  const records = fragments.flat(2);
  const times = records.map(({ timeMicros }) => timeMicros);
  for (const one of records) {
    digests.add(one);
    manifest.commands[one.command] = (manifest.commands[one.command] ?? 0) + 1;
  }
  Object.assign(manifest, {
    records: records.length,
    statements: digests.total,
    bytes: new TextEncoder().encode(ndjson(records)).length,
    firstMicros: Math.min(...times),
    lastMicros: Math.max(...times),
  });
  if (version === 1) delete manifest.version1;
  else Object.assign(manifest, lengthsOf(stored.at(-1), fragments.at(-1)));
  return { manifest, digests: digests.toJSON(), records, fragments: stored };
}

/** What a manifest of version 2 says of its last fragment. */
function lengthsOf(last?: Uint8Array, pieces: LogRecord[][] = []): Partial<Manifest> {
  const version1 = { fragments: 0, storedBytes: 0 };
  if (last === undefined) return { version1 };
  const plain = new TextEncoder().encode(ndjson(pieces.flat()));
  return {
    version1,
    lastFragment: { bytes: last.length, plainBytes: plain.length, crc32: crc32(plain) },
  };
}

/** Stores a fragment with the times of its records. */
export async function putFragment(
  id: number,
  sequence: number,
  bytes: Uint8Array,
  records: LogRecord[],
  version: Version = 2,
) {
  const times = records.map(({ timeMicros }) => timeMicros);
  const plain = new TextEncoder().encode(ndjson(records));
  const customMetadata = {
    firstMicros: String(Math.min(...times)),
    lastMicros: String(Math.max(...times)),
    records: String(records.length),
    ...(version === 2 && {
      version: "2",
      plainBytes: String(plain.length),
      crc32: String(crc32(plain)),
    }),
  };
  await env.BUCKET.put(fragmentKey(id, sequence, "general", version), bytes, { customMetadata });
}

/** A capture that has ended, with these fragments. */
export async function ended(
  cast: Cast,
  fragments: LogRecord[][][],
  version: Version = 2,
): Promise<Stored & { id: number }> {
  const id = await captureIn(cast, "DONE");
  const stored = await storeFragments(id, fragments, version);
  await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify({ ...stored.manifest, version }));
  await env.BUCKET.put(digestKey(id, "general"), JSON.stringify(stored.digests));
  return { id, ...stored };
}

/** Bindings whose runners have this workload, or do not answer. */
export function withState(
  state: (Omit<WorkloadState, "manifests"> & { logs: LogState[] }) | Error,
): Partial<Env> {
  const answer = <T>(of: (logs: LogState[]) => T) => {
    if (state instanceof Error) throw state;
    return of(state.logs);
  };
  const runner = {
    workload: async () => answer((logs) => ({ ...state, manifests: logs.map(({ manifest }) => manifest) })),
    digests: async () =>
      answer((logs) => Object.fromEntries(logs.map(({ manifest, digests }) => [manifest.log, digests]))),
    series: async () => answer(() => null),
    span: async () => answer(() => null),
  };
  return { CAPTURE_RUNNER: { getByName: () => runner } as unknown as Env["CAPTURE_RUNNER"] };
}

/** Asks the Worker in-process for a download. Its body is read by the test alone. */
export async function open(
  { headers }: Person,
  id: number,
  query = "",
  overrides: Partial<Env> = {},
  { method = "GET", accept }: { method?: "GET" | "HEAD"; accept?: string } = {},
): Promise<Response> {
  const url = `http://captures.test/api/captures/${id}/workload/download${query}`;
  const accepting = accept === undefined ? {} : { "Accept-Encoding": accept };
  const asked = new Request(url, { method, headers: { ...headers, ...accepting } });
  const reply = await app.fetch(asked, { ...env, ...overrides }, createExecutionContext());
  await checkUnread(asked, reply);
  return reply;
}

/** A whole download. */
export async function download(
  person: Person,
  id: number,
  query = "",
  overrides: Partial<Env> = {},
): Promise<Uint8Array> {
  const reply = await open(person, id, query, overrides);
  expect(reply.status).toBe(200);
  return new Uint8Array(await reply.arrayBuffer());
}

/** The records of a whole download. */
export async function downloadRecords(person: Person, id: number, query = ""): Promise<StoredRecord[]> {
  const lines = unzip(await download(person, id, query)).split("\n");
  return lines.filter(Boolean).map((line) => JSON.parse(line) as StoredRecord);
}

/** The whole download as general-log text. */
export const downloadLog = async (person: Person, id: number, query = "", overrides: Partial<Env> = {}) =>
  new TextDecoder().decode(await download(person, id, `?format=log${query}`, overrides));

/** All reads of a workload, as what follows `/workload` in their paths. @param otherId a capture to compare it with */
export const workloadReads = (otherId: number): string[] => [
  "",
  "/amazon",
  "/digest",
  "/digest/0123456789abcdef",
  "/tables",
  "/users",
  "/hosts",
  "/tags",
  "/series",
  "/series/statements",
  "/records",
  "/sessions/8",
  "/download",
  "/report",
  `/compare?with=${otherId}`,
];

/** A bucket that counts what is read from it. */
export function countingBucket() {
  const reads: string[] = [];
  let lists = 0;
  const BUCKET = {
    get: (key: string, options: R2GetOptions) => {
      reads.push(key);
      return env.BUCKET.get(key, options);
    },
    list: (options: R2ListOptions) => {
      lists++;
      return env.BUCKET.list(options);
    },
  } as unknown as R2Bucket;
  return {
    BUCKET,
    fragmentsRead: () => reads.filter((key) => /\d{8}\.ndjson\.\w+$/.test(key)),
    lists: () => lists,
  };
}
