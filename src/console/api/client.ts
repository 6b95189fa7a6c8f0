import { createAccountClient } from "../../client/account.ts";
import { createDeviceApproval } from "../../client/device.ts";
import { CapturesError } from "../../client/error.ts";
import { createClient } from "../../client/index.ts";
import type { LogName } from "../../logs/names.ts";
import { TIMEOUT_MS } from "./timeout.ts";
import type { ReadMetrics, WorkloadSeries } from "./types.ts";

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

/** What the person who is signed in decides of programs that ask to be logged in. */
export const deviceApproval = createDeviceApproval(options);

/** Reads all metrics of a capture. */
export const readMetrics = async (id: number, signal: AbortSignal): Promise<ReadMetrics> => ({
  ...(await api.captures.metrics(id, {}, { signal })),
  readAt: Date.now(),
});

/**
 * Where the records of one of a capture's logs are downloaded from.
 * @param range from when to when, as the API reads it; empty where it has no bound
 */
export function downloadPath(
  id: number,
  format: "ndjson.gz" | "log",
  log: LogName,
  range: { from: string; to: string },
): string {
  const bounds = Object.entries(range).filter(([, moment]) => moment !== "");
  const query = new URLSearchParams([["format", format], ["log", log], ...bounds]);
  return `/api/captures/${id}/workload/download?${query}`;
}

/**
 * Where a report of a capture is downloaded from.
 * @param base the capture that it is compared with; none if null
 */
export const reportPath = (id: number, base: number | null = null): string =>
  `/api/captures/${id}/workload/report${base === null ? "" : `?with=${base}`}`;

/** Reads the series of a capture's workload, or of one of its statements; null when there is none of that. */
export async function readSeries(
  id: number,
  query: { step?: number; fingerprint?: string },
  signal: AbortSignal,
): Promise<WorkloadSeries | null> {
  try {
    return await api.captures.series(id, query, { signal });
  } catch (error) {
    if (error instanceof CapturesError && error.status === 404) return null;
    throw error;
  }
}
