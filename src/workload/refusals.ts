import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of what captures have recorded. */
export const refuseWorkload = {
  notRecorded: refusal(400, "log: this capture is not made of that log"),
  sameCapture: refusal(400, "with: is this capture itself: name another one to compare it with"),
  notTimed: refusal(
    400,
    "minDuration, errors: the general log does not say how long a statement took, nor whether it failed. Ask for log=slow if the capture has it",
  ),
  olderFingerprints: refusal(
    400,
    "fingerprint: this capture's statements were counted by older rules, so its records can't be found by fingerprint. Look for a text of the statement with contains",
  ),
  databasesNotStored: refusal(
    400,
    "db: the general log of this capture, or the beginning of it, was recorded before databases were stored, so its records can't be found by database. Look for the user or host",
  ),
  otherCursor: refusal(
    400,
    "cursor: is not one of this search. Send the next of the page before, with the same filters and order, or begin without a cursor",
  ),
  sessionNotFound: refusal(
    404,
    "The capture has no record of this thread in the log and time that were asked for",
  ),
  cursorNotThere: refusal(
    400,
    "cursor: the statement behind which the page begins is not counted any more: begin again without cursor",
  ),
  statementNotFound: refusal(
    404,
    "fingerprint: this capture has no such statement, or too many others ran more often for it to be counted",
  ),
  noSeries: refusal(404, "This capture has no series: it was recorded before there were any"),
  amazonNotCounted: refusal(
    404,
    "This capture does not say what of Amazon's own was left out: it was recorded before that was counted",
  ),
  noSeriesOfStatement: refusal(
    404,
    "fingerprint: this statement has no series: only the hundred of a capture that ran most, or took most time, have one",
  ),
  workloadDamaged: refusal(
    500,
    "What is stored of this capture's workload can't be opened: it was changed, cut off or mistaken for another, or the key that sealed it is not there any more; the request id helps to find out why",
  ),
  /** The runner of a capture, which has its workload while it runs, can't be reached. */
  workloadAway: refusal(503, "The workload of the running capture can't be read just now: try again", {
    "Retry-After": "5",
  }),
} as const;

/** Of a series in steps that those it is kept in do not make: of `step` seconds. */
export const stepTooFine = (step: number): ApiError =>
  new ApiError(
    400,
    `step: this capture's series is kept in steps of ${step} seconds: ask for a multiple of that`,
  );

/**
 * Of a download of more fragments than one may read.
 * @param until as far as it may go, ISO 8601
 */
export const tooManyFragments = (fragments: number, max: number, until: string): ApiError =>
  new ApiError(
    400,
    `from, to: this would read ${fragments} fragments, and one download reads at most ${max}: ask for less time, such as up to ${until}`,
  );

/**
 * Of a download that would take more of the processor than one request may.
 * @param form as what it would be sent; `gzip` is NDJSON as it is stored
 * @param until as far as it may go, ISO 8601
 */
export const tooMuchWork = (form: string, needed: number, allowed: number, until: string): ApiError =>
  new ApiError(
    400,
    `from, to: this would take some ${seconds(needed)} seconds of the processor as ${form}, and one download takes at most ${seconds(allowed)}: ask for less time, such as up to ${until}${form === "gzip" ? "" : ", or for format=ndjson.gz, which takes the least"}`,
  );

const seconds = (milliseconds: number): number => Math.ceil(milliseconds / 1000);
