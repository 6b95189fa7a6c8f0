import { createAccountClient } from "../../client/account.ts";
import { createClient, type Metrics } from "../../client/index.ts";
import { TIMEOUT_MS } from "./timeout.ts";

let whenUnauthenticated: () => void = () => {};

/** Sets what is called when a request shows that nobody is signed in any more. */
export function onUnauthenticated(listener: () => void): void {
  whenUnauthenticated = listener;
}

/** Sends a request with the session's cookie. */
async function send(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const reply = await fetch(request, { signal });
  // A wrong password does not end a session.
  if (reply.status === 401 && !new URL(request.url).pathname.startsWith("/api/auth/sign-")) {
    whenUnauthenticated();
  }
  return reply;
}

// Without retries: a failure is shown at once, with a button to try again.
const options = { baseUrl: location.origin, fetch: send, retries: 0 };

/** The API. A read that was answered before is asked for by its ETag: the browser does that. */
export const api = createClient(options);

/** The account of the person who is signed in. */
export const account = createAccountClient(options);

/** The metrics of a capture, and when they were read, in milliseconds. */
export interface ReadMetrics extends Metrics {
  readAt: number;
}

/** Reads all metrics of a capture. */
export const readMetrics = async (id: number, signal: AbortSignal): Promise<ReadMetrics> => ({
  ...(await api.captures.metrics(id, {}, { signal })),
  readAt: Date.now(),
});

/** Where a capture's workload is downloaded from. */
export const downloadPath = (id: number, format: "ndjson" | "log"): string =>
  `/api/captures/${id}/workload/download?format=${format}`;
