/** A request that was refused, or did not arrive. */
export class ApiFailure extends Error {
  override readonly name = "ApiFailure";
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** By which the service's log has the request; null when there was no answer. */
  readonly requestId: string | null;

  constructor(status: number, message: string, requestId: string | null) {
    super(message);
    this.status = status;
    this.requestId = requestId;
  }
}

/**
 * A refusal's words, and for how long to wait before trying again.
 * @param seconds what `Retry-After` says
 */
export function withWait(words: string, seconds: string | null): string {
  if (seconds === null || !/^\d+$/.test(seconds)) return words;
  const sentence = /[.!?]$/.test(words) ? words : `${words}.`;
  return `${sentence} Wait ${seconds === "1" ? "a second" : `${seconds} seconds`} before trying again.`;
}
