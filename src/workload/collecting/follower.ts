import type { AwsResult } from "../../aws/client.ts";
import { beginAt, beginAtEnd } from "../../logs/beginning.ts";
import { locate } from "../../logs/files.ts";
import type { ParsedAs } from "../../logs/kind.ts";
import { type LogSource, readNew } from "../../logs/reader.ts";
import type { TimedRecord } from "../../logs/record.ts";
import type { FragmentStore } from "../stored/fragments.ts";
import type { Manifest } from "../stored/manifest.ts";
import { collectedLog, initialState, latestReachable, MAX_STATEMENT } from "./collected-log.ts";
import type { FollowerState } from "./follower-state.ts";
import { FollowerStep } from "./follower-step.ts";
import { NO_LOG_OF_THAT_TIME } from "./gaps.ts";
import type { Counts } from "./records.ts";
import type { CaptureWindow } from "./window.ts";

/*
 * Follows an instance's log: reads what is new, leaves out what is not the capture's, and stores the rest as fragments. One step
 * reads a bounded amount and gives the state from which the next continues. The caller keeps that state, after the fragment is
 * stored and before the next step. A step that is cut off before that is done again from the same state: it stores the same
 * fragment under the same number, so that nothing is lost or stored twice.
 */

/** What a step came to. */
export interface Followed {
  state: FollowerState;
  /** Whether all that there was has been read. */
  caughtUp: boolean;
}

/**
 * Finds where to begin: at the end of the live file, or for a back-dated capture at the oldest file that may have its start. What
 * is read of the log before that only says who the threads are.
 * @param manifest an empty one, of the source's kind of log
 */
export async function beginFollowing(
  source: LogSource<ParsedAs>,
  manifest: Manifest,
  window: CaptureWindow,
  isBackDated: boolean,
): Promise<AwsResult<FollowerState>> {
  const options = { maxStatement: MAX_STATEMENT };
  const begun = await (isBackDated ? beginAt(window.start, source, options) : beginAtEnd(source, options));
  if (!begun.ok) return begun;
  const { position, parser, before } = begun.value;
  const state: FollowerState = {
    ...initialState(manifest),
    position,
    parser: sinceBeginning(parser.snapshot()),
    ...sessionsAfter(before, manifest, window),
  };
  if (isBackDated) {
    const latestMicros = latestReachable(collectedLog(manifest.log));
    const lastMicros = before.findLast(({ timeMicros }) => timeMicros <= latestMicros)?.timeMicros;
    // A file that ends shortly before the start shows that the log was on.
    const isOn =
      lastMicros !== undefined && window.start * 1000 - lastMicros <= source.kind.maxSilenceMs * 1000;
    if (isOn) state.reachedMicros = lastMicros;
    else state.openGap = { from: window.start, cause: NO_LOG_OF_THAT_TIME };
  }
  return { ok: true, value: state };
}

/** What the records before the capture say of its sessions. */
function sessionsAfter(before: readonly TimedRecord[], manifest: Manifest, window: CaptureWindow): object {
  const records = collectedLog(manifest.log).records(manifest);
  for (const record of before) records.see(record, window);
  return records.toJSON();
}

/** That the log was opened before the capture began is no gap. */
const sinceBeginning = <P extends ParsedAs["snapshot"]>(parser: P): P => ({ ...parser, isReopened: false });

/**
 * Reads what is new, as much as one step may, and stores the records of the window.
 * @param counts counts the statements; to be kept together with the state, or restored with it
 * @param window asked once the log has been read: if the capture is stopped meanwhile, it says what is no longer the capture's
 */
export async function follow(
  before: FollowerState,
  counts: Counts,
  source: LogSource<ParsedAs>,
  fragments: FragmentStore,
  window: () => Promise<CaptureWindow>,
): Promise<AwsResult<Followed>> {
  const listed = await source.list();
  if (!listed.ok) return listed;
  // The latest at which RDS can have made the list: by the time before, a list of the next hour would be one of this hour.
  const now = Date.now();
  const { position, lost, isThere } = locate(source.kind.liveFile, before.position, listed.value, now);
  const read = isThere ? await readNew(position, listed.value, source, before.linesAtOnce) : null;
  if (read?.ok === false) return read;
  const step = new FollowerStep({ ...before, position }, counts, await window());
  if (lost !== null) step.lose(lost);
  if (read === null) return { ok: true, value: { state: await step.store(fragments), caughtUp: true } };
  for (const { data, isCut, lost: lostBefore, beginsFile } of read.value.portions) {
    if (lostBefore) step.lose(lostBefore);
    if (beginsFile) step.beginFile();
    step.take(data, isCut);
  }
  step.position = read.value.position;
  step.linesAtOnce = read.value.linesAtOnce;
  return { ok: true, value: { state: await step.store(fragments), caughtUp: read.value.caughtUp } };
}

/** Begins a gap after what was read, which the next record ends. To be kept as after a step. */
export async function interruptFollowing(
  before: FollowerState,
  counts: Counts,
  fragments: FragmentStore,
  window: CaptureWindow,
  cause: string,
): Promise<FollowerState> {
  const step = new FollowerStep(before, counts, window);
  step.lose({ cause });
  return step.store(fragments);
}

/**
 * Ends the following of a log. The record that was open is complete: until now only the next one would have shown that. An open gap
 * goes on to the window's end. To be kept as after a step.
 * @param cause why the rest of the log could not be read; null when it was, or has nothing more for the window
 * @returns the state, and why the end is missing; null when it is not
 */
export async function endFollowing(
  before: FollowerState,
  counts: Counts,
  fragments: FragmentStore,
  window: CaptureWindow & { end: number },
  cause: string | null,
): Promise<{ state: FollowerState; missing: string | null }> {
  const step = new FollowerStep(before, counts, window);
  const missing = step.close(window.end, cause);
  return { state: await step.store(fragments), missing };
}
