import type { Capture, Check } from "./types.ts";

/** A call that failed: the API refused it, or could not be reached. */
export class CapturesError extends Error {
  override readonly name: string = "CapturesError";
  /** The HTTP status; null without a complete reply. */
  readonly status: number | null;
  /** The request's id in the service's log; null without a reply. */
  readonly requestId: string | null;
  /** In how many seconds to try again; null if the API did not say. */
  readonly retryAfter: number | null;
  /** The code of a refusal that has one, such as `authorization_pending` of a device's login; null of all others. */
  readonly reason: string | null;
  /** The checks of an instance that was refused since captures of it can't work; null of other refusals. */
  readonly checks: Check[] | null;

  constructor(
    message: string,
    details: {
      status?: number;
      requestId?: string | null;
      retryAfter?: number | null;
      reason?: string | null;
      checks?: Check[] | null;
      cause?: unknown;
    } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfter = details.retryAfter ?? null;
    this.reason = details.reason ?? null;
    this.checks = details.checks ?? null;
  }
}

/** A capture that has ended, and so will not be in the state that was waited for: it has failed, or was to fail and has not. */
export class CaptureEndedError extends CapturesError {
  override readonly name = "CaptureEndedError";
  /** The capture as it has ended; its `reason` says why, if it failed. */
  readonly capture: Capture;

  constructor(capture: Capture, awaited: Capture["status"]) {
    const { status, reason } = capture;
    super(
      status === "FAILED"
        ? `The capture has failed: ${reason ?? "no reason is known"}`
        : `The capture is ${status}, and will not be ${awaited} any more`,
    );
    this.capture = capture;
  }
}

/** Whether the same call may succeed later: there was no reply, too many requests, or a failure of the service. */
export const isPassing = ({ status }: CapturesError): boolean =>
  status === null || status === 429 || status >= 500;

/** Makes an error of a refusal. */
export async function errorOf(reply: Response, now: number): Promise<CapturesError> {
  // A body that breaks off leaves the status.
  const text = await reply.text().catch(() => "");
  const body = refusalIn(text);
  return new CapturesError(body?.message ?? `The service answered ${reply.status}`, {
    status: reply.status,
    requestId: requestIdOf(reply),
    retryAfter: readRetryAfter(reply.headers.get("retry-after"), now),
    reason: body?.reason ?? null,
    checks: body?.checks ?? null,
  });
}

/** The request's id in the service's log. */
export const requestIdOf = (reply: Response): string | null => reply.headers.get("x-request-id");

/** What a refusal of the API says; null for the reply of a proxy, which has another form. */
function refusalIn(text: string): { message: string; reason: string | null; checks: Check[] | null } | null {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null || !("message" in body)) return null;
    const { message } = body;
    if (typeof message !== "string") return null;
    return {
      message,
      reason: "error" in body && typeof body.error === "string" ? body.error : null,
      checks: "checks" in body && Array.isArray(body.checks) ? body.checks : null,
    };
  } catch {
    return null;
  }
}

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3), which is a number of seconds or a date.
 * @returns seconds from now; null for what is neither
 */
function readRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text);
  // `Date.parse` takes "7.5" and "in 5" for dates, too.
  const at = /^[A-Z][a-z]+, .+ GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, (at - now) / 1000);
}
