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

/** Makes a refusal with fixed words. */
export const refusal =
  (status: ContentfulStatusCode, message: string, headers?: Record<string, string>) => (): ApiError =>
    new ApiError(status, message, headers);

/** The most bytes that the body of a request may have. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The refusals with fixed words that several rooms have; those of one room are in its `refusals.ts`. Most words are the
 * specification's. The API's description takes the words from here, and names them as they are named here.
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
  notAdmin: refusal(403, "Only an admin of the environment may do this"),
  viewerMayNotChange: refusal(403, "A viewer of the environment changes nothing: this needs the role member"),
  viewerMayNotRead: refusal(
    403,
    "A viewer of the environment reads figures, not what statements say: this needs the role member",
  ),
  environmentNotFound: refusal(404, "Environment does not exist"),
  keyReused: refusal(
    422,
    "Idempotency-Key: was sent with another body in the last 24 hours; another request needs another key",
  ),
  /** What is wrong with the service itself. The log has the cause. */
  fault: refusal(500, "Something went wrong on our side; the request id helps us to find it"),
  /** A transient fault; whether something was done is not known. */
  unavailable: refusal(503, "The service can't answer just now: try again soon", { "Retry-After": "5" }),
} as const;

/*
 * The refusals whose words vary.
 */

/** For now, and in how many seconds to try again. */
export const notNow = (message: string, seconds = 5): ApiError =>
  new ApiError(503, message, { "Retry-After": String(seconds) });

/** Of a body that is no JSON. */
export const notParsed = (what: string): ApiError => new ApiError(400, `The body is not valid JSON: ${what}`);

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
