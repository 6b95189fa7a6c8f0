import type { ContentfulStatusCode } from "hono/utils/http-status";
import { cut } from "../lib/values.ts";
import type { ErrorBody } from "./replies.ts";

/** The most characters of a message: some repeat what a caller, or AWS, has sent. */
const MAX_MESSAGE = 1000;
/** As much of that as `cut` may need to say that it has cut a text. */
const CUT_NOTE = 40;

/** A refusal that a caller is meant to see. Anything else that is thrown becomes a generic 500. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly headers: Record<string, string>;

  constructor(status: ContentfulStatusCode, message: string, headers: Record<string, string> = {}) {
    super(message.length > MAX_MESSAGE ? cut(message, MAX_MESSAGE - CUT_NOTE) : message);
    this.status = status;
    this.headers = headers;
  }

  get body(): ErrorBody {
    return { code: this.status, message: this.message };
  }
}

const refusal =
  (status: ContentfulStatusCode, message: string, headers?: Record<string, string>) => (): ApiError =>
    new ApiError(status, message, headers);

/** The most bytes that the body of a request may have. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The refusals whose words are fixed, most of them by the specification. The API's description takes the words from here, and
 * names them as they are named here.
 */
export const refuse = {
  tooLarge: refusal(413, `The body is larger than ${MAX_BODY_BYTES / 1024} KiB`),
  notJson: refusal(415, "The body must be JSON, with the header Content-Type: application/json"),
  loginRequired: refusal(401, "Login required", { "WWW-Authenticate": "Bearer" }),
  keyNotKnown: refusal(401, "API key is not known, was revoked or has expired", {
    "WWW-Authenticate": "Bearer",
  }),
  keyMayNotWrite: refusal(
    403,
    "This API key may only read: its scope is read, and for this it takes one with the scope write",
  ),
  keyOfOneEnvironment: refusal(
    403,
    "This API key is for one environment only: for this it takes one for all environments",
  ),
  sessionRequired: refusal(401, "Login required: this needs a session, an API key is not enough", {
    "WWW-Authenticate": "Bearer",
  }),
  otherOrigin: refusal(403, "Request of another origin: a page of another site can't act with this cookie"),
  notOwnerOrAdmin: refusal(403, "Only the capture's owner or an admin of its environment may do this"),
  notAdmin: refusal(403, "Only an admin of the environment may do this"),
  viewerMayNotChange: refusal(403, "A viewer of the environment changes nothing: this needs the role member"),
  viewerMayNotRead: refusal(
    403,
    "A viewer of the environment reads figures, not what statements say: this needs the role member",
  ),
  environmentNotFound: refusal(404, "Environment does not exist"),
  captureEnvironmentNotFound: refusal(404, "Capture's environment not found"),
  keyNotFound: refusal(404, "API key does not exist"),
  captureNotFound: refusal(404, "Capture not found"),
  memberNotFound: refusal(404, "Member not found"),
  inviteNotFound: refusal(
    404,
    "Invite does not exist, has expired, was used or revoked already, or is for another e-mail address",
  ),
  openInviteNotFound: refusal(404, "Invite not found"),
  deviceCodeNotFound: refusal(404, "userCode: is not known, has expired or was used already"),
  noMail: refusal(
    409,
    "This service sends no e-mail. Ask who runs it: they can make a link by which you set a new password",
  ),
  linkNotFound: refusal(404, "token: is not known, has expired or was used already: ask for another mail"),
  linkNotYours: refusal(
    404,
    "token: is not known, has expired, was used already, or is for another account than the one that is signed in here",
  ),
  verifiedAlready: refusal(409, "Your e-mail address is confirmed already"),
  addressTaken: refusal(409, "There is an account with this address already: sign in to that one instead"),
  wrongPassword: refusal(400, "password: is not your password"),
  sameAddress: refusal(400, "newEmail: is your address already"),
  noPassword: refusal(409, "You sign in without a password: your address is what your provider says it is"),
  duplicateName: refusal(400, "Capture with the same name already exists in this environment"),
  outdated: refusal(
    412,
    "If-Match: the capture has changed since; look at it again, and send the ETag that it has now",
  ),
  excluded: refusal(
    412,
    "If-None-Match: names the version that the capture has, which is not to be changed then",
  ),
  keyReused: refusal(
    422,
    "Idempotency-Key: was sent with another body in the last 24 hours; another request needs another key",
  ),
  durationTooShort: refusal(400, "Duration must be at least 60 seconds"),
  noScheduledStart: refusal(400, "Cannot schedule without a schedule start time"),
  alreadyStopped: refusal(409, "This capture has already been stopped"),
  alreadyFailed: refusal(409, "This capture failed and is no longer running"),
  notStartedYet: refusal(409, "Cannot stop a capture until it has started completely. Try again soon."),
  cancelRunning: refusal(
    409,
    "This capture is running and can't be cancelled any more. Stop it instead: what it has recorded is kept.",
  ),
  cancelEnded: refusal(409, "This capture has ended or is just ending: there is nothing to cancel."),
  backDated: refusal(
    409,
    "This capture is back-dated, and its times can't be changed. Make another one with the times that you want.",
  ),
  justStarting: refusal(
    409,
    "This capture is just starting, and its times can't be changed until it is running. Try again soon.",
  ),
  startedAlready: refusal(
    409,
    "scheduledStart: the capture has started already. Only its duration can be changed now.",
  ),
  endedAlready: refusal(
    409,
    "This capture has ended, and its times can't be changed any more. Make another one with the times that you want.",
  ),
  notEnded: refusal(
    409,
    "This capture has not ended: stop or cancel it first, then erase what it has recorded",
  ),
  nameTaken: refusal(
    409,
    "Another capture of this environment has this capture's name by now. Rename that one first, then bring this one back.",
  ),
  cursorOfAnotherOrder: refusal(
    400,
    "cursor: is of a list in another order. Follow the Link header of the page before, or begin without a cursor.",
  ),
  liveCaptures: refusal(409, "Environment has captures that have not ended: stop or delete them first"),
  otherAccount: refusal(
    409,
    "credentials: are of another AWS account, and what has not ended still needs the environment's: end its live captures, and see to what it owes (owed), first",
  ),
  stillOwed: refusal(
    409,
    "Environment has not given a parameter group back as it was found (see owed): check it to try again, or abandon it first",
  ),
  changedMeanwhile: refusal(
    409,
    "Environment was changed by somebody else just now: look at it and try again",
  ),
  noIdentity: refusal(
    409,
    "This service has no AWS identity of its own, and can't assume roles: give the environment an access key instead",
  ),
  noExternalId: refusal(
    400,
    "credentials: a role needs an external id of this service's first: ask for it by POST /api/environments/external-id, and let the role's trust policy ask for it",
  ),
  externalIdUsed: refusal(
    409,
    "The external id that this role asks for is not pending any more: another environment was registered with it just now. Ask for one again, and let the role's trust policy ask for that",
  ),
  keyNeeded: refusal(
    400,
    "credentials: have to be given again with another region or instance, since a stored access key is used for what it was given for",
  ),
  notScheduleOwnerOrAdmin: refusal(
    403,
    "Only the schedule's owner or an admin of its environment may do this",
  ),
  calendarNotFound: refusal(404, "Calendar not found: its address was revoked or replaced"),
  scheduleNotFound: refusal(404, "Schedule not found"),
  duplicateSchedule: refusal(400, "Schedule with the same name already exists in this environment"),
  scheduleOutdated: refusal(
    412,
    "If-Match: the schedule has changed since; look at it again, and send the ETag that it has now",
  ),
  scheduleExcluded: refusal(
    412,
    "If-None-Match: names the version that the schedule has, which is not to be changed then",
  ),
  scheduleChangedMeanwhile: refusal(
    409,
    "Schedule was changed by somebody else just now: look at it and try again",
  ),
  webhookNotFound: refusal(404, "Webhook not found"),
  deliveryNotFound: refusal(404, "Delivery not found"),
  deliveryPending: refusal(409, "This delivery is pending: it is sent without being asked for"),
  webhookIdle: refusal(409, "This webhook is paused or was switched off: resume it first"),
  webhookChangedMeanwhile: refusal(
    409,
    "Webhook was changed by somebody else just now: look at it and try again",
  ),
  webhookHasNoAddress: refusal(409, "address: this webhook sends e-mails, and has a recipient instead"),
  webhookNotSigned: refusal(409, "Nothing is signed of this webhook: it has no secret"),
  recipientNotReachable: refusal(
    400,
    "recipient: must be the id of a member of the environment whose e-mail address is verified",
  ),
  kindNeedsMail: refusal(409, "kind: this service sends no e-mail. Ask its operator, or use another kind"),
  noRule: refusal(400, "cron: is required, unless there is an rrule"),
  twoRules: refusal(400, "rrule: can't be there with cron: a schedule has one rule"),
  unknownTimeZone: refusal(
    400,
    'timeZone: must be a name of the IANA time zone database, such as "Europe/Vienna"',
  ),
  neverOccurs: refusal(400, "cron, rrule: has no occurrence in the next five years"),
  durationNeeded: refusal(400, "duration: is required: the captures of a schedule end by themselves"),
  minDurationOfGeneral: refusal(400, "minDuration: is of the slow log: log must be slow or both"),
  lastAdmin: refusal(409, "Environment needs at least one admin: make another member admin first"),
  alreadyMember: refusal(409, "You are a member of this environment already"),
  inviteRequired: refusal(403, "Sign-up is by invite only: send the code of an unused invite as inviteCode"),
  notRecorded: refusal(400, "log: this capture is not made of that log"),
  otherCaptureNotFound: refusal(404, "with: there is no such capture in an environment of yours"),
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
  metricsUnreadable: refusal(
    500,
    "The stored metrics of this capture can't be read, and CloudWatch has forgotten them; the request id helps to find out why",
  ),
  workloadDamaged: refusal(
    500,
    "What is stored of this capture's workload can't be opened: it was changed, cut off or mistaken for another, or the key that sealed it is not there any more; the request id helps to find out why",
  ),
  /** What is wrong with the service itself. The log has the cause. */
  fault: refusal(500, "Something went wrong on our side; the request id helps us to find it"),
  /** The runner of a capture, which has its workload while it runs, can't be reached. */
  workloadAway: refusal(503, "The workload of the running capture can't be read just now: try again", {
    "Retry-After": "5",
  }),
  /** A transient fault; whether something was done is not known. */
  unavailable: refusal(503, "The service can't answer just now: try again soon", { "Retry-After": "5" }),
  tooManyHashes: refusal(503, "Too many are signing in or up just now: try again soon", {
    "Retry-After": "2",
  }),
  tooManyWait: refusal(503, "Too many are waiting for this capture: ask for it now and then instead", {
    "Retry-After": "60",
  }),
  tooManyWatch: refusal(503, "Too many are watching this capture: ask for it now and then instead", {
    "Retry-After": "60",
  }),
} as const;

