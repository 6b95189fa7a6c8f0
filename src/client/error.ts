/** A call that failed: the API refused it, or could not be reached. */
export class CapturesError extends Error {
  override readonly name = "CapturesError";
  /** The HTTP status; null without a complete reply. */
  readonly status: number | null;
  /** The request's id in the service's log; null without a reply. */
  readonly requestId: string | null;
  /** In how many seconds to try again; null if the API did not say. */
  readonly retryAfter: number | null;

  constructor(
    message: string,
    details: { status?: number; requestId?: string | null; retryAfter?: number | null; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.status = details.status ?? null;
    this.requestId = details.requestId ?? null;
    this.retryAfter = details.retryAfter ?? null;
  }
}

/** Makes an error of a refusal. */
export async function errorOf(reply: Response, now: number): Promise<CapturesError> {
  // A body that breaks off leaves the status.
  const text = await reply.text().catch(() => "");
  return new CapturesError(messageOf(text) ?? `The service answered ${reply.status}`, {
    status: reply.status,
    requestId: requestIdOf(reply),
    retryAfter: readRetryAfter(reply.headers.get("retry-after"), now),
  });
}

/** The request's id in the service's log. */
export const requestIdOf = (reply: Response): string | null => reply.headers.get("x-request-id");

/** The message of a refusal of the API; null for the reply of a proxy, which has another form. */
function messageOf(text: string): string | null {
  try {
    const body: unknown = JSON.parse(text);
    const message = typeof body === "object" && body !== null && "message" in body ? body.message : null;
    return typeof message === "string" ? message : null;
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
