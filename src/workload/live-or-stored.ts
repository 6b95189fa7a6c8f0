import type { Reading } from "../audit/actions.ts";
import type { Status } from "../db/states.ts";
import { type Env, runnerOf } from "../env.ts";
import type { SealedCapture } from "../environments/seal-keys.ts";
import type { AppContext } from "../http/context.ts";
import { refuse } from "../http/refusals.ts";
import { describeError, log } from "../lib/log.ts";
import type { StoredFormat } from "../lib/stored.ts";
import { type CapturedLog, logsOf } from "../logs/names.ts";
import { type DigestsState, digestsFormat } from "./digests-state.ts";
import { refuseWorkload } from "./refusals.ts";
import { digestKey, manifestKey, seriesKey } from "./stored/keys.ts";
import { emptyManifest, type Manifest, manifestFormat } from "./stored/manifest.ts";
import { type ObjectStore, storeOf } from "./stored/object-store.ts";
import { readSeries, readSpan } from "./timing/series-object.ts";
import type { LogSpans, Span } from "./timing/span.ts";
import { isGrowing, type LogDigests, type LogSeries, type WorkloadState } from "./workload-state.ts";

/*
 * Where the manifest and the digests of a capture are: with its runner while it records, in R2 once it has ended.
 */

/** As much of a capture as says how its workload was recorded. */
export interface RecordedCapture {
  id: number;
  status: Status;
  redact: Manifest["redact"];
  log: CapturedLog;
  /** Of the slow log it has only statements that took at least so long; in microseconds. */
  minDurationMicros: number;
}

/** A capture whose workload is read, once its caller is known to be allowed to. */
export interface ReadCapture extends RecordedCapture {
  /** Where its objects are, once it has ended. */
  store: ObjectStore;
  /** Asks its runner, which is called only while the capture adds to its workload; null when that has nothing. */
  askRunner: () => Promise<WorkloadState | null>;
  /** The same for the digests. */
  askRunnerForDigests: () => Promise<LogDigests | null>;
  /** The same for the series of the whole workload, or of a statement. */
  askRunnerForSeries: (fingerprint: string) => Promise<LogSeries | null>;
  /** The same for what the series have of a span of time. */
  askRunnerForSpan: (span: Span) => Promise<LogSpans | null>;
}

/** A capture with the ways to its objects and to its runner. */
export function withSources<C extends RecordedCapture & SealedCapture>(
  env: Env,
  capture: C,
): C & ReadCapture {
  const runner = () => runnerOf(env, capture.id);
  return {
    ...capture,
    store: storeOf(env, capture),
    askRunner: () => runner().workload(),
    // The types of calls make lists of what are pairs.
    askRunnerForDigests: () => runner().digests() as Promise<LogDigests | null>,
    askRunnerForSeries: (fingerprint) => runner().series(fingerprint),
    askRunnerForSpan: (span) => runner().span(span),
  };
}

/** A capture whose workload is read, and how much of it its caller may read. */
export interface ReadableCapture extends ReadCapture {
  /** Whether also what statements say: their values, in examples and records. A viewer reads figures only. */
  readsStatements: boolean;
}

/**
 * A capture whose statements are to be read with their values.
 * @throws ApiError 403 to a viewer
 */
export function withStatements(capture: ReadableCapture): ReadCapture {
  if (!capture.readsStatements) throw refuse.viewerMayNotRead();
  return capture;
}

/**
 * Reads a capture for the caller of a request, and has the audit trail note what is read of its workload.
 * @param whole whether the statements are read with their values, which is not for viewers
 * @throws ApiError the refusal that fits when the caller may not read the capture
 */
export type FindCapture = (
  c: AppContext,
  id: number,
  reading: Reading,
  whole?: boolean,
) => Promise<ReadableCapture>;

/** The same for what says statements with their values. @throws ApiError also 403 to a viewer */
export type FindWhole = (c: AppContext, id: number, reading: Reading) => Promise<ReadCapture>;

/** A capture, and which logs it is made of. */
type CapturedLogs = Pick<ReadCapture, "id" | "status" | "redact" | "log">;

/** A capture's manifests as they are known now. */
export interface KnownManifests {
  /** One for each of its logs, in the order in which they are shown. */
  manifests: [Manifest, ...Manifest[]];
  /** Null once nothing is added to it any more. */
  live: Pick<WorkloadState, "caughtUpAt" | "problem"> | null;
}

