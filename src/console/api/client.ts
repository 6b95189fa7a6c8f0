import { ApiFailure, withWait } from "./failure.ts";

/** An answer with its headers, for the replies that say things there. */
export interface Answer<T> {
  body: T;
  headers: Headers;
}

/** What a request can be given. */
export interface RequestOptions {
  body?: unknown;
  signal?: AbortSignal | undefined;
  headers?: Record<string, string>;
}

/** Longer than the service waits for AWS, and than a list takes on a bad connection. */
const TIMEOUT_MS = 60_000;

let whenUnauthenticated: () => void = () => {};

/** Names what to do when a request shows that nobody is signed in any more. */
export function onUnauthenticated(listener: () => void): void {
  whenUnauthenticated = listener;
}

/**
 * Sends a request to the API and reads its JSON.
 * @throws ApiFailure in the server's words, or that there was no answer
 */
export async function send<T>(
  method: string,
  path: string,
  { body, signal, headers = {} }: RequestOptions = {},
): Promise<Answer<T>> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: body === undefined ? headers : { ...headers, "Content-Type": "application/json" },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  let reply: Response;
  let read: unknown;
  try {
    reply = await fetch(path, init);
    read = await readJson(reply);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(0, whyUnanswered(timeout), null);
  }
  if (reply.ok) return { body: read as T, headers: reply.headers };
  // Who gets a password wrong has lost no session.
  if (reply.status === 401 && !path.startsWith("/api/auth/sign-")) whenUnauthenticated();
  throw failureOf(reply, read);
}

/** As `send`, for those who need no headers. */
export async function ask<T>(method: string, path: string, options?: RequestOptions): Promise<T> {
  return (await send<T>(method, path, options)).body;
}

/** A reply's JSON. What stands between may refuse in its own way, such as with a page; null then. */
async function readJson(reply: Response): Promise<unknown> {
  const text = await reply.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (reply.ok) throw error;
    return null;
  }
}

function whyUnanswered(timeout: AbortSignal): string {
  if (!navigator.onLine) return "You are offline";
  return timeout.aborted
    ? `The service did not answer within ${TIMEOUT_MS / 1000} seconds`
    : "The service can't be reached just now";
}

function failureOf({ status, headers }: Response, body: unknown): ApiFailure {
  const { message } = (body ?? {}) as { message?: unknown };
  const words = typeof message === "string" ? message : `The service answered ${status}`;
  const wait = status === 429 ? headers.get("Retry-After") : null;
  return new ApiFailure(status, withWait(words, wait), headers.get("X-Request-Id"));
}