/*
 * The refusals whose words vary.
 */

/** For now, and in how many seconds to try again. */
export const notNow = (message: string, seconds = 5): ApiError =>
  new ApiError(503, message, { "Retry-After": String(seconds) });

/** Of a body that is no JSON. */
export const notParsed = (what: string): ApiError => new ApiError(400, `The body is not valid JSON: ${what}`);

/** Of a capture that an environment has no place for: it may have `limit` that have not ended. */
export const tooManyLive = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has ${limit} captures that have not ended, which is the most it may have: stop or delete one, or wait for an end`,
  );

/** Of a capture in an environment that has recorded `limit` bytes in the month in which the capture is to begin. */
export const monthFull = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has recorded as much as it may in a month, ${limit} bytes: schedule the capture for the next month, or ask whoever runs this service for more`,
  );

/** Of an environment that somebody has no place for: one may be admin of `limit`. */
export const tooManyEnvironments = (limit: number): ApiError =>
  new ApiError(
    409,
    `You are an admin of ${limit} environments, which is the most you may be: delete one, or leave it, first`,
  );

/** Of an invite that an environment has no place for: it may have `limit` that are open. */
export const tooManyInvites = (limit: number): ApiError =>
  new ApiError(
    409,
    `Environment has ${limit} invites that can still be accepted, which is the most it may have: wait until some are used or expire`,
  );