/**
 * What the runner of a capture answers; null when it has nothing, or the capture does not grow.
 * @throws ApiError 503 when the runner can't be asked
 */
async function ask<T>({ id, status }: ReadCapture, question: () => Promise<T | null>): Promise<T | null> {
  if (!isGrowing(status)) return null;
  try {
    return await question();
  } catch (error) {
    log.warn("capture.workload.away", { captureId: id, ...describeError(error) });
    throw refuseWorkload.workloadAway();
  }
}

/** @throws Unreadable when there is something else */
async function readStored<T>(bucket: ObjectStore, key: string, format: StoredFormat<T>): Promise<T | null> {
  const object = await bucket.get(key);
  return object === null ? null : format.parse(await object.text());
}

/**
 * The manifests of a capture: its runner's while it grows, else the stored ones; null before there are any. A runner that has nothing
 * may have ended the capture just now: then the stored ones are looked for too.
 * @throws ApiError 503 when the runner can't be asked
 */
export async function findManifests(capture: ReadCapture): Promise<KnownManifests | null> {
  const state = await ask(capture, capture.askRunner);
  if (state !== null) return knownOf(capture, state);
  const stored = await Promise.all(
    logsOf(capture.log).map((log) => readStored(capture.store, manifestKey(capture.id, log), manifestFormat)),
  );
  const manifests = stored.filter((manifest) => manifest !== null);
  return manifests.length === 0 ? null : { ...ofEachLog(capture, manifests), live: null };
}

/** What the runner of a capture knows of its manifests. */
export function knownOf(
  capture: CapturedLogs,
  { manifests, caughtUpAt, problem }: WorkloadState,
): KnownManifests {
  const live = isGrowing(capture.status) ? { caughtUpAt, problem } : null;
  return { ...ofEachLog(capture, manifests), live };
}

/** As `findManifests`, with empty ones before there are any. */
export async function readManifests(capture: ReadCapture): Promise<KnownManifests> {
  const live = isGrowing(capture.status) ? { caughtUpAt: null, problem: null } : null;
  return (await findManifests(capture)) ?? { ...ofEachLog(capture, []), live };
}

/** A manifest for each of the capture's logs, in their order: an empty one where there is none. */
function ofEachLog(
  { id, redact, log }: CapturedLogs,
  manifests: readonly Manifest[],
): Pick<KnownManifests, "manifests"> {
  const all = logsOf(log).map(
    (name) => manifests.find((one) => one.log === name) ?? emptyManifest(id, redact, name),
  );
  return { manifests: all as KnownManifests["manifests"] };
}

const NO_DIGESTS: DigestsState = { capacity: 0, total: 0, entries: [] };

/** The digests of each of a capture's logs, in the order in which they are shown, from where the manifests are. */
export async function readDigests(capture: ReadCapture): Promise<[DigestsState, ...DigestsState[]]> {
  const known = await ask(capture, capture.askRunnerForDigests);
  const digests = logsOf(capture.log).map(async (log) => {
    const found =
      known === null
        ? await readStored(capture.store, digestKey(capture.id, log), digestsFormat)
        : known[log];
    return found ?? NO_DIGESTS;
  });
  return (await Promise.all(digests)) as [DigestsState, ...DigestsState[]];
}

/** The series of a capture's logs, of the whole workload or of the statement with the fingerprint, from where the manifests are. */
export async function readLogSeries(capture: ReadCapture, fingerprint: string): Promise<LogSeries> {
  const known = await ask(capture, () => capture.askRunnerForSeries(fingerprint));
  if (known !== null) return known;
  const stored = logsOf(capture.log).map(
    async (log) => [log, await readSeries(capture.store, seriesKey(capture.id, log), fingerprint)] as const,
  );
  return Object.fromEntries(await Promise.all(stored));
}

/** What the series of a capture's logs have of a span of time, from where the manifests are. */
export async function readLogSpans(capture: ReadCapture, span: Span): Promise<LogSpans> {
  const known = await ask(capture, () => capture.askRunnerForSpan(span));
  if (known !== null) return known;
  const stored = logsOf(capture.log).map(
    async (log) => [log, await readSpan(capture.store, seriesKey(capture.id, log), span)] as const,
  );
  return Object.fromEntries(await Promise.all(stored));
}
