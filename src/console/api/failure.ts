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