/** Of an API key that somebody has no place for: one may have `limit`. */
export const tooManyKeys = (limit: number): ApiError =>
  new ApiError(
    409,
    `You have ${limit} API keys, programs that are about to get one among them, which is the most you may have: delete one first`,
  );

/** Of an account that the service has no place for: it may have `limit`. */
export const tooManyAccounts = (limit: number): ApiError =>
  new ApiError(
    409,
    `This service has ${limit} accounts, which is the most it may have: ask whoever runs it for more`,
  );

/** Of one account more than a network may make in a day. */
export const tooManySignUps = (limit: number): ApiError =>
  new ApiError(
    429,
    `Too many accounts: ${limit} were made from your network in the last 24 hours; try again later, or ask for an invite`,
  );

/** Of a schedule that an environment has no place for: it may have `limit`. */
export const tooManySchedules = (limit: number): ApiError =>
  new ApiError(409, `Environment has ${limit} schedules, which is the most it may have: delete one first`);

/** Of a webhook that an environment has no place for: it may have `limit`. */
export const tooManyWebhooks = (limit: number): ApiError =>
  new ApiError(409, `Environment has ${limit} webhooks, which is the most it may have: delete one first`);

/**
 * Of one request too many.
 * @param counted what may be sent `quota` times in `seconds`, in words
 */
