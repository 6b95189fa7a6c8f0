import { AwsClient } from "aws4fetch";
import { type Env, positiveNumber } from "../env.ts";
import { type AwsErrorBody, type AwsFailureKind, kindOf } from "./error-codes.ts";
import { describeForeign, isFromAws } from "./foreign.ts";
import { hostOf } from "./partitions.ts";

/** Keys to sign with. The session token comes with temporary keys. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** Where to send requests and how long to wait. */
export interface AwsTarget {
  region: string;
  /** Another endpoint for every service (`AWS_ENDPOINT_URL`); absent in production. */
  endpointUrl?: string;
  timeoutMs: number;
  /** When all calls have to be answered, the later pages of a list too, in milliseconds since the epoch; absent: each has its own limit. */
  until?: number;
}

/** The target of a region, as this deployment is configured. */
export function awsTarget(env: Env, region: string): AwsTarget {
  const target = { region, timeoutMs: positiveNumber(env, "AWS_TIMEOUT_MS") };
  return env.AWS_ENDPOINT_URL ? { ...target, endpointUrl: env.AWS_ENDPOINT_URL } : target;
}

/** A service of AWS, by its name in signatures and endpoints. */
export type AwsService = "monitoring" | "rds" | "sts" | "iam";

/** A failure of AWS, as a value: it is data that callers act on. Holds no secret. */
export interface AwsFailure {
  kind: AwsFailureKind;
  /** What AWS calls it, such as `InvalidClientTokenId`. */
  code: string;
  /** What was asked for, as IAM calls it, such as `rds:DescribeDBLogFiles`; null when it is not a call that failed. */
  operation: string | null;
  /** AWS's own words, or what was seen of the failure; one line of at most 450 characters. */
  message: string;
  /** AWS's advice on when to come back, in seconds. */
  retryAfter?: number;
}

/** What came of a call to AWS. */
export type AwsResult<T> = { ok: true; value: T } | { ok: false; failure: AwsFailure };

const TRANSIENT: ReadonlySet<AwsFailureKind> = new Set([
  "identity",
  "clock",
  "throttled",
  "unavailable",
  "timeout",
]);

/** Whether trying the same again later can succeed. */
export function isTransient({ kind }: AwsFailure): boolean {
  return TRANSIENT.has(kind);
}

/** One request: what a protocol (JSON or Query) makes of an action. */
export interface AwsRequest {
  service: AwsService;
  /** The service's name of the action, such as `DescribeDBLogFiles`. */
  action: string;
  headers: Record<string, string>;
  body: string;
  /** A name that is near the beginning of each of its replies. */
  replyHas: string;
  /** Reads the protocol's error out of a body; undefined when it holds none. */
  parseError(body: string, headers: Headers): AwsErrorBody | undefined;
}

// Cache of derived signing keys, which are valid for one day, region, service and secret.
const signingKeys = new Map<string, ArrayBuffer>();
const MAX_SIGNING_KEYS = 1000;

const utf8 = new TextDecoder();

/** Sends one signed request, as callAwsForBytes does. */
export async function callAws(
  target: AwsTarget,
  credentials: AwsCredentials,
  request: AwsRequest,
): Promise<AwsResult<string>> {
  const reply = await callAwsForBytes(target, credentials, request);
  return reply.ok ? { ok: true, value: utf8.decode(reply.value) } : reply;
}

/**
 * Sends one signed request (Signature Version 4, by aws4fetch), once: the caller is responsible for retries.
 * @returns the body of a 200, or the failure; throws only for a programming error
 */
