import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorBody } from "./replies.ts";

/** A refusal that a caller is meant to see. Anything else that is thrown becomes a generic 500. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly headers: Record<string, string>;

  constructor(status: ContentfulStatusCode, message: string, headers: Record<string, string> = {}) {
    super(message);
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

/** The refusals whose words are fixed, most of them by the specification; the API's one list of them. */
export const refuse = {
  loginRequired: refusal(401, "Login required", { "WWW-Authenticate": "Bearer" }),
  otherOrigin: refusal(403, "Request of another origin: a page of another site can't act with this cookie"),
  notOwnerOrAdmin: refusal(403, "Only the capture's owner or an admin of its environment may do this"),
  notAdmin: refusal(403, "Only an admin of the environment may do this"),
  environmentNotFound: refusal(404, "Environment does not exist"),
  captureEnvironmentNotFound: refusal(404, "Capture's environment not found"),
  captureNotFound: refusal(404, "Capture not found"),
  memberNotFound: refusal(404, "Member not found"),
  inviteNotFound: refusal(404, "Invite does not exist, has expired or was used already"),
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
  liveCaptures: refusal(409, "Environment has captures that have not ended: stop or delete them first"),
  stillOwed: refusal(
    409,
    "Environment has not given a parameter group back as it was found (see owed): check it to try again, or abandon it first",
  ),
  changedMeanwhile: refusal(
    409,
    "Environment was changed by somebody else just now: look at it and try again",
  ),
  lastAdmin: refusal(409, "Environment needs at least one admin: make another member admin first"),
  alreadyMember: refusal(409, "You are a member of this environment already"),
  /** What failed for a reason that passes; whether something was done is not known. */
  unavailable: refusal(503, "The service can't answer just now: try again soon", { "Retry-After": "5" }),
  tooManyHashes: refusal(503, "Too many are signing in or up just now: try again soon", {
    "Retry-After": "2",
  }),
  tooManyWatch: refusal(503, "Too many are watching this capture: ask for it now and then instead", {
    "Retry-After": "60",
  }),
} as const;

/** The refusal of a capture that an environment has no place for: it may have `limit` that have not ended. */
export function tooManyLive(limit: number): ApiError {
  return new ApiError(
    409,
    `Environment has ${limit} captures that have not ended, which is the most it may have: stop or delete one, or wait for an end`,
  );
}
