/*
 * Judges a reply by its status and headers alone: what the API's description allows for the request, and while the platform fails a
 * 503 with Retry-After. Nothing else, whatever fails.
 */

/** A reply, and what may be answered to its request. */
export interface Reply {
  status: number;
  /** The header `Retry-After`; undefined when there is none. */
  retryAfter: string | undefined;
  /** What the description allows whatever the platform does. */
  allowed: readonly number[];
  /** Whether D1, R2 or Durable Objects were made to fail at any time while it was on its way. */
  isPlatformFailing: boolean;
}

/** What is wrong with a reply, in words; null when nothing is. */
export function wrongReply({ status, retryAfter, allowed, isPlatformFailing }: Reply): string | null {
  if (allowed.includes(status)) return null;
  if (status !== 503) return `was answered ${status}`;
  if (!isPlatformFailing) return "was answered 503 while nothing was away";
  return /^[1-9]\d*$/.test(retryAfter ?? "") ? null : "was answered 503 without a Retry-After";
}
