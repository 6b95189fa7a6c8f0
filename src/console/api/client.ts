import { ApiFailure } from "./failure.ts";

/** An answer with its headers, for the replies that say things there. */
export interface Answer<T> {
  body: T;
  headers: Headers;
}

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
  { body, signal, headers = {} }: { body?: unknown; signal?: AbortSignal; headers?: HeadersInit } = {},
): Promise<Answer<T>> {
  const init: RequestInit = { method, headers: new Headers(headers), credentials: "same-origin" };
  if (signal !== undefined) init.signal = signal;
  if (body !== undefined) {
    (init.headers as Headers).set("Content-Type", "application/json");
    init.body = JSON.stringify(body);
  }
  let reply: Response;
  try {
    reply = await fetch(path, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiFailure(
      0,
      navigator.onLine ? "The service can't be reached just now" : "You are offline",
      null,
    );
  }
  if (reply.status === 304) return { body: undefined as T, headers: reply.headers };
  if (!reply.ok) throw await failureOf(reply, path);
  return { body: (await reply.json()) as T, headers: reply.headers };
}

/** As `send`, for those who need no headers. */
export async function ask<T>(
  method: string,
  path: string,
  options?: { body?: unknown; signal?: AbortSignal },
): Promise<T> {
  return (await send<T>(method, path, options)).body;
}

async function failureOf(reply: Response, path: string): Promise<ApiFailure> {
  const said = (await reply.json().catch(() => null)) as { message?: unknown } | null;
  const message = typeof said?.message === "string" ? said.message : `The service answered ${reply.status}`;
  // A wrong password is not a session that has ended.
  if (reply.status === 401 && !path.startsWith("/api/auth/sign-")) whenUnauthenticated();
  const retryAfter = reply.headers.get("Retry-After");
  const advice = reply.status === 429 && retryAfter !== null ? `. Try again in ${retryAfter} seconds` : "";
  return new ApiFailure(reply.status, message + advice, reply.headers.get("X-Request-Id"));
}
