/*
 * What AWS's codes of errors mean: those of "Common error types" in each service's API reference, and of the error lists of
 * CloudWatch, RDS and STS.
 */

/**
 * Why AWS did not do what it was asked:
 * - `denied`: wrong, expired or insufficient credentials;
 * - `not-found`: what was asked about is not there;
 * - `rejected`: AWS can't accept the request as it is;
 * - `identity`: this service's own key is refused, with which it assumes roles: no fault of the environment's;
 * - `clock`: AWS's time and the request's are too far apart, which is the fault of this service's clock;
 * - `throttled`, `unavailable` (a 5xx, or a reply that is not the protocol's) and `timeout` (also when AWS could not be reached).
 * For the last five, trying again later can succeed.
 */
export type AwsFailureKind =
  | "denied"
  | "not-found"
  | "rejected"
  | "identity"
  | "clock"
  | "throttled"
  | "unavailable"
  | "timeout";

/** An error as a service's protocol encodes it. */
export interface AwsErrorBody {
  code: string;
  message: string;
}

/** Throttling, which may come as HTTP 400. */
const THROTTLED =
  /^(Throttl|TooManyRequests|RequestLimitExceeded|LimitExceeded|SlowDown|RequestThrottled|PriorRequestNotComplete)/;
const NOT_FOUND = /(NotFound|NotFoundFault|NoSuchEntity|ResourceNotFoundException)$/;

/** The credentials as such are refused. */
export const CREDENTIALS_REFUSED =
  /^(InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|AuthFailure|ExpiredToken|InvalidToken)/;
/** The account can't use the region, or the service, which OptInRequired calls "needs a subscription for the service". */
export const REGION_REFUSED = /^(RegionDisabled|OptInRequired)/;
/** An action is denied to known credentials. */
const ACTION_REFUSED = /^(AccessDenied|UnauthorizedOperation|NotAuthorized|Unauthorized)/;
const DENIED = [CREDENTIALS_REFUSED, REGION_REFUSED, ACTION_REFUSED];

const OTHER_TIME = /^(RequestTimeTooSkewed|RequestExpired|RequestInTheFuture)/;
/**
 * The words that go with SignatureDoesNotMatch and InvalidSignatureException ("Signature Version 4: troubleshooting") for another time:
 * a wrong secret is answered with the same codes and other words.
 */
const OTHER_TIME_SAID = /^Signature (expired|not yet current):/;

/** What sort of failure an error is, which came with an HTTP status. */
export function kindOf({ code, message }: AwsErrorBody, status: number): AwsFailureKind {
  if (OTHER_TIME.test(code) || OTHER_TIME_SAID.test(message)) return "clock";
  if (THROTTLED.test(code) || status === 429) return "throttled";
  if (status >= 500) return "unavailable";
  if (DENIED.some((codes) => codes.test(code))) return "denied";
  if (NOT_FOUND.test(code)) return "not-found";
  return status === 401 || status === 403 ? "denied" : "rejected";
}
