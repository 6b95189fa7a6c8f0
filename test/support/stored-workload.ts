import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { app } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import type { LogRecord } from "../../src/logs/record.ts";
import { Digests, type DigestsState } from "../../src/workload/digest.ts";
import { toLogText } from "../../src/workload/log-text.ts";
import { toNdjson } from "../../src/workload/stored/fragment-line.ts";
import type { FragmentMetadata } from "../../src/workload/stored/fragments.ts";
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

/** One after the other. */
export function join(pieces: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The text of a gzip file, of all its members. */
export const unzip = (bytes: Uint8Array) => new TextDecoder().decode(gunzipSync(bytes));

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

/** Stores fragments of members of records, as a follower does. */
export async function storeFragments(id: number, fragments: LogRecord[][][]): Promise<Stored> {
  const manifest: Manifest = { ...emptyManifest(id, "secrets", "general"), fragments: fragments.length };
  const digests = new Digests();
  const stored: Uint8Array[] = [];
  for (const [sequence, members] of fragments.entries()) {
    const bytes = join(await Promise.all(members.map((member) => gzip(ndjson(member)))));
    const records = members.flat();
    await putFragment(id, sequence, bytes, records);
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
  return { manifest, digests: digests.toJSON(), records, fragments: stored };
}

/** Stores a fragment with the times of its records. */
export async function putFragment(id: number, sequence: number, bytes: Uint8Array, records: LogRecord[]) {
  const times = records.map(({ timeMicros }) => timeMicros);
  const customMetadata: FragmentMetadata = {
    firstMicros: String(Math.min(...times)),
    lastMicros: String(Math.max(...times)),
    records: String(records.length),
  };
  await env.BUCKET.put(fragmentKey(id, sequence, "general"), bytes, { customMetadata });
}

/** A capture that has ended, with these fragments. */
export async function ended(cast: Cast, fragments: LogRecord[][][]): Promise<Stored & { id: number }> {
  const id = await captureIn(cast, "DONE");
  const stored = await storeFragments(id, fragments);
  await env.BUCKET.put(manifestKey(id, "general"), JSON.stringify(stored.manifest));
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
): Promise<Response> {
  const url = `http://captures.test/api/captures/${id}/workload/download${query}`;
  const asked = new Request(url, { headers });
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

/** The same as general-log text. */
export const downloadLog = async (person: Person, id: number, query = "", overrides: Partial<Env> = {}) =>
  new TextDecoder().decode(await download(person, id, `?format=log${query}`, overrides));

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
    fragmentsRead: () => reads.filter((key) => key.endsWith(".gz")),
    lists: () => lists,
  };
}