export const tooManyRequests = (
  quota: number,
  counted: string,
  seconds: number,
  headers: Record<string, string> = {},
): ApiError =>
  new ApiError(
    429,
    `Too many requests: more than ${quota} ${counted} in ${seconds} seconds; try again later`,
    headers,
  );

/** Of a password that comes too soon after others that were wrong. */
export const tooManyWrongPasswords = (seconds: number, headers: Record<string, string> = {}): ApiError =>
  new ApiError(429, `Too many wrong passwords: try again in ${seconds} seconds`, headers);

/** Of a WebSocket more than one user may have of a capture. */
export const tooManySockets = (limit: number): ApiError =>
  new ApiError(
    409,
    `You watch this capture ${limit} times already, which is the most you may: close one first`,
  );

/** Where a capture's metrics are read: from CloudWatch, or from the service's own archive. */
export type PointSource = "cloudwatch" | "archive";

/** Of metrics in a finer period than there is: that of the `finest` points, in seconds. */
export const periodTooFine = (source: PointSource, finest: number): ApiError => {
  const whose =
    source === "archive" ? "this capture's metrics are stored" : "CloudWatch has this capture's metrics";
  return new ApiError(400, `period: ${whose} in multiples of ${finest} seconds only`);
};

/** Of metrics that would be more points than one reply has. */
export const tooManyPoints = (max: number): ApiError =>
  new ApiError(400, `period: makes more than ${max} points; ask for a longer period or fewer types`);

/** Of a series in steps that those it is kept in do not make: of `step` seconds. */
export const stepTooFine = (step: number): ApiError =>
  new ApiError(
    400,
    `step: this capture's series is kept in steps of ${step} seconds: ask for a multiple of that`,
  );

/** Why something was erased, in words. */
const ERASED_WHY = {
  retention: "by its environment's retention",
  request: "as an admin has asked for it",
  deletion: "since it was deleted",
} as const;

/**
 * Of what needs the workload of a capture that was erased.
 * @param at when, ISO 8601
 * @param field what of the request names the capture, if it is not the path
 */
export const workloadErased = (at: string, why: keyof typeof ERASED_WHY, field?: string): ApiError => {
  const message =
    field === undefined
      ? `The workload of this capture was erased at ${at}, ${ERASED_WHY[why]}`
      : `${field}: the workload of that capture was erased at ${at}, ${ERASED_WHY[why]}`;
  return new ApiError(410, message);
};

/** Of the metrics of a capture that were erased. @param at when, ISO 8601 */
export const metricsErased = (at: string, why: keyof typeof ERASED_WHY): ApiError =>
  new ApiError(410, `The metrics of this capture were erased at ${at}, ${ERASED_WHY[why]}`);

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