export async function callAwsForBytes(
  target: AwsTarget,
  credentials: AwsCredentials,
  request: AwsRequest,
): Promise<AwsResult<Uint8Array>> {
  const { service } = request;
  const operation = operationOf(request);
  if (signingKeys.size > MAX_SIGNING_KEYS) signingKeys.clear();
  const { host, signingRegion } = hostOf(service, target.region);
  const client = new AwsClient({
    ...credentials,
    service,
    region: signingRegion,
    retries: 0,
    cache: signingKeys,
  });
  const signed = await client.sign(target.endpointUrl ?? `https://${host}/`, {
    method: "POST",
    headers: request.headers,
    body: request.body,
  });
  const left = Math.max(0, (target.until ?? Number.POSITIVE_INFINITY) - Date.now());
  const timeoutMs = Math.min(target.timeoutMs, left);
  let status: number;
  let headers: Headers;
  let body: Uint8Array;
  try {
    // The time limit also holds for a body that stops half-way. AWS redirects no such request: whoever does is not to get it.
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await fetch(signed, { signal, redirect: "manual" });
    ({ status, headers } = reply);
    body = new Uint8Array(await reply.arrayBuffer());
  } catch (error) {
    const timedOut = error instanceof Error && error.name === "TimeoutError";
    return failure(
      operation,
      "timeout",
      timedOut ? "Timeout" : "NetworkError",
      timedOut
        ? `${operation} did not answer within ${timeoutMs / 1000} seconds`
        : `${operation} could not be reached`,
    );
  }
  if (status === 200 && isReply(request, body, headers)) return { ok: true, value: body };
  return refusal(request, status, headers, utf8.decode(body));
}

/** The failure of an answer that is none: AWS's error, or what is not AWS's at all. */
function refusal(request: AwsRequest, status: number, headers: Headers, body: string) {
  const operation = operationOf(request);
  const pause = retryAfter(headers);
  const error = status === 200 ? undefined : request.parseError(body, headers);
  if (error !== undefined) {
    return failure(operation, kindOf(error, status), error.code, error.message, pause);
  }
  const code = `HTTP${status}`;
  const message = `${operation} answered ${status}`;
  if (isFromAws(headers)) return failure(operation, kindOf({ code, message }, status), code, message, pause);
  // The machines in front of AWS's services answer with pages of their own when those are down.
  const isDown = status >= 500 || status === 429;
  const what = describeForeign(body, headers);
  return failure(
    operation,
    "unavailable",
    isDown ? code : "NotAws",
    `${message} with ${what}, which is not of AWS's form`,
    pause,
  );
}

/** How much of a body is looked at to see what it is, in bytes. */
const HEAD_BYTES = 1024;

/** Whether a 200 is an answer of AWS, or of what speaks its protocol. Whether it can be read is seen when it is. */
function isReply({ replyHas }: AwsRequest, body: Uint8Array, headers: Headers): boolean {
  return isFromAws(headers) || utf8.decode(body.subarray(0, HEAD_BYTES)).includes(replyHas);
}

/** The failure of a reply that is AWS's and lacks what it should have. */
export function malformed(request: Asked): { ok: false; failure: AwsFailure } {
  const operation = operationOf(request);
  return failure(
    operation,
    "unavailable",
    "MalformedReply",
    `${operation} sent a reply that could not be read`,
  );
}

/** What is asked for of which service. */
type Asked = Pick<AwsRequest, "service" | "action">;

/** What IAM calls an action: CloudWatch has another name there than in its endpoints. */
function operationOf({ service, action }: Asked): string {
  return `${service === "monitoring" ? "cloudwatch" : service}:${action}`;
}

/**
 * The longest message, in characters: a denial names the principal, the action, the resource and at its end the policy, with the
 * three ARNs of them.
 */
const MAX_MESSAGE = 450;

function failure(
  operation: string,
  kind: AwsFailureKind,
  code: string,
  message: string,
  retryAfterSeconds?: number,
) {
  // Some messages quote the access key id; a reply shows no more of one than its last four characters.
  const line = message
    .replace(/\s+/g, " ")
    .replace(/\bA[KS]IA[A-Z0-9]+([A-Z0-9]{4})\b/g, "****$1")
    .slice(0, MAX_MESSAGE);
  const value: AwsFailure = { kind, code, operation, message: line };
  if (retryAfterSeconds !== undefined) value.retryAfter = retryAfterSeconds;
  return { ok: false as const, failure: value };
}

function retryAfter(headers: Headers): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds > 0 && seconds <= 3600 ? Math.ceil(seconds) : undefined;
}
